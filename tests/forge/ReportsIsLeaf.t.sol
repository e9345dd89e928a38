// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ConsumptionLeaf} from "contracts/interfaces/IEnergyConsumption.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract ReportsIsLeafTest is BaseTest {
    ConsumptionLeaf private leaf;
    bytes32 private other = keccak256("other");

    function setUp() public override {
        super.setUp();
        leaf = ConsumptionLeaf(meterId, 3, T0 + L, 0, 900, 400, keccak256("salt"));
        post(consumption, MIDNIGHT, pair(hashOf(leaf), other));
    }

    function testOfAnUnknownMeterIsRefused(bytes32 unknown) public {
        vm.assume(unknown != meterId);
        leaf.meterId = unknown;
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, unknown));
        consumption.isLeaf(MIDNIGHT, leaf, hashes(other));
    }

    function testNotBeforeTheReportIsFinal(uint256 wait) public {
        require(isLeaf(), "final");
        vm.warp(end(MIDNIGHT) + wait % FINALITY);
        require(!isLeaf(), "not final");
    }

    function testNotOfAnotherInterval(uint64 interval) public view {
        vm.assume(interval != MIDNIGHT);
        require(!consumption.isLeaf(interval, leaf, hashes(other)), "another interval");
    }

    function testNotOnceTheReportLeftTheRing() public {
        post(consumption, MIDNIGHT + RING, keccak256("later"));
        require(!isLeaf(), "left the ring");
    }

    function testNotWhatTheReportDoesNotHold(uint256 change, uint64 by) public {
        vm.assume(by != 0);
        unchecked {
            if (change % 5 == 0) leaf.seq += by;
            if (change % 5 == 1) leaf.timestamp += by;
            if (change % 5 == 2) leaf.importWh += by;
            if (change % 5 == 3) leaf.exportWh += by;
            if (change % 5 == 4) leaf.salt = bytes32(uint256(leaf.salt) + by);
        }
        require(!isLeaf(), "altered");
    }

    function testNotAFrozenLeaf() public {
        registry.setReporter(address(this), true);
        registry.freezeMeter(meterId, MIDNIGHT - 1, MIDNIGHT - 1, T0);
        require(isLeaf(), "an earlier one is frozen");
        registry.freezeMeter(meterId, MIDNIGHT, MIDNIGHT, T0);
        require(!isLeaf(), "frozen");
    }

    function isLeaf() private view returns (bool) {
        return consumption.isLeaf(MIDNIGHT, leaf, hashes(other));
    }

    function hashOf(ConsumptionLeaf memory c) private pure returns (bytes32) {
        return
            Messages.consumptionLeaf(c.meterId, c.seq, c.timestamp, c.flags, c.importWh, c.exportWh, c.salt);
    }
}
