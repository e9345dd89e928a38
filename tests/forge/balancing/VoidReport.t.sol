// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {Role} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {GridTest} from "./GridTest.sol";

contract VoidReportTest is GridTest {
    bytes32 private constant ROOT = keccak256("root");

    function testOnlyTheArbiterVoids(address caller) public {
        vm.assume(caller != ARBITER);
        postUnfinal(MIDNIGHT, ROOT);
        refusedWithout(Role.Arbiter, caller);
        vm.prank(caller);
        grid.voidReport(MIDNIGHT);
    }

    function testAnUnknownReportIsNotVoided(uint64 interval) public {
        vm.assume(interval != MIDNIGHT);
        postUnfinal(MIDNIGHT, ROOT);
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, interval));
        vm.prank(ARBITER);
        grid.voidReport(interval);
    }

    function testAFinalReportStands(uint32 late) public {
        postUnfinal(MIDNIGHT, ROOT);
        uint256 finalFrom = end(MIDNIGHT) + FINALITY;
        vm.warp(finalFrom + late);
        vm.expectRevert(
            abi.encodeWithSelector(IGridBalancing.ReportAlreadyFinal.selector, MIDNIGHT, finalFrom)
        );
        vm.prank(ARBITER);
        grid.voidReport(MIDNIGHT);
    }

    function testAReportIsVoidedOnce() public {
        postUnfinal(MIDNIGHT, ROOT);
        vm.startPrank(ARBITER);
        grid.voidReport(MIDNIGHT);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.ReportIsVoided.selector, MIDNIGHT));
        grid.voidReport(MIDNIGHT);
    }

    function testAReportIsVoidedInsideItsWindow(uint256 late) public {
        postUnfinal(MIDNIGHT, ROOT);
        vm.warp(end(MIDNIGHT) + late % FINALITY);
        vm.expectEmit(address(grid));
        emit IGridBalancing.ReportVoided(MIDNIGHT);
        vm.prank(ARBITER);
        grid.voidReport(MIDNIGHT);
        require(grid.isVoided(MIDNIGHT), "voided");
        require(!grid.isVoided(MIDNIGHT + 1), "no other one");
        (bytes32 root,) = grid.reportOf(MIDNIGHT);
        eq(root, ROOT, "what was said stays readable");
    }
}
