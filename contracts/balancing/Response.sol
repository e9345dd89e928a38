// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {Enrolment, IGridBalancing, Storage} from "../interfaces/IGridBalancing.sol";
import {Meter, Role} from "../interfaces/IRegistry.sol";
import {GridBase} from "./GridBase.sol";

/// @title Response
/// @notice Demand response and storage: who offers what, and what the grid operator asks of them.
abstract contract Response is GridBase {
    // CONSTANTS

    uint8 private constant STORAGE_KIND = 2;
    uint8 private constant FEEDER_KIND = 3;

    // STORAGE

    mapping(bytes32 meterId => Enrolment) private _enrolments;
    /// @inheritdoc IGridBalancing
    mapping(uint32 feeder => uint256) public reducibleW;
    mapping(bytes32 meterId => Storage) private _storages;
    /// @dev Of calls and commands alike.
    uint256 private _calls;

    // DEMAND RESPONSE

    /// @inheritdoc IGridBalancing
    function enrol(bytes32 meterId, uint32 powerW) external {
        Meter memory meter = _ownMeter(meterId);
        if (meter.kind == FEEDER_KIND) revert FeederMeter(meterId); // its homes would be counted twice
        if (powerW == 0) revert NothingAsked();
        if (powerW > meter.connectionCapacityW) revert PowerAboveLimit(powerW, meter.connectionCapacityW);
        reducibleW[meter.feeder] = reducibleW[meter.feeder] + powerW - _enrolments[meterId].reducibleW;
        _enrolments[meterId] = Enrolment(powerW, meter.feeder);
        emit Enrolled(meterId, meter.feeder, powerW);
    }

    /// @inheritdoc IGridBalancing
    function withdrawEnrolment(bytes32 meterId) external {
        _ownMeter(meterId);
        Enrolment memory enrolment = _enrolments[meterId];
        if (enrolment.reducibleW == 0) revert NotEnrolled(meterId);
        delete _enrolments[meterId];
        reducibleW[enrolment.feeder] -= enrolment.reducibleW;
        emit Enrolled(meterId, enrolment.feeder, 0);
    }

    /// @inheritdoc IGridBalancing
    function callResponse(
        uint32 feeder,
        uint64 fromInterval,
        uint32 count,
        uint64 reduceWh,
        uint64 priceMicroPerKwh
    ) external onlyRole(Role.GridOperator) returns (uint256 id) {
        _requireCallable(fromInterval, count, priceMicroPerKwh);
        if (reduceWh == 0) revert NothingAsked();
        uint256 limitWh = _energyWh(reducibleW[feeder], count);
        if (reduceWh > limitWh) revert EnergyAboveLimit(reduceWh, limitWh);
        id = ++_calls;
        emit ResponseCalled(id, feeder, fromInterval, count, reduceWh, priceMicroPerKwh);
    }

    // STORAGE UNITS

    /// @inheritdoc IGridBalancing
    function registerStorage(bytes32 meterId, uint64 capacityWh, uint32 chargeW, uint32 dischargeW) external {
        Meter memory meter = _ownMeter(meterId);
        if (meter.kind != STORAGE_KIND) revert NotStorage(meterId);
        uint256 powerW = chargeW > dischargeW ? chargeW : dischargeW;
        if (powerW > meter.connectionCapacityW) revert PowerAboveLimit(powerW, meter.connectionCapacityW);
        _storages[meterId] = Storage(capacityWh, chargeW, dischargeW);
        emit StorageRegistered(meterId, capacityWh, chargeW, dischargeW);
    }

    /// @inheritdoc IGridBalancing
    function dispatch(
        bytes32 meterId,
        uint64 fromInterval,
        uint32 count,
        int32 powerW,
        uint64 priceMicroPerKwh
    ) external onlyRole(Role.GridOperator) returns (uint256 id) {
        _requireCallable(fromInterval, count, priceMicroPerKwh);
        if (powerW == 0) revert NothingAsked();
        Storage memory unit = _storages[meterId];
        if (unit.capacityWh == 0) revert StorageUnknown(meterId);
        uint256 magnitudeW = SignedMath.abs(powerW);
        uint256 limitW = powerW > 0 ? unit.dischargeW : unit.chargeW;
        if (magnitudeW > limitW) revert PowerAboveLimit(magnitudeW, limitW);
        uint256 wh = _energyWh(magnitudeW, count);
        if (wh > unit.capacityWh) revert EnergyAboveLimit(wh, unit.capacityWh);
        id = ++_calls;
        emit Dispatched(id, meterId, fromInterval, count, powerW, priceMicroPerKwh);
    }

    // VIEWS

    /// @inheritdoc IGridBalancing
    function enrolmentOf(bytes32 meterId) external view returns (Enrolment memory) {
        return _enrolments[meterId];
    }

    /// @inheritdoc IGridBalancing
    function storageOf(bytes32 meterId) external view returns (Storage memory) {
        return _storages[meterId];
    }

    // INTERNAL

    function _ownMeter(bytes32 meterId) private view returns (Meter memory meter) {
        meter = registry.meter(meterId);
        if (meter.account != msg.sender) revert NotMetersAccount(meterId, msg.sender);
    }
}
