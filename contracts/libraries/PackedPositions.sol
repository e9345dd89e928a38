// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice What an account sold and bought in (market, t), in one word, first field lowest: t 32, sold 38, bought 38,
/// escrow 72, paid 72. A word of another interval is a stale slot of the ring.
/// @dev By hand, because the compiler writes a struct's fields one after the other, at 200 gas each.
type PackedPosition is uint256;

using PackedPositions for PackedPosition global;

/// @title PackedPositions
/// @notice Reads and changes a position's word; a value that does not fit reverts.
library PackedPositions {
    error PositionTooLarge(uint256 wh);
    error EscrowTooLarge(uint256 micro);
    error PaymentTooLarge(uint256 micro);
    error NotEnoughEscrow(uint256 escrowMicro, uint256 neededMicro);
    error IntervalTooLarge(uint256 interval);

    /// @notice The most Wh a position holds on either side.
    uint256 internal constant WH_MAX = (1 << 38) - 1;

    uint256 private constant SOLD = 32;
    uint256 private constant BOUGHT = 70;
    uint256 private constant ESCROW = 108;
    uint256 private constant PAID = 180;

    uint256 private constant INTERVAL_MAX = type(uint32).max;
    uint256 private constant MONEY_MAX = type(uint72).max;

    // READING

    /// @notice Whether this is the position of that interval, not of an older one or of none.
    function isOf(PackedPosition position, uint64 t) internal pure returns (bool) {
        uint256 word = PackedPosition.unwrap(position);
        return word != 0 && uint32(word) == t;
    }

    /// @notice As `isOf`, where it is known that `t` is not zero.
    function isAt(PackedPosition position, uint256 t) internal pure returns (bool) {
        return uint32(PackedPosition.unwrap(position)) == t;
    }

    /// @notice The position of interval `t`: this one, or an empty one where the slot is stale.
    function orEmpty(PackedPosition position, uint64 t) internal pure returns (PackedPosition) {
        if (isOf(position, t)) return position;
        if (t > INTERVAL_MAX) revert IntervalTooLarge(t);
        return PackedPosition.wrap(t);
    }

    /// @notice The interval.
    function interval(PackedPosition position) internal pure returns (uint64) {
        return uint32(PackedPosition.unwrap(position));
    }

    /// @notice Wh sold.
    function sold(PackedPosition position) internal pure returns (uint256) {
        return (PackedPosition.unwrap(position) >> SOLD) & WH_MAX;
    }

    /// @notice Wh bought.
    function bought(PackedPosition position) internal pure returns (uint256) {
        return (PackedPosition.unwrap(position) >> BOUGHT) & WH_MAX;
    }

    /// @notice Micro-units of proceeds that wait for settlement or delivery.
    function escrow(PackedPosition position) internal pure returns (uint256) {
        return (PackedPosition.unwrap(position) >> ESCROW) & MONEY_MAX;
    }

    /// @notice Micro-units paid for what was bought.
    function paid(PackedPosition position) internal pure returns (uint256) {
        return (PackedPosition.unwrap(position) >> PAID) & MONEY_MAX;
    }

    // CHANGING

    /// @notice Adds a sale and the proceeds held for it.
    function addSale(PackedPosition position, uint256 wh, uint256 micro)
        internal
        pure
        returns (PackedPosition)
    {
        uint256 sum = sold(position) + wh;
        if (sum > WH_MAX) revert PositionTooLarge(sum);
        uint256 money = escrow(position) + micro;
        if (money > MONEY_MAX) revert EscrowTooLarge(money);
        unchecked {
            // Both fields hold their sums.
            return PackedPosition.wrap(PackedPosition.unwrap(position) + (wh << SOLD) + (micro << ESCROW));
        }
    }

    /// @notice Adds a purchase and what was paid for it.
    function addPurchase(PackedPosition position, uint256 wh, uint256 micro)
        internal
        pure
        returns (PackedPosition)
    {
        uint256 sum = bought(position) + wh;
        if (sum > WH_MAX) revert PositionTooLarge(sum);
        uint256 money = paid(position) + micro;
        if (money > MONEY_MAX) revert PaymentTooLarge(money);
        unchecked {
            // Both fields hold their sums.
            return PackedPosition.wrap(PackedPosition.unwrap(position) + (wh << BOUGHT) + (micro << PAID));
        }
    }

    /// @notice Takes money out of the escrow; reverts where there is too little.
    function release(PackedPosition position, uint256 micro) internal pure returns (PackedPosition) {
        uint256 had = escrow(position);
        if (micro > had) revert NotEnoughEscrow(had, micro);
        unchecked {
            return PackedPosition.wrap(PackedPosition.unwrap(position) - (micro << ESCROW)); // not below zero
        }
    }
}
