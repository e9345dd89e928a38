// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {CategoryTotals} from "contracts/interfaces/IEnergyConsumption.sol";
import {Order} from "contracts/interfaces/IEnergyTrading.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {PackedTerms} from "contracts/libraries/PackedTerms.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {JsonTest} from "./support/JsonTest.sol";
import {TradingTest} from "./support/TradingTest.sol";

/// @notice Orders, fills and category totals of protocol/vectors, asked of the deployed contracts.
contract VectorsTradingTest is JsonTest, TradingTest {
    function setUp() public override(BaseTest, TradingTest) {
        super.setUp();
    }

    /// @dev The contract's code at the address of the vectors' domain, where the cached separator does not hold.
    function at_(address deployed) private returns (address stated) {
        vm.chainId(vm.parseJsonUint(json, ".domain.chainId"));
        stated = vm.parseJsonAddress(json, ".domain.verifyingContract");
        vm.etch(stated, deployed.code);
    }

    function orderOfVector() private view returns (Order memory) {
        return Order(
            addressAt("account"),
            word("market"),
            uint8(number("side")),
            uint64(number("capWh")),
            uint64(number("limitPriceMicroPerKwh")),
            uint64(number("fromInterval")),
            uint32(number("count")),
            uint8(number("sourceMask")),
            flag("bundled"),
            uint32(number("epoch")),
            number("salt")
        );
    }

    function testOrders() public {
        open("orders");
        Digests stated = Digests(at_(address(trading)));
        eq(stated.domainSeparator(), vm.parseJsonBytes32(json, ".domain.separator"), "separator");
        uint256 i;
        for (; step("cases", i); ++i) {
            bytes32 digest = stated.orderDigest(orderOfVector());
            eq(digest, word("digest"), "digest");
            eq(digestOf(stated.domainSeparator(), word("structHash")), digest, "struct hash");
            address signer = ECDSA.recover(digest, vm.parseJsonBytes(json, key("signature")));
            eq(signer, addressAt("signer"), "signer");
        }
        require(i > 0, "no cases");
    }

    function testFills() public {
        open("orders");
        uint256 i;
        for (; step("cases", i); ++i) {
            PackedTerms terms = PackedTerms.wrap(uint256(word("fill.terms")));
            Order memory order = orderOfVector();
            eq(terms.side(), order.side, "side");
            eq(terms.wh(), number("fill.wh"), "Wh");
            eq(terms.capWh(), order.capWh, "cap");
            eq(terms.limit(), order.limitPriceMicroPerKwh, "limit");
            eq(terms.from(), order.fromInterval, "from");
            eq(terms.count(), order.count, "count");
            eq(terms.epoch(), order.epoch, "epoch");
            (address signer,,) = ECDSA.tryRecover(word("digest"), word("fill.r"), word("fill.vs"));
            eq(signer, order.account, "signer");
        }
        require(i > 0, "no cases");
    }

    function testCategoryTotals() public {
        open("category_totals");
        Digests stated = Digests(at_(address(consumption)));
        uint256 i;
        for (; step("cases", i); ++i) {
            CategoryTotals memory totals;
            totals.interval = uint64(number("interval"));
            for (uint256 k; k < 3; ++k) {
                totals.importWh[k] = uint64(vm.parseJsonUint(json, element("importWh", k)));
                totals.meters[k] = uint32(vm.parseJsonUint(json, element("meters", k)));
            }
            bytes32 digest = stated.categoriesDigest(totals);
            eq(digest, word("digest"), "digest");
            eq(digestOf(vm.parseJsonBytes32(json, ".domain.separator"), this.hash(totals)), digest, "hash");
            for (uint256 k; k < 3; ++k) {
                bytes memory signature = vm.parseJsonBytes(json, element("signatures", k));
                eq(
                    ECDSA.recover(digest, signature),
                    vm.parseJsonAddress(json, element("signers", k)),
                    "signer"
                );
            }
        }
        require(i > 0, "no cases");
    }

    /// @dev Takes calldata, so it is asked through a call.
    function hash(CategoryTotals calldata totals) external pure returns (bytes32) {
        return Messages.hash(totals);
    }
}

interface Digests {
    function domainSeparator() external view returns (bytes32);
    function orderDigest(Order calldata order) external view returns (bytes32);
    function categoriesDigest(CategoryTotals calldata totals) external view returns (bytes32);
}
