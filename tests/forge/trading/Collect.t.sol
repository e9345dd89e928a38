// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract CollectTest is TradingTest {
    uint256 private constant PROCEEDS = 12_000;
    address private ben;

    function setUp() public override {
        super.setUp();
        ben = vm.addr(BEN);
        toSpot(T());
    }

    function testRefusesBundledMarket() public {
        bytes32 market = Markets.spot(true, false, 1, FEEDER);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.PaidByDelivery.selector, market));
        trading.collect(market, ts(T()), ben);
    }

    function testRefusesWhatIsNotSettled() public {
        trade(ANNA, BEN, T(), 100);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.NotSettled.selector, ben, T());
        vm.expectRevert(reason);
        trading.collect(spot(), ts(T()), ben);
        adjust(ben, 0, T() - 1);
        vm.expectRevert(reason);
        trading.collect(spot(), ts(T()), ben);
    }

    function testRefusesWithinHalfARing(uint64 far) public {
        trade(ANNA, BEN, T(), 100);
        vm.warp(end(T() + RING / 2));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotSettled.selector, ben, T()));
        trading.collect(spot(), ts(T()), ben);
        vm.assume(far > T());
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotSettled.selector, ben, far));
        trading.collect(spot(), ts(far), ben);
    }

    function testRefusesOpenClearing() public {
        open(spot(), T(), PRICE);
        fill(
            spot(),
            T(),
            list(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100), fillOf(BEN, sellOf(BEN, 100, PRICE), 100))
        );
        adjust(ben, 0, T());
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingStillOpen.selector, spot(), T()));
        trading.collect(spot(), ts(T()), ben);
    }

    function testRefusesNothing() public {
        adjust(ben, 0, T());
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.NothingToCollect.selector, spot(), ben);
        vm.expectRevert(reason);
        trading.collect(spot(), ts(T()), ben);
        vm.expectRevert(reason);
        trading.collect(spot(), new uint64[](0), ben);
    }

    function testAnybodyCollectsForTheSettledAccount(address caller) public conserving {
        trade(ANNA, BEN, T(), 100);
        adjust(ben, 0, T());
        vm.expectEmit(address(trading));
        emit IEnergyTrading.Collected(spot(), ben, ts(T()), PROCEEDS);
        vm.prank(caller);
        trading.collect(spot(), ts(T()), ben);
        eq(cash(ben), FUNDS + PROCEEDS, "cash");
        eq(position(spot(), T(), BEN).soldWh, 100, "the position stays");
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NothingToCollect.selector, spot(), ben));
        trading.collect(spot(), ts(T()), ben);
    }

    function testSilentOraclesLockNobodysMoney() public conserving {
        trade(ANNA, BEN, T(), 100);
        vm.warp(end(T() + RING / 2) + 1);
        trading.collect(spot(), ts(T()), ben);
        eq(cash(ben), FUNDS + PROCEEDS, "cash");
    }

    function testManyIntervalsAtOnce() public conserving {
        uint64[] memory all = new uint64[](5);
        for (uint64 i; i < 3; ++i) {
            toSpot(T() + i);
            trade(ANNA, BEN, T() + i, 100);
        }
        // One twice, one without a position: neither counts again nor stops the others.
        (all[0], all[1], all[2], all[3], all[4]) = (T(), T() + 1, T() + 1, T() + 2, T() - 1);
        adjust(ben, 0, T() + 2);
        trading.collect(spot(), all, ben);
        eq(cash(ben), FUNDS + 3 * PROCEEDS, "cash");
    }

    function testDebtIsPaidOutOfEscrowFirst(uint32 owed) public conserving {
        trade(ANNA, BEN, T(), 100);
        adjust(ben, -int256(FUNDS + owed), T());
        trading.collect(spot(), ts(T()), ben);
        uint256 paid = owed < PROCEEDS ? owed : PROCEEDS;
        eq(debt(ben), owed - paid, "debt");
        eq(cash(ben), PROCEEDS - paid, "cash");
    }

    function testCollectsAfterTheClearingsPlaceWasUsedAgain() public conserving {
        trade(ANNA, BEN, T(), 100);
        toSpot(T() + RING);
        trade(ANNA, CHIPO, T() + RING, 100);
        trading.collect(spot(), ts(T()), ben);
        eq(cash(ben), FUNDS + PROCEEDS, "cash");
    }
}
