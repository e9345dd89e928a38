// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title Money
/// @notice What energy costs: micro-units from Wh and micro-units per kWh, rounded against whoever moves.
library Money {
    /// @dev Wh in a kWh.
    uint256 private constant WH_PER_KWH = 1_000;
    /// @dev A whole in basis points.
    uint256 private constant BPS = 10_000;

    /// @notice What a buyer pays for `wh`, rounded up.
    function costUp(uint64 wh, uint64 priceMicroPerKwh) internal pure returns (uint256) {
        unchecked {
            return (uint256(wh) * priceMicroPerKwh + (WH_PER_KWH - 1)) / WH_PER_KWH; // below 2**128
        }
    }

    /// @notice What a seller gets for `wh` before the fee, rounded down.
    function proceedsDown(uint64 wh, uint64 priceMicroPerKwh) internal pure returns (uint256) {
        unchecked {
            return uint256(wh) * priceMicroPerKwh / WH_PER_KWH; // below 2**128
        }
    }

    /// @notice The fee on `micro`, rounded up.
    function feeUp(uint256 micro, uint256 bps) internal pure returns (uint256) {
        return (micro * bps + (BPS - 1)) / BPS;
    }

    /// @notice The share of `micro` that `part` of `whole` stands for, rounded down; all of it when nothing else is
    /// left, so that shares taken one after the other from what remains leave no dust.
    function shareDown(uint256 micro, uint256 part, uint256 whole) internal pure returns (uint256) {
        return part == whole ? micro : micro * part / whole;
    }
}
