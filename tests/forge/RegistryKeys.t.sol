// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRegistry, MeterReading} from "contracts/interfaces/IRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract RegistryKeysTest is BaseTest {
    uint256 private constant NEXT_KEY = 0xB0B;
    /// @dev Intervals in seven days. It is T0, so the interval before MIDNIGHT is the current one.
    uint64 private constant WEEK = 168;

    function rotate(uint256 signer, uint256 next, uint64 from) private {
        bytes memory signature = sign(signer, registry.keyRotationDigest(meterId, vm.addr(next), from));
        vm.prank(STRANGER);
        registry.rotateKey(meterId, vm.addr(next), from, signature);
    }

    function testTheKeyOfEveryIntervalIsKnownAfterRotations(uint64 first, uint64 second, uint64 asked)
        public
    {
        first = MIDNIGHT + first % WEEK;
        second = first + 1 + second % WEEK;
        asked = MIDNIGHT + asked % (3 * WEEK);
        rotate(METER_KEY, NEXT_KEY, first);
        vm.warp(uint256(first) * L + 1); // the first second of its interval
        rotate(NEXT_KEY, 0xCAFE, second);
        uint256 expected = asked >= second ? 0xCAFE : asked >= first ? NEXT_KEY : METER_KEY;
        eq(registry.keyAt(meterId, asked), vm.addr(expected), "key");
        eq(registry.keyAt(meterId, 0), vm.addr(METER_KEY), "first key");
    }

    function testGovernorNeedsNoSignature() public {
        vm.expectEmit(address(registry));
        emit IRegistry.KeyRotated(meterId, STRANGER, MIDNIGHT);
        registry.rotateKey(meterId, STRANGER, MIDNIGHT, "");
        eq(registry.keyAt(meterId, MIDNIGHT), STRANGER, "key");
    }

    function testAnotherKeysSignatureIsRefused() public {
        bytes memory signature = sign(NEXT_KEY, registry.keyRotationDigest(meterId, STRANGER, MIDNIGHT));
        vm.prank(STRANGER);
        vm.expectRevert(IRegistry.BadSignature.selector);
        registry.rotateKey(meterId, STRANGER, MIDNIGHT, signature);
        vm.prank(STRANGER);
        vm.expectRevert(IRegistry.BadSignature.selector);
        registry.rotateKey(meterId, STRANGER, MIDNIGHT, "");
    }

    function testAKeyCannotComeIntoForceInThePastOrThePresent(uint64 from) public {
        from = from % MIDNIGHT;
        vm.expectRevert(abi.encodeWithSelector(IRegistry.KeyTooEarly.selector, from, MIDNIGHT));
        registry.rotateKey(meterId, STRANGER, from, "");
    }

    function testAReadingOfTheCurrentIntervalStaysSigned(uint64 second, uint64 from) public {
        second = second % L;
        vm.warp(T0 + 1 + second);
        MeterReading memory reading = readingOf(claimAt(1, T0 + 1 + second, 1_100));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        bytes memory call = abi.encodeCall(registry.rotateKey, (meterId, STRANGER, MIDNIGHT + from % 3, ""));
        (bool taken,) = address(registry).call(call);
        require(taken == (from % 3 != 0), "taken");
        require(registry.isSignedByMeter(reading, signature), "disowned");
    }

    function testAKeyComesIntoForceWithinAWeek(uint64 from) public {
        uint64 latest = MIDNIGHT - 1 + WEEK;
        from = latest + 1 + from % (type(uint64).max - latest);
        bytes memory refusal = abi.encodeWithSelector(IRegistry.KeyTooLate.selector, from, latest);
        bytes memory signature = sign(METER_KEY, registry.keyRotationDigest(meterId, STRANGER, from));
        vm.expectRevert(refusal);
        registry.rotateKey(meterId, STRANGER, from, "");
        vm.prank(STRANGER);
        vm.expectRevert(refusal);
        registry.rotateKey(meterId, STRANGER, from, signature);
        registry.rotateKey(meterId, STRANGER, latest, "");
    }

    function testNoKeyIsTheZeroAddress() public {
        vm.expectRevert(IRegistry.ZeroAddress.selector);
        registry.rotateKey(meterId, address(0), MIDNIGHT, "");
    }

    function testTheGovernorReplacesAPendingRotation(uint64 theirs, uint64 ours) public {
        theirs = MIDNIGHT + theirs % WEEK;
        ours = MIDNIGHT + ours % (theirs - MIDNIGHT + 1);
        rotate(METER_KEY, 0xDEAD, theirs);
        registry.rotateKey(meterId, vm.addr(NEXT_KEY), ours, "");
        for (uint64 t = MIDNIGHT - 1; t <= theirs + 1; ++t) {
            eq(registry.keyAt(meterId, t), vm.addr(t < ours ? METER_KEY : NEXT_KEY), "key");
        }
        eq(registry.meter(meterId).rotations, 1, "rotations");
        // and again, once it is in force
        vm.warp(uint256(ours) * L + 1);
        registry.rotateKey(meterId, STRANGER, ours + 1, "");
        eq(registry.keyAt(meterId, ours), vm.addr(NEXT_KEY), "key in force");
        eq(registry.keyAt(meterId, ours + 1), STRANGER, "key after it");
        eq(registry.keyAt(meterId, ours - 1), vm.addr(METER_KEY), "first key");
    }

    function testAReplacementComesIntoForceNoLater() public {
        // who follows the events drops what a newer rotation precedes, and would keep this one
        rotate(METER_KEY, 0xDEAD, MIDNIGHT + 5);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.KeyTooLate.selector, MIDNIGHT + 6, MIDNIGHT + 5));
        registry.rotateKey(meterId, STRANGER, MIDNIGHT + 6, "");
    }

    function testOnlyTheGovernorReplacesAPendingRotation(uint256 signer) public {
        rotate(METER_KEY, NEXT_KEY, MIDNIGHT + 5);
        bytes32 digest = registry.keyRotationDigest(meterId, STRANGER, MIDNIGHT + 1);
        bytes memory signature = sign(signer % 2 == 0 ? METER_KEY : NEXT_KEY, digest);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.RotationPending.selector, meterId, MIDNIGHT + 5));
        registry.rotateKey(meterId, STRANGER, MIDNIGHT + 1, signature);
    }

    function testAReadingIsSignedByTheKeyOfItsInterval(uint64 offset) public {
        uint64 from = MIDNIGHT + 5;
        rotate(METER_KEY, NEXT_KEY, from);
        MeterReading memory reading = readingOf(claimAt(1, T0 + 1 + offset % (10 * L), 0));
        bytes32 digest = registry.readingDigest(reading);
        bool old = (reading.timestamp - 1) / L < from;
        require(registry.isSignedByMeter(reading, sign(METER_KEY, digest)) == old, "old key");
        require(registry.isSignedByMeter(reading, sign(NEXT_KEY, digest)) == !old, "new key");
        require(!registry.isSignedByMeter(reading, highS(sign(METER_KEY, digest))), "high s");
        require(!registry.isSignedByMeter(reading, "short"), "malformed");
        reading.exportWh += 1;
        require(!registry.isSignedByMeter(reading, sign(METER_KEY, digest)), "altered");
    }

    function testNoSignatureIsTheUnknownMeters() public view {
        MeterReading memory reading = readingOf(claimAt(1, T0 + 1, 0));
        reading.meterId = bytes32(uint256(1));
        bytes memory zeros = new bytes(65);
        require(!registry.isSignedByMeter(reading, zeros), "zero key");
    }
}
