// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Registry} from "contracts/Registry.sol";
import {
    IRegistry,
    Meter,
    MeterAttributes,
    MeterReading,
    Registration
} from "contracts/interfaces/IRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract RegistryRolesTest is BaseTest {
    function testConstructorRefusesAnIntervalThatDoesNotDivideADay() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadInterval.selector, 7_000));
        new Registry(address(this), GUARDIAN, 7_000, 0);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadInterval.selector, 0));
        new Registry(address(this), GUARDIAN, 0, 0);
    }

    function testConstructorRefusesNoGovernor() public {
        vm.expectRevert(IRegistry.ZeroAddress.selector);
        new Registry(address(0), GUARDIAN, L, 0);
    }

    function testEveryGovernorFunctionRefusesAStranger(address caller) public {
        vm.assume(caller != address(this) && caller != GUARDIAN && !registry.isReporter(caller));
        bytes memory refusal = abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        registry.proposeGovernor(caller);
        vm.expectRevert(refusal);
        registry.schedule("");
        vm.expectRevert(refusal);
        registry.setGuardian(caller);
        vm.expectRevert(refusal);
        registry.setOracles(new address[](1), 1);
        vm.expectRevert(refusal);
        registry.setReporter(caller, true);
        vm.expectRevert(refusal);
        registry.setCo2Factor(0, 1);
        vm.expectRevert(refusal);
        registry.reinstateMeter(meterId);
        vm.expectRevert(refusal);
        registry.registerMeter(registration(1, HOLDER, 0), solar(), "", "");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGuardian.selector, caller));
        registry.setPaused(true);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGuardian.selector, caller));
        registry.unschedule(bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotReporter.selector, caller));
        registry.suspendMeter(meterId);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotReporter.selector, caller));
        registry.freezeMeter(meterId, 1);
    }

    function testGovernorChangesInTwoSteps(address next) public {
        vm.assume(next != address(this) && next != address(0));
        registry.proposeGovernor(next);
        eq(registry.governor(), address(this), "not yet");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotProposedGovernor.selector, address(this)));
        registry.acceptGovernor();
        vm.prank(next);
        vm.expectEmit(address(registry));
        emit IRegistry.GovernorSet(next);
        registry.acceptGovernor();
        eq(registry.governor(), next, "new governor");
        vm.prank(next);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotProposedGovernor.selector, next));
        registry.acceptGovernor();
    }

    function testGuardianMayStopButNotStart() public {
        vm.startPrank(GUARDIAN);
        registry.setPaused(true);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGovernor.selector, GUARDIAN));
        registry.setPaused(false);
        vm.stopPrank();
        require(registry.paused(), "paused");
        registry.setPaused(false);
        require(!registry.paused(), "started again");
    }

    function testGuardianIsReplaced() public {
        registry.setGuardian(STRANGER);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGuardian.selector, GUARDIAN));
        registry.setPaused(true);
        vm.prank(STRANGER);
        registry.setPaused(true);
    }
}

contract RegistryDelayTest is BaseTest {
    uint64 private constant DELAY = 2 days;

    function setUp() public override {
        super.setUp();
        registry = new Registry(address(this), GUARDIAN, L, DELAY);
        registry.setReporter(address(production), true); // nothing to protect before the first oracle set
        registry.setOracles(addressesOf(oracleKeys), 2);
    }

    function testChangesWaitForTheirDelay(uint64 wait) public {
        vm.assume(wait < DELAY);
        bytes memory call = abi.encodeCall(registry.setCo2Factor, (1, 5));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, keccak256(call)));
        registry.setCo2Factor(1, 5);
        registry.schedule(call);
        vm.warp(T0 + wait);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.TooEarly.selector, T0 + DELAY));
        registry.setCo2Factor(1, 5);
        vm.warp(T0 + DELAY);
        registry.setCo2Factor(1, 5);
        eq(registry.co2GramsPerMWh(1), 5, "factor");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, keccak256(call)));
        registry.setCo2Factor(1, 5);
    }

    function testAnAnnouncedChangeStandsForItsArgumentsOnly() public {
        registry.schedule(abi.encodeCall(registry.setReporter, (STRANGER, true)));
        vm.warp(T0 + DELAY);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.setReporter(HOLDER, true);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.setOracles(addressesOf(oracleKeys), 3);
    }

    function testGuardianTakesAnAnnouncedChangeBack() public {
        bytes memory call = abi.encodeCall(registry.setReporter, (STRANGER, true));
        registry.schedule(call);
        vm.prank(GUARDIAN);
        registry.unschedule(keccak256(call));
        vm.warp(T0 + DELAY);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.setReporter(STRANGER, true);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.unschedule(keccak256(call));
    }

    function testGovernorWaitsToo() public {
        registry.proposeGovernor(STRANGER);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.TooEarly.selector, T0 + DELAY));
        registry.acceptGovernor();
        vm.warp(T0 + DELAY);
        vm.prank(STRANGER);
        registry.acceptGovernor();
    }
}

contract RegistryMetersTest is BaseTest {
    function testAMeterIsStoredAsStated(
        uint256 key,
        address account,
        uint64[4] calldata opening,
        MeterAttributes memory a
    ) public {
        key = 1 + key % (HALF_ORDER - 1);
        vm.assume(account != address(0) && vm.addr(key) != vm.addr(METER_KEY));
        (a.kind, a.source, a.category) = (a.kind % 4, a.source % 6, a.category % 3);
        Registration memory r = Registration(
            keccak256(abi.encode(vm.addr(key), uint64(3))),
            account,
            3,
            opening[0],
            opening[1],
            opening[2],
            opening[3]
        );
        bytes memory signature = sign(key, registry.registrationDigest(r));
        vm.expectEmit(address(registry));
        emit IRegistry.MeterRegistered(
            r.meterId, account, vm.addr(key), a, opening[0], opening[1], opening[2], opening[3], "shop"
        );
        registry.registerMeter(r, a, "shop", signature);
        Meter memory m = registry.meter(r.meterId);
        eq(
            keccak256(abi.encode(m)),
            keccak256(
                abi.encode(
                    Meter(
                        account,
                        a.kind,
                        a.source,
                        a.category,
                        a.simulated,
                        false,
                        0,
                        vm.addr(key),
                        0,
                        0,
                        a.feeder,
                        a.generationCapacityW,
                        a.connectionCapacityW,
                        opening[0],
                        opening[1],
                        opening[2],
                        opening[3]
                    )
                )
            ),
            "stored meter"
        );
        require(registry.isRegistered(r.meterId), "registered");
    }

    function testASignatureOfAnotherKeyIsRefused(uint256 other) public {
        other = 1 + other % (HALF_ORDER - 1);
        vm.assume(other != 0xB0B);
        Registration memory r = registration(0xB0B, HOLDER, 0);
        bytes memory signature = sign(other, registry.registrationDigest(r));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterIdMismatch.selector, r.meterId, vm.addr(other)));
        registry.registerMeter(r, solar(), "", signature);
    }

    function testASignatureForAnotherAccountIsRefused() public {
        Registration memory r = registration(0xB0B, HOLDER, 0);
        bytes memory signature = sign(0xB0B, registry.registrationDigest(r));
        r.account = STRANGER;
        vm.expectPartialRevert(IRegistry.MeterIdMismatch.selector);
        registry.registerMeter(r, solar(), "", signature);
    }

    function testAMeterIsRegisteredOnce() public {
        Registration memory r = registration(METER_KEY, STRANGER, 0);
        bytes memory signature = sign(METER_KEY, registry.registrationDigest(r));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterAlreadyRegistered.selector, meterId));
        registry.registerMeter(r, solar(), "", signature);
    }

    function testAnUnknownKindSourceOrCategoryIsRefused() public {
        Registration memory r = registration(0xB0B, HOLDER, 0);
        bytes memory signature = sign(0xB0B, registry.registrationDigest(r));
        for (uint256 i; i < 3; ++i) {
            MeterAttributes memory a = solar();
            if (i == 0) a.kind = 4;
            if (i == 1) a.source = 6;
            if (i == 2) a.category = 3;
            vm.expectRevert(IRegistry.BadAttributes.selector);
            registry.registerMeter(r, a, "", signature);
        }
        r.account = address(0);
        vm.expectRevert(IRegistry.ZeroAddress.selector);
        registry.registerMeter(r, solar(), "", signature);
    }

    function testQuestionsAboutAnUnknownMeterRevert(bytes32 unknown) public {
        vm.assume(unknown != meterId);
        bytes memory refusal = abi.encodeWithSelector(IRegistry.MeterUnknown.selector, unknown);
        vm.expectRevert(refusal);
        registry.meter(unknown);
        vm.expectRevert(refusal);
        registry.certification(unknown);
        vm.expectRevert(refusal);
        registry.opening(unknown);
        vm.expectRevert(refusal);
        registry.suspendMeter(unknown);
        vm.expectRevert(refusal);
        registry.reinstateMeter(unknown);
        vm.expectRevert(refusal);
        registry.rotateKey(unknown, STRANGER, MIDNIGHT, "");
        require(!registry.isRegistered(unknown), "registered");
    }

    function testSuspendAndReinstate() public {
        vm.expectEmit(address(registry));
        emit IRegistry.MeterSuspended(meterId);
        registry.suspendMeter(meterId);
        require(registry.certification(meterId).suspended, "suspended");
        vm.expectEmit(address(registry));
        emit IRegistry.MeterReinstated(meterId);
        registry.reinstateMeter(meterId);
        require(!registry.certification(meterId).suspended, "reinstated");
    }

    function testCo2FactorOfAnUnknownSourceIsRefused() public {
        vm.expectRevert(IRegistry.BadAttributes.selector);
        registry.setCo2Factor(6, 1);
    }
}

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
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 0));
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
