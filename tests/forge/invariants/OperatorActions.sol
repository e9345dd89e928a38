// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookEntry, IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {Fill, IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {PackedTerms} from "contracts/libraries/PackedTerms.sol";
import {World} from "./World.sol";

/// @notice What clearing operators do: OPERATOR honestly, OPERATOR_TWO whatever he can think of.
abstract contract OperatorActions is World {
    // HONEST

    function clearSpot(uint256 seed) external counted {
        clearHonestly(spot(), seed);
    }

    function clearForward(uint256 seed) external counted {
        clearHonestly(forward(), seed);
    }

    function clearPair(uint256 seed) external counted {
        bytes32 market = pairOf(ANNA, BEN);
        uint64 t = clearable(market, seed);
        (uint64 price, uint64 wh) = (priceOf(seed), whOf(seed));
        (uint256 buyer, uint256 seller) = seed % 2 == 0 ? (0, 1) : (1, 0);
        clear(market, t, price, list(bid(buyer, market, wh), offer(seller, market, wh)));
        noteClosed(market, t, price);
    }

    function clearInChunks(uint256 seed) external counted {
        bytes32 market = seed % 2 == 0 ? spot() : forward();
        uint64 t = clearable(market, seed);
        (uint64 price, uint64 wh) = (priceOf(seed), whOf(seed));
        (uint256 buyer, uint256 seller) = twoOf(seed);
        open(market, t, price);
        fill(market, t, list(bid(buyer, market, wh)));
        fill(market, t, list(bid(buyer, market, wh / 2 + 1), offer(seller, market, wh)));
        fill(market, t, list(offer(seller, market, wh / 2 + 1)));
        close(market, t);
        noteClosed(market, t, price);
    }

    function clearHonestly(bytes32 market, uint256 seed) internal {
        uint64 t = clearable(market, seed);
        (uint64 price, uint64 wh) = (priceOf(seed), whOf(seed));
        (uint256 buyer, uint256 seller) = twoOf(seed);
        uint256 third = (seller + 1) % HOUSEHOLDS;
        if (third == buyer) {
            clear(market, t, price, list(bid(buyer, market, wh), offer(seller, market, wh)));
        } else {
            Fill[] memory fills =
                list(bid(buyer, market, wh), bid(third, market, 500), offer(seller, market, wh + 500));
            clear(market, t, price, fills);
        }
        noteClosed(market, t, price);
    }

    // HOSTILE

    function sellMoreThanWasBought(uint256 seed) external counted {
        uint64 t = openHostile(spot(), seed);
        (uint256 buyer, uint256 seller) = twoOf(seed);
        uint64 wh = whOf(seed);
        mustFail(
            address(trading),
            OPERATOR_TWO,
            fillCall(spot(), t, list(bid(buyer, spot(), wh), offer(seller, spot(), wh + 1))),
            IEnergyTrading.SoldBeyondBought.selector,
            "more was sold than bought"
        );
        fillHostile(spot(), t, list(bid(buyer, spot(), wh)));
        mustFail(
            address(trading),
            OPERATOR_TWO,
            abi.encodeCall(trading.close, (spot(), t)),
            IEnergyTrading.NotBalanced.selector,
            "a clearing closed out of balance"
        );
        unwindAs(OPERATOR_TWO, spot(), t);
    }

    function fillOverCap(uint256 seed) external counted {
        uint64 t = clearable(spot(), seed);
        (uint256 buyer, uint256 seller) = twoOf(seed);
        uint64 over = CAP + 1 + uint64(seed % 1_000);
        uint64 big = 100_000;
        Fill memory buys = fillOf(keyOf(buyer), standing(buyer, spot(), BUY, big), over);
        refuseClear(
            t,
            PRICE,
            list(bid(buyer, spot(), over), offer(seller, spot(), 1)),
            IEnergyTrading.OverCap.selector
        );
        refuseClear(t, PRICE, list(buys, offer(seller, spot(), over)), IEnergyTrading.OverCap.selector);
        uint64 beyond = uint64(registry.sellCapWh(wallet(seller))) + 1 + uint64(seed % 1_000);
        refuseClear(
            t,
            PRICE,
            list(
                fillOf(keyOf(buyer), standing(buyer, spot(), BUY, big), beyond),
                fillOf(keyOf(seller), standing(seller, spot(), SELL, big), beyond)
            ),
            IEnergyTrading.OverSellCap.selector
        );
    }

    function clearAtWrongPrice(uint256 seed) external counted {
        uint64 t = clearable(spot(), seed);
        (uint256 buyer, uint256 seller) = twoOf(seed);
        Fill[] memory fills = list(bid(buyer, spot(), 10), offer(seller, spot(), 10));
        refuseClear(t, BUY_LIMIT + 1, fills, IEnergyTrading.LimitNotMet.selector);
        refuseClear(t, SELL_LIMIT - 1, fills, IEnergyTrading.LimitNotMet.selector);
        refuseClear(t, CORRIDOR_CAP + 1, fills, IEnergyTrading.PriceOutsideCorridor.selector);
    }

    function fillForeignOrder(uint256 seed) external counted {
        uint64 t = clearable(spot(), seed);
        (uint256 buyer, uint256 seller) = twoOf(seed);
        Fill memory sells = offer(seller, spot(), 10);
        bytes4 forged = IEnergyTrading.BadOrderSignature.selector;
        // Signed for another market, by another account, or with a better limit than was signed.
        refuseClear(t, PRICE, list(bid(buyer, forward(), 10), sells), forged);
        Order memory neighbours = standing((buyer + 1) % HOUSEHOLDS, spot(), BUY, CAP);
        Fill memory other = fillOf(keyOf(buyer), neighbours, 10);
        refuseClear(t, PRICE, list(other, sells), forged);
        Fill memory cheaper = offer(seller, spot(), 10);
        cheaper.terms = PackedTerms.wrap(PackedTerms.unwrap(cheaper.terms) - (1 << 96)); // the limit's bits
        refuseClear(t, PRICE, list(bid(buyer, spot(), 10), cheaper), forged);
        Order memory late = standing(buyer, spot(), BUY, CAP);
        late.fromInterval = t + 1;
        refuseClear(
            t, PRICE, list(fillOf(keyOf(buyer), late, 10), sells), IEnergyTrading.OutsideWindow.selector
        );
    }

    function replay(uint256 seed) external counted {
        if (closedClearings.length == 0) clearHonestly(spot(), seed);
        Cleared memory c = closedClearings[seed % closedClearings.length];
        (uint256 buyer, uint256 seller) = twoOf(seed);
        Fill[] memory fills = list(bid(buyer, c.market, 10), offer(seller, c.market, 10));
        mustFailSomehow(
            OPERATOR_TWO, clearCall(c.market, c.t, c.price, fills), "a closed clearing was cleared again"
        );
        mustFailSomehow(OPERATOR_TWO, fillCall(c.market, c.t, fills), "a closed clearing was filled again");
        mustFailSomehow(OPERATOR, abi.encodeCall(trading.close, (c.market, c.t)), "a clearing closed twice");
        address[] memory two = list(wallet(buyer), wallet(seller));
        mustFailSomehow(
            OPERATOR, abi.encodeCall(trading.unwind, (c.market, c.t, two)), "a closed clearing was unwound"
        );
    }

    function abandon(uint256 seed) external counted {
        leaveOpen(seed);
    }

    function leaveOpen(uint256 seed) private returns (bytes32 market, uint64 t) {
        market = seed % 2 == 0 ? spot() : forward();
        t = openHostile(market, seed);
        (uint256 buyer, uint256 seller) = twoOf(seed);
        fillHostile(market, t, list(bid(buyer, market, 900), offer(seller, market, 400)));
    }

    function unwindAbandoned(uint256 seed) external counted {
        (bytes32 market, uint64 t) = (0, 0);
        for (uint256 i; i < lanes.length && t == 0; ++i) {
            bytes32 lane = lanes[(seed % lanes.length + i) % lanes.length];
            (market, t) = (marketOf[lane], openIn[lane]);
        }
        if (t == 0) (market, t) = leaveOpen(seed);
        until(trading.clearingOf(market, t).openedAt + 1 hours);
        unwindAs(STRANGER, market, t);
    }

    function clearUnfairlyAndBePunished(uint256 seed) external counted {
        uint64 t = clearable(spot(), seed);
        (uint256 buyer, uint256 seller) = twoOf(seed);
        BookEntry memory entry = BookEntry(wallet(buyer), BUY, 1_000, uint48(BUY_LIMIT));
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(entry))));
        bytes32 beside = keccak256("the rest of the book");
        uint64 price = BUY_LIMIT - 1;
        Fill[] memory fills = list(bid(buyer, spot(), 600), offer(seller, spot(), 600));
        vm.prank(OPERATOR_TWO);
        trading.clear(spot(), t, price, pair(leaf, beside), fills, new bytes[](0));
        noteClosed(spot(), t, price);
        address victim = wallet(buyer);
        uint256 worth = cash(victim) + bondOf(OPERATOR_TWO);
        vm.prank(victim);
        trading.complain(spot(), t, entry, hashes(beside));
        if (debt(victim) == 0 && cash(victim) + bondOf(OPERATOR_TWO) > worth) {
            breach = "a fine came from nowhere";
        }
        mustFail(
            address(trading),
            victim,
            abi.encodeCall(IClearingCourt.complain, (spot(), t, entry, hashes(beside))),
            IClearingCourt.AlreadySlashed.selector,
            "fined twice"
        );
        mustFail(
            address(trading),
            OPERATOR_TWO,
            abi.encodeCall(trading.open, (forward(), present() + 1, PRICE, bytes32(0))),
            IClearingCourt.OperatorBarred.selector,
            "a barred operator opened"
        );
        trading.readmit(OPERATOR_TWO);
        fund(OPERATOR_TWO, PENALTY);
        vm.prank(OPERATOR_TWO);
        trading.bond(PENALTY);
    }

    function complainFalsely(uint256 seed) external counted {
        if (closedClearings.length == 0) clearHonestly(spot(), seed);
        Cleared memory c = closedClearings[seed % closedClearings.length];
        BookEntry memory entry = BookEntry(STRANGER, BUY, 1_000, uint48(c.price + 1));
        mustFailSomehow(
            STRANGER,
            abi.encodeCall(IClearingCourt.complain, (c.market, c.t, entry, hashes(bytes32(seed)))),
            "a false complaint was heard"
        );
    }

    function clearWithoutOffice(uint256 seed) external counted {
        uint64 t = clearable(spot(), seed);
        mustFail(
            address(trading),
            STRANGER,
            abi.encodeCall(trading.open, (spot(), t, PRICE, bytes32(0))),
            IEnergyTrading.NotClearingOperator.selector,
            "a stranger opened a clearing"
        );
    }

    // PARTS

    function priceOf(uint256 seed) internal pure returns (uint64) {
        return uint64(between(seed >> 16, SELL_LIMIT, BUY_LIMIT));
    }

    function whOf(uint256 seed) internal pure returns (uint64) {
        return uint64(between(seed >> 64, 1, 2_000));
    }

    function twoOf(uint256 seed) internal pure returns (uint256 buyer, uint256 seller) {
        buyer = (seed >> 128) % HOUSEHOLDS;
        seller = (buyer + 1 + (seed >> 160) % (HOUSEHOLDS - 1)) % HOUSEHOLDS;
    }

    function fillCall(bytes32 market, uint64 t, Fill[] memory fills) private view returns (bytes memory) {
        return abi.encodeCall(trading.fill, (market, t, fills, new bytes[](0)));
    }

    function clearCall(bytes32 market, uint64 t, uint64 price, Fill[] memory fills)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeCall(trading.clear, (market, t, price, bytes32(0), fills, new bytes[](0)));
    }

    function refuseClear(uint64 t, uint64 price, Fill[] memory fills, bytes4 reason) private {
        string memory what = "a clearing broke an order";
        mustFail(address(trading), OPERATOR_TWO, clearCall(spot(), t, price, fills), reason, what);
    }

    /// @dev Whatever the reason is: it depends on how old the clearing is.
    function mustFailSomehow(address caller, bytes memory call, string memory what) private {
        vm.prank(caller);
        (bool done,) = address(trading).call(call);
        if (done) breach = what;
    }

    function openHostile(bytes32 market, uint256 seed) private returns (uint64 t) {
        t = clearable(market, seed);
        vm.prank(OPERATOR_TWO);
        trading.open(market, t, PRICE, bytes32(seed));
        noteOpened(market, t);
    }

    function fillHostile(bytes32 market, uint64 t, Fill[] memory fills) private {
        vm.prank(OPERATOR_TWO);
        trading.fill(market, t, fills, new bytes[](0));
        noteFilled(market, t);
    }

    /// @dev Sellers first, so that never more is sold than bought.
    function unwindAs(address caller, bytes32 market, uint64 t) private {
        address[] memory found = new address[](HOUSEHOLDS);
        uint256 count_;
        for (uint256 round; round < 2; ++round) {
            for (uint256 i; i < HOUSEHOLDS; ++i) {
                bool sold = trading.positionOf(market, t, wallet(i)).soldWh != 0;
                bool bought = trading.positionOf(market, t, wallet(i)).boughtWh != 0;
                if ((round == 0 && sold) || (round == 1 && bought && !sold)) found[count_++] = wallet(i);
            }
        }
        assembly ("memory-safe") {
            mstore(found, count_)
        }
        vm.prank(caller);
        trading.unwind(market, t, found);
        if (uint256(trading.clearingOf(market, t).state) != 0) breach = "an unwound clearing is still there";
        openIn[laneOf(market, t)] = 0;
    }
}
