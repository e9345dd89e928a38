// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title IClearingRules
/// @notice What a clearing asks the grid before it opens and before each chunk.
interface IClearingRules {
    /// @return stopped Whether nothing may be cleared, because readings stay away.
    /// @return island Whether the prices of an islanded community hold.
    function clearingRules() external view returns (bool stopped, bool island);
}
