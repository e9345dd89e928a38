// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookEntry, IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {Fill, IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {CourtTest} from "./CourtTest.sol";

contract ComplainTest is CourtTest {
    /// @dev Of 100,000 Wh that a position may hold here.
    uint64 private constant ELIGIBLE = 1_000;

    function refused(BookEntry memory e, bytes32[] memory proof, bytes memory reason) private {
        vm.prank(WATCHER);
        vm.expectRevert(reason);
        trading.complain(spot(), T(), e, proof);
        notSlashed();
    }

    // REVERTS

    function testOnlyAClosedClearingIsComplainedAbout() public {
        BookEntry memory e = entryOf(ANNA, BUY, ELIGIBLE, PRICE + 1);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, spot(), T());
        refused(e, none, reason);
        toSpot(T());
        uses(spot(), T());
        vm.prank(OPERATOR);
        trading.open(spot(), T(), PRICE, leafOf(e));
        refused(e, none, reason);
        vm.prank(OPERATOR);
        trading.unwind(spot(), T(), new address[](0));
        refused(e, none, reason);
    }

    function testEvidenceOfAnotherMarketOrIntervalIsRefused() public {
        BookEntry memory e = entryOf(ANNA, BUY, ELIGIBLE, PRICE + 1);
        bytes32[] memory proof = cleared(e, ELIGIBLE - 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, forward(), T()));
        trading.complain(forward(), T(), e, proof);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, spot(), T() + RING));
        trading.complain(spot(), T() + RING, e, proof);
        // A clearing of the interval before has a book of its own.
        clearedAt(T() - 1, keccak256("another book"), 10);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.EntryNotInBook.selector, spot(), T() - 1));
        trading.complain(spot(), T() - 1, e, proof);
        notSlashed();
    }

    function testAnEntryThatIsNotInTheBookProvesNothing(uint64 eligible, uint64 limit, bool sell) public {
        BookEntry memory e = entryOf(ANNA, BUY, ELIGIBLE, PRICE + 1);
        bytes32[] memory proof = cleared(e, ELIGIBLE - 1);
        BookEntry memory forged = entryOf(ANNA, sell ? SELL : BUY, eligible, limit);
        vm.assume(leafOf(forged) != leafOf(e));
        refused(forged, proof, abi.encodeWithSelector(IClearingCourt.EntryNotInBook.selector, spot(), T()));
    }

    function testAProofIsOfThisEntry(bytes32 sibling) public {
        BookEntry memory e = entryOf(ANNA, BUY, ELIGIBLE, PRICE + 1);
        bytes32[] memory proof = cleared(e, ELIGIBLE - 1);
        vm.assume(sibling != proof[0]);
        refused(
            e, hashes(sibling), abi.encodeWithSelector(IClearingCourt.EntryNotInBook.selector, spot(), T())
        );
    }

    function testASideThatIsNeitherIsRefused(uint8 side) public {
        side = uint8(between(side, 2, 255));
        BookEntry memory e = entryOf(ANNA, side, ELIGIBLE, PRICE + 1);
        refused(e, cleared(e, 1), abi.encodeWithSelector(IEnergyTrading.BadSide.selector, side));
    }

    function testAnOrderAtThePriceOrBeyondMayGoShort(bool sell, uint64 limit) public {
        limit = uint64(sell ? between(limit, PRICE, type(uint48).max) : between(limit, 0, PRICE));
        BookEntry memory e = entryOf(sell ? BEN : ANNA, sell ? SELL : BUY, ELIGIBLE, limit);
        refused(e, cleared(e, 1), abi.encodeWithSelector(IClearingCourt.NotInTheMoney.selector, limit, PRICE));
    }

    function testAnOrderThatWasServedProvesNothing(bool sell, uint64 eligible, uint64 wh) public {
        wh = uint64(between(wh, 1, SELL_CAP));
        eligible = uint64(between(eligible, 0, wh));
        BookEntry memory e =
            entryOf(sell ? BEN : ANNA, sell ? SELL : BUY, eligible, sell ? PRICE - 1 : PRICE + 1);
        refused(e, cleared(e, wh), abi.encodeWithSelector(IClearingCourt.NotShort.selector, wh, eligible));
    }

    function testAComplaintComesInTime(uint32 later) public {
        later = uint32(between(later, COMPLAINT + 1, 4 * L));
        BookEntry memory e = entryOf(ANNA, BUY, ELIGIBLE, PRICE + 1);
        bytes32[] memory proof = cleared(e, ELIGIBLE - 1);
        vm.warp(end(T()) + later);
        refused(
            e, proof, abi.encodeWithSelector(IClearingCourt.ComplaintTooLate.selector, end(T()) + COMPLAINT)
        );
    }

    function testAClearingIsSlashedOnce() public {
        fund(OPERATOR, 2 * PENALTY);
        vm.prank(OPERATOR);
        trading.bond(2 * PENALTY);
        BookEntry memory e = entryOf(ANNA, BUY, ELIGIBLE, PRICE + 1);
        bytes32[] memory proof = cleared(e, ELIGIBLE - 1);
        trading.complain(spot(), T(), e, proof);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.AlreadySlashed.selector, spot(), T()));
        trading.complain(spot(), T(), e, proof);
        eq(bondOf(OPERATOR), 2 * PENALTY, "bond");
        conserved();
    }

    /// @dev What the account did since changes neither the book nor its position, so it convicts nobody.
    function testNothingThatAServedBuyerDoesLaterConvicts(uint8 deed) public {
        BookEntry memory e = entryOf(ANNA, BUY, ELIGIBLE, PRICE + 1);
        bytes32[] memory proof = cleared(e, ELIGIBLE);
        address anna = vm.addr(ANNA);
        if (deed % 4 == 0) fund(anna, FUNDS);
        vm.startPrank(anna);
        if (deed % 4 == 1) trading.cancelAll();
        if (deed % 4 == 2) trading.cancel(buyOf(ANNA, ELIGIBLE, PRICE));
        if (deed % 4 == 3) {
            trading.requestWithdrawal(FUNDS);
            vm.warp(end(T()) + NOTICE);
            trading.withdraw(anna);
        }
        vm.stopPrank();
        refused(e, proof, abi.encodeWithSelector(IClearingCourt.NotShort.selector, ELIGIBLE, ELIGIBLE));
    }

    /// @dev A buyer who takes his money away after the book was fixed stops the operator, who unwinds.
    function testAnOperatorWhoCannotFillWhatHeAttestedUnwinds() public {
        BookEntry memory e = entryOf(CHIPO, BUY, ELIGIBLE, PRICE + 1);
        Order memory bid = buyOf(ANNA, 10, PRICE);
        Order memory offer = sellOf(BEN, 10, PRICE);
        toSpot(T());
        uses(spot(), T());
        vm.startPrank(OPERATOR);
        trading.open(spot(), T(), PRICE, leafOf(e));
        Fill[] memory fills = list(fillOf(ANNA, bid, 10), fillOf(BEN, offer, 10));
        trading.fill(spot(), T(), fills, new bytes[](0));
        trading.unwind(spot(), T(), list(vm.addr(BEN), vm.addr(ANNA)));
        vm.stopPrank();
        refused(e, none, abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, spot(), T()));
        open(spot(), T(), PRICE);
    }

    // SUCCESS

    function testAnOrderInsideTheMoneyLeftShortCostsAPenalty(
        bool sell,
        uint64 eligible,
        uint64 wh,
        uint64 limit,
        uint32 later
    ) public {
        wh = uint64(between(wh, 1, SELL_CAP));
        eligible = uint64(between(eligible, wh + 1, type(uint64).max));
        limit = uint64(sell ? between(limit, 0, PRICE - 1) : between(limit, PRICE + 1, type(uint48).max));
        BookEntry memory e = entryOf(sell ? BEN : ANNA, sell ? SELL : BUY, eligible, limit);
        bytes32[] memory proof = cleared(e, wh);
        vm.warp(end(T()) + between(later, 0, COMPLAINT));
        vm.prank(WATCHER);
        vm.expectEmit(address(trading));
        emit IClearingCourt.Slashed(spot(), T(), WATCHER, PENALTY);
        trading.complain(spot(), T(), e, proof);
        slashedBy(WATCHER, 1);
    }

    function testWhoWasNotFilledAtAllIsShort(uint64 eligible) public {
        eligible = uint64(between(eligible, 1, type(uint64).max));
        BookEntry memory e = entryOf(CHIPO, BUY, eligible, PRICE + 1);
        bytes32[] memory proof = cleared(e, 10);
        uint256 before = cash(vm.addr(CHIPO));
        vm.prank(vm.addr(CHIPO));
        trading.complain(spot(), T(), e, proof);
        slashedBy(vm.addr(CHIPO), before);
    }

    function testTheComplainantsDebtIsPaidFirst(uint64 owed) public {
        owed = uint64(between(owed, 1, 2 * PENALTY));
        adjust(WATCHER, -int256(uint256(owed) + 1), T() - 1);
        BookEntry memory e = entryOf(CHIPO, BUY, 1, PRICE + 1);
        bytes32[] memory proof = cleared(e, 10);
        vm.prank(WATCHER);
        trading.complain(spot(), T(), e, proof);
        eq(cash(WATCHER), owed < PENALTY ? PENALTY - owed : 0, "cash");
        eq(debt(WATCHER), owed > PENALTY ? owed - PENALTY : 0, "debt");
        conserved();
    }

    function testABondThatIsSpentPaysWhatIsLeft() public {
        BookEntry memory e = entryOf(CHIPO, BUY, 1, PRICE + 1);
        bytes32[] memory proof = cleared(e, 10);
        clearedAt(T() - 1, leafOf(e), 10);
        trading.complain(spot(), T(), e, proof);
        vm.prank(WATCHER);
        trading.complain(spot(), T() - 1, e, none);
        eq(cash(WATCHER), 1, "cash");
        eq(trading.clearingOf(spot(), T() - 1).operatorId, 0, "still answers");
        conserved();
    }
}
