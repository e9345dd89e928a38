// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract CancelTest is TradingTest {
    address private anna;

    function setUp() public override {
        super.setUp();
        anna = vm.addr(ANNA);
    }

    function bothSides(Order memory bid) private view returns (Fill[] memory) {
        return list(fillOf(ANNA, bid, 100), fillOf(BEN, sellOf(BEN, 100, PRICE), 100));
    }

    function refuses(Fill[] memory fills, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.clear(spot(), T(), PRICE, 0, fills, new bytes[](0));
    }

    function testOnlyItsAccountCancels(address caller) public {
        vm.assume(caller != anna);
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotOrderAccount.selector, caller, anna));
        vm.prank(caller);
        trading.cancel(order);
    }

    function testRefusesTwice() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        bytes32 digest = trading.orderDigest(order);
        vm.prank(anna);
        trading.cancel(order);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.AlreadyCancelled.selector, digest));
        vm.prank(anna);
        trading.cancel(order);
    }

    function testCancelledOrderIsNotFilledFromNoticeOn(uint256 later) public conserving {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        uint256 openedAt = end(T()) + between(later, NOTICE, 2 * NOTICE);
        vm.warp(openedAt - NOTICE);
        vm.prank(anna);
        trading.cancel(order);
        bytes32 digest = trading.orderDigest(order);
        eq(trading.cancelledFrom(digest), openedAt, "effective from");
        Fill[] memory fills = bothSides(order);
        vm.warp(openedAt);
        refuses(fills, abi.encodeWithSelector(IEnergyTrading.OrderWasCancelled.selector, digest));
    }

    function testCancelledOrderIsFilledWithinNotice() public conserving {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        toSpot(T());
        vm.prank(anna);
        trading.cancel(order);
        vm.warp(end(T()) + NOTICE - 1);
        clear(spot(), T(), PRICE, bothSides(order));
    }

    function testClearingThatWasOpenFillsAfterNotice() public conserving {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        toSpot(T());
        vm.prank(anna);
        trading.cancel(order);
        open(spot(), T(), PRICE);
        Fill[] memory fills = bothSides(order);
        vm.warp(end(T()) + NOTICE + 1);
        fill(spot(), T(), fills);
        close(spot(), T());
    }

    function testOtherOrdersOfTheAccountStand() public conserving {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        vm.prank(anna);
        trading.cancel(order);
        toSpot(T());
        clear(spot(), T(), PRICE, bothSides(buyOf(ANNA, 1_001, PRICE)));
    }

    function testCancelAllChangesTheEpoch() public {
        Order memory before = buyOf(ANNA, 1_000, PRICE);
        vm.prank(anna);
        trading.cancelAll();
        (uint32 former, uint64 effectiveFrom) = trading.formerEpochOf(anna);
        eq(former, before.epoch, "former epoch");
        eq(effectiveFrom, T0 + NOTICE, "effective from");
        require(trading.accountOf(anna).epoch != before.epoch, "epoch did not change");
    }

    function testRefusesToCancelAllWhileOneIsPending(uint256 seconds_) public {
        vm.prank(anna);
        trading.cancelAll();
        vm.warp(T0 + seconds_ % NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.CancelPending.selector, anna, T0 + NOTICE));
        vm.prank(anna);
        trading.cancelAll();
    }

    function testFormerEpochIsNotFilledFromNoticeOn() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        Fill[] memory fills = bothSides(order);
        vm.warp(end(T()) - NOTICE);
        vm.prank(anna);
        trading.cancelAll();
        uint32 epoch = trading.accountOf(anna).epoch;
        toSpot(T());
        refuses(fills, abi.encodeWithSelector(IEnergyTrading.WrongEpoch.selector, anna, order.epoch, epoch));
    }

    function testFormerEpochIsFilledWithinNotice() public conserving {
        Fill[] memory fills = bothSides(buyOf(ANNA, 1_000, PRICE));
        vm.warp(end(T()) - NOTICE + 1);
        vm.prank(anna);
        trading.cancelAll();
        toSpot(T());
        clear(spot(), T(), PRICE, fills);
    }

    function testNewEpochIsFilled() public conserving {
        vm.prank(anna);
        trading.cancelAll();
        toSpot(T());
        clear(spot(), T(), PRICE, bothSides(buyOf(ANNA, 1_000, PRICE)));
    }

    function testEpochThatNeverWasIsNotFilled(uint32 epoch) public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        vm.assume(epoch != order.epoch);
        order.epoch = epoch;
        Fill[] memory fills = bothSides(order);
        toSpot(T());
        refuses(fills, abi.encodeWithSelector(IEnergyTrading.WrongEpoch.selector, anna, epoch, 0));
    }
}

contract CancelAtOnceTest is TradingTest {
    function noticeSeconds() internal pure override returns (uint32) {
        return 0;
    }

    function testWithoutNoticeCancellingCountsAtOnce() public {
        Order memory bid = buyOf(ANNA, 1_000, PRICE);
        Fill[] memory fills = list(fillOf(ANNA, bid, 100), fillOf(BEN, sellOf(BEN, 100, PRICE), 100));
        bytes32 digest = trading.orderDigest(bid);
        toSpot(T());
        vm.prank(bid.account);
        trading.cancel(bid);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.OrderWasCancelled.selector, digest));
        vm.prank(OPERATOR);
        trading.clear(spot(), T(), PRICE, 0, fills, new bytes[](0));
    }

    function testWithoutNoticeAnAccountMayCancelAllAgain() public {
        address anna = vm.addr(ANNA);
        vm.prank(anna);
        trading.cancelAll();
        uint32 first = trading.accountOf(anna).epoch;
        vm.prank(anna);
        trading.cancelAll();
        require(trading.accountOf(anna).epoch != first, "epoch did not change");
    }

    function testWithoutNoticeMoneyLeavesAtOnce() public conserving {
        address anna = vm.addr(ANNA);
        vm.prank(anna);
        trading.requestWithdrawal(5);
        vm.prank(anna);
        trading.withdraw(STRANGER);
        eq(token.balanceOf(STRANGER), 5, "paid");
    }
}
