// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Claim, IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {IRegistry, MeterAttributes, MeterReading} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {Certificates} from "contracts/libraries/Certificates.sol";
import {BaseTest} from "./support/BaseTest.sol";

/// @dev A wallet that refuses every token it is asked about.
contract RefusingWallet {
    fallback() external {
        revert("no tokens here");
    }
}

contract MintTest is BaseTest {
    function testAClaimMintsWhatTheRegisterGrew(uint64 opening, uint64 growth, uint64 more) public {
        growth = growth % 1e12 + 1;
        more = more % 1e12 + 1;
        opening = opening % 1e12;
        meterId = register(0xB0B, HOLDER, opening);
        Claim memory first = claimAt(1, T0 + L, opening + growth);
        post(production, MIDNIGHT, leafOf(first));
        uint256 id = solarId(T0 + L);
        vm.expectEmit(address(production));
        emit IEnergyProduction.Minted(meterId, MIDNIGHT, id, HOLDER, growth, opening + growth, 1, T0 + L);
        mintOne(MIDNIGHT, first);
        claimedIs(opening + growth, 1, T0 + L);
        certify(MIDNIGHT + 1, claimAt(2, T0 + 2 * L, opening + growth + more));
        eq(production.balanceOf(HOLDER, id), uint256(growth) + more, "balance");
        eq(production.totalMinted(id), uint256(growth) + more, "minted");
        eq(production.totalSupply(id), uint256(growth) + more, "supply");
    }

    function testAnyoneMayMintAndTheAccountReceives(address caller) public {
        vm.assume(caller != address(0));
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.prank(caller);
        mintOne(MIDNIGHT, c);
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 200, "balance");
    }

    function testTheSameLeafMintsOnce() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        certify(MIDNIGHT, c);
        vm.recordLogs();
        mintOne(MIDNIGHT, c);
        eq(vm.getRecordedLogs().length, 0, "events");
        eq(production.totalMinted(solarId(T0 + L)), 200, "minted");
    }

    function testTheSameLeafTwiceInABatchIsRefused() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        Claim[] memory twice = new Claim[](2);
        (twice[0], twice[1]) = (c, c);
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, twice, new bytes32[](0), flags(true));
    }

    function testAnOlderOrFallingRegisterMintsNothing(uint64 seq, uint64 wh, uint64 timestamp) public {
        certify(MIDNIGHT, claimAt(5, T0 + L, 1_500));
        timestamp = T0 + timestamp % (2 * L);
        vm.assume(seq <= 5 || wh < 1_500 || timestamp < T0 + L);
        certify(MIDNIGHT + 1, claimAt(seq, timestamp, wh));
        claimedIs(1_500, 5, T0 + L);
        eq(production.totalMinted(solarId(T0 + L)), 500, "minted");
    }

    function testAForgedLeafIsRefused(uint8 field) public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        bytes32 sibling = keccak256("sibling");
        post(production, MIDNIGHT, pair(leafOf(c), sibling));
        field = field % 5;
        if (field == 0) c.meterId = register(0xB0B, STRANGER, 0);
        if (field == 1) c.seq += 1;
        if (field == 2) c.timestamp -= 1;
        if (field == 3) c.flags = 1;
        if (field == 4) c.generatedWh += 1;
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, one(c), hashes(sibling), flags(false));
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, one(c), hashes(sibling), new bool[](0));
    }

    function testAPlainProofAndAMultiproofOfOneClaimAgree(bool plain) public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        bytes32 sibling = keccak256("sibling");
        post(production, MIDNIGHT, pair(leafOf(c), sibling));
        production.mint(MIDNIGHT, one(c), hashes(sibling), plain ? new bool[](0) : flags(false));
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 200, "balance");
    }

    function testAnInnerNodeOf64BytesIsNoLeaf() public {
        // A tree whose inner node's preimage is 64 bytes: a leaf hashed once over two words could pass for it.
        Claim memory c = claimAt(1, T0 + L, 1_200);
        bytes32 inner = pair(leafOf(c), keccak256("sibling"));
        bytes32 root = pair(inner, keccak256("uncle"));
        post(production, MIDNIGHT, root);
        Claim memory forged = Claim(leafOf(c), 1, T0 + L, 0, type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, one(forged), hashes(keccak256("uncle")), flags(false));
        require(
            leafOf(c)
                != keccak256(abi.encode(c.meterId, c.seq, c.timestamp, c.flags, c.generatedWh, bytes32(0))),
            "once"
        );
    }

    function testAMalformedMultiproofIsRefused() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.expectRevert(MerkleProof.MerkleProofInvalidMultiproof.selector);
        production.mint(MIDNIGHT, one(c), new bytes32[](0), flags(false));
    }

    function testAnEmptyBatchMintsNothing() public {
        bytes32 root = leafOf(claimAt(1, T0 + L, 1_200));
        post(production, MIDNIGHT, root);
        vm.recordLogs();
        production.mint(MIDNIGHT, new Claim[](0), hashes(root), new bool[](0));
        eq(vm.getRecordedLogs().length, 0, "events");
    }

    function testNoMintBeforeFinality() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.warp(end(MIDNIGHT) + FINALITY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReports.NotFinal.selector, MIDNIGHT, end(MIDNIGHT) + FINALITY)
        );
        mintOne(MIDNIGHT, c);
    }

    function testNoMintFromAReportThatLeftTheRing() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        post(production, MIDNIGHT + RING, keccak256("later"));
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, MIDNIGHT));
        mintOne(MIDNIGHT, c);
    }

    function testNoMintWhilePaused() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.prank(GUARDIAN);
        registry.setPaused(true);
        vm.expectRevert(IRegistry.ContractsPaused.selector);
        mintOne(MIDNIGHT, c);
    }

    function testAnUnregisteredMeterIsNamed(bytes32 unknown) public {
        vm.assume(unknown != meterId);
        Claim memory c = Claim(unknown, 1, T0 + L, 0, 100);
        post(production, MIDNIGHT, leafOf(c));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, unknown));
        mintOne(MIDNIGHT, c);
    }

    function testASuspendedMeterIsSkippedAndTheOthersMint() public {
        bytes32 other = register(0xB0B, STRANGER, 0);
        registry.suspendMeter(meterId);
        mintBoth(claimAt(1, T0 + L, 1_200), Claim(other, 1, T0 + L, 0, 70));
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 0, "suspended");
        eq(production.balanceOf(STRANGER, solarId(T0 + L)), 70, "other");
    }

    function testAWalletThatRefusesTokensDoesNotStopABatch() public {
        RefusingWallet wallet = new RefusingWallet();
        bytes32 other = register(0xB0B, address(wallet), 0);
        mintBoth(claimAt(1, T0 + L, 1_200), Claim(other, 1, T0 + L, 0, 70));
        eq(production.balanceOf(address(wallet), solarId(T0 + L)), 70, "refusing wallet");
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 200, "other");
    }

    function testALeafOfATimeAfterItsIntervalIsSkippedAndTheOthersMint(uint64 beyond) public {
        bytes32 other = register(0xB0B, STRANGER, 0);
        uint64 last = uint64(end(MIDNIGHT));
        beyond = last + 1 + beyond % (type(uint64).max - last);
        mintBoth(claimAt(1, beyond, 5_000), Claim(other, 1, last, 0, 70));
        claimedIs(1_000, 0, T0);
        eq(production.balanceOf(STRANGER, solarId(T0 + L)), 70, "other");
        certify(MIDNIGHT + 1, claimAt(1, T0 + 2 * L, 1_300));
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 300, "the true leaf after it");
    }

    function testNoDaySpillsIntoTheSourceOfAnId(bool simulated, uint8 source, uint256 day) public pure {
        uint256 id = Certificates.idOf(simulated, source, day);
        eq(Certificates.sourceOf(id), source, "source");
        require(Certificates.isSimulated(id) == simulated, "simulated");
        require(id < 1 << 41, "other bits");
    }

    function testSimulatedMetersMintSimulatedIds(uint8 source) public {
        MeterAttributes memory a = solar();
        (a.simulated, a.source) = (true, source % 6);
        meterId = registerAs(0xB0B, HOLDER, 0, a);
        certify(MIDNIGHT, claimAt(1, T0 + L, 50));
        eq(production.balanceOf(HOLDER, (1 << 40) | uint256(source % 6) << 32 | solarId(T0 + L)), 50, "id");
    }

    function mintBoth(Claim memory a, Claim memory b) private {
        Claim[] memory claims = new Claim[](2);
        (claims[0], claims[1]) = (a, b);
        post(production, MIDNIGHT, pair(leafOf(a), leafOf(b)));
        production.mint(MIDNIGHT, claims, new bytes32[](0), flags(true));
    }
}

contract MintDayTest is BaseTest {
    uint64 private constant DUSK = T0 + 1 days - L;
    uint64 private constant NEXT_MIDNIGHT = T0 + 1 days;
    uint64 private constant DAWN = NEXT_MIDNIGHT + L;
    uint256 private constant UNKNOWN = type(uint32).max;

    function intervalOf(uint64 timestamp) private pure returns (uint64) {
        return (timestamp - 1) / L;
    }

    function testAReadingAtMidnightClosesTheDayBefore() public {
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        certify(intervalOf(NEXT_MIDNIGHT), claimAt(2, NEXT_MIDNIGHT, 1_150));
        certify(intervalOf(DAWN), claimAt(9, DAWN, 1_250));
        eq(production.balanceOf(HOLDER, solarId(DUSK)), 150, "first day");
        eq(production.balanceOf(HOLDER, solarId(DAWN)), 100, "second day");
    }

    function testEnergyAcrossMidnightIsRefusedWhileAReadingLiesBetween(uint64 skipped) public {
        skipped = 1 + skipped % 1_000;
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        Claim memory c = claimAt(2 + skipped, DAWN, 1_250);
        post(production, intervalOf(DAWN), leafOf(c));
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyProduction.DayNotClosed.selector, meterId, solarId(DUSK))
        );
        mintOne(intervalOf(DAWN), c);
    }

    function testOnlyTheStepOverMidnightIsOfNoKnownDay() public {
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        certify(intervalOf(NEXT_MIDNIGHT), claimAt(4, NEXT_MIDNIGHT - 60, 1_150));
        certify(intervalOf(DAWN), claimAt(5, NEXT_MIDNIGHT + 60, 1_153));
        certify(intervalOf(DAWN) + 1, claimAt(60, DAWN + L, 1_250));
        eq(production.balanceOf(HOLDER, solarId(DUSK)), 150, "first day");
        eq(production.balanceOf(HOLDER, UNKNOWN), 3, "over midnight");
        eq(production.balanceOf(HOLDER, solarId(DAWN)), 97, "second day");
    }

    function testEnergyBetweenAdjacentReadingsOfTwoDaysIsOfNoKnownDay() public {
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        certify(intervalOf(DAWN), claimAt(2, DAWN, 1_250));
        eq(production.balanceOf(HOLDER, UNKNOWN), 150, "unknown day");
        claimedIs(1_250, 2, DAWN);
    }

    function testEnergySinceAReportThatLeftTheRingIsOfNoKnownDayHalfARingLater(uint64 gap, uint64 behind)
        public
    {
        gap = 1 + gap % (2 * RING);
        behind = behind % RING;
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        uint64 interval = intervalOf(DUSK) + gap;
        Claim memory c = claimAt(9, DUSK + gap * L, 1_250);
        post(production, interval, leafOf(c));
        if (behind != 0) post(production, interval + behind, keccak256("later"));
        bool sameDay = gap == 1;
        bool open = gap + behind >= RING && behind >= RING / 2;
        if (!sameDay && !open) {
            vm.expectRevert(
                abi.encodeWithSelector(IEnergyProduction.DayNotClosed.selector, meterId, solarId(DUSK))
            );
        }
        vm.prank(STRANGER);
        mintOne(interval, c);
        eq(production.balanceOf(HOLDER, UNKNOWN), open && !sameDay ? 150 : 0, "unknown day");
    }

    function testNobodyBlursDaysThatCanStillBeClosed() public {
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_100));
        // long away, the meter returns with the day's end and its newest reading in one report
        Claim memory dayEnd = claimAt(24, NEXT_MIDNIGHT, 3_000);
        Claim memory newest = claimAt(30, NEXT_MIDNIGHT + 6 * L, 3_500);
        uint64 t = intervalOf(newest.timestamp);
        post(production, t, pair(leafOf(dayEnd), leafOf(newest)));
        vm.prank(STRANGER);
        vm.expectPartialRevert(IEnergyProduction.DayNotClosed.selector);
        production.mint(t, one(newest), hashes(leafOf(dayEnd)), new bool[](0));
        production.mint(t, one(dayEnd), hashes(leafOf(newest)), new bool[](0));
        production.mint(t, one(newest), hashes(leafOf(dayEnd)), new bool[](0));
        eq(production.balanceOf(HOLDER, solarId(DUSK)), 2_000, "first day");
        eq(production.balanceOf(HOLDER, solarId(DAWN)), 500, "second day");
        eq(production.balanceOf(HOLDER, UNKNOWN), 0, "unknown day");
    }

    function testTheAccountItselfMayGiveTheDayUp(uint64 skipped) public {
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        Claim memory c = claimAt(3 + skipped % 1_000, DAWN, 1_250);
        post(production, intervalOf(DAWN), leafOf(c));
        vm.prank(HOLDER);
        mintOne(intervalOf(DAWN), c);
        eq(production.balanceOf(HOLDER, UNKNOWN), 150, "unknown day");
    }

    function testAnAccountDoesNotGiveUpTheDayOfAnothersMeter() public {
        register(0xB0B, STRANGER, 0);
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        Claim memory c = claimAt(3, DAWN, 1_250);
        post(production, intervalOf(DAWN), leafOf(c));
        vm.prank(STRANGER);
        vm.expectPartialRevert(IEnergyProduction.DayNotClosed.selector);
        mintOne(intervalOf(DAWN), c);
    }

    function testTheFirstClaimStartsFromTheOpening() public {
        // opened at T0, which closes the day before: the first day's energy is known
        certify(MIDNIGHT + 3, claimAt(4, T0 + 4 * L, 1_250));
        eq(production.balanceOf(HOLDER, solarId(T0 + 4 * L)), 250, "day");
    }

    function testMidnightIsCrossedFreelyWhenNothingWasGenerated(uint64 skipped) public {
        skipped = skipped % 1_000;
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        certify(intervalOf(DAWN), claimAt(2 + skipped, DAWN, 1_100));
        claimedIs(1_100, 2 + skipped, DAWN);
        eq(production.totalMinted(solarId(DAWN)), 0, "nothing minted");
        certify(intervalOf(DAWN) + 1, claimAt(2_000, DAWN + L, 1_180));
        eq(production.balanceOf(HOLDER, solarId(DAWN)), 80, "next day");
    }

    function testADisputedMeterCrossesMidnightAsUnknownDay() public {
        certify(intervalOf(DUSK), claimAt(1, DUSK, 1_100));
        Claim memory leaf = claimAt(5, NEXT_MIDNIGHT, 9_000);
        post(production, intervalOf(NEXT_MIDNIGHT), leafOf(leaf));
        Claim memory true_ = claimAt(5, NEXT_MIDNIGHT, 1_150);
        production.dispute(
            intervalOf(NEXT_MIDNIGHT),
            leaf,
            new bytes32[](0),
            readingOf(true_),
            sign(METER_KEY, registry.readingDigest(readingOf(true_)))
        );
        registry.reinstateMeter(meterId);
        certify(intervalOf(DAWN), claimAt(9, DAWN, 1_250));
        eq(production.balanceOf(HOLDER, UNKNOWN), 150, "unknown day");
    }

    function testNoEnergyIsLostOrMadeWhateverTheTimes(uint64[4] calldata gaps, uint64[4] calldata growths)
        public
    {
        uint64 timestamp = T0;
        uint64 wh = 1_000;
        uint256 sum;
        uint256[4] memory ids;
        for (uint64 i; i < 4; ++i) {
            timestamp += L + gaps[i] % 2 days;
            wh += growths[i] % 1e9;
            certify(intervalOf(timestamp), claimAt(i + 1, timestamp, wh));
            ids[i] = solarId(timestamp);
        }
        for (uint256 i; i < 4; ++i) {
            bool seen = i > 0 && ids[i] == ids[i - 1];
            if (!seen) sum += production.balanceOf(HOLDER, ids[i]);
        }
        eq(sum + production.balanceOf(HOLDER, UNKNOWN), wh - 1_000, "certificates");
    }
}

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

contract RetireTest is BaseTest {
    function testRetiredEnergyLeavesTheSupplyAndNamesItsCo2(uint64 wh, uint32 factor) public {
        wh = 1 + wh % 200;
        registry.setCo2Factor(0, factor);
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        uint256 id = solarId(T0 + L);
        vm.prank(HOLDER);
        vm.expectEmit(address(production));
        emit IEnergyProduction.Retired(HOLDER, id, wh, STRANGER, "school", uint256(wh) * factor / 1e6);
        production.retire(id, wh, STRANGER, "school");
        eq(production.balanceOf(HOLDER, id), 200 - wh, "balance");
        eq(production.totalRetired(id), wh, "retired");
        eq(production.totalSupply(id), 200 - wh, "supply");
        eq(production.totalMinted(id), 200, "minted");
    }

    function testMoreThanIsHeldCannotBeRetired(uint256 wh) public {
        vm.assume(wh > 200);
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        vm.prank(HOLDER);
        try production.retire(solarId(T0 + L), wh, STRANGER, "") {
            revert("retired more than held");
        } catch {}
    }

    function testNothingCannotBeRetired() public {
        vm.expectRevert(IEnergyProduction.NothingToRetire.selector);
        production.retire(1, 0, STRANGER, "");
    }

    function testSimulatedEnergyAvoidsNoCo2() public {
        MeterAttributes memory a = solar();
        a.simulated = true;
        meterId = registerAs(0xB0B, HOLDER, 0, a);
        registry.setCo2Factor(0, 900_000);
        certify(MIDNIGHT, claimAt(1, T0 + L, 500));
        uint256 id = (1 << 40) | solarId(T0 + L);
        vm.prank(HOLDER);
        vm.expectEmit(address(production));
        emit IEnergyProduction.Retired(HOLDER, id, 500, STRANGER, "test", 0);
        production.retire(id, 500, STRANGER, "test");
    }

    function testCertificatesMoveBetweenAccounts(uint64 wh) public {
        wh = wh % 201;
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        uint256 id = solarId(T0 + L);
        vm.prank(HOLDER);
        production.safeTransferFrom(HOLDER, STRANGER, id, wh, "");
        eq(production.balanceOf(STRANGER, id), wh, "received");
        eq(production.totalSupply(id), 200, "supply");
    }

    function testRetiringWorksWhilePaused() public {
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        registry.setPaused(true);
        vm.prank(HOLDER);
        production.retire(solarId(T0 + L), 200, HOLDER, "");
        eq(production.totalSupply(solarId(T0 + L)), 0, "supply");
    }
}
