// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {Fill, Order, Position} from "contracts/interfaces/IEnergyTrading.sol";
import {OperatorActions} from "./OperatorActions.sol";

/// @notice What households do, and what they must not be able to do.
abstract contract AccountActions is OperatorActions {
    function depositMoney(uint256 seed) external counted {
        fund(wallet(seed % HOUSEHOLDS), between(seed >> 16, 1, 50_000_000));
    }

    function withdrawMoney(uint256 seed) external counted {
        uint256 i = seed % HOUSEHOLDS;
        address who = wallet(i);
        uint256 micro = i == VICTIM ? type(uint128).max : between(seed >> 16, 1, 20_000_000);
        uint256 had = cash(who);
        require(had != 0, "no cash");
        vm.prank(who);
        trading.requestWithdrawal(micro);
        mustFail(
            address(trading),
            who,
            abi.encodeCall(trading.withdraw, (who)),
            IEnergyTrading.NoticeRunning.selector,
            "withdrawn without notice"
        );
        pass(NOTICE);
        uint256 before = token.balanceOf(who);
        vm.prank(who);
        trading.withdraw(who);
        if (token.balanceOf(who) - before != (micro < had ? micro : had)) {
            breach = "withdrawn more than cash";
        }
    }

    function cancelOne(uint256 seed) external counted {
        uint256 i = seed % HOUSEHOLDS;
        Order memory order = standing(i, spot(), BUY, CAP);
        vm.prank(wallet(i));
        trading.cancel(order);
        pass(NOTICE);
        refuseFill(i, order, IEnergyTrading.OrderWasCancelled.selector, seed);
        ++salts[i];
    }

    function cancelEverything(uint256 seed) external counted {
        uint256 i = seed % HOUSEHOLDS;
        Order memory order = standing(i, spot(), BUY, CAP);
        vm.prank(wallet(i));
        trading.cancelAll();
        pass(NOTICE);
        refuseFill(i, order, IEnergyTrading.WrongEpoch.selector, seed);
    }

    function refuseFill(uint256 i, Order memory order, bytes4 reason, uint256 seed) private {
        if (debt(wallet(i)) != 0) return; // refused for that already
        uint64 t = clearable(spot(), seed);
        Fill[] memory fills = list(fillOf(keyOf(i), order, 10), offer((i + 1) % HOUSEHOLDS, spot(), 10));
        mustFail(
            address(trading),
            OPERATOR_TWO,
            abi.encodeCall(trading.clear, (spot(), t, PRICE, bytes32(0), fills, new bytes[](0))),
            reason,
            "a cancelled order was filled"
        );
    }

    function collectEscrow(uint256 seed) external counted {
        (bytes32 market, uint64 t, uint256 i) = anEscrow(seed);
        address who = wallet(i);
        uint64 through = trading.accountOf(who).settledThrough;
        bytes memory call = abi.encodeCall(trading.collect, (market, ts(t), who));
        if (t > through && t + RING / 2 >= present()) {
            mustFail(
                address(trading), who, call, IEnergyTrading.NotSettled.selector, "collected before settlement"
            );
            until(uint256(t + RING / 2 + 1) * L + 1);
        }
        (uint256 had, uint256 owed) = (cash(who), debt(who));
        uint256 escrow = trading.positionOf(market, t, who).escrowMicro;
        vm.prank(STRANGER);
        trading.collect(market, ts(t), who);
        if (cash(who) + owed != had + debt(who) + escrow) breach = "escrow was not paid as it was";
        mustFail(address(trading), who, call, IEnergyTrading.NothingToCollect.selector, "collected twice");
    }

    function disputeDelivery(uint256 seed) external counted {
        dispute(seed);
    }

    function dispute(uint256 seed) private {
        if (disputeOneOf(seed)) return;
        clearHonestly(spot(), seed);
        require(disputeOneOf(seed), "nothing to dispute");
    }

    function disputeOneOf(uint256 seed) private returns (bool) {
        uint256 all = closedClearings.length;
        for (uint256 k; k < all && k < 2 * RING; ++k) {
            Cleared memory c = closedClearings[all - 1 - k];
            for (uint256 pick; pick < HOUSEHOLDS * HOUSEHOLDS; ++pick) {
                uint256 b = (seed + pick) % HOUSEHOLDS;
                uint256 s = (seed / HOUSEHOLDS + pick / HOUSEHOLDS) % HOUSEHOLDS;
                if (s == b || trading.positionOf(c.market, c.t, wallet(s)).escrowMicro == 0) continue;
                if (trading.positionOf(c.market, c.t, wallet(b)).boughtWh == 0) continue;
                vm.prank(wallet(b));
                try delivery.openDispute(c.market, c.t, wallet(s)) returns (bytes32 id) {
                    disputes.push(id);
                    return true;
                } catch {}
            }
        }
        return false;
    }

    function resolveDispute(uint256 seed) external counted {
        bytes32 id = aDispute(seed);
        uint256 micro = delivery.disputeOf(id).micro;
        mustFail(
            address(delivery),
            ARBITER,
            abi.encodeCall(delivery.resolveDispute, (id, micro + 1)),
            bytes4(keccak256("ShareTooLarge(uint256,uint256)")),
            "more was split than disputed"
        );
        vm.prank(ARBITER);
        delivery.resolveDispute(id, between(seed >> 16, 0, micro));
        forget(id);
    }

    function releaseDispute(uint256 seed) external counted {
        bytes32 id = aDispute(seed);
        mustFail(
            address(delivery),
            STRANGER,
            abi.encodeCall(delivery.releaseDispute, (id)),
            bytes4(keccak256("ReleaseTooEarly(uint256)")),
            "released before its time"
        );
        until(uint256(delivery.disputeOf(id).openedAt) + 14 days);
        delivery.releaseDispute(id);
        forget(id);
    }

    function collectFees(uint256 seed) external counted {
        (, uint256 waiting) = trading.fees();
        if (waiting == 0) clearHonestly(spot(), seed);
        trading.collectFees();
    }

    // PARTS

    function anEscrow(uint256 seed) private returns (bytes32 market, uint64 t, uint256 i) {
        (market, t, i) = findEscrow(seed);
        if (t != 0) return (market, t, i);
        clearHonestly(spot(), seed);
        (market, t, i) = findEscrow(seed);
        require(t != 0, "no escrow");
    }

    function findEscrow(uint256 seed) private view returns (bytes32 market, uint64 t, uint256 i) {
        for (uint256 k; k < lanes.length * HOUSEHOLDS; ++k) {
            uint256 at = (seed % (lanes.length * HOUSEHOLDS) + k) % (lanes.length * HOUSEHOLDS);
            bytes32 lane = lanes[at / HOUSEHOLDS];
            i = at % HOUSEHOLDS;
            (market, t) = (marketOf[lane], lastIn[lane][i]);
            if (openIn[lane] == t) continue;
            if (trading.positionOf(market, t, wallet(i)).escrowMicro != 0) return (market, t, i);
        }
        return (0, 0, 0);
    }

    function aDispute(uint256 seed) private returns (bytes32) {
        if (disputes.length == 0) dispute(seed);
        return disputes[seed % disputes.length];
    }

    function forget(bytes32 id) private {
        for (uint256 i; i < disputes.length; ++i) {
            if (disputes[i] == id) disputes[i] = disputes[disputes.length - 1];
        }
        disputes.pop();
    }
}
