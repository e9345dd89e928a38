// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {IEnergyDelivery} from "contracts/interfaces/IEnergyDelivery.sol";
import {IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {CourtTest} from "./CourtTest.sol";

contract ComplainOverCapTest is CourtTest {
    address private _ben;

    function setUp() public override {
        super.setUp();
        _ben = vm.addr(BEN);
        vm.warp(T0 + NOTICE + 1);
    }

    /// @dev A feeder's forward market; the pair market of ANNA and BEN comes last.
    function at(uint32 place) private pure returns (bytes32) {
        return place == 3 ? pairOf(ANNA, BEN) : Markets.forward(false, false, 0, 100 + place);
    }

    function markets(uint32 first, uint32 n) private pure returns (bytes32[] memory found) {
        found = new bytes32[](n);
        for (uint32 i; i < n; ++i) {
            found[i] = at(first + i);
        }
    }

    function sell(bytes32 market, uint64 wh) private {
        tradeIn(market, ANNA, BEN, T(), wh);
    }

    function sellTwice() private {
        sell(at(0), SELL_CAP);
        sell(at(1), 1);
    }

    function refused(bytes32[] memory list_, bytes memory reason) private {
        vm.expectRevert(reason);
        delivery.complainOverCap(T(), _ben, list_);
        notSlashed();
    }

    function slashes(bytes32[] memory list_, bytes32 slashed) private {
        vm.prank(WATCHER);
        vm.expectEmit(address(trading));
        emit IClearingCourt.Slashed(slashed, T(), WATCHER, PENALTY);
        delivery.complainOverCap(T(), _ben, list_);
        eq(cash(WATCHER), PENALTY + 1, "penalty");
        eq(trading.clearingOf(slashed, T()).operatorId, 0, "still answers");
        conserved();
    }

    // REVERTS

    function testWithoutMarketsNothingIsProven() public {
        refused(new bytes32[](0), abi.encodeWithSelector(IEnergyDelivery.MarketsMissing.selector));
    }

    /// @dev There what was metered counts, not what could be.
    function testSpotMarketsAreForAnotherComplaint() public {
        sellTwice();
        bytes32[] memory list_ = markets(0, 2);
        list_[1] = spot();
        refused(list_, abi.encodeWithSelector(IEnergyDelivery.ComplaintNotInMarket.selector, spot()));
    }

    function testNoMarketCountsTwice() public {
        sellTwice();
        bytes32[] memory list_ = markets(0, 2);
        list_[1] = list_[0];
        refused(list_, abi.encodeWithSelector(IEnergyDelivery.MarketsNotSorted.selector, list_[0]));
        (list_[0], list_[1]) = (at(1), at(0));
        refused(list_, abi.encodeWithSelector(IEnergyDelivery.MarketsNotSorted.selector, at(0)));
    }

    function testOnlyClosedClearingsSold(bool first) public {
        sell(at(first ? 1 : 0), 1);
        bytes32 missing = at(first ? 0 : 1);
        refused(
            markets(0, 2), abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, missing, T())
        );
    }

    function testWhatAnotherOperatorSoldIsNotHis() public {
        sell(at(0), SELL_CAP);
        Order memory bid = orderOf(ANNA, at(1), BUY, 50, PRICE);
        Order memory offer = orderOf(BEN, at(1), SELL, 50, PRICE);
        uses(at(1), T());
        vm.startPrank(OPERATOR_TWO);
        trading.clear(
            at(1), T(), PRICE, 0, list(fillOf(ANNA, bid, 50), fillOf(BEN, offer, 50)), new bytes[](0)
        );
        vm.stopPrank();
        refused(markets(0, 2), abi.encodeWithSelector(IEnergyDelivery.OtherOperator.selector, at(1), T()));
    }

    /// @dev Else the penalty could be brought upon a clearing that has nothing to do with it.
    function testEachOfTheMarketsSoldForHim() public {
        sellTwice();
        tradeIn(at(2), ANNA, DAVID, T(), 1);
        refused(markets(0, 3), abi.encodeWithSelector(IEnergyDelivery.NothingSold.selector, at(2), T(), _ben));
    }

    function testAllOfTheCapMayBeSold(uint64 a, uint64 b) public {
        a = uint64(between(a, 1, SELL_CAP - 2));
        b = uint64(between(b, 1, SELL_CAP - a - 1));
        sell(at(0), a);
        sell(at(1), b);
        sell(at(3), SELL_CAP - a - b);
        bytes32[] memory list_ = markets(1, 3);
        (list_[0], list_[1], list_[2]) = (at(0), at(1), at(3));
        refused(list_, abi.encodeWithSelector(IEnergyDelivery.NotOverCap.selector, SELL_CAP, SELL_CAP));
    }

    /// @dev It may have been higher when he sold, or within the notice before, when he looked.
    function testACapThatWasChangedConvictsNobody(uint32 before, bool later) public {
        uint256 changed = T0 + NOTICE + 1;
        vm.warp(changed);
        if (!later) registry.setSellCap(_ben, SELL_CAP);
        uint256 opened = changed + between(before, 0, NOTICE);
        vm.warp(opened);
        sellTwice();
        if (later) registry.setSellCap(_ben, SELL_CAP - 1);
        refused(
            markets(0, 2),
            abi.encodeWithSelector(IEnergyDelivery.SellCapChanged.selector, _ben, later ? opened : changed)
        );
    }

    function testAComplaintIsInTimeAndOnce() public {
        sellTwice();
        uint256 until = T0 + NOTICE + 1 + COMPLAINT;
        vm.warp(until + 1);
        refused(markets(0, 2), abi.encodeWithSelector(IClearingCourt.ComplaintTooLate.selector, until));
        vm.warp(until);
        slashes(markets(0, 2), at(1));
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.OtherOperator.selector, at(1), T()));
        delivery.complainOverCap(T(), _ben, markets(0, 2));
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.NotOverCap.selector, SELL_CAP, SELL_CAP));
        delivery.complainOverCap(T(), _ben, markets(0, 1));
    }

    // SUCCESS

    /// @dev Each position is within the cap, and together they are ten times it.
    function testACapInEachOfTenMarketsCostsAPenalty() public {
        for (uint32 i = 10; i < 20; ++i) {
            sell(at(i), SELL_CAP);
        }
        slashes(markets(10, 10), at(19));
    }

    function testForwardAndPairMarketsCountTogether(uint64 a, uint64 b) public {
        a = uint64(between(a, 1, SELL_CAP));
        b = uint64(between(b, SELL_CAP - a + 1, SELL_CAP));
        sell(at(0), a);
        sell(at(3), b);
        bytes32[] memory list_ = markets(0, 2);
        list_[1] = at(3);
        slashes(list_, at(3));
    }

    /// @dev With it he went beyond the cap, whatever its place in the list.
    function testTheClearingThatOpenedLastIsSlashed(uint32 later, bool first) public {
        sell(at(first ? 1 : 0), SELL_CAP);
        vm.warp(T0 + NOTICE + 1 + between(later, 1, COMPLAINT / 2));
        sell(at(first ? 0 : 1), 1);
        slashes(markets(0, 2), at(first ? 0 : 1));
    }

    function testAnUnchangedCapCountsFromANoticeBefore() public {
        vm.warp(T0 + 2 * L - NOTICE - 1);
        registry.setSellCap(_ben, 100);
        vm.warp(T0 + 2 * L);
        sell(at(0), 100);
        sell(at(1), 1);
        slashes(markets(0, 2), at(1));
    }
}
