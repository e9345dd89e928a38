// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {BalanceLeaf} from "contracts/interfaces/IGridBalancing.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {CommunityTest} from "./CommunityTest.sol";

/// @notice A sell cap binds each position, and markets are many: BEN sells in twenty of them what he does not have,
/// and ANNA, who bought it, is owed by the grid what she did not use.
contract OversoldTest is CommunityTest {
    uint32 private constant MARKETS = 20;
    /// @dev What a solar meter lets its account sell in an interval.
    uint64 private constant CAP = 5_250;
    /// @dev As GridTest has it.
    uint256 private constant LIMIT = 7_875_000;
    int256 private constant OWED = -int256(uint256(MARKETS) * CAP * 300);
    int256 private constant DUE = int256(uint256(MARKETS) * CAP * 75);

    address private anna;
    address private ben;

    function setUp() public override {
        super.setUp();
        (anna, ben) = (vm.addr(ANNA), vm.addr(BEN));
        register(0xB0B, ben, 0);
        register(0xB0C, anna, 0);
        registry.clearSellCap(ben);
        registry.clearSellCap(anna);
        fundGrid(FUNDS);
        vm.prank(ben);
        trading.requestWithdrawal(FUNDS);
        vm.warp(T0 + NOTICE);
        vm.prank(ben);
        trading.withdraw(ben);
    }

    function market(uint32 feeder) private pure returns (bytes32) {
        return Markets.forward(false, false, 0, feeder);
    }

    /// @dev Nothing is delivered, and both leaves say so.
    function sellEverywhere(uint64 t) private {
        vm.warp(end(t - 1) - 1);
        for (uint32 feeder = 1; feeder <= MARKETS; ++feeder) {
            bytes32 m = market(feeder);
            clear(
                m,
                t,
                PRICE,
                list(
                    fillOf(ANNA, orderOf(ANNA, m, BUY, CAP, PRICE), CAP),
                    fillOf(BEN, orderOf(BEN, m, SELL, CAP, 0), CAP)
                )
            );
        }
    }

    function settleBoth(uint64 t, uint256 intervals) private {
        BalanceLeaf[] memory leaves = new BalanceLeaf[](2);
        leaves[0] = BalanceLeaf(ben, int256(intervals) * OWED, 0, 0);
        leaves[1] = BalanceLeaf(anna, int256(intervals) * DUE, 0, 0);
        post(balancing, t, pair(hashOf(leaves[0]), hashOf(leaves[1])));
        bool[] memory use = new bool[](1);
        use[0] = true;
        balancing.settleMany(t, leaves, new bytes32[](0), use);
    }

    function testWhoOwesBeyondHisBoundIsDebitedBarredAndWaitsForHisEscrow() public {
        uint64 t = MIDNIGHT + 1;
        sellEverywhere(t);
        settleBoth(t, 1);
        eq(debt(ben), 3 * LIMIT, "debt: as much as three intervals allow");
        eq(trading.accountOf(ben).settledThrough, 0, "not settled");
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotSettled.selector, ben, t));
        trading.collect(market(1), ts(t), ben);

        bytes32 m = market(1);
        Fill[] memory fills = list(
            fillOf(ANNA, orderOf(ANNA, m, BUY, CAP, PRICE), CAP),
            fillOf(BEN, orderOf(BEN, m, SELL, CAP, 0), CAP)
        );
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.InDebt.selector, ben, 3 * LIMIT));
        vm.prank(OPERATOR);
        trading.clear(m, t + 2, PRICE, 0, fills, new bytes[](0));

        uint64 last = t;
        while (trading.accountOf(ben).settledThrough == 0) settleBoth(++last, 1);
        eq(debt(ben), uint256(-OWED), "all that he owes");
        eq(last, t + 1, "in how many intervals");
    }

    function testWhatItCostsTheGridIsBounded() public {
        uint256 before = cash(grid);
        sellEverywhere(MIDNIGHT + 1);
        settleBoth(MIDNIGHT + 1, 1);
        uint256 paid = before - cash(grid);
        eq(paid, uint256(DUE), "within three intervals' bound");
        settleBoth(MIDNIGHT + 2, 100);
        eq(before - cash(grid), uint256(DUE) + LIMIT, "an interval's bound");
    }

    /// @dev Half a ring later his escrow is free, as everybody's: what he owes is paid first of it.
    function testHalfARingLaterHisEscrowPaysTheGrid() public {
        uint64 t = MIDNIGHT + 1;
        sellEverywhere(t);
        settleBoth(t, 1);
        vm.warp(end(t + RING / 2) + 1);
        uint256 before = cash(grid);
        uint256 owed = debt(ben);
        uint256 escrow;
        for (uint32 feeder = 1; feeder <= MARKETS; ++feeder) {
            escrow += trading.positionOf(market(feeder), t, ben).escrowMicro;
            trading.collect(market(feeder), ts(t), ben);
        }
        uint256 repaid = escrow < owed ? escrow : owed;
        eq(cash(grid) - before, repaid, "to the grid");
        eq(cash(ben), escrow - repaid, "to him");
    }
}
