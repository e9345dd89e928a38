// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Balance, BalanceLeaf} from "../interfaces/IGridBalancing.sol";

/// @notice A Balance in one word, first field lowest: through 32, boundedFrom 32, moved 80, promised 56, delivered 56.
type PackedBalance is uint256;

using PackedBalances for PackedBalance global;

/// @title PackedBalances
/// @notice What was settled of an account, and the leaf that says what is due.
library PackedBalances {
    uint256 private constant BOUNDED_FROM = 32;
    uint256 private constant MOVED = 64;
    uint256 private constant PROMISED = 144;
    uint256 private constant DELIVERED = 200;
    uint256 private constant MOVED_MAX = type(uint80).max;

    /// @notice Leaf of the balancing tree. Hashed twice, so that no inner node of a tree can pass for a leaf.
    function leafOf(BalanceLeaf calldata leaf) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(abi.encode(leaf.account, leaf.cumulativeMicro, leaf.promisedWh, leaf.deliveredWh))
            )
        );
    }

    /// @notice The balance of an account that was never settled.
    function start(uint256 interval) internal pure returns (PackedBalance) {
        return PackedBalance.wrap(interval | (interval << BOUNDED_FROM));
    }

    /// @notice Whether the balance after `leaf` fits its fields.
    function fits(BalanceLeaf calldata leaf) internal pure returns (bool) {
        int256 micro = leaf.cumulativeMicro;
        // forge-lint: disable-next-line(unsafe-typecast) what the comparison is to find out
        return
            int80(micro) == micro && leaf.promisedWh <= type(uint56).max
                && leaf.deliveredWh <= type(uint56).max;
    }

    /// @notice The balance after `leaf` of `interval` was settled whole; only for a leaf that fits.
    function pack(BalanceLeaf calldata leaf, uint64 interval) internal pure returns (PackedBalance) {
        // Intervals of a report fit 32 bits, see PackedMetas.
        return PackedBalance.wrap(
            interval | (uint256(interval) << BOUNDED_FROM) | _moved(leaf.cumulativeMicro)
                | (uint256(leaf.promisedWh) << PROMISED) | (uint256(leaf.deliveredWh) << DELIVERED)
        );
    }

    /// @notice The same while `leftMicro` of the money is still due, and intervals after `from` count for it.
    function leaving(PackedBalance balance, uint256 from, int256 leftMicro)
        internal
        pure
        returns (PackedBalance)
    {
        uint256 word = PackedBalance.unwrap(balance);
        uint256 kept = word & ~((uint256(type(uint32).max) << BOUNDED_FROM) | (MOVED_MAX << MOVED));
        return PackedBalance.wrap(kept | (from << BOUNDED_FROM) | _moved(balance.movedMicro() - leftMicro));
    }

    function through(PackedBalance balance) internal pure returns (uint256) {
        return uint32(PackedBalance.unwrap(balance));
    }

    function boundedFrom(PackedBalance balance) internal pure returns (uint256) {
        return uint32(PackedBalance.unwrap(balance) >> BOUNDED_FROM);
    }

    function movedMicro(PackedBalance balance) internal pure returns (int256) {
        // forge-lint: disable-next-line(unsafe-typecast) exactly these 80 bits
        return int80(uint80(PackedBalance.unwrap(balance) >> MOVED));
    }

    /// @notice All fields.
    function unpack(PackedBalance balance) internal pure returns (Balance memory) {
        uint256 word = PackedBalance.unwrap(balance);
        return Balance({
            through: uint32(word),
            boundedFrom: uint32(word >> BOUNDED_FROM),
            // forge-lint: disable-next-line(unsafe-typecast) exactly these 80 bits
            movedMicro: int80(uint80(word >> MOVED)),
            promisedWh: uint56(word >> PROMISED),
            deliveredWh: uint56(word >> DELIVERED)
        });
    }

    /// @dev The money in its place.
    function _moved(int256 micro) private pure returns (uint256) {
        // forge-lint: disable-next-line(unsafe-typecast) two's complement: its low bits are the number
        return (uint256(micro) & MOVED_MAX) << MOVED;
    }
}
