// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {CourtTest} from "./CourtTest.sol";

/// @notice However few trade, and however little they have, there is a price at which an honest operator is safe: the
/// lowest at which no buyer goes short who could pay one micro-unit more.
contract ThinMarketTest is CourtTest {
    uint256 private constant BUYERS = 4;
    uint64 private constant LOWEST = 499;
    uint64 private constant HIGHEST = 2_501;

    Order private _offer;
    Order[] private _bids;
    uint256[] private _cash;

    function setUp() public override {
        super.setUp();
        vm.warp(T0 - 5 * L);
        vm.prank(vm.addr(DAVID));
        delivery.setHomeMarket(forward());
        vm.warp(T0 + 1);
    }

    function post(Order memory order) private {
        vm.prank(order.account);
        trading.post(order, "");
    }

    function convicts(Order memory order) private returns (bool convicted) {
        vm.prank(WATCHER);
        try delivery.complainOmitted(T(), order) {
            convicted = true;
        } catch {}
    }

    function bidsOf(uint256 seed) private {
        for (uint256 i; i < BUYERS; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            _cash.push(between(uint32(random), 1, 12));
            fund(vm.addr(0xD0 + i), _cash[i]);
            uint64 cap = uint64(between(uint32(random >> 32), 1, 3_000));
            if (random >> 255 == 0) cap = cap % 3 + 1;
            uint64 limit = uint64(between(uint32(random >> 64), LOWEST, HIGHEST));
            _bids.push(orderOf(0xD0 + i, forward(), BUY, cap, limit));
            post(_bids[i]);
        }
    }

    function isEntitled(uint256 i, uint256 price) private view returns (bool) {
        return _bids[i].limitPriceMicroPerKwh > price && _cash[i] >= costUp(_bids[i].capWh, price + 1);
    }

    function priceFor(uint64 supply) private view returns (uint64 price) {
        for (price = LOWEST;; ++price) {
            uint256 demand;
            for (uint256 i; i < BUYERS; ++i) {
                if (isEntitled(i, price)) demand += _bids[i].capWh;
            }
            if (demand <= supply) return price;
        }
    }

    /// @dev Entitled buyers first, then whoever can pay, as far as supply and cash go.
    function fillsAt(uint64 price, uint64 supply) private view returns (Fill[] memory fills) {
        fills = new Fill[](BUYERS + 1);
        uint256 n;
        uint64 left = supply;
        for (uint256 round; round < 2; ++round) {
            for (uint256 i; i < BUYERS; ++i) {
                if (isEntitled(i, price) != (round == 0) || _bids[i].limitPriceMicroPerKwh < price) continue;
                uint64 wh = uint64(_cash[i] * 1000 / price);
                if (wh > _bids[i].capWh) wh = _bids[i].capWh;
                if (wh > left) wh = left;
                if (wh == 0) continue;
                fills[n++] = postedFill(_bids[i], wh);
                left -= wh;
            }
        }
        if (left != supply) fills[n++] = postedFill(_offer, supply - left);
        assembly {
            mstore(fills, n)
        }
    }

    function testThereIsAPriceThatConvictsNobody(uint64 supply, uint256 seed) public {
        supply = uint64(seed % 2 == 0 ? between(supply, 1, 5_000) : between(supply, 1, 6));
        _offer = orderOf(DAVID, forward(), SELL, supply, LOWEST);
        post(_offer);
        bidsOf(seed);
        vm.warp(end(T() - 1) - 1);
        uint64 price = priceFor(supply);
        Fill[] memory fills = fillsAt(price, supply);
        if (fills.length == 0) return; // not cleared, nobody complains
        clear(forward(), T(), price, fills);
        require(!convicts(_offer), "by the seller");
        for (uint256 i; i < BUYERS; ++i) {
            require(!convicts(_bids[i]), "by a buyer");
        }
        notSlashed();
    }

    /// @dev Three with a micro-unit each and one who is rich, for 3 Wh.
    function testBuyersWithNothingMoreAreEntitledToNothing() public {
        _offer = orderOf(DAVID, forward(), SELL, 3, LOWEST);
        post(_offer);
        Order memory rich = orderOf(ANNA, forward(), BUY, 1, 2_000_000);
        post(rich);
        for (uint256 i; i < 3; ++i) {
            fund(vm.addr(0xD0 + i), 1);
            _bids.push(orderOf(0xD0 + i, forward(), BUY, 1, 2_000_000));
            post(_bids[i]);
        }
        vm.warp(end(T() - 1) - 1);
        Fill[] memory fills = new Fill[](4);
        (fills[0], fills[1]) = (postedFill(rich, 1), postedFill(_bids[0], 1));
        (fills[2], fills[3]) = (postedFill(_bids[1], 1), postedFill(_offer, 3));
        clear(forward(), T(), 1_000, fills);
        require(!convicts(_bids[2]) && !convicts(_offer) && !convicts(rich), "convicted");
    }
}
