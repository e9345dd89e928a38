// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Condition, GridState, IGridBalancing, Thresholds} from "contracts/interfaces/IGridBalancing.sol";
import {IRegistry, Role} from "contracts/interfaces/IRegistry.sol";
import {GridTest} from "./GridTest.sol";

abstract contract GridStateTest is GridTest {
    /// @dev Interval MIDNIGHT - 1 ends now.
    uint32 internal constant PRESENT = uint32(MIDNIGHT - 1);

    function limits() internal pure returns (Thresholds memory) {
        return Thresholds(49_000, 49_800, 50_200, 51_000, 1_955, 2_070, 2_530, 2_645);
    }

    function calm() internal pure returns (GridState memory) {
        return GridState(PRESENT, 49_900, 50_000, 50_100, 2_250, 2_350, 40_000, 39_000, 12_000, false);
    }

    function set(GridState memory state) internal {
        vm.prank(OPERATOR);
        grid.setState(state);
    }

    function condition() internal view returns (Condition found) {
        (, found) = grid.gridState();
    }

    function conditionIs(Condition expected, string memory what) internal view {
        eq(uint256(condition()), uint256(expected), what);
    }
}

contract SetStateTest is GridStateTest {
    // REVERTS

    function testOnlyAGridOperatorStates(address caller) public {
        vm.assume(caller != OPERATOR);
        refusedWithout(Role.GridOperator, caller);
        vm.prank(caller);
        grid.setState(calm());
    }

    function testTheFutureIsNotStated(uint32 interval) public {
        vm.assume(interval > PRESENT);
        GridState memory state = calm();
        state.interval = interval;
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.StateOfTheFuture.selector, interval, PRESENT));
        set(state);
    }

    function testAnOlderStateIsRefused(uint32 interval) public {
        interval %= PRESENT;
        set(calm());
        GridState memory state = calm();
        state.interval = interval;
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.StateNotNewer.selector, interval, PRESENT));
        set(state);
    }

    function testMeasuresOutOfOrderAreRefused(uint8 which, uint16 by) public {
        GridState memory state = calm();
        if (which % 3 == 0) state.frequencyMin = state.frequencyMean + 1 + by % 10_000;
        if (which % 3 == 1) state.frequencyMax = state.frequencyMean - 1 - by % 10_000;
        if (which % 3 == 2) state.voltageMin = state.voltageMax + 1 + by;
        vm.expectRevert(IGridBalancing.StateOutOfOrder.selector);
        set(state);
    }

    // SUCCESS

    function testAStateIsKeptAsStated(GridState memory state) public {
        state.interval = uint32(uint256(state.interval) % (PRESENT + 1));
        state.frequencyMean = state.frequencyMin / 2 + state.frequencyMax / 2;
        vm.assume(
            state.frequencyMin <= state.frequencyMean && state.frequencyMean <= state.frequencyMax
                && state.voltageMin <= state.voltageMax
        );
        Condition expected = state.islanded ? Condition.Island : Condition.Normal;
        vm.expectEmit(address(grid));
        emit IGridBalancing.GridStateSet(state.interval, expected, state);
        set(state);
        (GridState memory found, Condition told) = grid.gridState();
        eq(keccak256(abi.encode(found)), keccak256(abi.encode(state)), "state");
        eq(uint256(told), uint256(expected), "condition");
        (bool stopped, bool island) = grid.clearingRules();
        require(!stopped && island == state.islanded, "rules");
    }

    function testTheSameIntervalIsStatedAnew() public {
        set(calm());
        GridState memory state = calm();
        state.demandW = 41_000;
        set(state);
        (GridState memory found,) = grid.gridState();
        eq(found.demandW, 41_000, "demand");
    }

    function testWithoutThresholdsNothingIsJudged() public {
        GridState memory state = calm();
        state.frequencyMin = 1;
        set(state);
        conditionIs(Condition.Normal, "not judged");
    }

    function testWhatWasNotMeasuredIsNotJudged() public {
        grid.setThresholds(limits());
        GridState memory state = calm();
        (state.frequencyMin, state.frequencyMean, state.frequencyMax) = (0, 0, 0);
        set(state);
        conditionIs(Condition.Normal, "frequency unknown");
        (state.voltageMin, state.voltageMax) = (0, 0);
        set(state);
        conditionIs(Condition.Normal, "voltage unknown");
    }

    function testTheThresholdsThemselvesAreStillWithin() public {
        grid.setThresholds(limits());
        GridState memory state = calm();
        (state.frequencyMin, state.frequencyMax) = (49_800, 50_200);
        (state.voltageMin, state.voltageMax) = (2_070, 2_530);
        set(state);
        conditionIs(Condition.Normal, "at the alert's edge");
        (state.frequencyMin, state.frequencyMax) = (49_000, 51_000);
        (state.voltageMin, state.voltageMax) = (1_955, 2_645);
        set(state);
        conditionIs(Condition.Alert, "at the emergency's edge");
    }

    function testOneBeyondAThresholdCounts(uint8 which) public {
        grid.setThresholds(limits());
        GridState memory state = calm();
        which %= 8;
        if (which == 0) state.frequencyMin = 49_799;
        if (which == 1) state.frequencyMax = 50_201;
        if (which == 2) state.voltageMin = 2_069;
        if (which == 3) state.voltageMax = 2_531;
        if (which == 4) state.frequencyMin = 48_999;
        if (which == 5) state.frequencyMax = 51_001;
        if (which == 6) state.voltageMin = 1_954;
        if (which == 7) state.voltageMax = 2_646;
        set(state);
        conditionIs(which < 4 ? Condition.Alert : Condition.Emergency, "beyond");
    }

    function testTheWorseMeasureCounts() public {
        grid.setThresholds(limits());
        GridState memory state = calm();
        (state.frequencyMin, state.voltageMin) = (48_000, 2_000);
        set(state);
        conditionIs(Condition.Emergency, "frequency");
    }

    function testAnIslandIsOneWhateverItsMeasures() public {
        grid.setThresholds(limits());
        GridState memory state = calm();
        (state.frequencyMin, state.islanded) = (48_000, true);
        set(state);
        conditionIs(Condition.Island, "island");
        (, bool island) = grid.clearingRules();
        require(island, "island prices");
        state.islanded = false;
        set(state);
        conditionIs(Condition.Emergency, "connected again");
        (, island) = grid.clearingRules();
        require(!island, "common prices");
    }
}

contract SetThresholdsTest is GridStateTest {
    function testOnlyTheGovernorSetsThresholds(address caller) public {
        vm.assume(caller != address(this));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller));
        vm.prank(caller);
        grid.setThresholds(limits());
    }

    function testThresholdsOutOfOrderAreRefused(uint8 which) public {
        Thresholds memory t = limits();
        which %= 6;
        if (which == 0) t.frequencyEmergencyLow = t.frequencyAlertLow + 1;
        if (which == 1) t.frequencyAlertLow = t.frequencyAlertHigh + 1;
        if (which == 2) t.frequencyAlertHigh = t.frequencyEmergencyHigh + 1;
        if (which == 3) t.voltageEmergencyLow = t.voltageAlertLow + 1;
        if (which == 4) t.voltageAlertLow = t.voltageAlertHigh + 1;
        if (which == 5) t.voltageAlertHigh = t.voltageEmergencyHigh + 1;
        vm.expectRevert(IGridBalancing.ThresholdsOutOfOrder.selector);
        grid.setThresholds(t);
    }

    function testThresholdsArePublished() public {
        vm.expectEmit(address(grid));
        emit IGridBalancing.ThresholdsSet(limits());
        grid.setThresholds(limits());
        eq(keccak256(abi.encode(grid.thresholds())), keccak256(abi.encode(limits())), "kept");
        conditionIs(Condition.Normal, "nothing stated, nothing judged");
    }

    function testTheLatestStateIsJudgedAnew() public {
        GridState memory state = calm();
        state.voltageMax = 2_531;
        set(state);
        conditionIs(Condition.Normal, "not judged");
        vm.expectEmit(address(grid));
        emit IGridBalancing.GridStateSet(state.interval, Condition.Alert, state);
        grid.setThresholds(limits());
        conditionIs(Condition.Alert, "judged");
    }
}
