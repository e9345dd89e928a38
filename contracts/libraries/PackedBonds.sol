// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice What a clearing operator stakes, in one word, first field lowest: bond 80, unbondableFrom 40, barred 1.
/// @dev By hand, because the compiler writes a struct's fields one after the other, at 200 gas each.
type PackedBond is uint256;

using PackedBonds for PackedBond global;

/// @title PackedBonds
/// @notice Reads and changes an operator's word; a value that does not fit reverts.
library PackedBonds {
    error BondTooLarge(uint256 bondMicro);

    uint256 private constant UNBONDABLE_FROM = 80;
    uint256 private constant BOND_MAX = type(uint80).max;
    uint256 private constant TIME_MAX = type(uint40).max;
    uint256 private constant BARRED = 1 << 120;

    /// @notice Micro-units at stake.
    function bond(PackedBond word) internal pure returns (uint256) {
        return PackedBond.unwrap(word) & BOND_MAX;
    }

    /// @notice Unix seconds from which the bond may be taken out; zero while that was not asked for.
    function unbondableFrom(PackedBond word) internal pure returns (uint256) {
        return (PackedBond.unwrap(word) >> UNBONDABLE_FROM) & TIME_MAX;
    }

    /// @notice Whether the operator was slashed and not readmitted since.
    function barred(PackedBond word) internal pure returns (bool) {
        return PackedBond.unwrap(word) & BARRED != 0;
    }

    /// @notice Sets what is at stake.
    function withBond(PackedBond word, uint256 micro) internal pure returns (PackedBond) {
        if (micro > BOND_MAX) revert BondTooLarge(micro);
        return PackedBond.wrap((PackedBond.unwrap(word) & ~BOND_MAX) | micro);
    }

    /// @notice Sets from when the bond may be taken out. The time needs no check: forty bits last for 34,000 years.
    function withUnbondableFrom(PackedBond word, uint256 time) internal pure returns (PackedBond) {
        uint256 cleared = PackedBond.unwrap(word) & ~(TIME_MAX << UNBONDABLE_FROM);
        return PackedBond.wrap(cleared | (time << UNBONDABLE_FROM));
    }

    /// @notice Takes of the bond, no more than there is, and bars the operator.
    function slashed(PackedBond word, uint256 micro) internal pure returns (PackedBond) {
        unchecked {
            return PackedBond.wrap((PackedBond.unwrap(word) - micro) | BARRED);
        }
    }

    /// @notice Admits the operator again.
    function admitted(PackedBond word) internal pure returns (PackedBond) {
        return PackedBond.wrap(PackedBond.unwrap(word) & ~BARRED);
    }
}
