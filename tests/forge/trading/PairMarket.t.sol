// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {TradingTest} from "../support/TradingTest.sol";

/// @notice Two accounts between themselves, recurring by the window of their orders.
contract PairMarketTest is TradingTest {
    bytes32 private market;

    function setUp() public override {
        super.setUp();
        market = pairOf(ANNA, BEN);
    }

    function bid(uint256 key) private view returns (Fill memory) {
        return fillOf(key, orderOf(key, market, BUY, 500, PRICE), 100);
    }

    function offer(uint256 key) private view returns (Fill memory) {
        return fillOf(key, orderOf(key, market, SELL, 500, PRICE), 100);
    }

    function refused(Fill[] memory fills, address buyer, address seller) private {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotThePair.selector, market, buyer, seller));
        vm.prank(OPERATOR);
        trading.clear(market, T(), PRICE, 0, fills, new bytes[](0));
    }

    function testRefusesStranger() public {
        refused(list(bid(CHIPO), offer(BEN)), vm.addr(CHIPO), vm.addr(BEN));
        refused(list(bid(ANNA), offer(CHIPO)), vm.addr(ANNA), vm.addr(CHIPO));
    }

    function testRefusesOneAlone() public {
        refused(list(bid(ANNA), offer(ANNA)), vm.addr(ANNA), vm.addr(ANNA));
        refused(list(bid(ANNA)), vm.addr(ANNA), address(0));
        refused(new Fill[](0), address(0), address(0));
    }

    function testRefusesThirdBesideThePair() public {
        refused(list(bid(ANNA), bid(CHIPO), offer(BEN)), vm.addr(ANNA), vm.addr(CHIPO));
        refused(list(bid(ANNA), offer(BEN), offer(CHIPO)), vm.addr(BEN), vm.addr(CHIPO));
    }

    function testClearsBothWaysAndAgain() public conserving {
        clear(market, T(), PRICE, list(bid(ANNA), offer(BEN)));
        clear(market, T() + 1, PRICE, list(bid(BEN), offer(ANNA)));
        eq(position(market, T(), ANNA).boughtWh, 100, "Anna bought");
        eq(position(market, T() + 1, BEN).boughtWh, 100, "Ben bought");
    }

    function testOneOrderStandsForManyIntervals() public conserving {
        Order memory buy = orderOf(ANNA, market, BUY, 100, PRICE);
        Order memory sell = orderOf(BEN, market, SELL, 100, PRICE);
        Fill[] memory fills = list(fillOf(ANNA, buy, 100), fillOf(BEN, sell, 100));
        for (uint64 t = T(); t < T() + 12; ++t) {
            vm.warp(end(t - 1));
            clear(market, t, PRICE, fills);
        }
        eq(cash(vm.addr(ANNA)), FUNDS - 12 * 12_000, "paid");
    }

    function testForwardClosesAtTheStart() public {
        Fill[] memory fills = list(bid(ANNA), offer(BEN));
        vm.warp(end(T() - 1));
        open(market, T(), PRICE);
        vm.warp(end(T() - 1) + 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.TooLateToClear.selector, market, T()));
        vm.prank(OPERATOR);
        trading.fill(market, T(), fills, new bytes[](0));
    }
}
