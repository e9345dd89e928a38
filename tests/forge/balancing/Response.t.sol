// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Enrolment, IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {IRegistry, MeterAttributes, Role} from "contracts/interfaces/IRegistry.sol";
import {GridTest} from "./GridTest.sol";

contract EnrolTest is GridTest {
    function enrol(uint32 powerW) private {
        vm.prank(HOLDER);
        grid.enrol(meterId, powerW);
    }

    // REVERTS

    function testOnlyTheMetersAccountEnrols(address caller) public {
        vm.assume(caller != HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.NotMetersAccount.selector, meterId, caller));
        vm.prank(caller);
        grid.enrol(meterId, 1);
    }

    function testAnUnknownMeterDoesNotEnrol(bytes32 id) public {
        vm.assume(id != meterId);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, id));
        grid.enrol(id, 1);
    }

    function testAFeedersMeterDoesNotEnrol() public {
        MeterAttributes memory a = solar();
        a.kind = 3;
        bytes32 id = registerAs(0xFEED, HOLDER, 0, a);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.FeederMeter.selector, id));
        vm.prank(HOLDER);
        grid.enrol(id, 1);
    }

    function testNoPowerIsNoOffer() public {
        vm.expectRevert(IGridBalancing.NothingAsked.selector);
        enrol(0);
    }

    function testNobodyReducesMoreThanHeCanDraw(uint32 powerW) public {
        vm.assume(powerW > 10_000);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.PowerAboveLimit.selector, powerW, 10_000));
        enrol(powerW);
    }

    function testOnlyWhoIsEnrolledWithdraws() public {
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.NotEnrolled.selector, meterId));
        vm.prank(HOLDER);
        grid.withdrawEnrolment(meterId);
    }

    function testOnlyTheMetersAccountWithdraws(address caller) public {
        vm.assume(caller != HOLDER);
        enrol(5);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.NotMetersAccount.selector, meterId, caller));
        vm.prank(caller);
        grid.withdrawEnrolment(meterId);
    }

    // SUCCESS

    function testAFeedersPowerIsTheSumOfItsMeters(uint32 a, uint32 b, uint32 c) public {
        (a, b, c) = (1 + a % 10_000, 1 + b % 10_000, 1 + c % 10_000);
        bytes32 second = register(0xB0B, HOLDER, 0);
        vm.expectEmit(address(grid));
        emit IGridBalancing.Enrolled(meterId, FEEDER, a);
        enrol(a);
        vm.prank(HOLDER);
        grid.enrol(second, b);
        eq(grid.reducibleW(FEEDER), uint256(a) + b, "both");
        enrol(c);
        eq(grid.reducibleW(FEEDER), uint256(c) + b, "replaced");
        Enrolment memory found = grid.enrolmentOf(meterId);
        eq(found.reducibleW, c, "power");
        eq(found.feeder, FEEDER, "feeder");

        vm.expectEmit(address(grid));
        emit IGridBalancing.Enrolled(meterId, FEEDER, 0);
        vm.prank(HOLDER);
        grid.withdrawEnrolment(meterId);
        eq(grid.reducibleW(FEEDER), b, "the other");
        eq(grid.enrolmentOf(meterId).reducibleW, 0, "withdrawn");
    }
}

contract CallResponseTest is GridTest {
    function setUp() public override {
        super.setUp();
        vm.prank(HOLDER);
        grid.enrol(meterId, 2_000);
    }

    function call(uint64 from, uint32 count, uint64 wh, uint64 price) private returns (uint256) {
        vm.prank(OPERATOR);
        return grid.callResponse(FEEDER, from, count, wh, price);
    }

    // REVERTS

    function testOnlyAGridOperatorCalls(address caller) public {
        vm.assume(caller != OPERATOR);
        refusedWithout(Role.GridOperator, caller);
        vm.prank(caller);
        grid.callResponse(FEEDER, MIDNIGHT, 1, 1, 1);
    }

    function testAnIntervalThatBeganIsNotCalled(uint64 from) public {
        from %= MIDNIGHT;
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.IntervalBegun.selector, from, MIDNIGHT - 1));
        call(from, 1, 1, 1);
    }

    function testACallHasACount(uint32 count) public {
        vm.assume(count == 0 || count > grid.MAX_CALL_INTERVALS());
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.BadCount.selector, count));
        call(MIDNIGHT, count, 1, 1);
    }

    function testARewardIsBounded(uint64 price) public {
        vm.assume(price > MAX_PRICE);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.PriceAboveLimit.selector, price, MAX_PRICE));
        call(MIDNIGHT, 1, 1, price);
    }

    function testNothingIsNotAsked() public {
        vm.expectRevert(IGridBalancing.NothingAsked.selector);
        call(MIDNIGHT, 1, 0, 1);
    }

    function testNoMoreIsAskedThanWasOffered(uint64 wh, uint32 count) public {
        count = 1 + count % grid.MAX_CALL_INTERVALS();
        uint256 limit = uint256(2_000) * count;
        vm.assume(wh > limit);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.EnergyAboveLimit.selector, wh, limit));
        call(MIDNIGHT, count, wh, 1);
    }

    // SUCCESS

    function testACallIsPublished(uint8 ahead, uint32 count, uint64 wh, uint64 price) public {
        count = 1 + count % grid.MAX_CALL_INTERVALS();
        wh = 1 + wh % (2_000 * uint64(count));
        price %= MAX_PRICE + 1;
        vm.expectEmit(address(grid));
        emit IGridBalancing.ResponseCalled(1, FEEDER, MIDNIGHT + ahead, count, wh, price);
        eq(call(MIDNIGHT + ahead, count, wh, price), 1, "first");
        eq(call(MIDNIGHT + ahead, count, wh, price), 2, "second");
    }
}
