// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PackedBook, PackedClearing, PackedClearings} from "contracts/libraries/PackedClearings.sol";
import {BaseTest} from "../support/BaseTest.sol";

/// @dev Library calls are inlined; through an outer call their reverts can be expected.
contract ClearingCalls {
    function open(uint64 t, uint256 price) external view returns (PackedClearing) {
        return PackedClearings.open(t, price);
    }

    function withSums(PackedClearing clearing, uint256 held, uint256 surplus)
        external
        pure
        returns (PackedClearing)
    {
        return clearing.withSums(held, surplus);
    }

    function addPurchase(PackedClearing clearing, uint256 wh, uint256 micro)
        external
        pure
        returns (PackedClearing)
    {
        return clearing.addPurchase(wh, micro);
    }

    function addSale(PackedClearing clearing, uint256 wh, uint256 micro)
        external
        pure
        returns (PackedClearing)
    {
        return clearing.addSale(wh, micro);
    }
}

contract PackedClearingsTest is BaseTest {
    uint256 private constant HELD_MAX = type(uint80).max;
    uint256 private constant WH_MAX = type(uint48).max;
    uint256 private constant SUMS = (HELD_MAX << 88) | (WH_MAX << 168);

    ClearingCalls private calls;

    function setUp() public override {
        calls = new ClearingCalls();
    }

    function testTooLateAnIntervalIsRefused(uint64 t) public {
        vm.assume(t > type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(PackedClearings.IntervalTooLarge.selector, t));
        calls.open(t, 1);
    }

    function testTooHighAPriceIsRefused(uint32 t, uint256 price) public {
        vm.assume(price > type(uint48).max);
        vm.expectRevert(abi.encodeWithSelector(PackedClearings.PriceTooLarge.selector, price));
        calls.open(t, price);
    }

    function testTooMuchHeldOrLeftOverIsRefused(uint256 word, uint256 held, uint256 surplus) public {
        PackedClearing clearing = PackedClearing.wrap(word);
        vm.assume(held > HELD_MAX && surplus > WH_MAX);
        vm.expectRevert(abi.encodeWithSelector(PackedClearings.HeldTooLarge.selector, held));
        calls.withSums(clearing, held, 0);
        vm.expectRevert(abi.encodeWithSelector(PackedClearings.SurplusTooLarge.selector, surplus));
        calls.withSums(clearing, 0, surplus);
    }

    function testNothingIsSoldThatWasNotBought(uint256 word, uint256 wh) public {
        PackedClearing clearing = PackedClearing.wrap(word);
        vm.assume(wh > clearing.surplus());
        vm.expectRevert(
            abi.encodeWithSelector(PackedClearings.SoldBeyondBought.selector, clearing.surplus(), wh)
        );
        calls.addSale(clearing, wh, 0);
    }

    function testNothingIsEscrowedThatWasNotPaid(uint256 word, uint256 micro) public {
        PackedClearing clearing = PackedClearing.wrap(word);
        vm.assume(micro > clearing.held());
        vm.expectRevert(
            abi.encodeWithSelector(PackedClearings.NotEnoughHeld.selector, clearing.held(), micro)
        );
        calls.addSale(clearing, 0, micro);
    }

    function testAClearingOpensNow(uint32 t, uint48 price, uint40 time) public {
        vm.warp(time);
        PackedClearing clearing = calls.open(t, price);
        require(clearing.isOf(t) && !clearing.isOf(uint64(t) ^ 1), "is of");
        eq(clearing.interval(), t, "interval");
        eq(clearing.state(), PackedClearings.OPEN, "state");
        eq(clearing.price(), price, "price");
        eq(clearing.held(), 0, "held");
        eq(clearing.surplus(), 0, "surplus");
        eq(clearing.openedAt(), time, "opened at");
    }

    function testNoClearingIsOfNoInterval(uint64 t) public pure {
        require(!PackedClearing.wrap(0).isOf(t), "is of");
        eq(PackedClearing.wrap(0).state(), PackedClearings.NONE, "state");
    }

    function testPurchasesAndSalesBalance(uint256 word, uint256 wh, uint256 micro) public view {
        PackedClearing clearing = PackedClearing.wrap(word);
        wh = wh % (WH_MAX - clearing.surplus() + 1);
        micro = micro % (HELD_MAX - clearing.held() + 1);
        PackedClearing found = calls.addPurchase(clearing, wh, micro);
        eq(found.surplus(), clearing.surplus() + wh, "surplus");
        eq(found.held(), clearing.held() + micro, "held");
        eq(PackedClearing.unwrap(found) & ~SUMS, word & ~SUMS, "another field changed");
        found = calls.addSale(found, wh, micro);
        eq(PackedClearing.unwrap(found), word, "sold again");
    }

    function testClosingHoldsNothing(uint256 word) public pure {
        PackedClearing found = PackedClearing.wrap(word).close();
        eq(found.state(), PackedClearings.CLOSED, "state");
        eq(found.held() + found.surplus(), 0, "sums");
        uint256 mask = ~(SUMS | (uint256(type(uint8).max) << 32));
        eq(PackedClearing.unwrap(found) & mask, word & mask, "another field changed");
    }

    function testABookKeepsItsRootAndOperator(bytes32 root, uint16 id, uint8 bit) public pure {
        PackedBook book = PackedClearings.packBook(root, id);
        eq(book.operatorId(), id, "operator");
        require(book.isRoot(root), "root");
        require(book.isRoot(root ^ bytes32(uint256(1) << bit)) == (bit < 16), "another root");
    }
}
