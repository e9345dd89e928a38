// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {CategoryTotals, ConsumptionLeaf} from "../interfaces/IEnergyConsumption.sol";
import {Claim} from "../interfaces/IEnergyProduction.sol";
import {MeterReading, Registration} from "../interfaces/IRegistry.sol";
import {Report} from "../interfaces/IReports.sol";

/// @title Messages
/// @notice EIP-712 struct hashes of everything that is signed, and the hashes of the leaves that are proved.
library Messages {
    bytes32 internal constant READING_TYPEHASH = keccak256(
        "MeterReading(bytes32 meterId,uint64 seq,uint64 timestamp,uint32 periodSeconds,uint64 importWh,uint64 exportWh,uint64 generatedWh,uint32 flags)"
    );
    bytes32 internal constant REGISTRATION_TYPEHASH = keccak256(
        "Registration(bytes32 meterId,address account,uint64 nonce,uint64 timestamp,uint64 importWh,uint64 exportWh,uint64 generatedWh)"
    );
    bytes32 internal constant KEY_ROTATION_TYPEHASH =
        keccak256("KeyRotation(bytes32 meterId,address key,uint64 validFromInterval)");
    bytes32 internal constant REPORT_TYPEHASH = keccak256(
        "Report(uint64 interval,bytes32 previous,bytes32 root,bytes32 dataHash,uint64 totalWh,uint32 count)"
    );

    bytes32 internal constant CATEGORY_TOTALS_TYPEHASH =
        keccak256("CategoryTotals(uint64 interval,uint64[3] importWh,uint32[3] meters)");

    // The words of a static struct lie in calldata as they are hashed. Bits beyond a field's width make another hash
    // than anybody signs or proves; who reads the field has its width checked.

    function hash(MeterReading calldata r) internal pure returns (bytes32 digest) {
        bytes32 typeHash = READING_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 32), r, 256)
            digest := keccak256(words, 288)
        }
    }

    function hash(Registration calldata r) internal pure returns (bytes32 digest) {
        bytes32 typeHash = REGISTRATION_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 32), r, 224)
            digest := keccak256(words, 256)
        }
    }

    function hash(Report calldata r) internal pure returns (bytes32 digest) {
        bytes32 typeHash = REPORT_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 32), r, 192)
            digest := keccak256(words, 224)
        }
    }

    /// @dev An array is hashed as its elements, a word each.
    function hash(CategoryTotals calldata t) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                CATEGORY_TOTALS_TYPEHASH,
                t.interval,
                keccak256(abi.encode(t.importWh)),
                keccak256(abi.encode(t.meters))
            )
        );
    }

    function keyRotation(bytes32 meterId, address key, uint64 validFromInterval)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(KEY_ROTATION_TYPEHASH, meterId, key, validFromInterval));
    }

    /// @notice Leaf of the production tree. Hashed twice, so that no inner node of a tree can pass for a leaf.
    function productionLeaf(bytes32 meterId, uint64 seq, uint64 timestamp, uint32 flags, uint64 generatedWh)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            bytes.concat(keccak256(abi.encode(meterId, seq, timestamp, flags, generatedWh, bytes32(0))))
        );
    }

    /// @notice Leaf of the consumption tree; the salt keeps a household's registers from being guessed.
    function consumptionLeaf(
        bytes32 meterId,
        uint64 seq,
        uint64 timestamp,
        uint32 flags,
        uint64 importWh,
        uint64 exportWh,
        bytes32 salt
    ) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(keccak256(abi.encode(meterId, seq, timestamp, flags, importWh, exportWh, salt)))
        );
    }

    /// @notice `productionLeaf` of a claim in calldata.
    function leaf(Claim calldata c) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, c, 160)
            mstore(add(words, 160), 0)
            mstore(0, keccak256(words, 192))
            digest := keccak256(0, 32)
        }
    }

    /// @notice `consumptionLeaf` of a leaf in calldata.
    function leaf(ConsumptionLeaf calldata c) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, c, 224)
            mstore(0, keccak256(words, 224))
            digest := keccak256(0, 32)
        }
    }
}
