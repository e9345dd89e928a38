// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Envelope, IGridBalancing, Interconnection} from "../interfaces/IGridBalancing.sol";
import {Role} from "../interfaces/IRegistry.sol";
import {GridBase} from "./GridBase.sol";

/// @title Envelopes
/// @notice What a feeder's connections may give and take, and what it may exchange with the main grid.
abstract contract Envelopes is GridBase {
    // STORAGE

    /// @dev One slot: edge controllers read it often, and the default with it.
    struct Limits {
        uint32 exportW;
        uint32 importW;
        uint40 validUntil;
        uint32 defaultExportW;
        uint32 defaultImportW;
        bool hasDefault;
    }

    mapping(uint32 feeder => Limits) private _limits;
    mapping(uint32 feeder => Interconnection) private _interconnections;

    // ENVELOPES

    /// @inheritdoc IGridBalancing
    function setEnvelope(uint32 feeder, uint32 exportLimitW, uint32 importLimitW, uint40 validUntil)
        external
        onlyRole(Role.GridOperator)
    {
        if (validUntil < block.timestamp) revert EnvelopeEnded(validUntil);
        Limits storage limits = _limits[feeder];
        (limits.exportW, limits.importW, limits.validUntil) = (exportLimitW, importLimitW, validUntil);
        emit EnvelopeSet(feeder, exportLimitW, importLimitW, validUntil);
    }

    /// @inheritdoc IGridBalancing
    function setDefaultEnvelope(uint32 feeder, uint32 exportLimitW, uint32 importLimitW)
        external
        onlyRole(Role.GridOperator)
    {
        Limits storage limits = _limits[feeder];
        (limits.defaultExportW, limits.defaultImportW, limits.hasDefault) = (exportLimitW, importLimitW, true);
        emit DefaultEnvelopeSet(feeder, exportLimitW, importLimitW);
    }

    /// @inheritdoc IGridBalancing
    function setInterconnection(uint32 feeder, uint32 importLimitW, uint32 exportLimitW)
        external
        onlyRole(Role.GridOperator)
    {
        _interconnections[feeder] = Interconnection(importLimitW, exportLimitW, true);
        emit InterconnectionSet(feeder, importLimitW, exportLimitW);
    }

    // VIEWS

    /// @inheritdoc IGridBalancing
    function envelopeOf(uint32 feeder) external view returns (Envelope memory) {
        Limits memory limits = _limits[feeder];
        if (block.timestamp <= limits.validUntil) {
            return Envelope(limits.exportW, limits.importW, limits.validUntil, true);
        }
        return Envelope(limits.defaultExportW, limits.defaultImportW, 0, limits.hasDefault);
    }

    /// @inheritdoc IGridBalancing
    function interconnectionOf(uint32 feeder) external view returns (Interconnection memory) {
        return _interconnections[feeder];
    }
}
