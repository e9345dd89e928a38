// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGridBalancing, Storage} from "contracts/interfaces/IGridBalancing.sol";
import {Role} from "contracts/interfaces/IRegistry.sol";
import {GridTest} from "./GridTest.sol";

abstract contract StorageTest is GridTest {
    bytes32 internal battery;

    function setUp() public virtual override {
        super.setUp();
        battery = registerAs(0xBA77, HOLDER, 0, storageUnit());
    }

    function offer(uint64 capacityWh, uint32 chargeW, uint32 dischargeW) internal {
        vm.prank(HOLDER);
        grid.registerStorage(battery, capacityWh, chargeW, dischargeW);
    }
}

contract RegisterStorageTest is StorageTest {
    function testOnlyTheMetersAccountRegisters(address caller) public {
        vm.assume(caller != HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.NotMetersAccount.selector, battery, caller));
        vm.prank(caller);
        grid.registerStorage(battery, 1, 1, 1);
    }

    function testOnlyStorageRegisters() public {
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.NotStorage.selector, meterId));
        vm.prank(HOLDER);
        grid.registerStorage(meterId, 1, 1, 1);
    }

    function testPowersStayBelowTheConnections(uint32 chargeW, uint32 dischargeW) public {
        uint256 most = chargeW > dischargeW ? chargeW : dischargeW;
        vm.assume(most > 10_000);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.PowerAboveLimit.selector, most, 10_000));
        offer(1, chargeW, dischargeW);
    }

    function testAUnitIsKept(uint64 capacityWh, uint32 chargeW, uint32 dischargeW) public {
        (chargeW, dischargeW) = (chargeW % 10_001, dischargeW % 10_001);
        vm.expectEmit(address(grid));
        emit IGridBalancing.StorageRegistered(battery, capacityWh, chargeW, dischargeW);
        offer(capacityWh, chargeW, dischargeW);
        Storage memory found = grid.storageOf(battery);
        eq(found.capacityWh, capacityWh, "capacity");
        eq(found.chargeW, chargeW, "charge");
        eq(found.dischargeW, dischargeW, "discharge");
    }
}

contract DispatchTest is StorageTest {
    function setUp() public override {
        super.setUp();
        offer(9_000, 2_000, 3_000);
    }

    function dispatch(bytes32 id, uint64 from, uint32 count, int32 powerW, uint64 price)
        private
        returns (uint256)
    {
        vm.prank(OPERATOR);
        return grid.dispatch(id, from, count, powerW, price);
    }

    // REVERTS

    function testOnlyAGridOperatorDispatches(address caller) public {
        vm.assume(caller != OPERATOR);
        refusedWithout(Role.GridOperator, caller);
        vm.prank(caller);
        grid.dispatch(battery, MIDNIGHT, 1, 1, 1);
    }

    function testAnIntervalThatBeganIsNotCommanded(uint64 from) public {
        from %= MIDNIGHT;
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.IntervalBegun.selector, from, MIDNIGHT - 1));
        dispatch(battery, from, 1, 1, 1);
    }

    function testACommandHasACount() public {
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.BadCount.selector, 0));
        dispatch(battery, MIDNIGHT, 0, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.BadCount.selector, 1_001));
        dispatch(battery, MIDNIGHT, 1_001, 1, 1);
    }

    function testARewardIsBounded(uint64 price) public {
        vm.assume(price > MAX_PRICE);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.PriceAboveLimit.selector, price, MAX_PRICE));
        dispatch(battery, MIDNIGHT, 1, 1, price);
    }

    function testNoPowerIsNoCommand() public {
        vm.expectRevert(IGridBalancing.NothingAsked.selector);
        dispatch(battery, MIDNIGHT, 1, 0, 1);
    }

    function testOnlyWhatWasOfferedIsCommanded() public {
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.StorageUnknown.selector, meterId));
        dispatch(meterId, MIDNIGHT, 1, 1, 1);
        offer(0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.StorageUnknown.selector, battery));
        dispatch(battery, MIDNIGHT, 1, 1, 1);
    }

    function testPowersKeepToTheUnits(int32 powerW) public {
        vm.assume(powerW > 3_000 || powerW < -2_000);
        uint256 magnitude = powerW > 0 ? uint256(int256(powerW)) : uint256(-int256(powerW));
        uint256 limit = powerW > 0 ? 3_000 : 2_000;
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.PowerAboveLimit.selector, magnitude, limit));
        dispatch(battery, MIDNIGHT, 1, powerW, 1);
    }

    function testEnergyKeepsToTheUnits() public {
        dispatch(battery, MIDNIGHT, 3, 3_000, 1);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.EnergyAboveLimit.selector, 12_000, 9_000));
        dispatch(battery, MIDNIGHT, 4, 3_000, 1);
    }

    // SUCCESS

    function testACommandIsPublished(uint8 ahead, uint32 count, int32 powerW, uint64 price) public {
        count = 1 + count % 3;
        powerW = powerW % 5_001;
        if (powerW < -2_000) powerW += 5_001;
        if (powerW > 3_000) powerW -= 5_001;
        vm.assume(powerW != 0);
        price %= MAX_PRICE + 1;
        vm.expectEmit(address(grid));
        emit IGridBalancing.Dispatched(1, battery, MIDNIGHT + ahead, count, powerW, price);
        eq(dispatch(battery, MIDNIGHT + ahead, count, powerW, price), 1, "first");
    }
}
