// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IBundles} from "contracts/interfaces/IBundles.sol";
import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {BundleTest} from "./BundleTest.sol";

contract DeliverTest is BundleTest {
    function refused(address seller, uint256 id, uint256 wh, bytes memory reason) private {
        vm.prank(seller);
        vm.expectRevert(reason);
        delivery.deliver(market, T(), seller, ids(id), ids(wh));
        poolHolds();
    }

    // REVERTS

    function testOnlyTheSellerOrWhomHeTrustsDelivers(address caller) public {
        vm.assume(caller != ben && caller != address(delivery));
        tradeAll(60, 40, 70, 30);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotSellerOrApproved.selector, caller, ben));
        delivery.deliver(market, T(), ben, ids(SOLAR), ids(1));
    }

    function testOnlyBundledMarketsAreDelivered() public {
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        vm.startPrank(ben);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotBundled.selector, spot()));
        delivery.deliver(spot(), T(), ben, ids(SOLAR), ids(1));
    }

    function testOnlyAClosedClearingIsDelivered() public {
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, market, T());
        refused(ben, SOLAR, 1, reason);
        toSpot(T());
        open(market, T(), PRICE);
        refused(ben, SOLAR, 1, reason);
    }

    function testDeliveryIsInTime(uint32 later) public {
        tradeAll(60, 40, 70, 30);
        vm.warp(deliverBy() + between(later, 1, 2 * L - 1));
        refused(ben, SOLAR, 70, abi.encodeWithSelector(IBundles.DeliveryOver.selector, deliverBy()));
    }

    function testEveryIdHasAnAmount() public {
        tradeAll(60, 40, 70, 30);
        vm.startPrank(ben);
        vm.expectRevert(abi.encodeWithSelector(IBundles.LengthsDiffer.selector, 1, 2));
        delivery.deliver(market, T(), ben, ids(SOLAR), new uint256[](2));
    }

    function testOnlyCertificatesOfTheDaySourcesAndKindAreTaken(uint256 id) public {
        vm.assume(id != SOLAR && id != WIND);
        tradeAll(60, 40, 70, 30);
        bytes memory reason = abi.encodeWithSelector(IBundles.WrongCertificate.selector, id, market, T());
        refused(ben, id, 70, reason);
        id = (1 << 40) | SOLAR; // simulated
        refused(ben, id, 70, abi.encodeWithSelector(IBundles.WrongCertificate.selector, id, market, T()));
        id = (2 << 32) | SOLAR; // hydro
        refused(ben, id, 70, abi.encodeWithSelector(IBundles.WrongCertificate.selector, id, market, T()));
        id = SOLAR - 1; // of the day before
        refused(ben, id, 70, abi.encodeWithSelector(IBundles.WrongCertificate.selector, id, market, T()));
    }

    function testNoMoreIsDeliveredThanWasSold(uint256 wh) public {
        wh = between(wh, 71, type(uint40).max);
        tradeAll(60, 40, 70, 30);
        refused(ben, SOLAR, wh, abi.encodeWithSelector(IBundles.DeliveredTooMuch.selector, wh, 70));
        deliver(ben, SOLAR, 70);
        refused(ben, SOLAR, 1, abi.encodeWithSelector(IBundles.DeliveredTooMuch.selector, 1, 0));
    }

    function testNothingIsNoDelivery() public {
        tradeAll(60, 40, 70, 30);
        refused(ben, SOLAR, 0, abi.encodeWithSelector(IBundles.NothingToDeliver.selector, ben));
    }

    function testWhoHasNoCertificatesIsNotPaid() public {
        tradeAll(60, 40, 70, 30);
        uint256 before = cash(ben);
        vm.prank(ben);
        try delivery.deliver(market, T(), ben, ids(WIND), ids(70)) {
            revert("delivered what he has not");
        } catch {}
        eq(cash(ben), before, "cash");
        poolHolds();
    }

    function testBundledEscrowIsNotCollected() public {
        tradeAll(60, 40, 70, 30);
        adjust(ben, 0, T());
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.PaidByDelivery.selector, market));
        trading.collect(market, ts(T()), ben);
    }

    // SUCCESS

    function testCertificatesArePaidAsTheyCome(uint64 sold, uint64 first, uint64 second) public {
        sold = uint64(between(sold, 3, CERTIFIED));
        first = uint64(between(first, 1, sold - 2));
        second = uint64(between(second, 1, sold - first - 1));
        tradeAll(sold, 10, sold, 10);
        uint256 before = cash(ben);
        uint256 escrow = position(market, T(), BEN).escrowMicro;
        uint256 paid = escrow * first / sold;
        vm.expectEmit(address(delivery));
        emit IBundles.Delivered(market, T(), ben, ids(SOLAR), ids(first), paid);
        deliver(ben, SOLAR, first);
        eq(cash(ben), before + paid, "first part");
        eq(delivery.deliveredWh(market, T(), ben), first, "delivered");
        poolHolds();
        deliver(ben, SOLAR, second);
        poolHolds();
        deliver(ben, SOLAR, sold - first - second);
        eq(cash(ben), before + escrow, "all");
        eq(position(market, T(), BEN).escrowMicro, 0, "escrow");
        eq(balance(ben, SOLAR), CERTIFIED - sold, "kept");
        eq(bundle().settledWh, sold, "settled");
        eq(bundle().tradedWh, sold + 10, "traded");
        poolHolds();
    }

    function testWhomASellerTrustsDeliversForHim() public {
        tradeAll(60, 40, 70, 30);
        vm.prank(ben);
        production.setApprovalForAll(STRANGER, true);
        vm.prank(STRANGER);
        delivery.deliver(market, T(), ben, ids(SOLAR), ids(70));
        eq(bundle().settledWh, 70, "settled");
        poolHolds();
    }

    function testALateClearingLeavesTimeToDeliver() public {
        vm.warp(end(T()) + 3 * L);
        tradeAll(60, 40, 70, 30);
        eq(bundle().deliverBy, end(T()) + 5 * L, "deliver by");
        vm.warp(end(T()) + 5 * L);
        deliver(ben, SOLAR, 70);
        poolHolds();
    }

    function testUnwoundEnergyIsNotOwed() public {
        toSpot(T());
        open(market, T(), PRICE);
        fill(
            market,
            T(),
            list(
                fillOf(ANNA, orderOf(ANNA, market, BUY, 60, PRICE), 60),
                fillOf(BEN, orderOf(BEN, market, SELL, 60, PRICE), 60)
            )
        );
        eq(bundle().tradedWh, 60, "traded");
        vm.prank(OPERATOR);
        trading.unwind(market, T(), list(ben, anna));
        eq(bundle().tradedWh, 0, "unwound");
        tradeAll(60, 40, 70, 30);
        eq(bundle().tradedWh, 100, "traded again");
        poolHolds();
    }

    function testAnUnbundledClearingOwesNothing() public {
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        eq(trading.bundledWh(spot(), T()), 0, "bundled");
        eq(delivery.requireDelivered(spot(), T()), 0, "owed");
    }
}
