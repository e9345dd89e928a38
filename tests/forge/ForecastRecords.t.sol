// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {IRegistry, Role} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract ForecastTest is BaseTest {
    bytes32 private constant HASH = keccak256("forecast");

    function testOnlyTheMetersAccountForecasts(address caller) public {
        vm.assume(caller != HOLDER);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotMeterAccount.selector, meterId, caller));
        production.commitForecast(meterId, MIDNIGHT, 24, HASH);
    }

    function testNoForecastOfAnUnknownMeter(bytes32 unknown) public {
        vm.assume(unknown != meterId);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, unknown));
        production.commitForecast(unknown, MIDNIGHT, 24, HASH);
    }

    function testNoForecastOfAnIntervalThatHasBegun(uint64 second, uint64 from) public {
        second = 1 + second % (10 * L);
        vm.warp(T0 + second);
        uint64 present = (T0 + second - 1) / L;
        from %= present + 1;
        vm.prank(HOLDER);
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyProduction.ForecastTooLate.selector, from, uint256(present))
        );
        production.commitForecast(meterId, from, 1, HASH);
        vm.prank(HOLDER);
        production.commitForecast(meterId, present + 1, 1, HASH);
    }

    function testNoForecastOfNothing() public {
        vm.prank(HOLDER);
        vm.expectRevert(IEnergyProduction.EmptyForecast.selector);
        production.commitForecast(meterId, MIDNIGHT, 0, HASH);
    }

    function testAForecastIsAnEvent(uint64 ahead, uint32 count, bytes32 hash) public {
        vm.assume(count != 0);
        uint64 from = MIDNIGHT + ahead % 1_000_000;
        vm.prank(HOLDER);
        vm.expectEmit(address(production));
        emit IEnergyProduction.ForecastCommitted(meterId, from, count, hash);
        production.commitForecast(meterId, from, count, hash);
    }
}

contract EquipmentTest is BaseTest {
    bytes32 private constant HASH = keccak256("datasheet");

    function testAStrangerRecordsNothing(address caller) public {
        vm.assume(caller != HOLDER && caller != address(this));
        bytes memory refusal = abi.encodeWithSelector(IRegistry.NotMeterAccount.selector, meterId, caller);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        production.recordEquipment(meterId, HASH, "");
        vm.expectRevert(refusal);
        production.recordMaintenance(meterId, T0, T0, 1, "");
        vm.expectRevert(refusal);
        registry.setMeterMetadata(meterId, HASH);
    }

    function testNothingIsRecordedOfAnUnknownMeter(bytes32 unknown, bool governor) public {
        vm.assume(unknown != meterId);
        bytes memory refusal = abi.encodeWithSelector(IRegistry.MeterUnknown.selector, unknown);
        vm.startPrank(governor ? address(this) : HOLDER);
        vm.expectRevert(refusal);
        production.recordEquipment(unknown, HASH, "");
        vm.expectRevert(refusal);
        production.recordMaintenance(unknown, T0, T0, 1, "");
        vm.expectRevert(refusal);
        registry.setMeterMetadata(unknown, HASH);
    }

    function testTheAccountAndTheGovernorRecord(bool governor, bytes32 hash, string calldata text) public {
        vm.startPrank(governor ? address(this) : HOLDER);
        vm.expectEmit(address(production));
        emit IEnergyProduction.EquipmentRecorded(meterId, hash, text);
        production.recordEquipment(meterId, hash, text);
        vm.expectEmit(address(production));
        emit IEnergyProduction.MaintenanceRecorded(meterId, T0, T0 + 3, 7, text);
        production.recordMaintenance(meterId, T0, T0 + 3, 7, text);
        vm.expectEmit(address(registry));
        emit IRegistry.MeterMetadataSet(meterId, hash);
        registry.setMeterMetadata(meterId, hash);
    }

    function testMaintenanceEndsAfterItBegan(uint64 from, uint64 to) public {
        vm.assume(to < from);
        vm.prank(HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.BadPeriod.selector, from, to));
        production.recordMaintenance(meterId, from, to, 1, "");
    }
}

contract PowerQualityTest is BaseTest {
    bytes32 private constant HASH = keccak256("quality");

    function testOnlyGridOperatorsRecordPowerQuality(address caller) public {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.RoleMissing.selector, Role.GridOperator, caller));
        production.recordPowerQuality(1, MIDNIGHT - 1, HASH);
    }

    function testNoQualityOfAnIntervalThatHasNotEnded(uint64 second) public {
        registry.setRole(Role.GridOperator, STRANGER, true);
        vm.warp(T0 + second % L);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IReports.IntervalNotEnded.selector, MIDNIGHT, end(MIDNIGHT)));
        production.recordPowerQuality(1, MIDNIGHT, HASH);
    }

    function testPowerQualityIsAnEvent(uint32 feeder, bytes32 hash) public {
        registry.setRole(Role.GridOperator, STRANGER, true);
        vm.warp(end(MIDNIGHT));
        vm.prank(STRANGER);
        vm.expectEmit(address(production));
        emit IEnergyProduction.PowerQualityRecorded(feeder, MIDNIGHT, hash);
        production.recordPowerQuality(feeder, MIDNIGHT, hash);
    }
}
