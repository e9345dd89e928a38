// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {HomeMarket, IEnergyDelivery} from "contracts/interfaces/IEnergyDelivery.sol";
import {Order} from "contracts/interfaces/IEnergyTrading.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {CourtTest} from "./CourtTest.sol";

/// @notice A seller's cap is one for all markets, so he says in which of them he must not be left out.
contract HomeMarketTest is CourtTest {
    address private _david;

    function setUp() public override {
        super.setUp();
        _david = vm.addr(DAVID);
    }

    function name(bytes32 market) private {
        vm.prank(_david);
        delivery.setHomeMarket(market);
    }

    function testOnlyAForwardMarketIsAHome(bytes32 bad) public {
        vm.assume(!Markets.isValid(bad));
        vm.expectRevert(abi.encodeWithSelector(Markets.BadMarket.selector, bad));
        name(bad);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.ComplaintNotInMarket.selector, spot()));
        name(spot());
        bytes32 market = pairOf(DAVID, ANNA);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.ComplaintNotInMarket.selector, market));
        name(market);
    }

    /// @dev Whatever was cleared before operators saw it was for intervals before.
    function testItHoldsFromWhereNothingWasCleared(uint32 later) public {
        uint256 now_ = T0 + later;
        vm.warp(now_);
        uint64 from = uint64((now_ + NOTICE - 1) / L + RING / 2 + 1);
        vm.expectEmit(address(delivery));
        emit IEnergyDelivery.HomeMarketSet(_david, forward(), from);
        name(forward());
        HomeMarket memory home = delivery.homeMarketOf(_david);
        eq(home.market, forward(), "market");
        eq(home.fromInterval, from, "from");
    }

    /// @dev DAVID posts an offer that is left out of the forward market.
    function omitted() private returns (Order memory offer) {
        vm.warp(T0 + 1);
        offer = orderOf(DAVID, forward(), SELL, 1_000, PRICE - 1);
        vm.prank(_david);
        trading.post(offer, "");
        clearedWith(forward(), 0, 10);
    }

    function refused(Order memory offer) private {
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyDelivery.NotHomeMarket.selector, _david, forward(), T())
        );
        delivery.complainOmitted(T(), offer);
        notSlashed();
    }

    function testElsewhereNobodyIsGuilty(bool named) public {
        vm.warp(T0 - 5 * L);
        if (named) name(Markets.forward(false, false, 0, FEEDER + 1));
        refused(omitted());
    }

    /// @dev A second later the notice ends in the next interval.
    function testItHoldsForNoIntervalBefore(bool late) public {
        vm.warp(T0 - 2 * L - NOTICE + (late ? 1 : 0));
        name(forward());
        eq(delivery.homeMarketOf(_david).fromInterval, late ? T() + 1 : T(), "from");
        Order memory offer = omitted();
        if (late) return refused(offer);
        vm.prank(WATCHER);
        delivery.complainOmitted(T(), offer);
        eq(cash(WATCHER), PENALTY + 1, "penalty");
    }

    function testAnotherHomeEndsTheFormer() public {
        vm.warp(T0 - 5 * L);
        name(forward());
        Order memory offer = omitted();
        name(Markets.forward(false, false, 0, FEEDER + 1));
        refused(offer);
    }

    /// @dev He may sell all of the cap at home, and neither this complaint nor the other one has anything to say.
    function testNobodyHasToSellTheCapTwice() public {
        vm.warp(T0 - 5 * L);
        name(forward());
        vm.warp(T0 + 1);
        bytes32 other = Markets.forward(false, false, 0, FEEDER + 1);
        Order memory atHome = orderOf(DAVID, forward(), SELL, SELL_CAP, PRICE - 1);
        Order memory away = orderOf(DAVID, other, SELL, SELL_CAP, PRICE - 1);
        vm.startPrank(_david);
        trading.post(atHome, "");
        trading.post(away, "");
        vm.stopPrank();
        vm.warp(end(T()) - 2 * L);
        tradeIn(forward(), ANNA, DAVID, T(), SELL_CAP);
        tradeIn(other, ANNA, BEN, T(), 10);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.NotHomeMarket.selector, _david, other, T()));
        delivery.complainOmitted(T(), away);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.NotOverCap.selector, SELL_CAP, SELL_CAP));
        delivery.complainOverCap(T(), _david, hashes(forward()));
    }
}
