// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ConsumptionLeaf, IEnergyConsumption, ProvenLeaf} from "contracts/interfaces/IEnergyConsumption.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {BaseTest} from "./support/BaseTest.sol";

/// @notice A meter whose leaf stands in two final reports, and another leaf beside it.
abstract contract LeavesTest is BaseTest {
    bytes32 internal constant SALT = keccak256("salt");
    bytes32 internal constant OTHER = keccak256("other");

    ProvenLeaf internal first;
    ProvenLeaf internal second;

    function setUp() public override {
        super.setUp();
        first = proven(MIDNIGHT, ConsumptionLeaf(meterId, 3, T0 + L, 0, 900, 400, SALT));
        second = proven(MIDNIGHT + 1, ConsumptionLeaf(meterId, 4, T0 + 2 * L, 0, 2_000, 400, SALT));
    }

    function proven(uint64 interval, ConsumptionLeaf memory leaf) internal returns (ProvenLeaf memory) {
        post(consumption, interval, pair(hashOf(leaf), OTHER));
        return ProvenLeaf(interval, leaf, hashes(OTHER));
    }

    function hashOf(ConsumptionLeaf memory c) internal pure returns (bytes32) {
        return
            Messages.consumptionLeaf(c.meterId, c.seq, c.timestamp, c.flags, c.importWh, c.exportWh, c.salt);
    }
}

contract ThresholdTest is LeavesTest {
    function testOnlyTheMetersAccountSetsALimit(address caller) public {
        vm.assume(caller != HOLDER);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotMeterAccount.selector, meterId, caller));
        consumption.setThreshold(meterId, SALT);
    }

    function testALimitIsHeldAsItsHash(bytes32 commitment) public {
        vm.prank(HOLDER);
        vm.expectEmit(address(consumption));
        emit IEnergyConsumption.ThresholdSet(meterId, commitment);
        consumption.setThreshold(meterId, commitment);
        eq(consumption.thresholdOf(meterId), commitment, "commitment");
    }

    function testOnlyTheMetersAccountProves(address caller) public {
        vm.assume(caller != HOLDER);
        limit(1_000);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotMeterAccount.selector, meterId, caller));
        consumption.proveThreshold(first, second, 1_000, SALT);
    }

    function testLeavesOfTwoMetersProveNothing(bytes32 other) public {
        vm.assume(other != meterId);
        limit(1_000);
        first.leaf.meterId = other;
        refused(abi.encodeWithSelector(IEnergyConsumption.LeafOfOtherMeter.selector, meterId, other), 1_000);
    }

    function testAnotherLimitThanTheSetOneProvesNothing(uint256 limitWh) public {
        vm.assume(limitWh != 1_000);
        bytes32 commitment = keccak256(abi.encode(limitWh, 1, SALT));
        bytes memory refusal =
            abi.encodeWithSelector(IEnergyConsumption.ThresholdDiffers.selector, meterId, commitment);
        refused(refusal, limitWh); // none is set
        limit(1_000);
        refused(refusal, limitWh);
    }

    function testALeafThatIsNotInItsReportProvesNothing(uint64 more, bool ofFirst) public {
        vm.assume(more != 0);
        limit(1_000);
        unchecked {
            if (ofFirst) first.leaf.importWh += more;
            else second.leaf.importWh += more;
        }
        ProvenLeaf memory wrong = ofFirst ? first : second;
        refused(
            abi.encodeWithSelector(IReports.LeafNotInReport.selector, wrong.interval, hashOf(wrong.leaf)),
            1_000
        );
    }

    function testAReportMustBeFinal(uint256 early) public {
        limit(1_000);
        uint256 finalFrom = end(MIDNIGHT + 1) + FINALITY;
        vm.warp(finalFrom - 1 - early % FINALITY);
        refused(abi.encodeWithSelector(IReports.NotFinal.selector, MIDNIGHT + 1, finalFrom), 1_000);
    }

    function testAFrozenLeafProvesNothing() public {
        limit(1_000);
        registry.setReporter(address(this), true);
        registry.freezeMeter(meterId, MIDNIGHT, MIDNIGHT, T0);
        refused(abi.encodeWithSelector(IEnergyConsumption.LeafFrozen.selector, meterId, MIDNIGHT), 1_000);
    }

    function testWithinTheLimitNothingIsProven(uint256 limitWh) public {
        vm.assume(limitWh >= 1_100);
        limit(limitWh);
        refused(
            abi.encodeWithSelector(IEnergyConsumption.ThresholdNotExceeded.selector, 1_100, limitWh), limitWh
        );
    }

    function testLeavesTheOtherWayRoundProveNothing(bool same) public {
        limit(0);
        ProvenLeaf memory from = same ? first : second;
        vm.prank(HOLDER);
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyConsumption.NotAPeriod.selector, from.interval, MIDNIGHT)
        );
        consumption.proveThreshold(from, first, 0, SALT);
    }

    function testALimitOfAnotherPeriodProvesNothing(uint256 intervals) public {
        vm.assume(intervals != 1);
        limitFor(1_000, intervals);
        bytes32 commitment = keccak256(abi.encode(1_000, 1, SALT));
        refused(
            abi.encodeWithSelector(IEnergyConsumption.ThresholdDiffers.selector, meterId, commitment), 1_000
        );
    }

    function testALimitIsForItsNumberOfIntervals(uint64 intervals) public {
        intervals = 2 + intervals % (RING - 2);
        uint64 last = MIDNIGHT + intervals;
        ConsumptionLeaf memory leaf =
            ConsumptionLeaf(meterId, 9, T0 + (intervals + 1) * L, 0, 3_000, 400, SALT);
        ProvenLeaf memory third = proven(last, leaf);
        limitFor(2_000, intervals);
        vm.prank(HOLDER);
        vm.expectEmit(address(consumption));
        emit IEnergyConsumption.ThresholdExceeded(meterId, MIDNIGHT, last, 2_100, 2_000);
        consumption.proveThreshold(first, third, 2_000, SALT);
    }

    function testARegisterThatFellProvesNothing() public {
        ConsumptionLeaf memory leaf = ConsumptionLeaf(meterId, 5, T0 + 3 * L, 0, 1_000, 400, SALT);
        ProvenLeaf memory third = proven(MIDNIGHT + 2, leaf);
        limit(0);
        vm.prank(HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IEnergyConsumption.ThresholdNotExceeded.selector, 0, 0));
        consumption.proveThreshold(second, third, 0, SALT);
    }

    function testMoreThanTheLimitIsProven(uint256 limitWh) public {
        limitWh %= 1_100;
        limit(limitWh);
        vm.prank(HOLDER);
        vm.expectEmit(address(consumption));
        emit IEnergyConsumption.ThresholdExceeded(meterId, MIDNIGHT, MIDNIGHT + 1, 1_100, limitWh);
        consumption.proveThreshold(first, second, limitWh, SALT);
    }

    function limit(uint256 limitWh) private {
        limitFor(limitWh, 1);
    }

    function limitFor(uint256 limitWh, uint256 intervals) private {
        vm.prank(HOLDER);
        consumption.setThreshold(meterId, keccak256(abi.encode(limitWh, intervals, SALT)));
    }

    function refused(bytes memory refusal, uint256 limitWh) private {
        vm.prank(HOLDER);
        vm.expectRevert(refusal);
        consumption.proveThreshold(first, second, limitWh, SALT);
    }
}

contract AcknowledgeTest is LeavesTest {
    bytes32 private constant BILL = keccak256("bill");

    function testOnlyTheMetersAccountAcknowledges(address caller) public {
        vm.assume(caller != HOLDER);
        bytes32 leaf = hashOf(first.leaf);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotMeterAccount.selector, meterId, caller));
        consumption.acknowledge(meterId, MIDNIGHT, leaf, first.proof, BILL);
    }

    function testAReportMustBeFinal(uint256 early) public {
        bytes32 leaf = hashOf(second.leaf);
        uint256 finalFrom = end(MIDNIGHT + 1) + FINALITY;
        vm.warp(finalFrom - 1 - early % FINALITY);
        vm.prank(HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IReports.NotFinal.selector, MIDNIGHT + 1, finalFrom));
        consumption.acknowledge(meterId, MIDNIGHT + 1, leaf, second.proof, BILL);
    }

    function testTheReportMustHoldTheLeaf(bytes32 leaf) public {
        vm.assume(leaf != hashOf(first.leaf) && leaf != OTHER);
        vm.prank(HOLDER);
        vm.expectRevert(abi.encodeWithSelector(IReports.LeafNotInReport.selector, MIDNIGHT, leaf));
        consumption.acknowledge(meterId, MIDNIGHT, leaf, first.proof, BILL);
    }

    function testABillIsAcknowledgedWithoutTheRegisters(bytes32 bill) public {
        bytes32 leaf = hashOf(first.leaf);
        vm.prank(HOLDER);
        vm.expectEmit(address(consumption));
        emit IEnergyConsumption.BillAcknowledged(meterId, MIDNIGHT, leaf, bill);
        consumption.acknowledge(meterId, MIDNIGHT, leaf, first.proof, bill);
    }
}
