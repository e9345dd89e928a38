// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {IReports, Report, ReportMeta} from "contracts/interfaces/IReports.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {EnergyConsumption, EnergyProduction, Registry, deployContract} from "./support/Contracts.sol";

contract ReportTest is BaseTest {
    bytes32 private constant ROOT = keccak256("root");

    function testAReportIsKeptAsSigned(bytes32 root, bytes32 dataHash, uint48 totalWh, uint24 count) public {
        vm.assume(root != 0 && count != 0);
        Report memory r = Report(MIDNIGHT, 0, root, dataHash, totalWh, count);
        bytes[] memory signatures = signedBy(consumption.reportDigest(r), 0, 2);
        vm.warp(end(MIDNIGHT) + 5);
        vm.expectEmit(address(consumption));
        emit IReports.Reported(MIDNIGHT, root, dataHash, totalWh, count, 5);
        consumption.report(r, signatures);

        (bytes32 kept, ReportMeta memory meta) = consumption.reportOf(MIDNIGHT);
        eq(kept, root, "root");
        eq(meta.interval, MIDNIGHT, "interval");
        eq(meta.time, end(MIDNIGHT) + 5, "time");
        eq(meta.signers, 5, "signers");
        eq(meta.count, count, "count");
        eq(meta.totalWh, totalWh, "total");
        eq(bytes32(meta.dataHashPrefix), dataHash & ~bytes32(uint256(type(uint176).max)), "data hash prefix");
        eq(consumption.head(), MIDNIGHT, "head");
    }

    function testOneSignatureIsBelowQuorum() public {
        Report memory r = reportFor(MIDNIGHT, ROOT);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = sign(oracleKeys[0], production.reportDigest(r));
        vm.warp(end(MIDNIGHT));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BelowQuorum.selector, 1, 2));
        production.report(r, signatures);
    }

    function testAReportIsNotTakenBeforeItsIntervalEnds(uint256 early) public {
        early = 1 + early % (end(MIDNIGHT) - T0);
        Report memory r = reportFor(MIDNIGHT, ROOT);
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.warp(end(MIDNIGHT) - early);
        vm.expectRevert(abi.encodeWithSelector(IReports.IntervalNotEnded.selector, MIDNIGHT, end(MIDNIGHT)));
        production.report(r, signatures);
    }

    function testAnIntervalIsReportedOnceAndInOrder(uint64 again) public {
        again = again % (MIDNIGHT + 4);
        post(production, MIDNIGHT + 3, ROOT);
        Report memory r = reportFor(again, keccak256("other"));
        r.previous = production.link();
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IReports.IntervalNotAfterHead.selector, again, MIDNIGHT + 3));
        production.report(r, signatures);
    }

    function testALaterReportCannotLandBeforeAnEarlierOne() public {
        Report memory earlier = reportFor(MIDNIGHT, ROOT);
        Report memory later = reportFor(MIDNIGHT + 1, ROOT);
        later.previous = linkOf(earlier);
        bytes[] memory signatures = signedBy(production.reportDigest(later), 0, 1);
        vm.warp(end(MIDNIGHT + 1));
        vm.expectRevert(abi.encodeWithSelector(IReports.NotNext.selector, later.previous, bytes32(0)));
        production.report(later, signatures);
        production.report(earlier, signedBy(production.reportDigest(earlier), 0, 1));
        production.report(later, signatures);
        eq(production.head(), MIDNIGHT + 1, "head");
    }

    function testAReportCannotLandAfterAnotherOneThanItsSignersCountedFrom() public {
        Report memory expected = reportFor(MIDNIGHT, ROOT);
        Report memory next = reportFor(MIDNIGHT + 1, ROOT);
        next.previous = linkOf(expected);
        bytes[] memory signatures = signedBy(production.reportDigest(next), 0, 1);
        Report memory other = reportFor(MIDNIGHT, keccak256("with a reading more"));
        vm.warp(end(MIDNIGHT + 1));
        production.report(other, signedBy(production.reportDigest(other), 0, 1));
        vm.expectRevert(abi.encodeWithSelector(IReports.NotNext.selector, linkOf(expected), linkOf(other)));
        production.report(next, signatures);
    }

    function testAReportFollowsTheNewestOneOnly(bytes32 previous) public {
        post(production, MIDNIGHT, ROOT);
        bytes32 link = production.link();
        vm.assume(previous != link);
        Report memory r = reportFor(MIDNIGHT + 1, ROOT);
        r.previous = previous;
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.warp(end(MIDNIGHT + 1));
        vm.expectRevert(abi.encodeWithSelector(IReports.NotNext.selector, previous, link));
        production.report(r, signatures);
    }

    function testAReportOfTheOtherContractIsForeign() public {
        Report memory r = reportFor(MIDNIGHT, ROOT);
        bytes[] memory signatures = signedBy(consumption.reportDigest(r), 0, 1);
        vm.warp(end(MIDNIGHT));
        refused(r, signatures);
    }

    function testAReportOfAnotherChainIsForeign(uint64 chain) public {
        vm.assume(chain != 0 && chain != block.chainid);
        Report memory r = reportFor(MIDNIGHT, ROOT);
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.warp(end(MIDNIGHT));
        vm.chainId(chain);
        refused(r, signatures);
    }

    function testEveryFieldOfAReportIsSigned(uint8 field) public {
        Report memory r = reportFor(MIDNIGHT, ROOT);
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        field = field % 6;
        // another report came first, and the altered one names it: the signatures alone must tell
        if (field == 5) post(production, MIDNIGHT - 1, keccak256("first"));
        vm.warp(end(MIDNIGHT) + L);
        if (field == 0) r.interval += 1;
        if (field == 1) r.root ^= bytes32(uint256(1));
        if (field == 2) r.dataHash ^= bytes32(uint256(1));
        if (field == 3) r.totalWh += 1;
        if (field == 4) r.count += 1;
        if (field == 5) r.previous = production.link();
        refused(r, signatures);
    }

    function testAnEmptyReportIsRefused() public {
        vm.warp(end(MIDNIGHT));
        Report memory r = reportFor(MIDNIGHT, 0);
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.expectRevert(IReports.EmptyReport.selector);
        production.report(r, signatures);
        r = Report(MIDNIGHT, 0, ROOT, ROOT, 1, 0);
        signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.expectRevert(IReports.EmptyReport.selector);
        production.report(r, signatures);
    }

    function testWhatTheRingCannotHoldIsRefusedNotCut(uint64 interval, uint64 totalWh, uint32 count) public {
        vm.assume(count != 0 && interval > 0 && interval < type(uint64).max / L - 1);
        vm.assume(interval > type(uint32).max || totalWh > type(uint48).max || count > type(uint24).max);
        Report memory r = Report(interval, 0, ROOT, ROOT, totalWh, count);
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.warp(end(interval));
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportTooLarge.selector, interval, totalWh, count));
        production.report(r, signatures);
    }

    function testFieldsWiderThanTheirTypesAreRefused(uint8 field) public {
        // the struct hash covers raw words: a wide word must not be signed as one value and read as another
        Report memory r = reportFor(MIDNIGHT, ROOT);
        field = field % 4;
        uint256 at = field < 2 ? field : field + 2;
        bytes memory call = abi.encodeCall(production.report, (r, signedBy(production.reportDigest(r), 0, 1)));
        call[4 + 32 * at] = 0x01;
        vm.warp(end(MIDNIGHT));
        (bool taken,) = address(production).call(call);
        require(!taken, "a wide word was taken");
    }

    function testNoReportWhilePaused() public {
        registry.setPaused(true);
        Report memory r = reportFor(MIDNIGHT, ROOT);
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.warp(end(MIDNIGHT));
        vm.expectRevert(IRegistry.ContractsPaused.selector);
        production.report(r, signatures);
    }

    function testFinalityComesAfterItsWindow(uint64 wait) public {
        Report memory r = reportFor(MIDNIGHT, ROOT);
        bytes[] memory signatures = signedBy(production.reportDigest(r), 0, 1);
        vm.warp(end(MIDNIGHT));
        require(!production.isFinal(MIDNIGHT), "final before its report");
        production.report(r, signatures);
        vm.warp(end(MIDNIGHT) + wait % (3 * FINALITY));
        require(production.isFinal(MIDNIGHT) == (wait % (3 * FINALITY) >= FINALITY), "finality");
    }

    function testAReportLeavesTheRingWhenItsPlaceIsTaken(uint64 step) public {
        step = 1 + step % RING;
        post(production, MIDNIGHT, ROOT);
        post(production, MIDNIGHT + step, keccak256("next"));
        if (step == RING) {
            vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, MIDNIGHT));
            production.reportOf(MIDNIGHT);
            require(!production.isFinal(MIDNIGHT), "gone yet final");
        } else {
            (bytes32 root,) = production.reportOf(MIDNIGHT);
            eq(root, ROOT, "still there");
        }
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, MIDNIGHT + RING + 1));
        production.reportOf(MIDNIGHT + RING + 1);
    }

    function testIntervalZeroIsNoReport() public {
        require(!production.isFinal(0), "an empty place passed for interval 0");
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, 0));
        production.reportOf(0);
    }

    function testARingNeedsAPlace() public {
        vm.expectRevert(abi.encodeWithSelector(IReports.BadRingSize.selector, 0));
        EnergyConsumption(deployContract("EnergyConsumption", abi.encode(registry, 0, 0)));
    }

    function testCodeFitsTheLimit() public view {
        require(address(production).code.length < 24_576, "production");
        require(address(registry).code.length < 24_576, "registry");
    }

    function refused(Report memory r, bytes[] memory signatures) private {
        uint64 newest = production.head();
        try production.report(r, signatures) {
            revert("a foreign or altered report was taken");
        } catch {}
        eq(production.head(), newest, "head");
    }
}
