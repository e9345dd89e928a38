// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BalanceLeaf, IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {GridTest} from "./GridTest.sol";

contract SettleManyTest is GridTest {
    address private constant OTHER = address(0x07E4);

    function setUp() public override {
        super.setUp();
        register(0xB0B, OTHER, 0);
    }

    /// @dev All leaves of a tree in its own order need no hashes beside them.
    function flagsFor(uint256 leaves) private pure returns (bool[] memory all) {
        all = new bool[](leaves - 1);
        for (uint256 i; i < all.length; ++i) {
            all[i] = true;
        }
    }

    function rootOf(BalanceLeaf[] memory b) private pure returns (bytes32) {
        return pair(pair(leafOf(b[0]), leafOf(b[1])), pair(leafOf(b[2]), leafOf(b[3])));
    }

    function four(int256 a, int256 b) private view returns (BalanceLeaf[] memory leaves) {
        leaves = new BalanceLeaf[](4);
        leaves[0] = balance(HOLDER, a);
        leaves[1] = balance(OTHER, b);
        leaves[2] = balance(STRANGER, 0);
        leaves[3] = balance(address(grid), -a - b);
    }

    // REVERTS

    function testNothingIsSettledWhilePaused() public {
        BalanceLeaf[] memory leaves = four(-1, -1);
        post(grid, MIDNIGHT, rootOf(leaves));
        registry.setPaused(true);
        vm.expectRevert(IRegistry.ContractsPaused.selector);
        grid.settleMany(MIDNIGHT, leaves, none, flagsFor(4));
    }

    function testAnUnknownReportIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, MIDNIGHT));
        grid.settleMany(MIDNIGHT, four(-1, -1), none, flagsFor(4));
    }

    function testLeavesThatWereNotReportedAreRefused(uint256 which, int128 change) public {
        BalanceLeaf[] memory leaves = four(-1, -1);
        post(grid, MIDNIGHT, rootOf(leaves));
        vm.assume(change != 0);
        leaves[which % 4].cumulativeMicro += change;
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.BalancesNotInReport.selector, MIDNIGHT));
        grid.settleMany(MIDNIGHT, leaves, none, flagsFor(4));
    }

    // SUCCESS

    function testEverybodyIsSettledAtOnce(int256 a, int256 b) public {
        (a, b) = (a % LIMIT, b % LIMIT);
        fund(address(grid), uint256(2 * LIMIT));
        BalanceLeaf[] memory leaves = four(a, b);
        post(grid, MIDNIGHT, rootOf(leaves));
        grid.settleMany(MIDNIGHT, leaves, none, flagsFor(4));
        eq(int256(cashOf(HOLDER)) - int256(debtOf(HOLDER)), a, "first");
        eq(int256(cashOf(OTHER)) - int256(debtOf(OTHER)), b, "second");
        eq(trading.accountOf(STRANGER).settledThrough, MIDNIGHT, "nothing due");
        eq(trading.accountOf(address(grid)).settledThrough, 0, "the grid is not settled");
    }

    function testOneWhoIsSettledIsSkipped() public {
        BalanceLeaf[] memory leaves = four(-10, -20);
        post(grid, MIDNIGHT, rootOf(leaves));
        bytes32[] memory proof = new bytes32[](2);
        (proof[0], proof[1]) = (leafOf(leaves[1]), pair(leafOf(leaves[2]), leafOf(leaves[3])));
        grid.settle(MIDNIGHT, leaves[0], proof);
        grid.settleMany(MIDNIGHT, leaves, none, flagsFor(4));
        grid.settleMany(MIDNIGHT, leaves, none, flagsFor(4));
        eq(debtOf(HOLDER), 10, "once");
        eq(debtOf(OTHER), 20, "once too");
    }

    function testOneBeyondItsBoundIsSettledAsFarAsThat(uint64 excess, bool credit) public {
        int256 micro = 2 * LIMIT + 1 + int256(uint256(excess));
        if (!credit) micro = -micro;
        fund(address(grid), uint256(2 * LIMIT));
        BalanceLeaf[] memory leaves = four(micro, -20);
        post(grid, MIDNIGHT, rootOf(leaves));
        vm.expectEmit(address(grid));
        emit IGridBalancing.SettlementLimited(HOLDER, MIDNIGHT, micro, uint256(2 * LIMIT));
        grid.settleMany(MIDNIGHT, leaves, none, flagsFor(4));
        eq(credit ? cashOf(HOLDER) : debtOf(HOLDER), uint256(2 * LIMIT), "at its bound");
        eq(debtOf(OTHER), 20, "settled");
    }

    function testWhatCannotBeSettledIsLeftOut(bool large, uint64 promised, bool counter) public {
        BalanceLeaf[] memory leaves = four(-10, -20);
        if (counter) leaves[0].promisedWh = uint64(1 << 56) | promised;
        else leaves[0].cumulativeMicro = large ? type(int256).max : type(int256).min;
        leaves[2].account = trading.delivery();
        post(grid, MIDNIGHT, rootOf(leaves));
        grid.settleMany(MIDNIGHT, leaves, none, flagsFor(4));
        eq(cashOf(HOLDER) + debtOf(HOLDER), 0, "does not fit");
        eq(grid.balanceOf(HOLDER).through, MIDNIGHT - 2, "not settled");
        eq(grid.balanceOf(trading.delivery()).through, MIDNIGHT - 2, "has no imbalance");
        eq(debtOf(OTHER), 20, "settled");
    }

    function testAPartOfTheTreeIsSettled() public {
        BalanceLeaf[] memory leaves = four(-10, -20);
        post(grid, MIDNIGHT, rootOf(leaves));
        BalanceLeaf[] memory part = new BalanceLeaf[](2);
        (part[0], part[1]) = (leaves[0], leaves[1]);
        bool[] memory use = new bool[](2);
        use[0] = true;
        grid.settleMany(MIDNIGHT, part, hashes(pair(leafOf(leaves[2]), leafOf(leaves[3]))), use);
        eq(debtOf(HOLDER) + debtOf(OTHER), 30, "settled");
        eq(trading.accountOf(STRANGER).settledThrough, 0, "not in the batch");
    }
}
