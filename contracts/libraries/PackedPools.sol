// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice Certificates in a bundle's pool, in one word: Wh of sources 0 to 5, 42 bits each, first source lowest.
type PackedPool is uint256;

/// @notice How far a bundle is, in one word, first field lowest: settledWh 48, takenWh 48, refundMicro 80.
type PackedBundle is uint256;

using PackedPools for PackedPool global;
using PackedPools for PackedBundle global;

/// @title PackedPools
/// @notice Reads and changes a bundle's two words; a value that does not fit reverts.
library PackedPools {
    error PoolTooLarge(uint8 source, uint256 wh);
    error BundleTooLarge(uint256 wh);
    error RefundTooLarge(uint256 micro);

    /// @notice How many sources there are.
    uint8 internal constant SOURCES = 6;

    uint256 private constant POOL_WIDTH = 42;
    uint256 private constant POOL_MAX = (1 << POOL_WIDTH) - 1;
    uint256 private constant TAKEN = 48;
    uint256 private constant REFUND = 96;
    uint256 private constant WH_MAX = type(uint48).max;
    uint256 private constant REFUND_MAX = type(uint80).max;

    // POOL

    /// @notice Wh of a source, below 6.
    function whOf(PackedPool pool, uint8 source) internal pure returns (uint256) {
        return (PackedPool.unwrap(pool) >> (source * POOL_WIDTH)) & POOL_MAX;
    }

    /// @notice Sets the Wh of a source, below 6.
    function withWh(PackedPool pool, uint8 source, uint256 wh) internal pure returns (PackedPool) {
        if (wh > POOL_MAX) revert PoolTooLarge(source, wh);
        uint256 shift = source * POOL_WIDTH;
        return PackedPool.wrap((PackedPool.unwrap(pool) & ~(POOL_MAX << shift)) | (wh << shift));
    }

    // BUNDLE

    /// @notice Wh delivered by sellers, or reclaimed from them.
    function settled(PackedBundle bundle) internal pure returns (uint256) {
        return PackedBundle.unwrap(bundle) & WH_MAX;
    }

    /// @notice Wh of buyers who took their share.
    function taken(PackedBundle bundle) internal pure returns (uint256) {
        return (PackedBundle.unwrap(bundle) >> TAKEN) & WH_MAX;
    }

    /// @notice Micro-units reclaimed and not taken yet.
    function refund(PackedBundle bundle) internal pure returns (uint256) {
        return (PackedBundle.unwrap(bundle) >> REFUND) & REFUND_MAX;
    }

    /// @notice Packs all fields.
    function pack(uint256 settledWh, uint256 takenWh, uint256 refundMicro)
        internal
        pure
        returns (PackedBundle)
    {
        if (settledWh > WH_MAX) revert BundleTooLarge(settledWh);
        if (takenWh > WH_MAX) revert BundleTooLarge(takenWh);
        if (refundMicro > REFUND_MAX) revert RefundTooLarge(refundMicro);
        return PackedBundle.wrap(settledWh | (takenWh << TAKEN) | (refundMicro << REFUND));
    }
}
