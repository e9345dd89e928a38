// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookEntry} from "../interfaces/IClearingCourt.sol";

/// @title Books
/// @notice The tree of sorted pairs over what a clearing operator attests.
/// @dev As OpenZeppelin's MerkleProof, without the bounds checks of calldata that the loop makes needless: they are
/// half of what a proof costs.
library Books {
    /// @notice The root that a proof leads to from an entry's leaf, keccak256(keccak256(entry)).
    /// @dev The words of a static struct lie in calldata as they are hashed.
    function rootOf(BookEntry calldata entry, bytes32[] calldata proof) internal pure returns (bytes32 node) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, entry, 128)
            mstore(0, keccak256(words, 128))
            node := keccak256(0, 32)
            if proof.length {
                let at := proof.offset
                let end := add(at, shl(5, proof.length))
                for {} 1 {} {
                    let sibling := calldataload(at)
                    let place := shl(5, gt(node, sibling)) // the smaller one comes first
                    mstore(place, node)
                    mstore(xor(place, 32), sibling)
                    node := keccak256(0, 64)
                    at := add(at, 32)
                    if iszero(lt(at, end)) { break }
                }
            }
        }
    }
}
