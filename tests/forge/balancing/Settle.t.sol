// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Balance, BalanceLeaf, IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {GridTest} from "./GridTest.sol";

contract SettleTest is GridTest {
    // REVERTS

    function testNothingIsSettledWhilePaused() public {
        BalanceLeaf memory b = balance(HOLDER, -1);
        postBalance(MIDNIGHT, b);
        registry.setPaused(true);
        vm.expectRevert(IRegistry.ContractsPaused.selector);
        grid.settle(MIDNIGHT, b, none);
    }

    function testAnUnknownReportIsRefused(uint64 interval) public {
        interval %= MIDNIGHT;
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, interval));
        grid.settle(interval, balance(HOLDER, -1), none);
    }

    function testAReportIsNotSettledBeforeItIsFinal(uint256 early) public {
        early = 1 + early % FINALITY;
        BalanceLeaf memory b = balance(HOLDER, -1);
        postBalance(MIDNIGHT, b);
        uint256 finalFrom = end(MIDNIGHT) + FINALITY;
        vm.warp(finalFrom - early);
        vm.expectRevert(abi.encodeWithSelector(IReports.NotFinal.selector, MIDNIGHT, finalFrom));
        grid.settle(MIDNIGHT, b, none);
    }

    function testAVoidedReportIsRefused() public {
        BalanceLeaf memory b = balance(HOLDER, -1);
        postUnfinal(MIDNIGHT, leafOf(b));
        vm.prank(ARBITER);
        grid.voidReport(MIDNIGHT);
        vm.warp(end(MIDNIGHT) + FINALITY);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.ReportIsVoided.selector, MIDNIGHT));
        grid.settle(MIDNIGHT, b, none);
    }

    function testALeafThatWasNotReportedIsRefused(BalanceLeaf memory other) public {
        BalanceLeaf memory b = BalanceLeaf(HOLDER, -5, 6, 7);
        vm.assume(leafOf(other) != leafOf(b));
        postBalance(MIDNIGHT, b);
        vm.expectRevert(
            abi.encodeWithSelector(IGridBalancing.BalanceNotInReport.selector, MIDNIGHT, leafOf(other))
        );
        grid.settle(MIDNIGHT, other, none);
    }

    function testTheGridsOwnLeafIsNotSettled() public {
        BalanceLeaf memory b = balance(address(grid), -100);
        postBalance(MIDNIGHT, b);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoImbalanceOf.selector, address(grid)));
        grid.settle(MIDNIGHT, b, none);
    }

    function testTheDeliverysLeafIsNotSettled() public {
        address delivery = trading.delivery();
        BalanceLeaf memory b = balance(delivery, 0);
        postBalance(MIDNIGHT, b);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoImbalanceOf.selector, delivery));
        grid.settle(MIDNIGHT, b, none);
    }

    function testAnIntervalIsSettledOnce(int256 micro) public {
        micro = -(micro % LIMIT);
        fund(address(grid), uint256(LIMIT));
        BalanceLeaf memory b = balance(HOLDER, micro);
        settle(MIDNIGHT, b);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.AlreadySettled.selector, HOLDER, MIDNIGHT));
        grid.settle(MIDNIGHT, b, none);
    }

    function testAnEarlierIntervalIsNotSettledAfterALaterOne() public {
        BalanceLeaf memory first = balance(HOLDER, -10);
        postBalance(MIDNIGHT, first);
        settle(MIDNIGHT + 1, balance(HOLDER, -7));
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.AlreadySettled.selector, HOLDER, MIDNIGHT + 1));
        grid.settle(MIDNIGHT, first, none);
    }

    function testWhatEndedBeforeTheDeploymentIsNotSettled() public {
        BalanceLeaf memory b = balance(HOLDER, -1);
        uint64 start = grid.startInterval();
        eq(start, MIDNIGHT - 2, "start");
        postBalance(start, b);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.AlreadySettled.selector, HOLDER, start));
        grid.settle(start, b, none);
    }

    function testWhatWasLimitedIsSettledOnInLaterIntervalsOnly(bool credit) public {
        fund(address(grid), uint256(10 * LIMIT));
        BalanceLeaf memory b = balance(HOLDER, credit ? 10 * LIMIT : -10 * LIMIT);
        settle(MIDNIGHT, b);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.AlreadySettled.selector, HOLDER, MIDNIGHT));
        grid.settle(MIDNIGHT, b, none);
    }

    function testSumsThatDoNotFitAreRefused(uint64 promised, uint64 delivered, int256 micro) public {
        vm.assume(
            promised > type(uint56).max || delivered > type(uint56).max || micro > type(int80).max
                || micro < type(int80).min
        );
        BalanceLeaf memory b = BalanceLeaf(HOLDER, micro, promised, delivered);
        postBalance(MIDNIGHT, b);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.BalanceTooLarge.selector, HOLDER));
        grid.settle(MIDNIGHT, b, none);
    }

    // SUCCESS

    function testADebitMovesCashToTheGrid(uint64 cash, uint256 owed, address caller) public {
        owed = owed % uint256(LIMIT);
        cash = uint64(owed) + cash % 1e12;
        fund(HOLDER, cash);
        BalanceLeaf memory b = BalanceLeaf(HOLDER, -int256(owed), 40, 30);
        postBalance(MIDNIGHT, b);
        vm.expectEmit(address(grid));
        emit IGridBalancing.Settled(HOLDER, MIDNIGHT, -int256(owed), -int256(owed), 40, 30);
        vm.prank(caller);
        grid.settle(MIDNIGHT, b, none);
        eq(cashOf(HOLDER), cash - owed, "cash");
        eq(debtOf(HOLDER), 0, "debt");
        eq(cashOf(address(grid)), owed, "grid");
        eq(trading.accountOf(HOLDER).settledThrough, MIDNIGHT, "settled through");

        Balance memory found = grid.balanceOf(HOLDER);
        eq(found.through, MIDNIGHT, "through");
        eq(found.boundedFrom, MIDNIGHT, "bounded from");
        eq(found.movedMicro, -int256(owed), "moved");
        eq(found.promisedWh, 40, "promised");
        eq(found.deliveredWh, 30, "delivered");
    }

    function testADebitBeyondTheCashIsDebt(uint256 cash, uint256 owed) public {
        owed = 1 + owed % uint256(LIMIT);
        cash = cash % owed;
        if (cash != 0) fund(HOLDER, cash);
        settle(MIDNIGHT, balance(HOLDER, -int256(owed)));
        eq(cashOf(HOLDER), 0, "cash");
        eq(debtOf(HOLDER), owed - cash, "debt");
        eq(cashOf(address(grid)), cash, "grid");
        eq(grid.balanceOf(HOLDER).movedMicro, -int256(owed), "a debit within its bound moves whole");
    }

    function testLaterCreditsPayTheDebt() public {
        settle(MIDNIGHT, balance(HOLDER, -1_000));
        eq(debtOf(HOLDER), 1_000, "debt");
        settle(MIDNIGHT + 1, balance(HOLDER, -400));
        eq(debtOf(HOLDER), 400, "paid without the grid's cash");
        fund(address(grid), 5_000);
        settle(MIDNIGHT + 2, balance(HOLDER, 600));
        eq(debtOf(HOLDER), 0, "no debt");
        eq(cashOf(HOLDER), 600, "cash");
        eq(cashOf(address(grid)), 4_400, "grid");
    }

    function testACreditMovesTheGridsCash(uint256 owed, uint256 more_) public {
        owed = owed % uint256(LIMIT);
        fund(address(grid), owed + 1 + more_ % 1e12);
        settle(MIDNIGHT, balance(HOLDER, int256(owed)));
        eq(cashOf(HOLDER), owed, "cash");
        eq(cashOf(address(grid)), 1 + more_ % 1e12, "grid");
        eq(grid.balanceOf(HOLDER).boundedFrom, MIDNIGHT, "bounded from");
    }

    function testAPoorGridPaysWhatItHasAndTheRestLater(uint256 owed, uint256 has) public {
        owed = 2 + owed % uint256(3 * LIMIT - 2);
        has = has % owed;
        if (has != 0) fund(address(grid), has);
        BalanceLeaf memory b = BalanceLeaf(HOLDER, int256(owed), 9, 8);
        postBalance(MIDNIGHT + 1, b);
        vm.expectEmit(address(grid));
        emit IGridBalancing.Settled(HOLDER, MIDNIGHT + 1, int256(owed), int256(has), 9, 8);
        grid.settle(MIDNIGHT + 1, b, none);
        eq(cashOf(HOLDER), has, "cash");
        Balance memory found = grid.balanceOf(HOLDER);
        eq(found.movedMicro, int256(has), "moved");
        eq(found.through, MIDNIGHT + 1, "through");
        uint256 from = MIDNIGHT - 2 + (has + uint256(LIMIT) - 1) / uint256(LIMIT);
        eq(found.boundedFrom, from, "bounded from");
        eq(trading.accountOf(HOLDER).settledThrough, MIDNIGHT + 1, "its escrow waits no longer");

        fund(address(grid), owed - has);
        uint256 bound = (MIDNIGHT + 1 - from) * uint256(LIMIT);
        if (bound != 0) grid.settle(MIDNIGHT + 1, b, none);
        uint256 paid = owed - has < bound ? owed : has + bound;
        eq(cashOf(HOLDER), paid, "what the intervals it comes from still allow");
        eq(grid.balanceOf(HOLDER).boundedFrom, MIDNIGHT + 1, "bounded from");
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.AlreadySettled.selector, HOLDER, MIDNIGHT + 1));
        grid.settle(MIDNIGHT + 1, b, none);
        settle(MIDNIGHT + 2, b);
        eq(cashOf(HOLDER), owed, "whole");
        eq(grid.balanceOf(HOLDER).movedMicro, int256(owed), "moved whole");
    }

    /// @dev What was left open at its bound, and a whole interval's credit on top of it, pass as fast as they arose.
    function testWhatAPoorGridLeftOpenIsPaidLater(uint256 has) public {
        has = has % uint256(3 * LIMIT);
        if (has != 0) fund(address(grid), has);
        settle(MIDNIGHT + 1, balance(HOLDER, 3 * LIMIT));
        eq(cashOf(HOLDER), has, "part");
        fund(address(grid), uint256(4 * LIMIT) - has);
        settle(MIDNIGHT + 2, balance(HOLDER, 4 * LIMIT));
        settle(MIDNIGHT + 3, balance(HOLDER, 4 * LIMIT));
        eq(cashOf(HOLDER), uint256(4 * LIMIT), "whole");
    }

    /// @dev However little the grid has at a time: what a quorum's lie can take from it in three intervals is bounded.
    function testAGridFundedByDropsPaysNoMoreThanTheBound(uint256 drop) public {
        drop = 1 + uint256(LIMIT) / 2 + drop % (2 * uint256(LIMIT));
        BalanceLeaf memory b = balance(HOLDER, 1_000 * LIMIT);
        postBalance(MIDNIGHT + 1, b);
        while (grid.balanceOf(HOLDER).boundedFrom < MIDNIGHT + 1) {
            fund(address(grid), drop);
            grid.settle(MIDNIGHT + 1, b, none);
        }
        require(cashOf(HOLDER) <= uint256(3 * LIMIT), "beyond the bound");
        settle(MIDNIGHT + 2, balance(HOLDER, 2_000 * LIMIT));
        require(cashOf(HOLDER) <= uint256(4 * LIMIT), "beyond the bound of the next");
    }

    function testAnOpenCreditBecomesADebit() public {
        settle(MIDNIGHT, balance(HOLDER, 100));
        eq(cashOf(HOLDER), 0, "the grid is poor");
        settle(MIDNIGHT + 1, balance(HOLDER, -50));
        eq(debtOf(HOLDER), 50, "debt");
        eq(grid.balanceOf(HOLDER).movedMicro, -50, "moved");
    }

    function testLostIntervalsHeal(uint8 lost) public {
        uint64 interval = MIDNIGHT + 1 + lost % RING;
        settle(MIDNIGHT, balance(HOLDER, -LIMIT));
        int256 whole = -LIMIT * int256(uint256(interval - MIDNIGHT + 1));
        settle(interval, balance(HOLDER, whole));
        eq(debtOf(HOLDER), uint256(-whole), "debt");
        eq(grid.imbalanceLimit(HOLDER, interval + 2), uint256(2 * LIMIT), "limit");
        eq(grid.imbalanceLimit(HOLDER, interval), 0, "limit of what is settled");
    }

    function testMoreThanTheConnectionsAllowMovesAsFarAsTheyDo(uint8 intervals, bool credit, uint64 excess)
        public
    {
        uint64 interval = MIDNIGHT + intervals;
        uint256 counted = interval - grid.startInterval();
        if (counted > RING) counted = RING;
        int256 limit = LIMIT * int256(counted);
        int256 micro = limit + 1 + int256(uint256(excess));
        (micro, limit) = credit ? (micro, limit) : (-micro, -limit);
        eq(grid.imbalanceLimit(HOLDER, interval), uint256(credit ? limit : -limit), "limit");
        fund(address(grid), uint256(credit ? limit : -limit));
        BalanceLeaf memory b = BalanceLeaf(HOLDER, micro, 4, 3);
        postBalance(interval, b);
        vm.expectEmit(address(grid));
        emit IGridBalancing.SettlementLimited(HOLDER, interval, micro, uint256(credit ? limit : -limit));
        vm.expectEmit(address(grid));
        emit IGridBalancing.Settled(HOLDER, interval, micro, limit, 4, 3);
        grid.settle(interval, b, none);
        eq(int256(cashOf(HOLDER)) - int256(debtOf(HOLDER)), limit, "money");
        Balance memory found = grid.balanceOf(HOLDER);
        eq(found.movedMicro, limit, "moved");
        eq(found.through, interval, "through");
        eq(found.boundedFrom, interval, "bounded from");
        eq(trading.accountOf(HOLDER).settledThrough, credit ? interval : 0, "who owes more keeps waiting");
    }

    function testWhatIsLeftOfADebitIsSettledOn() public {
        settle(MIDNIGHT - 1, balance(HOLDER, 0));
        BalanceLeaf memory b = balance(HOLDER, -3 * LIMIT);
        for (uint64 i; i < 3; ++i) {
            eq(trading.accountOf(HOLDER).settledThrough, MIDNIGHT - 1, "its escrow waits");
            settle(MIDNIGHT + i, b);
            eq(debtOf(HOLDER), (i + 1) * uint256(LIMIT), "debt");
        }
        eq(trading.accountOf(HOLDER).settledThrough, MIDNIGHT + 2, "its escrow waits no longer");
        settle(MIDNIGHT + 3, b);
        eq(debtOf(HOLDER), uint256(3 * LIMIT), "whole");
    }

    function testWhatIsLeftOfACreditIsSettledOn() public {
        fund(address(grid), uint256(9 * LIMIT));
        for (uint64 i; i < 3; ++i) {
            settle(MIDNIGHT + i, balance(HOLDER, 4 * LIMIT));
            eq(cashOf(HOLDER), (i + 2) * uint256(LIMIT), "cash");
        }
        eq(cashOf(address(grid)), uint256(5 * LIMIT), "grid");
    }

    /// @dev While a meter is not heard, nothing is due; then its registers show what five intervals brought.
    function testWhatAGapOfReadingsHidIsSettledOn() public {
        for (uint64 i; i < 4; ++i) {
            settle(MIDNIGHT + i, balance(HOLDER, 0));
        }
        BalanceLeaf memory b = balance(HOLDER, -2 * LIMIT);
        settle(MIDNIGHT + 4, b);
        eq(debtOf(HOLDER), uint256(LIMIT), "an interval's worth");
        settle(MIDNIGHT + 5, b);
        eq(debtOf(HOLDER), uint256(2 * LIMIT), "all");
    }

    /// @dev Whoever was never settled is bounded by what a ring of intervals allows, not by the deployment's age.
    function testALateComersBoundIsARingsWorth() public {
        uint64 interval = MIDNIGHT + 1_000;
        eq(grid.imbalanceLimit(HOLDER, interval), RING * uint256(LIMIT), "limit");
        fund(address(grid), uint256(100 * LIMIT));
        settle(interval, balance(HOLDER, 50 * LIMIT));
        eq(cashOf(HOLDER), RING * uint256(LIMIT), "a ring's worth");
    }

    function testAnAccountWithoutMetersMovesNothing(bool credit) public {
        fund(address(grid), 1);
        settle(MIDNIGHT, balance(STRANGER, credit ? int256(1) : -1));
        eq(cashOf(STRANGER) + debtOf(STRANGER), 0, "nothing");
        register(0xB0B, STRANGER, 0);
        settle(MIDNIGHT + 1, balance(STRANGER, credit ? int256(1) : -1));
        eq(cashOf(STRANGER) + debtOf(STRANGER), 1, "once it has a meter");
    }

    function testTheNextReportSettlesAVoidedInterval() public {
        postUnfinal(MIDNIGHT, leafOf(balance(HOLDER, -LIMIT)));
        vm.prank(ARBITER);
        grid.voidReport(MIDNIGHT);
        settle(MIDNIGHT + 1, balance(HOLDER, -5));
        eq(debtOf(HOLDER), 5, "debt");
    }

    function testAReportBeforeAVoidedOneStillSettles() public {
        BalanceLeaf memory b = balance(HOLDER, -5);
        postUnfinal(MIDNIGHT, leafOf(b));
        postUnfinal(MIDNIGHT + 1, leafOf(balance(HOLDER, -6)));
        vm.prank(ARBITER);
        grid.voidReport(MIDNIGHT + 1);
        vm.warp(end(MIDNIGHT + 1) + FINALITY);
        grid.settle(MIDNIGHT, b, none);
        eq(debtOf(HOLDER), 5, "debt");
    }

    function testWhatLeftTheRingIsSettledByTheNextReport() public {
        BalanceLeaf memory old = balance(HOLDER, -5);
        postBalance(MIDNIGHT, old);
        postBalance(MIDNIGHT + RING, balance(HOLDER, -9));
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, MIDNIGHT));
        grid.settle(MIDNIGHT, old, none);
        grid.settle(MIDNIGHT + RING, balance(HOLDER, -9), none);
        eq(debtOf(HOLDER), 9, "debt");
    }

    function testNothingDueSettlesAnAccountThrough() public {
        settle(MIDNIGHT, balance(STRANGER, 0));
        eq(trading.accountOf(STRANGER).settledThrough, MIDNIGHT, "settled through");
    }

    function testAProofLeadsToTheLeaf(uint256 at) public {
        BalanceLeaf memory a = balance(HOLDER, -3);
        BalanceLeaf memory b = balance(STRANGER, 0);
        post(grid, MIDNIGHT, pair(leafOf(a), leafOf(b)));
        (BalanceLeaf memory told, bytes32 beside) = at % 2 == 0 ? (a, leafOf(b)) : (b, leafOf(a));
        grid.settle(MIDNIGHT, told, hashes(beside));
        eq(trading.accountOf(told.account).settledThrough, MIDNIGHT, "settled through");
    }
}
