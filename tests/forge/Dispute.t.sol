// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Claim} from "contracts/interfaces/IEnergyProduction.sol";
import {ConsumptionLeaf} from "contracts/interfaces/IEnergyConsumption.sol";
import {IRegistry, MeterReading} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract DisputeTest is BaseTest {
    bytes32[] private none;

    function dispute(Claim memory leaf, MeterReading memory reading) private {
        production.dispute(MIDNIGHT, leaf, none, reading, sign(METER_KEY, registry.readingDigest(reading)));
    }

    function testTheSameSeqWithOtherValuesFreezes(uint64 told, uint64 measured, uint64 time, uint32 mark)
        public
    {
        Claim memory leaf = Claim(meterId, 5, T0 + L, 0, told);
        MeterReading memory reading = readingOf(Claim(meterId, 5, T0 + 1 + time % (2 * L), mark, measured));
        vm.assume(told != measured || reading.timestamp != leaf.timestamp || mark != 0);
        post(production, MIDNIGHT, leafOf(leaf));
        vm.expectEmit(address(registry));
        emit IRegistry.MeterSuspended(meterId);
        vm.expectEmit(address(production));
        emit IReports.Disputed(MIDNIGHT, meterId, leafOf(leaf), 3, 0);
        dispute(leaf, reading);
        require(registry.certification(meterId).suspended(), "suspended");
        eq(registry.certification(meterId).frozenThrough(), MIDNIGHT, "frozen through");
    }

    function testSeqOrderAgainstRegisterOrderFreezes(uint64 seq, uint64 wh) public {
        vm.assume(seq != 5 && wh != 500 && (seq < 5) == (wh > 500));
        Claim memory leaf = claimAt(5, T0 + L, 500);
        post(production, MIDNIGHT, leafOf(leaf));
        vm.expectEmit(address(production));
        emit IReports.Disputed(MIDNIGHT, meterId, leafOf(leaf), 3, 1);
        dispute(leaf, readingOf(claimAt(seq, T0 + L, wh)));
    }

    function testSeqOrderAgainstTimeOrderFreezes(bool before) public {
        Claim memory leaf = claimAt(5, T0 + L, 500);
        post(production, MIDNIGHT, leafOf(leaf));
        dispute(leaf, readingOf(before ? claimAt(4, T0 + L + 1, 500) : claimAt(6, T0 + L - 1, 500)));
    }

    function testReadingsInOrderContradictNothing(uint64 seq, uint64 wh, uint64 time) public {
        time = T0 + time % (2 * L);
        if (seq == 5) (wh, time) = (500, T0 + L);
        vm.assume(
            seq == 5 || seq < 5 && wh <= 500 && time <= T0 + L || seq > 5 && wh >= 500 && time >= T0 + L
        );
        Claim memory leaf = claimAt(5, T0 + L, 500);
        post(production, MIDNIGHT, leafOf(leaf));
        MeterReading memory reading = readingOf(claimAt(seq, time, wh));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        vm.expectRevert(abi.encodeWithSelector(IReports.NoContradiction.selector, meterId));
        production.dispute(MIDNIGHT, leaf, none, reading, signature);
    }

    function testAReadingTheMeterDidNotSignProvesNothing(uint256 key) public {
        key = 1 + key % (HALF_ORDER - 1);
        vm.assume(key != METER_KEY);
        Claim memory leaf = claimAt(5, T0 + L, 500);
        post(production, MIDNIGHT, leafOf(leaf));
        MeterReading memory reading = readingOf(claimAt(5, T0 + L, 400));
        bytes memory signature = sign(key, registry.readingDigest(reading));
        vm.expectRevert(abi.encodeWithSelector(IReports.ReadingNotSignedByMeter.selector, meterId));
        production.dispute(MIDNIGHT, leaf, none, reading, signature);
    }

    function testAnotherMetersReadingProvesNothing() public {
        bytes32 other = register(0xB0B, HOLDER, 0);
        Claim memory leaf = claimAt(5, T0 + L, 500);
        post(production, MIDNIGHT, leafOf(leaf));
        MeterReading memory reading = readingOf(claimAt(5, T0 + L, 400));
        reading.meterId = other;
        bytes memory signature = sign(0xB0B, registry.readingDigest(reading));
        vm.expectRevert(abi.encodeWithSelector(IReports.ReadingOfOtherMeter.selector, other));
        production.dispute(MIDNIGHT, leaf, none, reading, signature);
    }

    function testALeafThatWasNotReportedCannotBeDisputed() public {
        post(production, MIDNIGHT, leafOf(claimAt(5, T0 + L, 500)));
        Claim memory forged = claimAt(5, T0 + L, 501);
        MeterReading memory reading = readingOf(claimAt(5, T0 + L, 400));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        vm.expectRevert(abi.encodeWithSelector(IReports.LeafNotInReport.selector, MIDNIGHT, leafOf(forged)));
        production.dispute(MIDNIGHT, forged, none, reading, signature);
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, MIDNIGHT + 1));
        production.dispute(MIDNIGHT + 1, forged, none, reading, signature);
    }

    function testAFrozenLeafNeverMintsAndTheNextReportHeals() public {
        Claim memory leaf = claimAt(1, T0 + L, 9_000);
        post(production, MIDNIGHT, leafOf(leaf));
        dispute(leaf, readingOf(claimAt(1, T0 + L, 1_100)));
        mintOne(MIDNIGHT, leaf);
        registry.reinstateMeter(meterId);
        mintOne(MIDNIGHT, leaf);
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 0, "minted from a frozen leaf");
        certify(MIDNIGHT + 1, claimAt(2, T0 + 2 * L, 1_300));
        eq(production.balanceOf(HOLDER, solarId(T0 + 2 * L)), 300, "healed");
    }

    function testTheSameEvidenceSuspendsOnce() public {
        Claim memory leaf = claimAt(1, T0 + L, 9_000);
        post(production, MIDNIGHT, leafOf(leaf));
        MeterReading memory reading = readingOf(claimAt(1, T0 + L, 1_100));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        production.dispute(MIDNIGHT, leaf, none, reading, signature);
        registry.reinstateMeter(meterId);
        Claim memory honest = claimAt(2, T0 + 2 * L, 1_300);
        post(production, MIDNIGHT + 1, leafOf(honest));
        vm.expectRevert(abi.encodeWithSelector(IReports.AlreadyFrozen.selector, meterId, MIDNIGHT));
        production.dispute(MIDNIGHT, leaf, none, reading, signature);
        mintOne(MIDNIGHT + 1, honest);
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 300, "the honest leaf");
    }

    function testADisputeStillWorksWhilePaused() public {
        Claim memory leaf = claimAt(1, T0 + L, 9_000);
        post(production, MIDNIGHT, leafOf(leaf));
        registry.setPaused(true);
        dispute(leaf, readingOf(claimAt(1, T0 + L, 1_100)));
        eq(registry.frozenThrough(meterId), MIDNIGHT, "frozen through");
    }

    function testASecondDisputeOfAnOlderReportIsRefusedAndThawsNothing() public {
        Claim memory first = claimAt(1, T0 + L, 9_000);
        Claim memory second = claimAt(2, T0 + 2 * L, 9_500);
        post(production, MIDNIGHT, leafOf(first));
        post(production, MIDNIGHT + 1, leafOf(second));
        MeterReading memory reading = readingOf(claimAt(1, T0 + L, 1_100));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        production.dispute(MIDNIGHT, first, none, reading, signature);
        vm.expectRevert(abi.encodeWithSelector(IReports.AlreadyFrozen.selector, meterId, MIDNIGHT + 1));
        production.dispute(MIDNIGHT, first, none, reading, signature);
        registry.reinstateMeter(meterId);
        mintOne(MIDNIGHT + 1, second);
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 0, "minted from a frozen lineage");
    }

    function testConsumptionLeavesAreDisputedWithTheirSalt(uint8 field, bytes32 salt) public {
        ConsumptionLeaf memory leaf = ConsumptionLeaf(meterId, 5, T0 + L, 0, 10, 20, salt);
        bytes32 hash = Messages.consumptionLeaf(meterId, 5, T0 + L, 0, 10, 20, salt);
        post(consumption, MIDNIGHT, hash);
        MeterReading memory reading = readingOf(claimAt(5, T0 + L, 0));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        vm.expectRevert(abi.encodeWithSelector(IReports.NoContradiction.selector, meterId));
        consumption.dispute(MIDNIGHT, leaf, none, reading, signature);
        leaf.salt = ~salt;
        vm.expectPartialRevert(IReports.LeafNotInReport.selector);
        consumption.dispute(MIDNIGHT, leaf, none, reading, signature);
        leaf.salt = salt;
        field = field % 6;
        if (field == 0) reading.importWh = 11;
        if (field == 1) reading.exportWh = 19;
        if (field == 2) reading.timestamp -= 1;
        if (field == 3) reading.flags = 1;
        if (field == 4) (reading.seq, reading.importWh) = (6, 9);
        if (field == 5) (reading.seq, reading.exportWh) = (4, 21);
        signature = sign(METER_KEY, registry.readingDigest(reading));
        vm.expectEmit(address(consumption));
        emit IReports.Disputed(MIDNIGHT, meterId, hash, 3, field < 4 ? 0 : 1);
        consumption.dispute(MIDNIGHT, leaf, none, reading, signature);
    }
}

contract DisputeKeysTest is BaseTest {
    uint256 private constant NEXT_KEY = 0xB0B;
    /// @dev From this interval on the meter signs with NEXT_KEY.
    uint64 private constant ROTATED = MIDNIGHT + 3;

    bytes32[] private none;

    function setUp() public override {
        super.setUp();
        registry.rotateKey(meterId, vm.addr(NEXT_KEY), ROTATED, "");
    }

    function dispute(uint64 interval, Claim memory leaf, uint256 key, Claim memory signed) private {
        MeterReading memory reading = readingOf(signed);
        production.dispute(interval, leaf, none, reading, sign(key, registry.readingDigest(reading)));
    }

    /// @dev A reading of another key is refused as such, not as one the meter never signed.
    function refused(uint64 interval, Claim memory leaf, uint256 key, Claim memory signed) private {
        MeterReading memory reading = readingOf(signed);
        bytes memory signature = sign(key, registry.readingDigest(reading));
        vm.expectRevert(abi.encodeWithSelector(IReports.ReadingOfOtherKey.selector, meterId));
        production.dispute(interval, leaf, none, reading, signature);
        require(!registry.certification(meterId).suspended(), "suspended");
    }

    function testAKeyThatWasRotatedOutStopsNoMeter(uint64 later, uint64 seq, uint64 wh) public {
        uint64 interval = ROTATED + later % RING;
        Claim memory honest = claimAt(14, (interval + 1) * L, 2_000);
        post(production, interval, leafOf(honest));
        refused(interval, honest, METER_KEY, claimAt(seq, T0 + 1, wh));
    }

    function testTheOrderOfReadingsOfTwoKeysContradictsNothing() public {
        Claim memory before = claimAt(14, T0 + L, 2_000);
        post(production, MIDNIGHT, leafOf(before));
        refused(MIDNIGHT, before, NEXT_KEY, claimAt(15, uint64(end(ROTATED)), 1_900));
    }

    function testAFalseTimeDoesNotHideALeafFromTheKeyThatFollowed() public {
        Claim memory told = claimAt(20, T0 + L, 9_000);
        post(production, ROTATED, leafOf(told));
        dispute(ROTATED, told, NEXT_KEY, claimAt(20, uint64(end(ROTATED)), 1_100));
        require(registry.certification(meterId).suspended(), "suspended");
    }

    function testTheOldKeyStillContradictsLeavesOfItsTime() public {
        Claim memory told = claimAt(2, T0 + L, 9_000);
        post(production, MIDNIGHT, leafOf(told));
        dispute(MIDNIGHT, told, METER_KEY, claimAt(3, T0 + 2 * L, 1_100));
        require(registry.certification(meterId).suspended(), "suspended: the key is still in force");
        eq(registry.frozenThrough(meterId), MIDNIGHT, "frozen through the newest report");
    }

    function testAKeyThatWasRotatedOutFreezesItsOwnTimeOnly(uint64 seq) public {
        Claim memory first = claimAt(2, T0 + L, 1_100);
        Claim memory later = claimAt(5, uint64(end(ROTATED)), 1_500);
        post(production, MIDNIGHT, leafOf(first));
        post(production, MIDNIGHT + 1, leafOf(claimAt(3, T0 + 2 * L, 1_200)));
        post(production, ROTATED, leafOf(later));
        seq = 3 + seq % 100;
        dispute(MIDNIGHT, first, METER_KEY, claimAt(seq, T0 + 2 * L, 1_050));
        require(!registry.certification(meterId).suspended(), "suspended");
        eq(registry.frozenThrough(meterId), ROTATED - 1, "frozen through");
        mintOne(MIDNIGHT, first);
        eq(production.totalMinted(solarId(T0 + L)), 0, "minted from a frozen leaf");
        mintOne(ROTATED, later);
        eq(production.totalMinted(solarId(T0 + L)), 500, "the new key's leaf");
        MeterReading memory reading = readingOf(claimAt(seq, T0 + 2 * L, 1_050));
        bytes memory signature = sign(METER_KEY, registry.readingDigest(reading));
        vm.expectRevert(abi.encodeWithSelector(IReports.AlreadyFrozen.selector, meterId, ROTATED - 1));
        production.dispute(MIDNIGHT, first, none, reading, signature);
    }

    function testWhatWasNotReportedYetIsNotFrozenByAKeyThatWasRotatedOut() public {
        Claim memory first = claimAt(2, T0 + L, 1_100);
        post(production, MIDNIGHT, leafOf(first));
        vm.warp(end(ROTATED));
        dispute(MIDNIGHT, first, METER_KEY, claimAt(3, T0 + 2 * L, 1_050));
        require(!registry.certification(meterId).suspended(), "suspended");
        eq(registry.frozenThrough(meterId), MIDNIGHT, "frozen through");
    }

    function testALeafOfTheOldTimeInALaterReportIsFrozenToo() public {
        Claim memory told = claimAt(2, T0 + L, 9_000);
        post(production, ROTATED, leafOf(told));
        post(production, ROTATED + 1, leafOf(claimAt(5, uint64(end(ROTATED + 1)), 9_100)));
        dispute(ROTATED, told, METER_KEY, claimAt(3, T0 + 2 * L, 1_100));
        require(!registry.certification(meterId).suspended(), "suspended");
        eq(registry.frozenThrough(meterId), ROTATED, "frozen through its own report");
    }

    function testAPendingRotationSparesTheKeyInForceNothing() public {
        rotateOnceMore();
        Claim memory told = claimAt(5, uint64(end(ROTATED + 1)), 9_000);
        post(production, ROTATED + 1, leafOf(told));
        dispute(ROTATED + 1, told, NEXT_KEY, claimAt(6, uint64(end(ROTATED + 2)), 1_100));
        require(registry.certification(meterId).suspended(), "suspended");
        eq(registry.frozenThrough(meterId), ROTATED + 1, "frozen through");
    }

    function testAPendingRotationRestoresNoFormerKey() public {
        rotateOnceMore();
        Claim memory before = claimAt(2, T0 + L, 1_100);
        post(production, ROTATED, leafOf(before));
        post(production, ROTATED + 1, leafOf(claimAt(5, uint64(end(ROTATED + 1)), 1_500)));
        dispute(ROTATED, before, METER_KEY, claimAt(3, T0 + 2 * L, 1_050));
        require(!registry.certification(meterId).suspended(), "suspended");
        eq(registry.frozenThrough(meterId), ROTATED, "frozen through");
    }

    /// @dev NEXT_KEY is in force, and another one will follow it.
    function rotateOnceMore() private {
        vm.warp(end(ROTATED));
        registry.rotateKey(meterId, vm.addr(0xCAFE), ROTATED + 5, "");
    }
}
