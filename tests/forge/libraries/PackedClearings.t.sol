// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PackedBook, PackedClearing, PackedClearings} from "contracts/libraries/PackedClearings.sol";
import {BaseTest} from "../support/BaseTest.sol";

/// @dev Library calls are inlined; through an outer call their reverts can be expected.
contract ClearingCalls {
    function open(uint64 t, uint256 price) external view returns (PackedClearing) {
        return PackedClearings.open(t, price);
    }

    function withSums(PackedClearing clearing, uint256 held, uint256 surplus, uint256 positions)
        external
        pure
        returns (PackedClearing)
    {
        return clearing.withSums(held, surplus, positions);
    }
}

contract PackedClearingsTest is BaseTest {
    uint256 private constant HELD_MAX = type(uint72).max;
    uint256 private constant WH_MAX = type(uint40).max;
    uint256 private constant POSITIONS_MAX = type(uint24).max;
    uint256 private constant SUMS = (HELD_MAX << 84) | (WH_MAX << 156) | (POSITIONS_MAX << 196);

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

    function testSumsThatDoNotFitAreRefused(uint256 word, uint256 held, uint256 surplus, uint256 positions)
        public
    {
        PackedClearing clearing = PackedClearing.wrap(word);
        vm.assume(held > HELD_MAX && surplus > WH_MAX && positions > POSITIONS_MAX);
        vm.expectRevert(abi.encodeWithSelector(PackedClearings.HeldTooLarge.selector, held));
        calls.withSums(clearing, held, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(PackedClearings.SurplusTooLarge.selector, surplus));
        calls.withSums(clearing, 0, surplus, 0);
        vm.expectRevert(abi.encodeWithSelector(PackedClearings.TooManyPositions.selector, positions));
        calls.withSums(clearing, 0, 0, positions);
    }

    function testAClearingOpensNow(uint32 t, uint48 price, uint40 time) public {
        time = uint40(time % (1 << 36));
        vm.warp(time);
        PackedClearing clearing = calls.open(t, price);
        require(clearing.isOf(t) && !clearing.isOf(uint64(t) ^ 1), "is of");
        eq(clearing.interval(), t, "interval");
        eq(clearing.state(), PackedClearings.OPEN, "state");
        eq(clearing.price(), price, "price");
        eq(clearing.held(), 0, "held");
        eq(clearing.surplus(), 0, "surplus");
        eq(clearing.positions(), 0, "positions");
        eq(clearing.openedAt(), time, "opened at");
    }

    function testNoClearingIsOfNoInterval(uint64 t) public pure {
        require(!PackedClearing.wrap(0).isOf(t), "is of");
        eq(PackedClearing.wrap(0).state(), PackedClearings.NONE, "state");
    }

    function testSumsAreSetAlone(uint256 word, uint72 held, uint40 surplus, uint24 positions) public view {
        PackedClearing found = calls.withSums(PackedClearing.wrap(word), held, surplus, positions);
        eq(found.held(), held, "held");
        eq(found.surplus(), surplus, "surplus");
        eq(found.positions(), positions, "positions");
        eq(PackedClearing.unwrap(found) & ~SUMS, word & ~SUMS, "another field changed");
    }

    function testTheStateIsSetAlone(uint256 word, uint8 state) public pure {
        state = state % 3;
        PackedClearing found = PackedClearing.wrap(word).withState(state);
        eq(found.state(), state, "state");
        uint256 mask = ~(uint256(15) << 32);
        eq(PackedClearing.unwrap(found) & mask, word & mask, "another field changed");
    }

    function testABookKeepsItsRootAndOperator(bytes32 root, uint16 id, uint8 bit) public pure {
        PackedBook book = PackedClearings.packBook(root, id);
        eq(book.operatorId(), id, "operator");
        require(book.isRoot(root), "root");
        require(book.isRoot(root ^ bytes32(uint256(1) << bit)) == (bit < 16), "another root");
    }
}
