// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Envelope, IGridBalancing, Interconnection} from "contracts/interfaces/IGridBalancing.sol";
import {Role} from "contracts/interfaces/IRegistry.sol";
import {GridTest} from "./GridTest.sol";

contract EnvelopesTest is GridTest {
    function envelopeIs(uint32 exportW, uint32 importW, uint256 until, bool known, string memory what)
        private
        view
    {
        Envelope memory found = grid.envelopeOf(FEEDER);
        eq(keccak256(abi.encode(found)), keccak256(abi.encode(exportW, importW, until, known)), what);
    }

    // REVERTS

    function testOnlyAGridOperatorSetsLimits(address caller) public {
        vm.assume(caller != OPERATOR);
        refusedWithout(Role.GridOperator, caller);
        vm.prank(caller);
        grid.setEnvelope(FEEDER, 1, 1, uint40(T0 + 1));
        refusedWithout(Role.GridOperator, caller);
        vm.prank(caller);
        grid.setDefaultEnvelope(FEEDER, 1, 1);
        refusedWithout(Role.GridOperator, caller);
        vm.prank(caller);
        grid.setInterconnection(FEEDER, 1, 1);
    }

    function testAnEnvelopeThatEndedIsRefused(uint40 until) public {
        until = uint40(until % T0);
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.EnvelopeEnded.selector, until));
        vm.prank(OPERATOR);
        grid.setEnvelope(FEEDER, 1, 1, until);
    }

    // SUCCESS

    function testWithoutLimitsNothingIsKnown() public view {
        envelopeIs(0, 0, 0, false, "unknown");
    }

    function testAnEnvelopeHoldsUntilItsEndAndThenTheDefault(uint32 exportW, uint32 importW, uint32 lasts)
        public
    {
        uint40 until = uint40(T0 + lasts);
        vm.startPrank(OPERATOR);
        vm.expectEmit(address(grid));
        emit IGridBalancing.EnvelopeSet(FEEDER, exportW, importW, until);
        grid.setEnvelope(FEEDER, exportW, importW, until);
        envelopeIs(exportW, importW, until, true, "set");
        vm.warp(until);
        envelopeIs(exportW, importW, until, true, "in its last second");
        vm.warp(uint256(until) + 1);
        envelopeIs(0, 0, 0, false, "stale, without a default");

        vm.expectEmit(address(grid));
        emit IGridBalancing.DefaultEnvelopeSet(FEEDER, 1_500, 4_600);
        grid.setDefaultEnvelope(FEEDER, 1_500, 4_600);
        envelopeIs(1_500, 4_600, 0, true, "the default");
        grid.setEnvelope(FEEDER, 0, importW, uint40(uint256(until) + 1));
        envelopeIs(0, importW, uint256(until) + 1, true, "zero export is a limit");
    }

    function testAFeedersLimitsAreItsOwn(uint32 other) public {
        vm.assume(other != FEEDER);
        vm.startPrank(OPERATOR);
        grid.setEnvelope(FEEDER, 1, 2, uint40(T0));
        grid.setInterconnection(FEEDER, 3, 4);
        require(!grid.envelopeOf(other).known && !grid.interconnectionOf(other).known, "none");
    }

    function testAnInterconnectionIsKept(uint32 importW, uint32 exportW) public {
        vm.expectEmit(address(grid));
        emit IGridBalancing.InterconnectionSet(FEEDER, importW, exportW);
        vm.prank(OPERATOR);
        grid.setInterconnection(FEEDER, importW, exportW);
        Interconnection memory found = grid.interconnectionOf(FEEDER);
        eq(found.importLimitW, importW, "import");
        eq(found.exportLimitW, exportW, "export");
        require(found.known, "known");
    }
}
