// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {GridState, IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {GridTest} from "./GridTest.sol";

abstract contract SilenceTest is GridTest {
    bytes32 internal constant ROOT = keccak256("root");

    function stopped() internal view returns (bool found) {
        (found,) = grid.clearingRules();
    }

    /// @dev Into the middle of an interval.
    function during(uint64 interval) internal {
        vm.warp(end(interval) - L / 2);
    }

    function trip() internal {
        post(production, MIDNIGHT, ROOT);
        during(MIDNIGHT + SILENT);
        grid.failsafe();
    }
}

contract FailsafeTest is SilenceTest {
    function testClearingIsNotStoppedWhileReportsCome(bool byProduction, uint8 behind) public {
        if (byProduction) post(production, MIDNIGHT, ROOT);
        else post(consumption, MIDNIGHT, ROOT);
        uint64 present = MIDNIGHT + 1 + behind % (SILENT - 1);
        during(present);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.NotSilent.selector, present, MIDNIGHT));
        grid.failsafe();
    }

    function testADeploymentWithoutReportsIsNotSilentAtOnce() public {
        uint64 start = grid.startInterval();
        during(start + SILENT - 1);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.NotSilent.selector, start + SILENT - 1, start));
        grid.failsafe();
        during(start + SILENT);
        grid.failsafe();
        require(stopped(), "stopped");
    }

    function testItIsTrippedOnce() public {
        trip();
        vm.expectRevert(IGridBalancing.AlreadyStopped.selector);
        grid.failsafe();
    }

    function testAnyoneStopsClearingAfterSilence(address caller, uint8 late) public {
        post(production, MIDNIGHT - 1, ROOT);
        post(consumption, MIDNIGHT, ROOT);
        uint64 present = MIDNIGHT + SILENT + late;
        during(present);
        vm.expectEmit(address(grid));
        emit IGridBalancing.FailsafeTripped(present, MIDNIGHT);
        vm.prank(caller);
        grid.failsafe();
        require(stopped(), "stopped");
    }

    function testAStateDoesNotLetClearingGoOn() public {
        trip();
        vm.prank(OPERATOR);
        grid.setState(GridState(uint32(MIDNIGHT), 0, 0, 0, 0, 0, 0, 0, 0, true));
        (bool halted, bool island) = grid.clearingRules();
        require(halted && island, "both");
    }
}

contract ResumeTest is SilenceTest {
    function testWhatIsNotStoppedIsNotResumed() public {
        vm.expectRevert(IGridBalancing.NotStopped.selector);
        grid.resume();
    }

    function testSilenceDoesNotResume() public {
        trip();
        vm.expectRevert(
            abi.encodeWithSelector(IGridBalancing.StillSilent.selector, MIDNIGHT + SILENT, MIDNIGHT)
        );
        grid.resume();
    }

    function testAStaleReportDoesNotResume() public {
        trip();
        post(production, MIDNIGHT + SILENT, ROOT);
        uint64 present = MIDNIGHT + 2 * SILENT;
        during(present);
        vm.expectRevert(
            abi.encodeWithSelector(IGridBalancing.StillSilent.selector, present, MIDNIGHT + SILENT)
        );
        grid.resume();
    }

    function testAFreshReportLetsClearingGoOn(bool byProduction, address caller) public {
        trip();
        uint64 reported = MIDNIGHT + SILENT;
        if (byProduction) post(production, reported, ROOT);
        else post(consumption, reported, ROOT);
        vm.expectEmit(address(grid));
        emit IGridBalancing.Resumed(reported + 1, reported);
        vm.prank(caller);
        grid.resume();
        require(!stopped(), "goes on");
    }

    function testItCanBeTrippedAgain() public {
        trip();
        post(production, MIDNIGHT + SILENT, ROOT);
        grid.resume();
        during(MIDNIGHT + 2 * SILENT);
        grid.failsafe();
        require(stopped(), "stopped again");
    }
}
