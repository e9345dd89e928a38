// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title Certificates
/// @notice The token id of certified energy: simulated or real, source, UTC day.
library Certificates {
    /// @notice The vintage of energy whose day cannot be told any more.
    uint256 internal constant UNKNOWN_DAY = type(uint32).max;

    uint256 private constant SIMULATED = 1 << 40;
    uint256 private constant SOURCE_SHIFT = 32;

    /// @notice Token id of energy from `source` on `day`, of which 32 bits count.
    function idOf(bool simulated, uint8 source, uint256 day) internal pure returns (uint256) {
        // forge-lint: disable-next-line(unsafe-typecast) days fill 32 bits in 11 million years
        return (simulated ? SIMULATED : 0) | (uint256(source) << SOURCE_SHIFT) | uint32(day);
    }

    /// @notice Energy source in a token id.
    function sourceOf(uint256 id) internal pure returns (uint8) {
        // forge-lint: disable-next-line(unsafe-typecast) the source is exactly bits 32 to 39
        return uint8(id >> SOURCE_SHIFT);
    }

    /// @notice Whether a token id stands for energy of a simulated meter.
    function isSimulated(uint256 id) internal pure returns (bool) {
        return id & SIMULATED != 0;
    }
}
