// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IBundles} from "contracts/interfaces/IBundles.sol";
import {Fill} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {BundleTest} from "./BundleTest.sol";

contract ReclaimTest is BundleTest {
    function testNothingIsReclaimedWhileItMayBeDelivered(uint32 later) public {
        tradeAll(60, 40, 70, 30);
        vm.warp(end(T()) + between(later, 0, 2 * L));
        vm.expectRevert(abi.encodeWithSelector(IBundles.DeliveryRunning.selector, deliverBy()));
        delivery.reclaim(market, T(), ben);
    }

    function testOnlyWhatIsOwedIsReclaimed(address stranger) public {
        vm.assume(stranger != ben && stranger != david);
        tradeAll(60, 40, 70, 30);
        deliver(ben, SOLAR, 70);
        vm.warp(deliverBy() + 1);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NothingToReclaim.selector, stranger));
        delivery.reclaim(market, T(), stranger);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NothingToReclaim.selector, ben));
        delivery.reclaim(market, T(), ben);
        delivery.reclaim(market, T(), david);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NothingToReclaim.selector, david));
        delivery.reclaim(market, T(), david);
    }

    /// @dev Who cannot mint while the registry is paused cannot deliver.
    function testNothingIsReclaimedDuringAPause() public {
        tradeAll(60, 40, 70, 30);
        vm.warp(deliverBy() + 1);
        registry.setPaused(true);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ContractsPaused.selector));
        delivery.reclaim(market, T(), ben);
        registry.setPaused(false);
        delivery.reclaim(market, T(), ben);
        poolHolds();
    }

    function testOnlyBundledMarketsAreReclaimed() public {
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotBundled.selector, spot()));
        delivery.reclaim(spot(), T(), ben);
    }

    function testWhatWasNotDeliveredGoesBackToTheBuyers(uint64 sold, uint64 wh) public {
        sold = uint64(between(sold, 2, CERTIFIED));
        wh = uint64(between(wh, 1, sold - 1));
        tradeAll(sold, 10, sold, 10);
        uint256 before = cash(ben);
        uint256 escrow = position(market, T(), BEN).escrowMicro;
        deliver(ben, SOLAR, wh);
        uint256 left = escrow - escrow * wh / sold;
        vm.warp(deliverBy() + 1);
        vm.prank(STRANGER);
        vm.expectEmit(address(delivery));
        emit IBundles.Reclaimed(market, T(), ben, sold - wh, left);
        delivery.reclaim(market, T(), ben);
        eq(cash(ben), before + escrow - left, "seller");
        eq(bundle().refundMicro, left, "to the buyers");
        eq(bundle().settledWh, sold, "settled");
        poolHolds();
    }

    /// @dev Else a stale slot would pay a seller who did not deliver.
    function testThePlaceOfTheRingIsNotUsedAgainBefore() public {
        tradeAll(60, 40, 70, 30);
        uint64 next = T() + RING;
        vm.warp(end(next));
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotAllDelivered.selector, market, T(), 100));
        trading.open(market, next, PRICE, 0);
        delivery.reclaim(market, T(), ben);
        delivery.reclaim(market, T(), david);
        open(market, next, PRICE);
        poolHolds();
        // Whoever did not take yet still can.
        take(anna);
        take(chipo);
        eq(bundle().takenWh, 100, "taken");
        poolHolds();
    }
}
