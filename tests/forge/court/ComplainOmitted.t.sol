// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {IEnergyDelivery} from "contracts/interfaces/IEnergyDelivery.sol";
import {IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {CourtTest} from "./CourtTest.sol";

contract ComplainOmittedTest is CourtTest {
    uint64 private constant CAP = 1_000;

    address private _chipo;

    function setUp() public override {
        super.setUp();
        _chipo = vm.addr(CHIPO);
        vm.warp(T0 - 5 * L);
        namesHome(BEN);
        namesHome(DAVID);
        // A facts' time counts from a notice before the clearing on; those of the set-up are older.
        vm.warp(T0 + 1);
    }

    /// @dev The forward market, from five intervals later on.
    function namesHome(uint256 key) private {
        vm.prank(vm.addr(key));
        delivery.setHomeMarket(forward());
    }

    function post(Order memory order) private {
        vm.prank(order.account);
        trading.post(order, "");
    }

    /// @dev CHIPO posts a bid that is left out, strictly inside the money.
    function omitted() private returns (Order memory bid) {
        bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        clearedWith(spot(), 0, 10);
    }

    /// @dev DAVID posts an offer that is left out of the forward market.
    function omittedOffer() private returns (Order memory offer) {
        offer = orderOf(DAVID, forward(), SELL, CAP, PRICE - 1);
        post(offer);
        clearedWith(forward(), 0, 10);
    }

    function refused(Order memory order, bytes memory reason) private {
        vm.prank(WATCHER);
        vm.expectRevert(reason);
        delivery.complainOmitted(T(), order);
        notSlashed();
    }

    function lackedCash(uint256 has, uint64 missing) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IEnergyDelivery.MayHaveLackedCash.selector, _chipo, has, costUp(missing, PRICE + 1)
        );
    }

    // REVERTS: THE ORDER

    function testNeitherPairsNorSpotOffersAreHeard() public {
        Order memory offer = orderOf(CHIPO, pairOf(CHIPO, DAVID), SELL, CAP, PRICE - 1);
        refused(offer, abi.encodeWithSelector(IEnergyDelivery.ComplaintNotInMarket.selector, offer.market));
        offer = sellOf(CHIPO, CAP, PRICE - 1);
        refused(offer, abi.encodeWithSelector(IEnergyDelivery.ComplaintNotInMarket.selector, spot()));
    }

    function testOnlyAClosedClearingLeavesOut() public {
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, spot(), T());
        refused(bid, reason);
        toSpot(T());
        open(spot(), T(), PRICE);
        refused(bid, reason);
    }

    function testAnOrderThatWasNotPostedMayBeUnknown() public {
        Order memory bid = omitted();
        bid.salt += 1;
        refused(bid, abi.encodeWithSelector(IEnergyTrading.OrderNotPosted.selector, trading.orderDigest(bid)));
    }

    function testAnOrderPostedWithinTheNoticeMayBeUnseen(uint32 before) public {
        before = uint32(between(before, 0, NOTICE));
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        vm.warp(end(T()) - before);
        post(bid);
        clearedWith(spot(), 0, 10);
        refused(
            bid, abi.encodeWithSelector(IEnergyDelivery.PostedTooLate.selector, end(T()) - before, end(T()))
        );
    }

    function testAnOrderOfOtherIntervalsDoesNotCount(uint32 count, bool late) public {
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        bid.fromInterval = late ? T() + 1 : T() - 2;
        bid.count = late ? count : uint32(between(count, 0, 2));
        post(bid);
        clearedWith(spot(), 0, 10);
        refused(
            bid,
            abi.encodeWithSelector(IEnergyTrading.OutsideWindow.selector, T(), bid.fromInterval, bid.count)
        );
    }

    function testACancelledOrderDoesNotCount() public {
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        vm.prank(_chipo);
        trading.cancel(bid);
        clearedWith(spot(), 0, 10);
        refused(
            bid, abi.encodeWithSelector(IEnergyTrading.OrderWasCancelled.selector, trading.orderDigest(bid))
        );
    }

    function testWhoAdvancedHisEpochSinceIsNotHeard() public {
        Order memory bid = omitted();
        vm.prank(_chipo);
        trading.cancelAll();
        uint32 epoch = trading.accountOf(_chipo).epoch;
        refused(bid, abi.encodeWithSelector(IEnergyTrading.WrongEpoch.selector, _chipo, bid.epoch, epoch));
    }

    /// @dev Where the next epoch can be known, an order for it could be posted before, and brought to life after.
    function testAnOrderOfAnEpochThatBeganLaterConvictsNobody() public {
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        bid.epoch = uint32(uint256(keccak256(abi.encode(block.prevrandao, _chipo, uint32(0)))));
        post(bid);
        clearedWith(spot(), 0, 10);
        vm.prank(_chipo);
        trading.cancelAll();
        eq(trading.accountOf(_chipo).epoch, bid.epoch, "epoch");
        refused(bid, abi.encodeWithSelector(IEnergyDelivery.OrderMayNotHaveStood.selector, _chipo));
    }

    // REVERTS: THE PRICE

    function testAnOrderAtThePriceOrBeyondMayBeLeftOut(uint64 limit) public {
        limit = uint64(between(limit, 0, PRICE));
        Order memory bid = buyOf(CHIPO, CAP, limit);
        post(bid);
        clearedWith(spot(), 0, 10);
        refused(bid, abi.encodeWithSelector(IClearingCourt.NotInTheMoney.selector, limit, PRICE));
    }

    /// @dev At the highest price demand may exceed what there is, whatever the limits.
    function testAtAnEndOfACorridorNobodyIsGuilty(bool island) public {
        trading.setCorridor(island, 0, uint48(PRICE));
        Order memory bid = omitted();
        refused(bid, abi.encodeWithSelector(IEnergyDelivery.PriceAtItsEnd.selector, PRICE));
    }

    function testACorridorThatWasSetSinceHidesItsEnds(uint32 before, bool later) public {
        before = uint32(between(before, 0, NOTICE));
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        if (!later) {
            vm.warp(end(T()) - before);
            trading.setCorridor(false, 0, uint48(2 * PRICE));
        }
        clearedWith(spot(), 0, 10);
        if (later) trading.setCorridor(false, 0, uint48(2 * PRICE));
        uint256 at = later ? end(T()) : end(T()) - before;
        refused(bid, abi.encodeWithSelector(IEnergyDelivery.CorridorChanged.selector, at));
    }

    // REVERTS: THE BUYER

    function testABuyerWhoWasServedIsNotShort(uint64 wh) public {
        wh = uint64(between(wh, CAP, SELL_CAP));
        Order memory bid = buyOf(ANNA, CAP, PRICE + 1);
        post(bid);
        clearedWith(spot(), 0, wh);
        refused(bid, abi.encodeWithSelector(IClearingCourt.NotShort.selector, wh, CAP));
    }

    /// @dev A deposit after the clearing, or too short before it to be seen, makes nobody guilty.
    function testCashThatGrewMayNotHaveBeenThere(uint32 before, bool later) public {
        before = uint32(between(before, 0, NOTICE));
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        vm.warp(end(T()) - before);
        if (!later) fund(_chipo, 1);
        clearedWith(spot(), 0, 10);
        if (later) fund(_chipo, 1);
        refused(bid, lackedCash(FUNDS + 1, CAP));
    }

    function testCashThatIsGoneMayHaveBeenMissing(uint64 left) public {
        left = uint64(between(left, 0, costUp(CAP, PRICE + 1) - 1));
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        adjust(_chipo, -int256(FUNDS - left), T() - 1);
        clearedWith(spot(), 0, 10);
        refused(bid, lackedCash(left, CAP));
    }

    function testCashThatIsAnnouncedIsAsGoodAsGone() public {
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        vm.prank(_chipo);
        trading.requestWithdrawal(FUNDS);
        clearedWith(spot(), 0, 10);
        refused(bid, lackedCash(0, CAP));
    }

    /// @dev He announced all, so the operator left him out; then he announced less.
    function testAnAnnouncementInPlaceOfALargerOneConvictsNobody(bool withdrawn) public {
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        vm.prank(_chipo);
        trading.requestWithdrawal(FUNDS);
        clearedWith(spot(), 0, 10);
        vm.prank(_chipo);
        trading.requestWithdrawal(1);
        if (withdrawn) {
            vm.warp(end(T()) + NOTICE);
            vm.prank(_chipo);
            trading.withdraw(_chipo);
        }
        refused(bid, lackedCash(FUNDS - 1, CAP));
    }

    // REVERTS: THE SELLER

    function testASellerWhoSoldHalfIsNotShort(uint64 wh) public {
        wh = uint64(between(wh, CAP / 2, CAP));
        Order memory offer = orderOf(BEN, forward(), SELL, CAP, PRICE - 1);
        post(offer);
        clearedWith(forward(), 0, wh);
        refused(offer, abi.encodeWithSelector(IClearingCourt.NotShort.selector, wh, CAP));
    }

    function testNobodySellsBeyondHisCap(uint64 cap) public {
        cap = uint64(between(cap, 10, 20));
        registry.setSellCap(vm.addr(BEN), cap);
        Order memory offer = orderOf(BEN, forward(), SELL, CAP, PRICE - 1);
        post(offer);
        clearedWith(forward(), 0, 10);
        refused(offer, abi.encodeWithSelector(IClearingCourt.NotShort.selector, 10, cap));
    }

    function testASellCapThatWasChangedMayHaveBeenLower(bool later) public {
        address david = vm.addr(DAVID);
        Order memory offer = orderOf(DAVID, forward(), SELL, CAP, PRICE - 1);
        post(offer);
        uint256 opened = end(T()) - 2 * L;
        vm.warp(opened - NOTICE);
        if (!later) registry.setSellCap(david, SELL_CAP);
        clearedWith(forward(), 0, 10);
        if (later) register(0xD1, david, 0);
        refused(
            offer,
            abi.encodeWithSelector(
                IEnergyDelivery.SellCapChanged.selector, david, later ? opened : opened - NOTICE
            )
        );
    }

    function testASellerWhoOwedAndPaidSinceIsNotHeard() public {
        address david = vm.addr(DAVID);
        adjust(david, -int256(FUNDS + 1), T() - 2);
        Order memory offer = omittedOffer();
        fund(david, 1);
        eq(debt(david), 0, "debt");
        refused(offer, abi.encodeWithSelector(IEnergyDelivery.MayHaveOwed.selector, david));
        fund(david, 1);
        refused(offer, abi.encodeWithSelector(IEnergyDelivery.MayHaveOwed.selector, david));
    }

    function testASellerWithoutPriceIsNotHeard() public {
        Order memory offer = orderOf(DAVID, forward(), SELL, CAP, 0);
        post(offer);
        vm.warp(end(T()) - 2 * L);
        Order memory bid = orderOf(ANNA, forward(), BUY, 10, PRICE);
        Order memory sold = orderOf(BEN, forward(), SELL, 10, 1);
        clear(forward(), T(), 1, list(fillOf(ANNA, bid, 10), fillOf(BEN, sold, 10)));
        refused(offer, abi.encodeWithSelector(IEnergyDelivery.PriceAtItsEnd.selector, 1));
    }

    // REVERTS: THE CLEARING

    function testAnOmissionIsComplainedAboutInTimeAndOnce() public {
        Order memory bid = omitted();
        vm.warp(end(T()) + COMPLAINT + 1);
        refused(bid, abi.encodeWithSelector(IClearingCourt.ComplaintTooLate.selector, end(T()) + COMPLAINT));
        vm.warp(end(T()) + COMPLAINT);
        delivery.complainOmitted(T(), bid);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.AlreadySlashed.selector, spot(), T()));
        delivery.complainOmitted(T(), bid);
    }

    // SUCCESS

    function testABidThatWasLeftOutCostsAPenalty(uint64 cap, uint64 limit, uint32 later) public {
        cap = uint64(between(cap, 1, 8_333_263)); // what his cash pays for at the next price
        limit = uint64(between(limit, PRICE + 1, type(uint48).max));
        Order memory bid = buyOf(CHIPO, cap, limit);
        post(bid);
        clearedWith(spot(), 0, 10);
        vm.warp(end(T()) + between(later, 0, COMPLAINT));
        vm.prank(WATCHER);
        vm.expectEmit(address(trading));
        emit IClearingCourt.Slashed(spot(), T(), WATCHER, PENALTY);
        delivery.complainOmitted(T(), bid);
        slashedBy(WATCHER, 1);
    }

    function testABidThatWasFilledInPartCostsAPenalty(uint64 wh) public {
        wh = uint64(between(wh, 1, CAP - 1));
        Order memory bid = buyOf(ANNA, CAP, PRICE + 1);
        post(bid);
        clearedWith(spot(), 0, wh);
        vm.prank(WATCHER);
        delivery.complainOmitted(T(), bid);
        slashedBy(WATCHER, 1);
    }

    function testACancellationThatCameTooLateSavesNobody() public {
        Order memory bid = buyOf(CHIPO, CAP, PRICE + 1);
        post(bid);
        vm.warp(end(T()) - NOTICE + 1);
        vm.prank(_chipo);
        trading.cancel(bid);
        clearedWith(spot(), 0, 10);
        vm.prank(WATCHER);
        delivery.complainOmitted(T(), bid);
        slashedBy(WATCHER, 1);
    }

    function testAnOfferThatWasLeftOutOfAForwardMarketCostsAPenalty(bool owed) public {
        address david = vm.addr(DAVID);
        if (owed) {
            adjust(david, -int256(FUNDS + 1), T() - 2);
            fund(david, 2);
        }
        Order memory offer = omittedOffer();
        vm.prank(WATCHER);
        delivery.complainOmitted(T(), offer);
        eq(cash(WATCHER), PENALTY + 1, "penalty");
        eq(trading.clearingOf(forward(), T()).operatorId, 0, "still answers");
        conserved();
    }

    function testLessThanHalfIsShort(uint64 wh) public {
        wh = uint64(between(wh, 1, CAP / 2 - 1));
        Order memory offer = orderOf(BEN, forward(), SELL, CAP, PRICE - 1);
        post(offer);
        clearedWith(forward(), 0, wh);
        vm.prank(WATCHER);
        delivery.complainOmitted(T(), offer);
        eq(cash(WATCHER), PENALTY + 1, "penalty");
        conserved();
    }
}
