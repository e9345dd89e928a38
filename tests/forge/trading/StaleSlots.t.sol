// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {TradingTest} from "../support/TradingTest.sol";

/// @notice What is left in a place of the ring when a later interval needs it.
contract StaleSlotsTest is TradingTest {
    address private ben;

    function setUp() public override {
        super.setUp();
        ben = vm.addr(BEN);
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        toSpot(T() + RING);
    }

    function testOldEscrowIsPaidWhenTheSlotIsUsedAgain(uint32 wh_) public conserving {
        uint64 wh = uint64(between(wh_, 1, 10_000));
        uint256[] memory releases = new uint256[](1);
        releases[0] = (uint256(uint160(ben)) << 96) | 12_000;
        Order memory bid = buyOf(ANNA, wh, PRICE);
        Order memory offer = sellOf(BEN, wh, PRICE);
        Fill[] memory fills = list(fillOf(ANNA, bid, wh), fillOf(BEN, offer, wh));
        vm.expectEmit(address(trading));
        emit IEnergyTrading.StaleReleased(spot(), T() + RING, releases);
        clear(spot(), T() + RING, PRICE, fills);
        eq(cash(ben), FUNDS + 12_000, "cash");
        eq(position(spot(), T() + RING, BEN).escrowMicro, proceedsDown(wh, PRICE), "escrow");
        eq(position(spot(), T() + RING, BEN).soldWh, wh, "sold");
        eq(position(spot(), T(), BEN).soldWh, 0, "the older position");
    }

    function testBuyerPaysOutOfHisOldEscrow() public conserving {
        adjust(ben, -int256(FUNDS), 1);
        Fill[] memory fills =
            list(fillOf(BEN, buyOf(BEN, 100, PRICE), 100), fillOf(ANNA, sellOf(ANNA, 100, PRICE), 100));
        clear(spot(), T() + RING, PRICE, fills);
        eq(cash(ben), 0, "cash");
    }

    function testOldEscrowPaysDebtBeforeTheOrderIsFilled() public conserving {
        adjust(ben, -int256(FUNDS + 12_000), 1);
        trade(ANNA, BEN, T() + RING, 100);
        eq(debt(ben), 0, "debt");
        eq(cash(ben), 0, "cash");
    }

    function testDebtBeyondTheOldEscrowBlocks() public {
        adjust(ben, -int256(FUNDS + 12_001), 1);
        Fill[] memory fills =
            list(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100), fillOf(BEN, sellOf(BEN, 100, PRICE), 100));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.InDebt.selector, ben, 1));
        vm.prank(OPERATOR);
        trading.clear(spot(), T() + RING, PRICE, 0, fills, new bytes[](0));
    }

    function testReleasedEscrowIsCollectedNoMore() public conserving {
        trade(ANNA, BEN, T() + RING, 100);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NothingToCollect.selector, spot(), ben));
        trading.collect(spot(), ts(T()), ben);
    }

    function testEscrowCollectedBeforeIsNotPaidAgain() public conserving {
        trading.collect(spot(), ts(T()), ben);
        trade(ANNA, BEN, T() + RING, 100);
        eq(cash(ben), FUNDS + 12_000, "cash");
    }

    function testUnwindingKeepsWhatWasReleased() public conserving {
        open(spot(), T() + RING, PRICE);
        fill(
            spot(),
            T() + RING,
            list(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100), fillOf(BEN, sellOf(BEN, 100, PRICE), 100))
        );
        vm.prank(OPERATOR);
        trading.unwind(spot(), T() + RING, list(ben, vm.addr(ANNA)));
        eq(cash(ben), FUNDS + 12_000, "cash");
    }

    function testManyLaps(uint8 laps) public conserving {
        uint256 n = between(laps, 1, 3);
        for (uint64 i = 1; i <= n; ++i) {
            toSpot(T() + i * RING);
            trade(ANNA, BEN, T() + i * RING, 100);
            conserved();
        }
        eq(cash(ben), FUNDS + n * 12_000, "cash");
    }
}
