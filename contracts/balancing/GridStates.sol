// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingRules} from "../interfaces/IClearingRules.sol";
import {Condition, GridState, IGridBalancing, Thresholds} from "../interfaces/IGridBalancing.sol";
import {Role} from "../interfaces/IRegistry.sol";
import {IReports} from "../interfaces/IReports.sol";
import {PackedGridState, PackedGridStates} from "../libraries/PackedGridStates.sol";
import {GridBase} from "./GridBase.sol";

/// @title GridStates
/// @notice How the grid stands, what that means, and the stop of clearing when the oracles are silent.
abstract contract GridStates is GridBase {
    using PackedGridStates for GridState;

    // IMMUTABLES

    /// @inheritdoc IGridBalancing
    uint32 public immutable silentIntervals;

    // STORAGE

    PackedGridState private _state;
    Thresholds private _thresholds;

    // CONSTRUCTOR

    constructor(uint32 silentIntervals_) {
        // The interval that runs has no report yet: the freshest there can be is one interval old.
        if (silentIntervals_ < 2) revert BadSilentIntervals(silentIntervals_);
        silentIntervals = silentIntervals_;
    }

    // GRID STATE

    /// @inheritdoc IGridBalancing
    function setState(GridState calldata state) external onlyRole(Role.GridOperator) {
        uint64 present = _present();
        if (state.interval > present) revert StateOfTheFuture(state.interval, present);
        PackedGridState before = _state;
        if (state.interval < before.interval()) revert StateNotNewer(state.interval, before.interval());
        if (
            state.frequencyMin > state.frequencyMean || state.frequencyMean > state.frequencyMax
                || state.voltageMin > state.voltageMax
        ) revert StateOutOfOrder();
        _judge(state, before);
    }

    /// @inheritdoc IGridBalancing
    function setThresholds(Thresholds calldata t) external onlyGovernor delayed {
        if (
            t.frequencyEmergencyLow > t.frequencyAlertLow || t.frequencyAlertLow > t.frequencyAlertHigh
                || t.frequencyAlertHigh > t.frequencyEmergencyHigh
                || t.voltageEmergencyLow > t.voltageAlertLow || t.voltageAlertLow > t.voltageAlertHigh
                || t.voltageAlertHigh > t.voltageEmergencyHigh
        ) revert ThresholdsOutOfOrder();
        _thresholds = t;
        emit ThresholdsSet(t);
        PackedGridState before = _state;
        if (before.interval() != 0) _judge(before.unpack(), before);
    }

    // FAILSAFE

    /// @inheritdoc IGridBalancing
    function failsafe() external {
        if (_state.isStopped()) revert AlreadyStopped();
        (uint64 present, uint64 newest) = (_present(), _newest());
        if (!_isSilent(present, newest)) revert NotSilent(present, newest);
        _state = _state.withStopped(true);
        emit FailsafeTripped(present, newest);
    }

    /// @inheritdoc IGridBalancing
    function resume() external {
        if (!_state.isStopped()) revert NotStopped();
        (uint64 present, uint64 newest) = (_present(), _newest());
        if (_isSilent(present, newest)) revert StillSilent(present, newest);
        _state = _state.withStopped(false);
        emit Resumed(present, newest);
    }

    // VIEWS

    /// @inheritdoc IClearingRules
    function clearingRules() external view returns (bool stopped, bool island) {
        PackedGridState state = _state;
        return (state.isStopped(), state.isIslanded());
    }

    /// @inheritdoc IGridBalancing
    function gridState() external view returns (GridState memory, Condition) {
        PackedGridState state = _state;
        return (state.unpack(), state.condition());
    }

    /// @inheritdoc IGridBalancing
    function thresholds() external view returns (Thresholds memory) {
        return _thresholds;
    }

    // INTERNAL

    function _judge(GridState memory state, PackedGridState before) private {
        PackedGridState packed = PackedGridStates.pack(state, state.severityOf(_thresholds), before);
        _state = packed;
        emit GridStateSet(state.interval, packed.condition(), state);
    }

    /// @dev The newer report of the two energy contracts. Before the first one the deployment counts as heard from.
    function _newest() private view returns (uint64 newest) {
        (uint64 a, uint64 b) = (IReports(production).head(), IReports(consumption).head());
        newest = a > b ? a : b;
        if (newest < startInterval) newest = startInterval;
    }

    function _isSilent(uint64 present, uint64 newest) private view returns (bool) {
        return present >= newest + silentIntervals;
    }
}
