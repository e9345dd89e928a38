// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice The first slot of a registered meter as it lies in storage: account, kind, source, category, simulated,
/// suspended, frozenThrough, first field lowest. All that a mint needs to know, in one word.
type PackedMeter is uint256;

using PackedMeters for PackedMeter global;

/// @title PackedMeters
/// @notice Reads the fields of a PackedMeter.
library PackedMeters {
    uint256 private constant SOURCE = 168;
    uint256 private constant SIMULATED = 184;
    uint256 private constant SUSPENDED = 192;
    uint256 private constant FROZEN_THROUGH = 200;

    /// @notice Receives the certificates.
    function account(PackedMeter meter) internal pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast) the lowest 20 bytes
        return address(uint160(PackedMeter.unwrap(meter)));
    }

    /// @notice Energy source.
    function source(PackedMeter meter) internal pure returns (uint8) {
        return uint8(PackedMeter.unwrap(meter) >> SOURCE);
    }

    /// @notice Whether the meter measures no real energy.
    function simulated(PackedMeter meter) internal pure returns (bool) {
        return uint8(PackedMeter.unwrap(meter) >> SIMULATED) != 0;
    }

    /// @notice Whether the meter's energy is not certified now.
    function suspended(PackedMeter meter) internal pure returns (bool) {
        return uint8(PackedMeter.unwrap(meter) >> SUSPENDED) != 0;
    }

    /// @notice Leaves of reports up to this interval are frozen by a dispute.
    function frozenThrough(PackedMeter meter) internal pure returns (uint64) {
        return uint32(PackedMeter.unwrap(meter) >> FROZEN_THROUGH);
    }
}
