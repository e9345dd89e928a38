// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title Intervals
/// @notice Arithmetic of settlement intervals and certificate days.
/// @dev Interval t covers (t*L, (t+1)*L]: a reading stamped exactly at a slot's end belongs to the slot that ends.
library Intervals {
    uint256 internal constant DAY = 1 days;

    /// @notice The interval that a timestamp belongs to; time zero belongs to interval zero.
    function intervalOf(uint256 timestamp, uint256 intervalSeconds) internal pure returns (uint256) {
        return timestamp == 0 ? 0 : (timestamp - 1) / intervalSeconds;
    }

    /// @notice The last second of interval `t`, and the first at which it may be reported.
    function endOf(uint64 t, uint256 intervalSeconds) internal pure returns (uint256) {
        unchecked {
            return (uint256(t) + 1) * intervalSeconds; // an interval is at most a day long
        }
    }

    /// @notice The UTC day a timestamp belongs to; midnight closes the day before.
    function dayOf(uint256 timestamp) internal pure returns (uint256) {
        return timestamp == 0 ? 0 : (timestamp - 1) / DAY;
    }
}
