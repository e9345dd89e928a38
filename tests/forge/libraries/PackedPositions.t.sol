// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PackedPosition, PackedPositions} from "contracts/libraries/PackedPositions.sol";
import {BaseTest} from "../support/BaseTest.sol";

/// @dev Library calls are inlined; through an outer call their reverts can be expected.
contract PositionCalls {
    function orEmpty(PackedPosition position, uint64 t) external pure returns (PackedPosition) {
        return position.orEmpty(t);
    }

    function addSale(PackedPosition position, uint256 wh, uint256 micro)
        external
        pure
        returns (PackedPosition)
    {
        return position.addSale(wh, micro);
    }

    function addPurchase(PackedPosition position, uint256 wh, uint256 micro)
        external
        pure
        returns (PackedPosition)
    {
        return position.addPurchase(wh, micro);
    }

    function release(PackedPosition position, uint256 micro) external pure returns (PackedPosition) {
        return position.release(micro);
    }
}

contract PackedPositionsTest is BaseTest {
    uint256 private constant WH_MAX = (1 << 38) - 1;
    uint256 private constant MONEY_MAX = type(uint72).max;

    PositionCalls private calls;

    function setUp() public override {
        calls = new PositionCalls();
    }

    function testTooMuchEnergyIsRefused(uint256 word, uint256 wh) public {
        PackedPosition position = PackedPosition.wrap(word);
        uint256 sale = WH_MAX - position.sold() + 1 + wh % (1 << 200);
        vm.expectRevert(
            abi.encodeWithSelector(PackedPositions.PositionTooLarge.selector, position.sold() + sale)
        );
        calls.addSale(position, sale, 0);
        uint256 purchase = WH_MAX - position.bought() + 1 + wh % (1 << 200);
        vm.expectRevert(
            abi.encodeWithSelector(PackedPositions.PositionTooLarge.selector, position.bought() + purchase)
        );
        calls.addPurchase(position, purchase, 0);
    }

    function testTooMuchMoneyIsRefused(uint256 word, uint256 micro) public {
        PackedPosition position = PackedPosition.wrap(word);
        uint256 escrow = MONEY_MAX - position.escrow() + 1 + micro % (1 << 200);
        vm.expectRevert(
            abi.encodeWithSelector(PackedPositions.EscrowTooLarge.selector, position.escrow() + escrow)
        );
        calls.addSale(position, 0, escrow);
        uint256 paid = MONEY_MAX - position.paid() + 1 + micro % (1 << 200);
        vm.expectRevert(
            abi.encodeWithSelector(PackedPositions.PaymentTooLarge.selector, position.paid() + paid)
        );
        calls.addPurchase(position, 0, paid);
    }

    function testMoreThanTheEscrowIsRefused(uint256 word, uint256 micro) public {
        PackedPosition position = PackedPosition.wrap(word);
        vm.assume(micro > position.escrow());
        vm.expectRevert(
            abi.encodeWithSelector(PackedPositions.NotEnoughEscrow.selector, position.escrow(), micro)
        );
        calls.release(position, micro);
    }

    function testTooLateAnIntervalIsRefused(uint64 t) public {
        vm.assume(t > type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(PackedPositions.IntervalTooLarge.selector, t));
        calls.orEmpty(PackedPosition.wrap(0), t);
    }

    function testASlotOfAnotherIntervalIsEmpty(uint256 word, uint32 t) public view {
        PackedPosition position = PackedPosition.wrap(word);
        PackedPosition found = calls.orEmpty(position, t);
        bool same = uint32(word) == t;
        require(position.isOf(t) == (same && word != 0), "is of");
        eq(PackedPosition.unwrap(found), same ? word : t, "or empty");
        eq(found.interval(), t, "interval");
    }

    function testASaleAddsToItsFieldsAlone(uint256 word, uint256 wh, uint256 micro) public view {
        PackedPosition position = PackedPosition.wrap(word);
        wh = wh % (WH_MAX - position.sold() + 1);
        micro = micro % (MONEY_MAX - position.escrow() + 1);
        PackedPosition found = calls.addSale(position, wh, micro);
        eq(found.sold(), position.sold() + wh, "sold");
        eq(found.escrow(), position.escrow() + micro, "escrow");
        uint256 mask = ~((WH_MAX << 32) | (MONEY_MAX << 108));
        eq(PackedPosition.unwrap(found) & mask, word & mask, "another field changed");
    }

    function testAPurchaseAddsToItsFieldsAlone(uint256 word, uint256 wh, uint256 micro) public view {
        PackedPosition position = PackedPosition.wrap(word);
        wh = wh % (WH_MAX - position.bought() + 1);
        micro = micro % (MONEY_MAX - position.paid() + 1);
        PackedPosition found = calls.addPurchase(position, wh, micro);
        eq(found.bought(), position.bought() + wh, "bought");
        eq(found.paid(), position.paid() + micro, "paid");
        uint256 mask = ~((WH_MAX << 70) | (MONEY_MAX << 180));
        eq(PackedPosition.unwrap(found) & mask, word & mask, "another field changed");
    }

    function testAReleaseTakesFromTheEscrowAlone(uint256 word, uint256 micro) public view {
        PackedPosition position = PackedPosition.wrap(word);
        micro = micro % (position.escrow() + 1);
        PackedPosition found = calls.release(position, micro);
        eq(found.escrow(), position.escrow() - micro, "escrow");
        uint256 mask = ~(MONEY_MAX << 108);
        eq(PackedPosition.unwrap(found) & mask, word & mask, "another field changed");
    }
}
