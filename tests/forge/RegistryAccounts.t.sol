// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {AccountRecord, IRegistry, MeterAttributes, ProfileStatus} from "contracts/interfaces/IRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract RegistryAccountsTest is BaseTest {
    function testAnAccountIsTheSumOfItsMeters(uint32[3] calldata generationW, uint32[3] calldata connectionW)
        public
    {
        uint256 generation;
        uint256 connection;
        for (uint256 i; i < 3; ++i) {
            MeterAttributes memory a = solar();
            (a.generationCapacityW, a.connectionCapacityW) = (generationW[i], connectionW[i]);
            registerAs(0xB0B + i, STRANGER, 0, a);
            generation += generationW[i];
            connection += connectionW[i];
        }
        AccountRecord memory record = registry.accountOf(STRANGER);
        eq(record.meters, 3, "meters");
        eq(registry.meterCountOf(STRANGER), 3, "count");
        eq(record.generationCapacityW, generation, "generation");
        eq(record.connectionCapacityW, connection, "connection");
        eq(registry.sellCapWh(STRANGER), generation * L * 105 / 360_000, "sell cap");
        eq(registry.connectionWh(STRANGER), connection * L * 105 / 360_000, "connection Wh");
        eq(registry.meterCountOf(HOLDER), 1, "another account");
    }

    function testAnUnknownAccountSellsNothing(address account) public view {
        vm.assume(account != HOLDER);
        eq(registry.sellCapWh(account), 0, "sell cap");
        eq(registry.connectionWh(account), 0, "connection");
        eq(registry.meterCountOf(account), 0, "meters");
    }

    function testTheGovernorsCapStandsUntilItIsCleared(uint64 capWh) public {
        uint256 byCapacity = registry.sellCapWh(HOLDER);
        eq(byCapacity, 5_250, "5 kW for an hour and 5 %");
        vm.expectEmit(address(registry));
        emit IRegistry.SellCapSet(HOLDER, capWh);
        registry.setSellCap(HOLDER, capWh);
        eq(registry.sellCapWh(HOLDER), capWh, "cap");
        register(0xB0B, HOLDER, 0);
        eq(registry.sellCapWh(HOLDER), capWh, "with another meter");
        vm.expectEmit(address(registry));
        emit IRegistry.SellCapCleared(HOLDER);
        registry.clearSellCap(HOLDER);
        eq(registry.sellCapWh(HOLDER), 2 * byCapacity, "cleared");
    }

    function testACapOfNothingIsACap() public {
        registry.setSellCap(HOLDER, 0);
        eq(registry.sellCapWh(HOLDER), 0, "cap");
    }
}

contract RegistryProfilesTest is BaseTest {
    bytes32 private constant PLACE = keccak256("place");
    bytes32 private constant MORE = keccak256("more");

    function testARequestForNothingIsRefused() public {
        vm.expectRevert(IRegistry.EmptyProfile.selector);
        registry.requestProfile(false, false, 5_000, PLACE, MORE);
    }

    function testNobodyIsApprovedUnasked(address account, bool approved) public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ProfileNotRequested.selector, account));
        registry.approveProfile(account, approved);
    }

    function testARequestCannotChangeBeforeItsAnswer() public {
        request(true, false);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ProfilePending.selector, STRANGER));
        registry.requestProfile(true, true, 6_000, PLACE, MORE);
    }

    function testARequestIsAnsweredAndCanBeMadeAnew(bool producer, bool consumer, bool approved) public {
        vm.assume(producer || consumer);
        request(producer, consumer);
        stands(producer, consumer, ProfileStatus.Requested);
        answer(approved);
        stands(producer, consumer, approved ? ProfileStatus.Approved : ProfileStatus.Rejected);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ProfileNotRequested.selector, STRANGER));
        registry.approveProfile(STRANGER, true);
        request(true, true);
        stands(true, true, ProfileStatus.Requested);
    }

    function testAProfileLeavesTheSumsAlone() public {
        register(0xB0B, STRANGER, 0);
        registry.setSellCap(STRANGER, 7);
        request(true, true);
        answer(true);
        AccountRecord memory record = registry.accountOf(STRANGER);
        eq(record.meters, 1, "meters");
        eq(record.generationCapacityW, 5_000, "generation");
        eq(record.connectionCapacityW, 10_000, "connection");
        eq(registry.sellCapWh(STRANGER), 7, "cap");
    }

    function request(bool producer, bool consumer) private {
        vm.prank(STRANGER);
        vm.expectEmit(address(registry));
        emit IRegistry.ProfileRequested(STRANGER, producer, consumer, 5_000, PLACE, MORE);
        registry.requestProfile(producer, consumer, 5_000, PLACE, MORE);
    }

    function answer(bool approved) private {
        vm.expectEmit(address(registry));
        emit IRegistry.ProfileDecided(STRANGER, approved);
        registry.approveProfile(STRANGER, approved);
    }

    function stands(bool producer, bool consumer, ProfileStatus status) private view {
        AccountRecord memory record = registry.accountOf(STRANGER);
        require(record.producer == producer && record.consumer == consumer, "kinds");
        require(record.profile == status, "status");
    }
}
