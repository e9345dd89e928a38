// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IReports} from "contracts/interfaces/IReports.sol";
import {ClearingState, ClearingView, Position} from "contracts/interfaces/IEnergyTrading.sol";
import {OracleActions} from "./OracleActions.sol";

/// @notice All actions, and what must hold between them.
contract Handler is OracleActions {
    /// @notice The actions that a run chooses from.
    function actions() public pure returns (bytes4[] memory all, string[] memory names) {
        all = new bytes4[](35);
        names = new string[](35);
        uint256 n;
        (all[n], names[n++]) = (this.clearSpot.selector, "clearSpot");
        (all[n], names[n++]) = (this.clearForward.selector, "clearForward");
        (all[n], names[n++]) = (this.clearPair.selector, "clearPair");
        (all[n], names[n++]) = (this.clearInChunks.selector, "clearInChunks");
        (all[n], names[n++]) = (this.sellMoreThanWasBought.selector, "sellMoreThanWasBought");
        (all[n], names[n++]) = (this.fillOverCap.selector, "fillOverCap");
        (all[n], names[n++]) = (this.clearAtWrongPrice.selector, "clearAtWrongPrice");
        (all[n], names[n++]) = (this.fillForeignOrder.selector, "fillForeignOrder");
        (all[n], names[n++]) = (this.replay.selector, "replay");
        (all[n], names[n++]) = (this.abandon.selector, "abandon");
        (all[n], names[n++]) = (this.unwindAbandoned.selector, "unwindAbandoned");
        (all[n], names[n++]) = (this.clearUnfairlyAndBePunished.selector, "clearUnfairlyAndBePunished");
        (all[n], names[n++]) = (this.complainFalsely.selector, "complainFalsely");
        (all[n], names[n++]) = (this.clearWithoutOffice.selector, "clearWithoutOffice");
        (all[n], names[n++]) = (this.depositMoney.selector, "depositMoney");
        (all[n], names[n++]) = (this.withdrawMoney.selector, "withdrawMoney");
        (all[n], names[n++]) = (this.cancelOne.selector, "cancelOne");
        (all[n], names[n++]) = (this.cancelEverything.selector, "cancelEverything");
        (all[n], names[n++]) = (this.collectEscrow.selector, "collectEscrow");
        (all[n], names[n++]) = (this.disputeDelivery.selector, "disputeDelivery");
        (all[n], names[n++]) = (this.resolveDispute.selector, "resolveDispute");
        (all[n], names[n++]) = (this.releaseDispute.selector, "releaseDispute");
        (all[n], names[n++]) = (this.collectFees.selector, "collectFees");
        (all[n], names[n++]) = (this.reportHonestly.selector, "reportHonestly");
        (all[n], names[n++]) = (this.lieBelowQuorum.selector, "lieBelowQuorum");
        (all[n], names[n++]) = (this.lieAtQuorum.selector, "lieAtQuorum");
        (all[n], names[n++]) = (this.disputeFalseClaim.selector, "disputeFalseClaim");
        (all[n], names[n++]) = (this.voidReport.selector, "voidReport");
        (all[n], names[n++]) = (this.mint.selector, "mint");
        (all[n], names[n++]) = (this.retire.selector, "retire");
        (all[n], names[n++]) = (this.settleOne.selector, "settleOne");
        (all[n], names[n++]) = (this.settleFalsely.selector, "settleFalsely");
        (all[n], names[n++]) = (this.stopAndResume.selector, "stopAndResume");
        (all[n], names[n++]) = (this.islandPrices.selector, "islandPrices");
        (all[n], names[n++]) = (this.wait.selector, "wait");
    }

    // WHAT MUST HOLD

    function check() external view {
        require(bytes(breach).length == 0, breach);
        tokensAreAllAccountedFor();
        imbalanceMoneyIsTheGrids();
        certificatesAreClaims();
        positionsKeepToTheirCaps();
        nothingFinalIsReversed();
    }

    /// @dev Token balance = cash + escrow + held + fees + bonds + disputed.
    function tokensAreAllAccountedFor() private view {
        uint256 sum = cash(grid) + cash(FEES) + cash(OPERATOR) + cash(OPERATOR_TWO) + cash(STRANGER);
        sum += bondOf(OPERATOR) + bondOf(OPERATOR_TWO);
        (, uint256 fees) = trading.fees();
        sum += fees;
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            sum += cash(wallet(i));
        }
        for (uint256 k; k < lanes.length; ++k) {
            bytes32 lane = lanes[k];
            if (openIn[lane] != 0) sum += trading.clearingOf(marketOf[lane], openIn[lane]).heldMicro;
            for (uint256 i; i < HOUSEHOLDS; ++i) {
                if (lastIn[lane][i] == 0) continue;
                sum += trading.positionOf(marketOf[lane], lastIn[lane][i], wallet(i)).escrowMicro;
            }
        }
        uint256 disputed;
        for (uint256 k; k < disputes.length; ++k) {
            disputed += delivery.disputeOf(disputes[k]).micro;
        }
        eq(cash(address(delivery)), disputed, "disputed money");
        sum += disputed;
        eq(token.balanceOf(address(trading)), sum, "money of the ledger");
    }

    /// @dev What was settled sums to zero with the grid: its cash, and what it is owed, is what was put in, less what
    /// the accounts got.
    function imbalanceMoneyIsTheGrids() private view {
        int256 moved;
        uint256 owed;
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            moved += balancing.balanceOf(wallet(i)).movedMicro;
            owed += debt(wallet(i));
            require(debt(wallet(i)) == 0 || cash(wallet(i)) == 0, "cash beside debt");
        }
        require(int256(cash(grid) + owed) == int256(gridDeposits) - moved, "money of the grid");
    }

    /// @dev Supply + retired = claimed registers less the opening ones.
    function certificatesAreClaims() private view {
        uint256 claimed;
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            (uint64 wh,,) = production.claimOf(meters[i]);
            claimed += wh;
        }
        eq(supplyOfAll(), claimed, "certificates");
    }

    function positionsKeepToTheirCaps() private view {
        for (uint256 k; k < lanes.length; ++k) {
            for (uint256 i; i < HOUSEHOLDS; ++i) {
                uint64 t = lastIn[lanes[k]][i];
                if (t == 0) continue;
                Position memory p = trading.positionOf(marketOf[lanes[k]], t, wallet(i));
                require(p.soldWh <= CAP && p.boughtWh <= CAP, "a position above its order's cap");
                require(p.soldWh <= registry.sellCapWh(wallet(i)), "a position above the sell cap");
            }
        }
    }

    function nothingFinalIsReversed() private view {
        for (uint256 back = 1; back <= reported.length && back <= RING; ++back) {
            uint64 t = reported[reported.length - back];
            rootStands(production, t);
            rootStands(consumption, t);
            rootStands(balancing, t);
        }
        for (uint256 back = 1; back <= closedClearings.length && back <= 2 * RING; ++back) {
            Cleared memory c = closedClearings[closedClearings.length - back];
            ClearingView memory found = trading.clearingOf(c.market, c.t);
            require(found.state != ClearingState.Open, "a closed clearing is open");
            if (found.state == ClearingState.None) {
                require(movedOn[laneOf(c.market, c.t)] > c.t, "a closed clearing is gone");
            } else {
                require(found.priceMicroPerKwh == c.price, "a closed clearing has another price");
            }
        }
    }

    /// @dev A root leaves the ring only for a later interval's.
    function rootStands(IReports target, uint64 t) private view {
        if (target.head() >= t + RING) return;
        require(rootIsIn(target, t), "a root changed");
    }
}
