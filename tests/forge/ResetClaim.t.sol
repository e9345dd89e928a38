// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Claim, IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {IRegistry, MeterReading} from "contracts/interfaces/IRegistry.sol";
import {Certificates} from "contracts/libraries/Certificates.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract ResetClaimTest is BaseTest {
    uint64 private constant FAR = type(uint64).max;

    /// @dev Claims a false leaf, whose sequence number no reading can follow.
    function claimFalse() private {
        certify(MIDNIGHT, claimAt(FAR, T0 + L - 1, 1_100));
    }

    function disputeIt() private {
        MeterReading memory reading = readingOf(claimAt(1, T0 + L, 1_100));
        Claim memory told = claimAt(FAR, T0 + L - 1, 1_100);
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        production.dispute(MIDNIGHT, told, new bytes32[](0), reading, signature);
        registry.reinstateMeter(meterId);
    }

    function testADisputedMeterGoesOnWithItsOwnReadings() public {
        claimFalse();
        disputeIt();
        vm.expectEmit(address(production));
        emit IEnergyProduction.ClaimReset(meterId, 1, T0 + 1);
        production.resetClaim(meterId, 1, T0 + 1);
        claimedIs(1_100, 1, T0 + 1);
        certify(MIDNIGHT + 1, claimAt(2, T0 + 2 * L, 1_300));
        eq(production.totalMinted(solarId(T0 + L)), 300, "minted once");
    }

    function testOnlyTheGovernorResets(address caller) public {
        vm.assume(caller != address(this));
        claimFalse();
        disputeIt();
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller));
        production.resetClaim(meterId, 1, T0 + 1);
    }

    function testOnlyAClaimFromAFrozenReportIsReset() public {
        bytes memory refusal = abi.encodeWithSelector(IEnergyProduction.ClaimNotDisputed.selector, meterId);
        vm.expectRevert(refusal);
        production.resetClaim(meterId, 1, T0);
        claimFalse();
        vm.expectRevert(refusal);
        production.resetClaim(meterId, 1, T0);
        disputeIt();
        production.resetClaim(meterId, 1, T0);
        certify(MIDNIGHT + 1, claimAt(2, T0 + 2 * L, 1_300));
        vm.expectRevert(refusal);
        production.resetClaim(meterId, 1, T0);
    }

    function testAfterAResetTheDayOfAFrozenReportNeedsNoOtherReading() public {
        certify(MIDNIGHT - 1, claimAt(2, T0, 1_100)); // the last reading of the day before
        Claim memory told = claimAt(50, T0 + L, 1_200);
        certify(MIDNIGHT, told); // its report is the newest when it is disputed
        MeterReading memory reading = readingOf(claimAt(50, T0 + L, 1_150));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        production.dispute(MIDNIGHT, told, new bytes32[](0), reading, signature);
        eq(registry.frozenThrough(meterId), MIDNIGHT, "frozen through the claim's own report");
        registry.reinstateMeter(meterId);
        production.resetClaim(meterId, 2, T0 - 60); // into the day before
        certify(MIDNIGHT + 1, claimAt(9, T0 + 2 * L, 1_300));
        claimedIs(1_300, 9, T0 + 2 * L);
        eq(production.totalMinted(Certificates.idOf(false, 0, Certificates.UNKNOWN_DAY)), 100, "unknown day");
    }

    function testAClaimIsSetBackNotForwardAndNeverToTheOpening(uint64 seq, uint64 timestamp) public {
        certify(MIDNIGHT, claimAt(9, T0 + L - 1, 1_100));
        Claim memory told = claimAt(9, T0 + L - 1, 1_100);
        MeterReading memory reading = readingOf(claimAt(1, T0 + L, 1_100));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        production.dispute(MIDNIGHT, told, new bytes32[](0), reading, signature);
        (seq, timestamp) = (seq % 20, T0 + timestamp % (2 * L));
        bool back = seq != 0 && seq <= 9 && timestamp < T0 + L;
        if (!back) {
            vm.expectRevert(
                abi.encodeWithSelector(IEnergyProduction.ClaimNotBefore.selector, meterId, seq, timestamp)
            );
        }
        production.resetClaim(meterId, seq, timestamp);
        if (back) claimedIs(1_100, seq, timestamp);
        else claimedIs(1_100, 9, T0 + L - 1);
    }
}
