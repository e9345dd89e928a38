// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title MeterSignatures
/// @notice Signatures of meters' keys on either curve. A key is known by 20 bytes: an address for secp256k1, the last
/// 20 bytes of keccak256(0x01 ‖ x ‖ y) for P-256.
/// @dev P-256 uses the precompile at 0x100 (6,900 gas) and OpenZeppelin's Solidity where there is none.
library MeterSignatures {
    /// @dev Bytes of x ‖ y ‖ r ‖ s.
    uint256 private constant P256_LENGTH = 128;

    /// @notice The key that signed `digest`; zero for anything that is no valid signature with low s.
    /// @param signature r ‖ s ‖ v (65 bytes) of secp256k1, or x ‖ y ‖ r ‖ s (128 bytes) of P-256.
    function signerOf(bytes32 digest, bytes calldata signature) internal view returns (address signer) {
        if (signature.length == P256_LENGTH) {
            (bytes32 x, bytes32 y, bytes32 r, bytes32 s) =
                abi.decode(signature, (bytes32, bytes32, bytes32, bytes32));
            return P256.verify(digest, r, s, x, y) ? keyOf(x, y) : address(0);
        }
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }

    /// @notice What stands for a P-256 key. The leading byte keeps it apart from a secp256k1 key's address.
    function keyOf(bytes32 x, bytes32 y) internal pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast) the last 20 bytes, as an address
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0x01), x, y)))));
    }
}
