// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {TradingTest} from "../support/TradingTest.sol";

/// @notice What a clearing of 200 accounts costs when their slots of the ring are in use already.
contract ClearGasTest is TradingTest {
    uint256 private constant TRADES = 100;
    uint64 private constant WH = 730;

    event GasPerTrade(string what, uint256 gas);

    function testHundredTradesSteadyWithCollection() public {
        fundTraders();
        uint64 t = T();
        lap(t, "first lap");
        // The same place of the ring again: every slot is written over, and every seller's escrow is due.
        uint256 perTrade = lap(t + RING, "steady, with collection");
        require(perTrade <= 45_000, "clearing got dear");
    }

    function testHundredTradesSteadyCollectedBefore() public {
        fundTraders();
        uint64 t = T();
        lap(t, "first lap");
        vm.warp(end(t + RING));
        uint64[] memory past = ts(t);
        for (uint256 i; i < TRADES; ++i) {
            trading.collect(spot(), past, vm.addr(sellerKey(i)));
        }
        uint256 perTrade = lap(t + RING, "steady, collected before");
        require(perTrade <= 45_000, "clearing got dear");
    }

    /// @dev As much of a ring's first lap as fits into a transaction by EIP-7825.
    function testChunkFitsIntoTransaction() public {
        fundTraders();
        toSpot(T());
        Fill[] memory fills = fillsFor(T());
        open(spot(), T(), PRICE);
        bytes memory call = abi.encodeCall(trading.fill, (spot(), T(), fills, new bytes[](0)));
        (bool done, uint256 gas) = measured(call);
        require(done && gas < 16_777_216, "chunk too large");
        close(spot(), T());
        conserved();
    }

    function fundTraders() private {
        for (uint256 i; i < TRADES; ++i) {
            fund(vm.addr(buyerKey(i)), FUNDS);
            fund(vm.addr(sellerKey(i)), 1);
            registry.setSellCap(vm.addr(sellerKey(i)), SELL_CAP);
        }
    }

    function buyerKey(uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("buyer", i)));
    }

    function sellerKey(uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("seller", i)));
    }

    function fillsFor(uint64 t) private view returns (Fill[] memory fills) {
        fills = new Fill[](2 * TRADES);
        for (uint256 i; i < TRADES; ++i) {
            Order memory bid = buyOf(buyerKey(i), 2_000, PRICE + 17_350);
            Order memory offer = sellOf(sellerKey(i), 2_000, PRICE - 23_450);
            (bid.fromInterval, offer.fromInterval) = (t, t);
            fills[i] = fillOf(buyerKey(i), bid, WH);
            fills[TRADES + i] = fillOf(sellerKey(i), offer, WH);
        }
    }

    function lap(uint64 t, string memory what) private returns (uint256 perTrade) {
        toSpot(t);
        bytes memory call =
            abi.encodeCall(trading.clear, (spot(), t, PRICE, keccak256("book"), fillsFor(t), new bytes[](0)));
        (bool done, uint256 gas) = measured(call);
        require(done, "clearing failed");
        perTrade = gas / TRADES;
        emit GasPerTrade(what, perTrade);
        uses(spot(), t);
        conserved();
    }

    /// @dev The gas of a transaction: what it begins with, its calldata, and what it runs, with all slots cold.
    function measured(bytes memory call) private returns (bool done, uint256 gas) {
        uint256 zeros;
        for (uint256 i; i < call.length; ++i) {
            if (call[i] == 0) ++zeros;
        }
        uint256 tokens = zeros + 4 * (call.length - zeros);
        coldAll();
        vm.prank(OPERATOR);
        uint256 before = gasleft();
        (done,) = address(trading).call(call);
        uint256 run = before - gasleft();
        uint256 floor = 21_000 + 10 * tokens;
        gas = 21_000 + 4 * tokens + run;
        if (gas < floor) gas = floor;
    }

    function coldAll() private {
        ICool(address(vm)).cool(address(trading));
        ICool(address(vm)).cool(address(registry));
        ICool(address(vm)).cool(grid);
    }
}

interface ICool {
    function cool(address target) external;
}
