// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice What was claimed for a meter, in one word: register, sequence number, time and the interval of the report,
/// 64 bits each, first field lowest.
/// @dev By hand, because the compiler writes a struct's fields one after the other, at 200 gas each.
type PackedClaim is uint256;

using PackedClaims for PackedClaim global;

/// @title PackedClaims
/// @notice Packs and reads what was claimed for a meter.
library PackedClaims {
    uint256 private constant SEQ = 64;
    uint256 private constant TIME = 128;
    uint256 private constant INTERVAL = 192;

    function pack(uint64 wh_, uint64 seq_, uint64 timestamp_, uint64 interval_)
        internal
        pure
        returns (PackedClaim)
    {
        return PackedClaim.wrap(
            uint256(wh_) | (uint256(seq_) << SEQ) | (uint256(timestamp_) << TIME)
                | (uint256(interval_) << INTERVAL)
        );
    }

    /// @notice The generation register that was claimed, Wh.
    function wh(PackedClaim claim) internal pure returns (uint64) {
        return uint64(PackedClaim.unwrap(claim));
    }

    /// @notice Zero says: nothing was claimed yet, the opening registers hold.
    function seq(PackedClaim claim) internal pure returns (uint64) {
        return uint64(PackedClaim.unwrap(claim) >> SEQ);
    }

    /// @notice Unix seconds.
    function timestamp(PackedClaim claim) internal pure returns (uint64) {
        return uint64(PackedClaim.unwrap(claim) >> TIME);
    }

    /// @notice The interval of the report it was claimed from.
    function interval(PackedClaim claim) internal pure returns (uint64) {
        return uint64(PackedClaim.unwrap(claim) >> INTERVAL);
    }
}
