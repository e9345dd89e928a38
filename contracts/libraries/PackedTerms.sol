// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice How much of an order is filled, and the order's terms, in one word, highest first: side 8, wh 40, capWh 64,
/// limitPriceMicroPerKwh 48, fromInterval 32, count 32, epoch 32.
/// @dev By hand, because a word of calldata for each costs an operator more than the rest of a fill's bookkeeping.
type PackedTerms is uint256;

using PackedTermsLib for PackedTerms global;

/// @title PackedTermsLib
/// @notice Reads the terms of a fill.
library PackedTermsLib {
    uint256 private constant SIDE = 248;
    uint256 private constant WH = 208;
    uint256 private constant CAP = 144;
    uint256 private constant LIMIT = 96;
    uint256 private constant FROM = 64;
    uint256 private constant COUNT = 32;

    /// @notice Packs terms; for operators and tests.
    function pack(
        uint8 side_,
        uint40 wh_,
        uint64 capWh_,
        uint48 limit_,
        uint32 from_,
        uint32 count_,
        uint32 epoch_
    ) internal pure returns (PackedTerms) {
        return PackedTerms.wrap(
            (uint256(side_) << SIDE) | (uint256(wh_) << WH) | (uint256(capWh_) << CAP)
                | (uint256(limit_) << LIMIT) | (uint256(from_) << FROM) | (uint256(count_) << COUNT) | epoch_
        );
    }

    /// @notice Buy 0, sell 1; anything else is neither.
    function side(PackedTerms terms) internal pure returns (uint256) {
        return PackedTerms.unwrap(terms) >> SIDE;
    }

    /// @notice Wh filled.
    function wh(PackedTerms terms) internal pure returns (uint256) {
        return uint40(PackedTerms.unwrap(terms) >> WH);
    }

    /// @notice The order's cap in Wh.
    function capWh(PackedTerms terms) internal pure returns (uint256) {
        return uint64(PackedTerms.unwrap(terms) >> CAP);
    }

    /// @notice The order's limit price in micro-units per kWh.
    function limit(PackedTerms terms) internal pure returns (uint256) {
        return uint48(PackedTerms.unwrap(terms) >> LIMIT);
    }

    /// @notice The order's first interval.
    function from(PackedTerms terms) internal pure returns (uint256) {
        return uint32(PackedTerms.unwrap(terms) >> FROM);
    }

    /// @notice How many intervals the order stands for.
    function count(PackedTerms terms) internal pure returns (uint256) {
        return uint32(PackedTerms.unwrap(terms) >> COUNT);
    }

    /// @notice The order's epoch.
    function epoch(PackedTerms terms) internal pure returns (uint256) {
        return uint32(PackedTerms.unwrap(terms));
    }
}
