// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice The state of a clearing in one word, first field lowest: t 32, state 4, price 48, held 72, surplus 40,
/// positions 24, openedAt 36. A word of another interval is a stale slot of the ring.
/// @dev By hand, because the compiler writes a struct's fields one after the other, at 200 gas each.
type PackedClearing is uint256;

/// @notice What a clearing's operator answers for, in one word: operator id 16, then the book root's leading 240 bits
/// where they are. Zero after the operator was slashed for it.
type PackedBook is uint256;

using PackedClearings for PackedClearing global;
using PackedClearings for PackedBook global;

/// @title PackedClearings
/// @notice Reads and changes a clearing's words; a value that does not fit reverts.
library PackedClearings {
    error IntervalTooLarge(uint256 interval);
    error PriceTooLarge(uint256 priceMicroPerKwh);
    error HeldTooLarge(uint256 micro);
    error SurplusTooLarge(uint256 wh);
    error TooManyPositions(uint256 positions);

    uint8 internal constant NONE = 0;
    uint8 internal constant OPEN = 1;
    uint8 internal constant CLOSED = 2;

    uint256 private constant STATE = 32;
    uint256 private constant PRICE = 36;
    uint256 private constant HELD = 84;
    uint256 private constant SURPLUS = 156;
    uint256 private constant POSITIONS = 196;
    uint256 private constant OPENED_AT = 220;

    uint256 private constant INTERVAL_MAX = type(uint32).max;
    uint256 private constant STATE_MAX = (1 << 4) - 1;
    uint256 private constant PRICE_MAX = type(uint48).max;
    uint256 private constant HELD_MAX = type(uint72).max;
    uint256 private constant WH_MAX = type(uint40).max;
    uint256 private constant POSITIONS_MAX = type(uint24).max;
    /// @dev The part of a book's word that is not its root.
    uint256 private constant OPERATOR_MAX = type(uint16).max;

    // READING

    /// @notice Whether this is the clearing of that interval, not of an older one or of none.
    function isOf(PackedClearing clearing, uint64 t) internal pure returns (bool) {
        uint256 word = PackedClearing.unwrap(clearing);
        return word != 0 && uint32(word) == t;
    }

    /// @notice Whether this is the clearing of that interval, and closed.
    function isClosedOf(PackedClearing clearing, uint64 t) internal pure returns (bool) {
        unchecked {
            uint256 both = (1 << PRICE) - 1; // the state is next to the interval, which a sum leaves as it is
            return PackedClearing.unwrap(clearing) & both == uint256(t) + (uint256(CLOSED) << STATE);
        }
    }

    /// @notice The interval.
    function interval(PackedClearing clearing) internal pure returns (uint64) {
        return uint32(PackedClearing.unwrap(clearing));
    }

    /// @notice None, open or closed.
    function state(PackedClearing clearing) internal pure returns (uint8) {
        // forge-lint: disable-next-line(unsafe-typecast) four bits
        return uint8((PackedClearing.unwrap(clearing) >> STATE) & STATE_MAX);
    }

    /// @notice Micro-units per kWh.
    function price(PackedClearing clearing) internal pure returns (uint64) {
        return uint48(PackedClearing.unwrap(clearing) >> PRICE);
    }

    /// @notice Micro-units that buyers paid beyond what sellers' escrow took.
    function held(PackedClearing clearing) internal pure returns (uint256) {
        return (PackedClearing.unwrap(clearing) >> HELD) & HELD_MAX;
    }

    /// @notice Wh bought beyond what was sold.
    function surplus(PackedClearing clearing) internal pure returns (uint256) {
        return (PackedClearing.unwrap(clearing) >> SURPLUS) & WH_MAX;
    }

    /// @notice Accounts that bought or sold in it.
    function positions(PackedClearing clearing) internal pure returns (uint256) {
        return (PackedClearing.unwrap(clearing) >> POSITIONS) & POSITIONS_MAX;
    }

    /// @notice Unix seconds at which it was opened: the orders that stood then are its book.
    function openedAt(PackedClearing clearing) internal pure returns (uint256) {
        return PackedClearing.unwrap(clearing) >> OPENED_AT;
    }

    // CHANGING

    /// @notice A clearing that opens now.
    function open(uint64 t, uint256 priceMicroPerKwh) internal view returns (PackedClearing) {
        if (t > INTERVAL_MAX) revert IntervalTooLarge(t);
        if (priceMicroPerKwh > PRICE_MAX) revert PriceTooLarge(priceMicroPerKwh);
        // The time needs no check: thirty-six bits last for 2,000 years.
        return PackedClearing.wrap(
            uint256(t) | (uint256(OPEN) << STATE) | (priceMicroPerKwh << PRICE)
                | (block.timestamp << OPENED_AT)
        );
    }

    /// @notice Sets what is held, the surplus and the number of positions.
    function withSums(PackedClearing clearing, uint256 heldMicro, uint256 surplusWh, uint256 positions_)
        internal
        pure
        returns (PackedClearing)
    {
        if (heldMicro > HELD_MAX) revert HeldTooLarge(heldMicro);
        if (surplusWh > WH_MAX) revert SurplusTooLarge(surplusWh);
        if (positions_ > POSITIONS_MAX) revert TooManyPositions(positions_);
        uint256 sums = (HELD_MAX << HELD) | (WH_MAX << SURPLUS) | (POSITIONS_MAX << POSITIONS);
        uint256 word = PackedClearing.unwrap(clearing) & ~sums;
        return
            PackedClearing.wrap(
                word | (heldMicro << HELD) | (surplusWh << SURPLUS) | (positions_ << POSITIONS)
            );
    }

    /// @notice Sets the state.
    function withState(PackedClearing clearing, uint8 state_) internal pure returns (PackedClearing) {
        uint256 word = PackedClearing.unwrap(clearing) & ~(STATE_MAX << STATE);
        return PackedClearing.wrap(word | (uint256(state_) << STATE));
    }

    // BOOK

    /// @notice Packs the operator and the book he attests.
    function packBook(bytes32 root, uint16 operatorId_) internal pure returns (PackedBook) {
        return PackedBook.wrap((uint256(root) & ~OPERATOR_MAX) | operatorId_);
    }

    /// @notice Who answers for the clearing.
    function operatorId(PackedBook book) internal pure returns (uint16) {
        // forge-lint: disable-next-line(unsafe-typecast) exactly the lowest 16 bits
        return uint16(PackedBook.unwrap(book));
    }

    /// @notice Whether the book has that root, of which 240 bits count.
    function isRoot(PackedBook book, bytes32 root) internal pure returns (bool) {
        return (PackedBook.unwrap(book) ^ uint256(root)) & ~OPERATOR_MAX == 0;
    }
}
