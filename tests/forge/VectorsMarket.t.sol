// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {BalanceLeaf} from "contracts/interfaces/IGridBalancing.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {Money} from "contracts/libraries/Money.sol";
import {PackedBalances} from "contracts/libraries/PackedBalances.sol";
import {PackedClearings} from "contracts/libraries/PackedClearings.sol";
import {JsonTest} from "./support/JsonTest.sol";

/// @notice What the market and the balancing name, prove and round means the same to the contracts as to every other
/// party.
contract VectorsMarketTest is JsonTest {
    using Markets for bytes32;

    function testRotations() public {
        open("rotations");
        bytes32 separator = vm.parseJsonBytes32(json, ".domain.separator");
        uint256 i;
        for (; step("cases", i); ++i) {
            bytes32 structHash =
                Messages.keyRotation(word("meterId"), addressAt("key"), uint64(number("validFromInterval")));
            bytes32 digest = digestOf(separator, structHash);
            eq(digest, word("digest"), "digest");
            address signer = ECDSA.recover(digest, vm.parseJsonBytes(json, key("signature")));
            eq(signer, addressAt("signer"), "signer");
        }
        require(i > 0, "no cases");
    }

    function testMarkets() public {
        open("orders");
        uint256 i;
        for (; step("markets", i); ++i) {
            bytes32 market = word("market");
            this.check(market);
            eq(madeMarket(uint8(number("kind"))), market, "market");
            eq(market.kindOf(), number("kind"), "kind");
            eq(market.sourceMaskOf(), number("sourceMask"), "sources");
            require(market.isBundled() == flag("bundled"), "bundled");
            require(market.isSimulated() == flag("simulated"), "simulated");
            address a = addressAt("accounts[0]");
            address b = addressAt("accounts[1]");
            bool paired = number("kind") == Markets.PAIR;
            require(market.isPairOf(a, b) == paired && market.isPairOf(b, a) == paired, "pair");
            require(!market.isPairOf(a, address(1)), "pair of any account");
        }
        require(i > 0, "no markets");
    }

    /// @dev The market of that kind with the parts that the vector states.
    function madeMarket(uint8 kind) private view returns (bytes32) {
        uint8 mask = uint8(number("sourceMask"));
        uint32 feeder = uint32(number("feeder"));
        if (kind == Markets.SPOT) return Markets.spot(flag("bundled"), flag("simulated"), mask, feeder);
        if (kind == Markets.FORWARD) {
            return Markets.forward(flag("bundled"), flag("simulated"), mask, feeder);
        }
        return Markets.pair(
            flag("bundled"), flag("simulated"), mask, addressAt("accounts[0]"), addressAt("accounts[1]")
        );
    }

    function testWhatIsNoMarket() public {
        open("orders");
        uint256 i;
        for (; step("wrongMarkets", i); ++i) {
            vm.expectRevert(abi.encodeWithSelector(Markets.BadMarket.selector, word("market")));
            this.check(word("market"));
        }
        require(i > 0, "no markets");
    }

    function testBooks() public {
        open("books");
        bytes32[] memory leaves = new bytes32[](6);
        for (uint256 i; step("entries", i); ++i) {
            leaves[i] = keccak256(
                bytes.concat(
                    keccak256(
                        abi.encode(
                            addressAt("account"),
                            uint8(number("side")),
                            uint64(number("eligibleWh")),
                            uint64(number("limitPriceMicroPerKwh"))
                        )
                    )
                )
            );
            eq(leaves[i], word("leaf"), "leaf");
        }
        uint256 n;
        for (; step("books", n); ++n) {
            bytes32 root = word("root");
            for (uint256 k; k < number("count"); ++k) {
                bytes32[] memory proof = vm.parseJsonBytes32Array(json, element("proofs", k));
                require(MerkleProof.verify(proof, root, leaves[k]), "proof");
                require(!MerkleProof.verify(proof, root, ~leaves[k]), "proof of any leaf");
            }
            require(PackedClearings.packBook(root, 7).isRoot(root), "root");
            require(PackedClearings.packBook(root, 7).isRoot(word("storedRoot")), "stored root");
            require(!PackedClearings.packBook(root, 7).isRoot(~root), "any root");
        }
        require(n > 0, "no books");
    }

    function testValues() public {
        open("books");
        uint256 i;
        for (; step("values", i); ++i) {
            (uint64 wh, uint64 price) = (uint64(number("wh")), uint64(number("priceMicroPerKwh")));
            eq(Money.costUp(wh, price), number("costUp"), "cost");
            eq(Money.proceedsDown(wh, price), number("proceedsDown"), "proceeds");
            eq(Money.feeUp(Money.proceedsDown(wh, price), 37), number("feeUp"), "fee");
        }
        require(i > 0, "no values");
    }

    function testBalances() public {
        open("balances");
        uint256 i;
        for (; step("cases", i); ++i) {
            bytes32 root = word("root");
            string memory of_ = at;
            int256 sum;
            uint256 k;
            for (; step(string.concat(substringFrom(of_, 1), ".leaves"), k); ++k) {
                BalanceLeaf memory leaf = BalanceLeaf(
                    addressAt("account"),
                    integer("cumulativeMicro"),
                    uint64(number("promisedWh")),
                    uint64(number("deliveredWh"))
                );
                bytes32 hash = this.hashBalance(leaf);
                eq(hash, word("leaf"), "leaf");
                require(MerkleProof.verify(wordsAt("proof"), root, hash), "proof");
                require(!MerkleProof.verify(wordsAt("proof"), root, ~hash), "proof of any leaf");
                sum += leaf.cumulativeMicro;
            }
            require(k > 1 && sum == 0, "the leaves do not sum to zero");
        }
        require(i > 0, "no cases");
    }

    function substringFrom(string memory text, uint256 start) private pure returns (string memory) {
        bytes memory whole = bytes(text);
        bytes memory part = new bytes(whole.length - start);
        for (uint256 i; i < part.length; ++i) {
            part[i] = whole[start + i];
        }
        return string(part);
    }

    // Asked through a call: one takes calldata, and the other's revert is expected.

    function hashBalance(BalanceLeaf calldata leaf) external pure returns (bytes32) {
        return PackedBalances.leafOf(leaf);
    }

    function check(bytes32 market) external pure {
        market.check();
    }
}
