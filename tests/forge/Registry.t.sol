// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRegistry, Meter, MeterAttributes, Registration, Role} from "contracts/interfaces/IRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {Registry, deployContract} from "./support/Contracts.sol";

contract RegistryRolesTest is BaseTest {
    function testConstructorRefusesAnIntervalThatDoesNotDivideADay() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadInterval.selector, 7_000));
        Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, 7_000, 0)));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadInterval.selector, 0));
        Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, 0, 0)));
    }

    function testConstructorRefusesNoGovernor() public {
        vm.expectRevert(IRegistry.ZeroAddress.selector);
        Registry(deployContract("Registry", abi.encode(address(0), GUARDIAN, L, 0)));
    }

    function testEveryGovernorFunctionRefusesAStranger(address caller) public {
        vm.assume(caller != address(this) && caller != GUARDIAN && !registry.isReporter(caller));
        bytes memory refusal = abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        registry.proposeGovernor(caller);
        vm.expectRevert(refusal);
        registry.schedule(address(registry), "");
        vm.expectRevert(refusal);
        registry.setGuardian(caller);
        vm.expectRevert(refusal);
        registry.setOracles(new address[](1), 1);
        vm.expectRevert(refusal);
        registry.setReporter(caller, true);
        vm.expectRevert(refusal);
        registry.setCo2Factor(0, 1);
        vm.expectRevert(refusal);
        registry.setRole(Role.Arbiter, caller, true);
        vm.expectRevert(refusal);
        registry.setSellCap(caller, 1);
        vm.expectRevert(refusal);
        registry.clearSellCap(caller);
        vm.expectRevert(refusal);
        registry.approveProfile(caller, true);
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
        registry.freezeMeter(meterId, 1, 1, 1);
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
        registry = Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, L, DELAY)));
        registry.setReporter(address(production), true); // nothing to protect before the first oracle set
        registry.setOracles(addressesOf(oracleKeys), 2);
    }

    function testChangesWaitForTheirDelay(uint64 wait) public {
        vm.assume(wait < DELAY);
        bytes memory call = abi.encodeCall(registry.setCo2Factor, (1, 5));
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.NotScheduled.selector, keccak256(abi.encode(registry, call)))
        );
        registry.setCo2Factor(1, 5);
        registry.schedule(address(registry), call);
        vm.warp(T0 + wait);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.TooEarly.selector, T0 + DELAY));
        registry.setCo2Factor(1, 5);
        vm.warp(T0 + DELAY);
        registry.setCo2Factor(1, 5);
        eq(registry.co2GramsPerMWh(1), 5, "factor");
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.NotScheduled.selector, keccak256(abi.encode(registry, call)))
        );
        registry.setCo2Factor(1, 5);
    }

    function testAnAnnouncedChangeStandsForItsArgumentsOnly() public {
        registry.schedule(address(registry), abi.encodeCall(registry.setReporter, (STRANGER, true)));
        vm.warp(T0 + DELAY);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.setReporter(HOLDER, true);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.setOracles(addressesOf(oracleKeys), 3);
    }

    function testGuardianTakesAnAnnouncedChangeBack() public {
        bytes memory call = abi.encodeCall(registry.setReporter, (STRANGER, true));
        registry.schedule(address(registry), call);
        vm.prank(GUARDIAN);
        registry.unschedule(keccak256(abi.encode(registry, call)));
        vm.warp(T0 + DELAY);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.setReporter(STRANGER, true);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.unschedule(keccak256(abi.encode(registry, call)));
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
        require(registry.certification(meterId).suspended(), "suspended");
        vm.expectEmit(address(registry));
        emit IRegistry.MeterReinstated(meterId);
        registry.reinstateMeter(meterId);
        require(!registry.certification(meterId).suspended(), "reinstated");
    }

    function testCo2FactorOfAnUnknownSourceIsRefused() public {
        vm.expectRevert(IRegistry.BadAttributes.selector);
        registry.setCo2Factor(6, 1);
    }
}
