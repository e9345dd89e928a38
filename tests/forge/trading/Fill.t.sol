// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ClearingView, Fill, IEnergyTrading, Order, Position} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {PackedAccounts} from "contracts/libraries/PackedAccounts.sol";
import {PackedPositions} from "contracts/libraries/PackedPositions.sol";
import {GridStub} from "../support/GridStub.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract FillTest is TradingTest {
    address private anna;
    address private ben;

    function setUp() public override {
        super.setUp();
        (anna, ben) = (vm.addr(ANNA), vm.addr(BEN));
        toSpot(T());
        open(spot(), T(), PRICE);
    }

    function refused(Fill memory f, bytes memory reason) private {
        refused(list(f), reason);
    }

    function refused(Fill[] memory fills, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.fill(spot(), T(), fills, new bytes[](0));
    }

    // WHO AND WHEN

    function testRefusesWhatIsNotOpen() public {
        Fill[] memory fills = list(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingNotOpen.selector, spot(), T() - 1));
        vm.prank(OPERATOR);
        trading.fill(spot(), T() - 1, fills, new bytes[](0));
        fill(
            spot(), T(), list(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 1), fillOf(BEN, sellOf(BEN, 1, PRICE), 1))
        );
        close(spot(), T());
        refused(fills, abi.encodeWithSelector(IEnergyTrading.ClearingNotOpen.selector, spot(), T()));
    }

    function testRefusesOperatorWhoDidNotOpen() public {
        Fill[] memory fills = list(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotOpener.selector, spot(), T(), OPERATOR_TWO));
        vm.prank(OPERATOR_TWO);
        trading.fill(spot(), T(), fills, new bytes[](0));
    }

    function testRefusesWhilePausedOrStopped() public {
        Fill memory f = fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100);
        registry.setPaused(true);
        refused(f, abi.encodeWithSelector(IRegistry.ContractsPaused.selector));
        registry.setPaused(false);
        GridStub(grid).set(true, false);
        refused(f, abi.encodeWithSelector(IEnergyTrading.ClearingStopped.selector));
    }

    function testRefusesWhenTooLittleTimeToComplainIsLeft() public {
        Fill memory f = fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100);
        uint256 until = end(T()) + COMPLAINT / 2;
        vm.warp(until + 1);
        refused(f, abi.encodeWithSelector(IEnergyTrading.OpenTooLong.selector, spot(), T(), until));
        vm.warp(until);
        fill(spot(), T(), list(f));
    }

    // ORDERS

    function testRefusesNothing() public {
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.NothingToFill.selector, anna);
        refused(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 0), reason);
        refused(fillOf(ANNA, sellOf(ANNA, 100, PRICE), 0), reason);
    }

    function testRefusesUnknownSide(uint8 side) public {
        vm.assume(side > SELL);
        Order memory order = buyOf(ANNA, 100, PRICE);
        order.side = side;
        refused(fillOf(ANNA, order, 1), abi.encodeWithSelector(IEnergyTrading.BadSide.selector, side));
    }

    function testRefusesOutsideWindow(uint32 from, uint32 count_) public {
        vm.assume(from > T() || uint256(from) + count_ <= T());
        Order memory order = buyOf(ANNA, 100, PRICE);
        (order.fromInterval, order.count) = (from, count_);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.OutsideWindow.selector, T(), from, count_);
        refused(fillOf(ANNA, order, 1), reason);
    }

    function testFillsInsideWindow(uint32 before, uint32 after_) public {
        Order memory order = buyOf(ANNA, 100, PRICE);
        order.fromInterval = T() - before % T();
        order.count = uint32(T() - order.fromInterval + 1 + after_ % 1_000);
        fill(spot(), T(), list(fillOf(ANNA, order, 1)));
    }

    function testRefusesBuyerWhosePriceIsExceeded(uint48 limit) public {
        vm.assume(limit < PRICE);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.LimitNotMet.selector, anna, limit, PRICE);
        refused(fillOf(ANNA, buyOf(ANNA, 100, limit), 1), reason);
    }

    function testRefusesSellerWhosePriceIsNotReached(uint48 limit) public {
        vm.assume(limit > PRICE);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.LimitNotMet.selector, anna, limit, PRICE);
        refused(fillOf(ANNA, sellOf(ANNA, 100, limit), 1), reason);
    }

    function testRefusesSignatureOfAnotherOrder(uint64 capWh, uint48 limit, uint32 count_, uint256 salt)
        public
    {
        Order memory signed = buyOf(ANNA, 100, PRICE);
        Fill memory f = fillOf(ANNA, signed, 1);
        Order memory other = buyOf(ANNA, 100, PRICE);
        (other.capWh, other.count, other.salt) = (capWh, count_, salt);
        other.limitPriceMicroPerKwh = limit < PRICE ? PRICE : limit;
        if (other.count < 3) other.count = 3;
        vm.assume(
            capWh != signed.capWh || count_ != signed.count || salt != signed.salt
                || other.limitPriceMicroPerKwh != PRICE
        );
        bytes32 digest = trading.orderDigest(other);
        refused(
            rawFill(other, 1, f.r, f.vs),
            abi.encodeWithSelector(IEnergyTrading.BadOrderSignature.selector, anna, digest)
        );
    }

    function testRefusesOrderOfAnotherMarket() public {
        Order memory order = orderOf(ANNA, forward(), BUY, 100, PRICE);
        Fill memory f = fillOf(ANNA, order, 1);
        order.market = spot();
        bytes memory reason = abi.encodeWithSelector(
            IEnergyTrading.BadOrderSignature.selector, anna, trading.orderDigest(order)
        );
        refused(f, reason);
    }

    // LIMITS OF ACCOUNTS

    function testRefusesDebtor() public {
        adjust(anna, -int256(FUNDS + 1), 1);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.InDebt.selector, anna, 1);
        refused(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 1), reason);
        refused(fillOf(ANNA, sellOf(ANNA, 100, PRICE), 1), reason);
    }

    function testRefusesOverCap(uint32 capWh, uint32 over) public {
        uint64 cap = uint64(between(capWh, 1, 5_000));
        uint64 wh = cap + uint64(between(over, 1, 5_000));
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.OverCap.selector, anna, wh, cap);
        refused(fillOf(ANNA, buyOf(ANNA, cap, PRICE), wh), reason);
        fill(spot(), T(), list(fillOf(BEN, buyOf(BEN, 20_000, PRICE), 20_000)));
        refused(fillOf(ANNA, sellOf(ANNA, cap, PRICE), wh), reason);
    }

    function testSameOrderAgainNeverExceedsItsCap(uint32 first, uint32 second) public conserving {
        uint64 a = uint64(between(first, 1, 1_000));
        uint64 b = uint64(between(second, 1, 1_000));
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        fill(spot(), T(), list(fillOf(ANNA, order, a)));
        if (a + b <= 1_000) {
            fill(spot(), T(), list(fillOf(ANNA, order, b)));
            eq(position(spot(), T(), ANNA).boughtWh, a + b, "bought");
        } else {
            refused(
                fillOf(ANNA, order, b),
                abi.encodeWithSelector(IEnergyTrading.OverCap.selector, anna, a + b, 1_000)
            );
        }
    }

    function testRefusesOverSellCap(uint32 over) public {
        uint64 wh = SELL_CAP + uint64(between(over, 1, 1_000));
        Fill[] memory fills =
            list(fillOf(BEN, buyOf(BEN, 100_000, PRICE), wh), fillOf(ANNA, sellOf(ANNA, 100_000, PRICE), wh));
        refused(fills, abi.encodeWithSelector(IEnergyTrading.OverSellCap.selector, anna, wh, SELL_CAP));
    }

    function testRefusesOverSellCapInTwoOrders() public {
        fill(spot(), T(), list(fillOf(BEN, buyOf(BEN, 100_000, PRICE), 60_000)));
        Fill[] memory fills = list(
            fillOf(ANNA, sellOf(ANNA, 100_000, PRICE), 30_000),
            fillOf(ANNA, sellOf(ANNA, 90_000, PRICE), 30_000)
        );
        refused(fills, abi.encodeWithSelector(IEnergyTrading.OverSellCap.selector, anna, 60_000, SELL_CAP));
    }

    function testRefusesBuyerWithoutCash() public {
        adjust(anna, -int256(FUNDS - 11_999), 1);
        bytes memory reason = abi.encodeWithSelector(PackedAccounts.NotEnoughCash.selector, 11_999, 12_000);
        refused(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100), reason);
        fill(spot(), T(), list(fillOf(ANNA, buyOf(ANNA, 100, PRICE), 99)));
    }

    function testRefusesMoreThanAPositionHolds() public {
        uint64 wh = uint64(1) << 38;
        bytes memory reason = abi.encodeWithSelector(PackedPositions.PositionTooLarge.selector, wh);
        refused(fillOf(ANNA, buyOf(ANNA, type(uint64).max, PRICE), wh), reason);
    }

    function testRefusesMoreSoldThanBought(uint32 bought_, uint32 more) public {
        uint64 bought = uint64(between(bought_, 1, 1_000));
        uint64 sold = bought + uint64(between(more, 1, 1_000));
        Fill[] memory fills = list(
            fillOf(ANNA, sellOf(ANNA, 2_000, PRICE), sold), fillOf(BEN, buyOf(BEN, 2_000, PRICE), bought)
        );
        refused(fills, abi.encodeWithSelector(IEnergyTrading.SoldBeyondBought.selector, sold, bought));
    }

    // SUCCESS

    function testFills(uint32 wh_, uint48 price, uint16 feeBps) public conserving {
        uint64 wh = uint64(between(wh_, 1, SELL_CAP));
        price = uint48(between(price, 0, 10_000_000));
        feeBps = uint16(between(feeBps, 0, 500));
        trading.setFee(feeBps);
        toSpot(T() + 1);
        open(spot(), T() + 1, price);
        Fill[] memory fills =
            list(fillOf(ANNA, buyOf(ANNA, wh, price), wh), fillOf(BEN, sellOf(BEN, wh, price), wh));
        uint256[] memory words = new uint256[](2);
        words[0] = (uint256(uint160(anna)) << 96) | wh;
        words[1] = (uint256(uint160(ben)) << 96) | (1 << 88) | wh;
        vm.expectEmit(address(trading));
        emit IEnergyTrading.Filled(spot(), T() + 1, price, feeBps, words);
        fill(spot(), T() + 1, fills);

        uint256 cost = costUp(wh, price);
        uint256 gross = proceedsDown(wh, price);
        uint256 escrow = gross - (gross * feeBps + 9_999) / 10_000;
        eq(cash(anna), FUNDS - cost, "buyer's cash");
        eq(cash(ben), FUNDS, "seller's cash");
        Position memory bid = position(spot(), T() + 1, ANNA);
        eq(bid.boughtWh, wh, "bought");
        eq(bid.paidMicro, cost, "paid");
        Position memory offer = position(spot(), T() + 1, BEN);
        eq(offer.soldWh, wh, "sold");
        eq(offer.escrowMicro, escrow, "escrow");
        ClearingView memory c = trading.clearingOf(spot(), T() + 1);
        eq(c.heldMicro, cost - escrow, "held");
        eq(c.surplusWh, 0, "surplus");
        eq(c.positions, 2, "positions");
    }

    function testOneAccountMayBuyAndSell() public conserving {
        Fill[] memory fills = list(
            fillOf(ANNA, buyOf(ANNA, 500, PRICE), 300),
            fillOf(ANNA, sellOf(ANNA, 500, PRICE), 200),
            fillOf(BEN, sellOf(BEN, 500, PRICE), 100)
        );
        fill(spot(), T(), fills);
        Position memory p = position(spot(), T(), ANNA);
        eq(p.boughtWh, 300, "bought");
        eq(p.soldWh, 200, "sold");
        eq(trading.clearingOf(spot(), T()).positions, 2, "positions");
        close(spot(), T());
    }

    function testSellerInAChunkAfterItsBuyer() public conserving {
        fill(spot(), T(), list(fillOf(ANNA, buyOf(ANNA, 500, PRICE), 300)));
        eq(trading.clearingOf(spot(), T()).surplusWh, 300, "surplus");
        conserved();
        fill(spot(), T(), list(fillOf(BEN, sellOf(BEN, 500, PRICE), 300)));
        eq(trading.clearingOf(spot(), T()).surplusWh, 0, "surplus");
    }

    function testStepCurveOfOneAccount() public conserving {
        // Two orders with cumulative caps: 300 Wh at a high price, 500 Wh in all at a lower one.
        Order memory high = buyOf(ANNA, 300, PRICE + 50_000);
        Order memory low = buyOf(ANNA, 500, PRICE);
        fill(spot(), T(), list(fillOf(ANNA, high, 300), fillOf(ANNA, low, 200)));
        eq(position(spot(), T(), ANNA).boughtWh, 500, "bought");
        refused(
            fillOf(ANNA, high, 1), abi.encodeWithSelector(IEnergyTrading.OverCap.selector, anna, 501, 300)
        );
    }
}
