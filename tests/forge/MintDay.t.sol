// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Claim, IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {BaseTest} from "./support/BaseTest.sol";

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
