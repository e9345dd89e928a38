// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MeterReading, Registration} from "contracts/interfaces/IRegistry.sol";
import {Report} from "contracts/interfaces/IReports.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {JsonTest} from "./support/JsonTest.sol";

/// @notice The files in protocol/vectors mean the same to the contracts as to every other party.
contract VectorsTest is JsonTest {
    function reading() private view returns (MeterReading memory) {
        return MeterReading(
            word("meterId"),
            uint64(number("seq")),
            uint64(number("timestamp")),
            uint32(number("periodSeconds")),
            uint64(number("importWh")),
            uint64(number("exportWh")),
            uint64(number("generatedWh")),
            uint32(number("flags"))
        );
    }

    function testReadings() public {
        open("readings");
        bytes32 separator = vm.parseJsonBytes32(json, ".domain.separator");
        uint256 i;
        for (; step("cases", i); ++i) {
            bytes32 structHash = this.hashReading(reading());
            eq(structHash, word("structHash"), "struct hash");
            eq(digestOf(separator, structHash), word("digest"), "digest");
            bytes memory signature = vm.parseJsonBytes(json, key("signature"));
            eq(ECDSA.recover(word("digest"), signature), vm.parseJsonAddress(json, key("signer")), "signer");
        }
        require(i > 0, "no cases");
    }

    function testWrongReadingsAreNotTheirMeters() public {
        open("readings");
        bytes32 separator = vm.parseJsonBytes32(json, ".domain.separator");
        uint256 checked;
        for (uint256 i; step("wrong", i); ++i) {
            if (keccak256(bytes(vm.parseJsonString(json, key("refusal")))) == keccak256("malformed")) {
                continue;
            }
            bytes memory record = vm.parseJsonBytes(json, key("record"));
            MeterReading memory r = this.parse(record);
            bytes32 digest = digestOf(separator, this.hashReading(r));
            (address signer,,) = ECDSA.tryRecover(digest, this.signatureOf(record));
            require(signer != signerOf(r.meterId), "a wrong reading passed");
            ++checked;
        }
        require(checked > 0, "no cases");
    }

    /// @dev The signer that the right cases name for a meter.
    function signerOf(bytes32 id) private returns (address) {
        for (uint256 i; step("cases", i); ++i) {
            if (word("meterId") == id) return vm.parseJsonAddress(json, key("signer"));
        }
        revert("a wrong case of a meter without a right one");
    }

    function testTheDomainIsTheRegistrys() public {
        open("readings");
        vm.chainId(vm.parseJsonUint(json, ".domain.chainId"));
        address stated = vm.parseJsonAddress(json, ".domain.verifyingContract");
        vm.etch(stated, address(registry).code);
        // at a foreign address the cached separator does not hold and is computed anew
        eq(SeparatorOf(stated).domainSeparator(), vm.parseJsonBytes32(json, ".domain.separator"), "separator");
    }

    function testRegistrations() public {
        open("registrations");
        bytes32 separator = vm.parseJsonBytes32(json, ".domain.separator");
        uint256 i;
        for (; step("cases", i); ++i) {
            Registration memory r = Registration(
                word("meterId"),
                vm.parseJsonAddress(json, key("account")),
                uint64(number("nonce")),
                uint64(number("timestamp")),
                uint64(number("importWh")),
                uint64(number("exportWh")),
                uint64(number("generatedWh"))
            );
            bytes32 digest = digestOf(separator, this.hashRegistration(r));
            eq(digest, word("digest"), "digest");
            address signer = ECDSA.recover(digest, vm.parseJsonBytes(json, key("signature")));
            eq(signer, vm.parseJsonAddress(json, key("signer")), "signer");
            eq(keccak256(abi.encode(signer, r.nonce)), r.meterId, "meter id");
        }
        require(i > 0, "no cases");
    }

    function testReports() public {
        open("reports");
        uint256 i;
        for (; step("cases", i); ++i) {
            Report memory r = Report(
                uint64(number("interval")),
                word("previous"),
                word("root"),
                word("dataHash"),
                uint64(number("totalWh")),
                uint32(number("count"))
            );
            bytes32 digest = digestOf(word("domain.separator"), this.hashReport(r));
            eq(digest, word("digest"), "digest");
            for (uint256 k; vm.keyExistsJson(json, element("signatures", k)); ++k) {
                bytes memory signature = vm.parseJsonBytes(json, element("signatures", k));
                address signer = vm.parseJsonAddress(json, element("signers", k));
                eq(ECDSA.recover(digest, signature), signer, "signer");
            }
        }
        require(i > 0, "no cases");
    }

    function testLeaves() public {
        open("trees");
        bytes32 salt = vm.parseJsonBytes32(json, ".salt");
        uint256 i;
        for (; step("leaves", i); ++i) {
            MeterReading memory r = reading();
            eq(
                Messages.productionLeaf(r.meterId, r.seq, r.timestamp, r.flags, r.generatedWh),
                word("production"),
                "production leaf"
            );
            eq(
                Messages.consumptionLeaf(
                    r.meterId, r.seq, r.timestamp, r.flags, r.importWh, r.exportWh, salt
                ),
                word("consumption"),
                "consumption leaf"
            );
        }
        require(i > 0, "no leaves");
    }

    function testTrees() public {
        open("trees");
        uint256 i;
        for (; step("trees", i); ++i) {
            bytes32 root = word("root");
            bytes32[] memory leaves = vm.parseJsonBytes32Array(json, key("multiproof.leaves"));
            bytes32[] memory proof = vm.parseJsonBytes32Array(json, key("multiproof.proof"));
            bool[] memory flags_ = vm.parseJsonBoolArray(json, key("multiproof.flags"));
            require(MerkleProof.multiProofVerify(proof, flags_, root, leaves), "multiproof");
            require(!MerkleProof.multiProofVerify(proof, flags_, ~root, leaves), "multiproof of any root");
            if (leaves.length != 0) {
                leaves[0] = ~leaves[0];
                require(!MerkleProof.multiProofVerify(proof, flags_, root, leaves), "altered multiproof");
            }
            uint256 count = number("count");
            for (uint256 k; k < count; ++k) {
                bytes32 leaf =
                    vm.parseJsonBytes32(json, string.concat(".leaves[", vm.toString(k), "].production"));
                bytes32[] memory path = vm.parseJsonBytes32Array(json, element("proofs", k));
                require(MerkleProof.verify(path, root, leaf), "proof");
                require(!MerkleProof.verify(path, root, ~leaf), "proof of any leaf");
            }
        }
        require(i > 0, "no trees");
    }

    // Struct hashes take calldata, and records are sliced as calldata, so they are asked through a call.

    function parse(bytes calldata record) external pure returns (MeterReading memory) {
        return MeterReading(
            bytes32(record[1:33]),
            uint64(bytes8(record[33:41])),
            uint64(bytes8(record[41:49])),
            uint32(bytes4(record[49:53])),
            uint64(bytes8(record[53:61])),
            uint64(bytes8(record[61:69])),
            uint64(bytes8(record[69:77])),
            uint32(bytes4(record[77:81]))
        );
    }

    function signatureOf(bytes calldata record) external pure returns (bytes memory) {
        return record[81:];
    }

    function hashReading(MeterReading calldata r) external pure returns (bytes32) {
        return Messages.hash(r);
    }

    function hashRegistration(Registration calldata r) external pure returns (bytes32) {
        return Messages.hash(r);
    }

    function hashReport(Report calldata r) external pure returns (bytes32) {
        return Messages.hash(r);
    }
}

interface SeparatorOf {
    function domainSeparator() external view returns (bytes32);
}
