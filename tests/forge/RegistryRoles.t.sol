// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Governed} from "contracts/Governed.sol";
import {IRegistry, Role} from "contracts/interfaces/IRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {Registry, deployContract} from "./support/Contracts.sol";

/// @dev A contract with one rule of the governor's and one thing that grid operators do.
contract GovernedThing is Governed {
    uint256 public rule;

    constructor(IRegistry registry_) Governed(registry_) {}

    function setRule(uint256 rule_) external onlyGovernor delayed {
        rule = rule_;
    }

    function operate() external view returns (bool) {
        _onlyRole(Role.GridOperator);
        return true;
    }
}

contract RoleTest is BaseTest {
    function testARoleIsOneAccountsAndOneRoles(uint8 role, uint8 other, address account) public {
        (role, other) = (role % 3, other % 3);
        vm.assume(role != other && account != STRANGER);
        vm.expectEmit(address(registry));
        emit IRegistry.RoleSet(Role(role), account, true);
        registry.setRole(Role(role), account, true);
        require(registry.hasRole(Role(role), account), "has it");
        require(!registry.hasRole(Role(other), account), "another role");
        require(!registry.hasRole(Role(role), STRANGER), "another account");
        vm.expectEmit(address(registry));
        emit IRegistry.RoleSet(Role(role), account, false);
        registry.setRole(Role(role), account, false);
        require(!registry.hasRole(Role(role), account), "lost it");
    }

    function testWithoutTheRoleNobodyMayDoIt(address caller) public {
        GovernedThing thing = new GovernedThing(registry);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.RoleMissing.selector, Role.GridOperator, caller));
        thing.operate();
        registry.setRole(Role.GridOperator, caller, true);
        vm.prank(caller);
        require(thing.operate(), "allowed");
    }

    function testWithoutADelayTheGovernorNeedsNoAnnouncement(address caller, uint256 rule) public {
        vm.assume(caller != address(this));
        GovernedThing thing = new GovernedThing(registry);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller));
        thing.setRule(rule);
        thing.setRule(rule);
        eq(thing.rule(), rule, "rule");
    }
}

contract RoleDelayTest is BaseTest {
    uint64 private constant DELAY = 2 days;

    GovernedThing private thing;

    function setUp() public override {
        super.setUp();
        registry = Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, L, DELAY)));
        thing = new GovernedThing(registry);
        thing.setRule(1); // nothing to protect before the first oracle set
        registry.setOracles(addressesOf(oracleKeys), 2);
    }

    function testARoleWaitsForItsDelay() public {
        bytes memory call = abi.encodeCall(registry.setRole, (Role.Arbiter, STRANGER, true));
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.setRole(Role.Arbiter, STRANGER, true);
        registry.schedule(address(registry), call);
        vm.warp(T0 + DELAY);
        registry.setRole(Role.Arbiter, STRANGER, true);
        require(registry.hasRole(Role.Arbiter, STRANGER), "role");
    }

    function testAGovernedContractsChangeWaitsForItsDelay(uint64 wait, uint256 rule) public {
        wait %= DELAY;
        bytes memory call = abi.encodeCall(thing.setRule, (rule));
        bytes32 callHash = keccak256(abi.encode(thing, call));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, callHash));
        thing.setRule(rule);
        vm.expectEmit(address(registry));
        emit IRegistry.CallScheduled(callHash, address(thing), T0 + DELAY, call);
        registry.schedule(address(thing), call);
        vm.warp(T0 + wait);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.TooEarly.selector, T0 + DELAY));
        thing.setRule(rule);
        vm.warp(T0 + DELAY);
        thing.setRule(rule);
        eq(thing.rule(), rule, "rule");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, callHash));
        thing.setRule(rule);
    }

    function testAnAnnouncementExpires(uint64 late, uint256 rule) public {
        uint256 expiresAt = T0 + DELAY + 14 days;
        bytes memory call = abi.encodeCall(thing.setRule, (rule));
        bytes32 callHash = keccak256(abi.encode(thing, call));
        registry.schedule(address(thing), call);
        vm.warp(expiresAt + 1 + late % 1000 days);
        bytes memory refusal = abi.encodeWithSelector(IRegistry.ScheduleExpired.selector, callHash, expiresAt);
        vm.expectRevert(refusal);
        thing.setRule(rule);
        registry.schedule(address(thing), call); // it can be announced again
        vm.warp(block.timestamp + DELAY);
        thing.setRule(rule);
        eq(thing.rule(), rule, "rule");
    }

    function testAnAnnouncementStandsForFourteenDays(uint64 wait, uint256 rule) public {
        registry.schedule(address(thing), abi.encodeCall(thing.setRule, (rule)));
        vm.warp(T0 + DELAY + wait % (14 days + 1));
        thing.setRule(rule);
        eq(thing.rule(), rule, "rule");
    }

    function testTheRegistrysOwnAnnouncementsExpireToo() public {
        bytes memory call = abi.encodeCall(registry.setReporter, (STRANGER, true));
        registry.schedule(address(registry), call);
        vm.warp(T0 + DELAY + 14 days + 1);
        vm.expectPartialRevert(IRegistry.ScheduleExpired.selector);
        registry.setReporter(STRANGER, true);
        registry.unschedule(keccak256(abi.encode(registry, call))); // and can still be taken back
    }

    function testAnAnnouncementStandsForItsTargetOnly(uint256 rule) public {
        GovernedThing other = new GovernedThing(registry);
        registry.schedule(address(thing), abi.encodeCall(thing.setRule, (rule)));
        vm.warp(T0 + DELAY);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        other.setRule(rule);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        thing.setRule(rule ^ 1);
    }

    function testNobodyUsesUpAnothersAnnouncement(address caller, uint256 rule) public {
        vm.assume(caller != address(thing));
        bytes memory call = abi.encodeCall(thing.setRule, (rule));
        registry.schedule(address(thing), call);
        vm.warp(T0 + DELAY);
        vm.prank(caller);
        vm.expectPartialRevert(IRegistry.NotScheduled.selector);
        registry.consumeSchedule(call);
        thing.setRule(rule);
    }
}
