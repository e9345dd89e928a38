// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {Registry, deployContract} from "./support/Contracts.sol";

contract RegistryOraclesTest is BaseTest {
    bytes32 private constant DIGEST = keccak256("anything");

    function testAQuorumIsABitmapOfItsSigners(uint256 count, uint256 quorum, uint256 chosen) public {
        count = 1 + count % 31;
        quorum = 1 + quorum % count;
        uint256[] memory keys = sortedKeys(count);
        registry.setOracles(addressesOf(keys), uint8(quorum));
        chosen &= (1 << count) - 1;
        uint256 signing;
        for (uint256 i; i < count; ++i) {
            signing += chosen >> i & 1;
        }
        bytes[] memory signatures = new bytes[](signing);
        uint256 at;
        for (uint256 i; i < count; ++i) {
            if (chosen >> i & 1 == 1) signatures[at++] = sign(keys[i], DIGEST);
        }
        if (signing < quorum) {
            vm.expectRevert(abi.encodeWithSelector(IRegistry.BelowQuorum.selector, signing, quorum));
            registry.check(DIGEST, signatures);
        } else {
            eq(registry.check(DIGEST, signatures), chosen, "signers");
        }
    }

    function testOneOracleTwiceIsNoQuorum() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.SignersNotSorted.selector, vm.addr(oracleKeys[1])));
        registry.check(DIGEST, signedBy(DIGEST, 1, 1));
    }

    function testSignersMustAscend() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.SignersNotSorted.selector, vm.addr(oracleKeys[0])));
        registry.check(DIGEST, signedBy(DIGEST, 2, 0));
    }

    function testAStrangersSignatureDoesNotCount(uint256 secret) public {
        secret = 1 + secret % (HALF_ORDER - 1);
        bytes[] memory signatures = signedBy(DIGEST, 0, 1);
        address signer = vm.addr(secret);
        vm.assume(
            signer > vm.addr(oracleKeys[0]) && signer != vm.addr(oracleKeys[1])
                && signer != vm.addr(oracleKeys[2])
        );
        signatures[1] = sign(secret, DIGEST);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOracle.selector, signer));
        registry.check(DIGEST, signatures);
    }

    function testSignaturesOfAnotherDigestDoNotCount(bytes32 other) public view {
        vm.assume(other != DIGEST);
        try registry.check(other, signedBy(DIGEST, 0, 1)) returns (uint256) {
            revert("a foreign signature counted");
        } catch {}
    }

    function testHighSIsRefused() public {
        bytes[] memory signatures = signedBy(DIGEST, 0, 1);
        signatures[1] = highS(signatures[1]);
        vm.expectRevert(IRegistry.BadSignature.selector);
        registry.check(DIGEST, signatures);
    }

    function testAShortSignatureIsRefused() public {
        bytes[] memory signatures = signedBy(DIGEST, 0, 1);
        signatures[0] = hex"1234";
        vm.expectRevert(IRegistry.BadSignature.selector);
        registry.check(DIGEST, signatures);
    }

    function testNothingIsAQuorumBeforeOraclesAreSet() public {
        Registry fresh = Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, L, 0)));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BelowQuorum.selector, 0, 0));
        fresh.check(DIGEST, new bytes[](0));
    }

    function testNothingIsCheckedWhilePaused() public {
        registry.setPaused(true);
        vm.expectRevert(IRegistry.ContractsPaused.selector);
        registry.check(DIGEST, signedBy(DIGEST, 0, 1));
    }

    function testAReplacedOracleDoesNotCountAnyMore() public {
        bytes[] memory old = signedBy(DIGEST, 0, 1);
        uint256[] memory keys = new uint256[](1);
        keys[0] = 0xBEEF;
        registry.setOracles(addressesOf(keys), 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOracle.selector, vm.addr(oracleKeys[0])));
        registry.check(DIGEST, old);
        eq(registry.oracles().length, 1, "set");
        eq(registry.quorum(), 1, "quorum");
    }

    function testOraclesMustAscendAndDiffer() public {
        address[] memory set = addressesOf(oracleKeys);
        set[1] = set[0];
        vm.expectRevert(abi.encodeWithSelector(IRegistry.OraclesNotSorted.selector, set[0]));
        registry.setOracles(set, 2);
        set[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.OraclesNotSorted.selector, address(0)));
        registry.setOracles(set, 2);
    }

    function testQuorumMustBeReachableAndNotNothing(uint8 quorum) public {
        vm.assume(quorum == 0 || quorum > 3);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadQuorum.selector, quorum, 3));
        registry.setOracles(addressesOf(oracleKeys), quorum);
    }

    function testThirtyTwoOraclesAreTooMany() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadQuorum.selector, 2, 32));
        registry.setOracles(addressesOf(sortedKeys(32)), 2);
    }
}
