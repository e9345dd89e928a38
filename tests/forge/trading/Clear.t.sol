// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ClearingState, ClearingView, Fill, IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract ClearTest is TradingTest {
    function both(uint64 bought, uint64 sold) private view returns (Fill[] memory) {
        return
            list(
                fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), bought),
                fillOf(BEN, sellOf(BEN, 10_000, PRICE), sold)
            );
    }

    function testRefusesToCloseWhatIsNotOpen() public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingNotOpen.selector, spot(), T()));
        vm.prank(OPERATOR);
        trading.close(spot(), T());
    }

    function testRefusesOtherOperatorToClose() public {
        toSpot(T());
        open(spot(), T(), PRICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotOpener.selector, spot(), T(), OPERATOR_TWO));
        vm.prank(OPERATOR_TWO);
        trading.close(spot(), T());
    }

    function testRefusesToCloseTooLate() public {
        toSpot(T());
        open(spot(), T(), PRICE);
        uint256 until = end(T()) + COMPLAINT / 2;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.OpenTooLong.selector, spot(), T(), until));
        vm.prank(OPERATOR);
        trading.close(spot(), T());
    }

    function testRefusesWhatIsNotBalanced(uint32 bought_, uint32 sold_) public {
        uint64 bought = uint64(between(bought_, 2, 10_000));
        uint64 sold = uint64(between(sold_, 1, bought - 1));
        Fill[] memory fills = both(bought, sold);
        toSpot(T());
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.NotBalanced.selector, bought - sold);
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.clear(spot(), T(), PRICE, 0, fills, new bytes[](0));
        open(spot(), T(), PRICE);
        fill(spot(), T(), fills);
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.close(spot(), T());
    }

    function testRefusesToClearTwice() public conserving {
        toSpot(T());
        Fill[] memory fills = both(100, 100);
        clear(spot(), T(), PRICE, fills);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingExists.selector, spot(), T()));
        vm.prank(OPERATOR);
        trading.clear(spot(), T(), PRICE, 0, fills, new bytes[](0));
    }

    /// @dev One transaction and three leave the same behind.
    function testClearIsOpenFillClose(uint32 wh_, uint48 price_, uint16 feeBps) public conserving {
        uint64 wh = uint64(between(wh_, 1, 10_000));
        uint64 price = uint64(between(price_, 0, PRICE));
        trading.setFee(uint16(between(feeBps, 0, 500)));
        Fill[] memory fills =
            list(fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), wh), fillOf(BEN, sellOf(BEN, 10_000, 0), wh));
        toSpot(T() + 1);
        clear(spot(), T(), price, keccak256("book"), fills);
        uses(spot(), T() + 1);
        vm.prank(OPERATOR);
        trading.open(spot(), T() + 1, price, keccak256("book"));
        fill(spot(), T() + 1, fills);
        close(spot(), T() + 1);
        bytes memory inOne = abi.encode(trading.clearingOf(spot(), T()));
        bytes memory inThree = abi.encode(trading.clearingOf(spot(), T() + 1));
        eq(keccak256(inOne), keccak256(inThree), "clearings");
        inOne = abi.encode(position(spot(), T(), ANNA), position(spot(), T(), BEN));
        inThree = abi.encode(position(spot(), T() + 1, ANNA), position(spot(), T() + 1, BEN));
        eq(keccak256(inOne), keccak256(inThree), "positions");
    }

    function testWhatWasHeldBecomesFees(uint32 wh_, uint48 price_) public conserving {
        uint64 wh = uint64(between(wh_, 1, 10_000));
        uint64 price = uint64(between(price_, 0, PRICE));
        trading.setFee(125);
        Fill[] memory fills =
            list(fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), wh), fillOf(BEN, sellOf(BEN, 10_000, 0), wh));
        toSpot(T());
        clear(spot(), T(), price, fills);
        (, uint256 micro) = trading.fees();
        eq(micro, costUp(wh, price) - position(spot(), T(), BEN).escrowMicro, "fees");
        ClearingView memory c = trading.clearingOf(spot(), T());
        require(c.state == ClearingState.Closed, "not closed");
        eq(c.heldMicro, 0, "held");
    }

    function testManySmallFillsLoseNothing(uint8 n, uint32 price_) public conserving {
        uint256 count_ = between(n, 1, 20);
        uint64 price = uint64(between(price_, 1, PRICE));
        Fill[] memory fills = new Fill[](2 * count_);
        for (uint256 i; i < count_; ++i) {
            fills[i] = fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), 1);
            fills[count_ + i] = fillOf(BEN, sellOf(BEN, 10_000, 0), 1);
        }
        toSpot(T());
        clear(spot(), T(), price, fills);
        eq(FUNDS - cash(vm.addr(ANNA)), count_ * costUp(1, price), "paid");
        eq(position(spot(), T(), BEN).escrowMicro, count_ * proceedsDown(1, price), "escrow");
    }

    /// @dev Else an operator could end an interval for everybody, at no price: no order of it was filled or left out.
    function testRefusesToEndAnIntervalWithNothing() public conserving {
        toSpot(T());
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.NothingCleared.selector, spot(), T());
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.clear(spot(), T(), PRICE, 0, new Fill[](0), new bytes[](0));
        open(spot(), T(), PRICE);
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.close(spot(), T());
        vm.prank(OPERATOR);
        trading.unwind(spot(), T(), new address[](0));
        Fill[] memory fills = both(100, 100);
        vm.prank(OPERATOR_TWO);
        trading.clear(spot(), T(), PRICE, 0, fills, new bytes[](0));
    }

    function testWhatWasAllUnwoundIsNotClosed() public conserving {
        toSpot(T());
        open(spot(), T(), PRICE);
        fill(spot(), T(), both(100, 100));
        vm.startPrank(OPERATOR);
        trading.unwind(spot(), T(), list(vm.addr(BEN), vm.addr(ANNA)));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingNotOpen.selector, spot(), T()));
        trading.close(spot(), T());
        vm.stopPrank();
    }
}
