// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRegistry, MeterReading, Registration} from "contracts/interfaces/IRegistry.sol";
import {MeterSignatures} from "contracts/libraries/MeterSignatures.sol";
import {BaseTest} from "./support/BaseTest.sol";

/// @notice Meters with keys on the other curve; once with the precompile, once without.
abstract contract P256Test is BaseTest {
    uint256 private constant KEY = 0x9256;
    uint256 private constant NEXT_KEY = 0x9257;
    uint256 private constant P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;

    bytes32 private p256Meter;

    function setUp() public virtual override {
        super.setUp();
        p256Meter = registerP256(KEY);
    }

    function testAMeterIsRegisteredByItsOwnKeyOnly(uint256 other) public {
        other = 1 + other % (P256_ORDER - 1);
        vm.assume(other != NEXT_KEY);
        Registration memory r = statementOf(NEXT_KEY);
        bytes memory signature = signP256(other, registry.registrationDigest(r));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterIdMismatch.selector, r.meterId, keyOf(other)));
        registry.registerMeter(r, solar(), "", signature);
    }

    function testAnAlteredSignatureRegistersNothing(uint256 position, uint8 change) public {
        vm.assume(change != 0);
        Registration memory r = statementOf(NEXT_KEY);
        bytes memory signature = signP256(NEXT_KEY, registry.registrationDigest(r));
        position %= 128;
        signature[position] = bytes1(uint8(signature[position]) ^ change);
        vm.expectRevert(IRegistry.BadSignature.selector);
        registry.registerMeter(r, solar(), "", signature);
    }

    function testAReadingIsSignedByItsKeyOnly(uint64 generatedWh) public view {
        MeterReading memory reading = readingFrom(generatedWh);
        bytes memory signature = signP256(KEY, registry.readingDigest(reading));
        require(registry.isSignedByMeter(reading, signature), "signed");
        require(!registry.isSignedByMeter(reading, highSP256(signature)), "high s");
        require(!registry.isSignedByMeter(reading, bytes.concat(signature, hex"00")), "longer");
        require(!registry.isSignedByMeter(reading, new bytes(128)), "zeros");
        bytes memory others = signP256(NEXT_KEY, registry.readingDigest(reading));
        require(!registry.isSignedByMeter(reading, others), "another key");
        bytes memory byOtherCurve = sign(KEY, registry.readingDigest(reading));
        require(!registry.isSignedByMeter(reading, byOtherCurve), "another curve");
        reading.generatedWh ^= 1;
        require(!registry.isSignedByMeter(reading, signature), "altered");
    }

    function testAKeyRotatesToAnotherCurveAndBack() public {
        rotate(signP256(KEY, rotationTo(vm.addr(METER_KEY), MIDNIGHT)), vm.addr(METER_KEY), MIDNIGHT);
        vm.warp(T0 + 1);
        bytes32 digest = rotationTo(keyOf(NEXT_KEY), MIDNIGHT + 1);
        vm.expectRevert(IRegistry.BadSignature.selector);
        rotate(signP256(KEY, digest), keyOf(NEXT_KEY), MIDNIGHT + 1);
        rotate(sign(METER_KEY, digest), keyOf(NEXT_KEY), MIDNIGHT + 1);
        eq(registry.keyAt(p256Meter, MIDNIGHT - 1), keyOf(KEY), "first");
        eq(registry.keyAt(p256Meter, MIDNIGHT), vm.addr(METER_KEY), "second");
        eq(registry.keyAt(p256Meter, MIDNIGHT + 1), keyOf(NEXT_KEY), "third");
    }

    function rotate(bytes memory signature, address key, uint64 from) private {
        vm.prank(STRANGER);
        registry.rotateKey(p256Meter, key, from, signature);
    }

    function rotationTo(address key, uint64 from) private view returns (bytes32) {
        return registry.keyRotationDigest(p256Meter, key, from);
    }

    function registerP256(uint256 key) private returns (bytes32) {
        Registration memory r = statementOf(key);
        registry.registerMeter(r, solar(), "", signP256(key, registry.registrationDigest(r)));
        return r.meterId;
    }

    function statementOf(uint256 key) private pure returns (Registration memory) {
        return Registration(keccak256(abi.encode(keyOf(key), uint64(7))), HOLDER, 7, T0, 10, 20, 0);
    }

    function readingFrom(uint64 generatedWh) private view returns (MeterReading memory) {
        return MeterReading(p256Meter, 1, T0 + L, uint32(L), 10, 20, generatedWh, 0);
    }

    function keyOf(uint256 key) private pure returns (address) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return MeterSignatures.keyOf(bytes32(x), bytes32(y));
    }

    function signP256(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        (bytes32 r, bytes32 s) = vm.signP256(key, digest);
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        return abi.encodePacked(x, y, r, s);
    }

    function highSP256(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 x, bytes32 y, bytes32 r, bytes32 s) =
            abi.decode(signature, (bytes32, bytes32, bytes32, bytes32));
        return abi.encodePacked(x, y, r, P256_ORDER - uint256(s));
    }
}

contract RegistryP256PrecompileTest is P256Test {
    function setUp() public override {
        vm.setEvmVersion("osaka");
        super.setUp();
    }
}

contract RegistryP256FallbackTest is P256Test {}
