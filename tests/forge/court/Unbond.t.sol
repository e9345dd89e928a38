// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookEntry, IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {CourtTest} from "./CourtTest.sol";

contract RequestUnbondTest is CourtTest {
    function testOnlyWhoBondedAsks(address caller) public {
        vm.assume(caller != OPERATOR && caller != OPERATOR_TWO);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.NotBonded.selector, caller));
        trading.requestUnbond();
    }

    function testWhoUnbondsClearsNothingAnyMore() public {
        toSpot(T());
        open(spot(), T(), PRICE);
        vm.startPrank(OPERATOR);
        vm.expectEmit(address(trading));
        emit IClearingCourt.UnbondingRequested(1, uint64(end(T()) + COMPLAINT + 1));
        trading.requestUnbond();
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.OperatorUnbonding.selector, 1));
        trading.close(spot(), T());
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.OperatorUnbonding.selector, 1));
        trading.open(spot(), T() - 1, PRICE, 0);
        eq(trading.bondOf(OPERATOR).unbondableFrom, end(T()) + COMPLAINT + 1, "unbondable");
    }
}

contract UnbondTest is CourtTest {
    function testNobodyUnbondsUnasked() public {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.NotBonded.selector, STRANGER));
        trading.unbond();
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.UnbondingNotRequested.selector, 1));
        trading.unbond();
    }

    function testNobodyUnbondsWhileHeCanBeComplainedAbout(uint32 later) public {
        later = uint32(between(later, 0, COMPLAINT));
        vm.startPrank(OPERATOR);
        trading.requestUnbond();
        vm.warp(T0 + later);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.UnbondingTooEarly.selector, T0 + COMPLAINT + 1));
        trading.unbond();
    }

    function testTheBondBecomesCashOnce(uint32 later) public conserving {
        later = uint32(between(later, COMPLAINT + 1, 365 days));
        vm.startPrank(OPERATOR);
        trading.requestUnbond();
        vm.warp(T0 + later);
        vm.expectEmit(address(trading));
        emit IClearingCourt.Unbonded(1, PENALTY);
        trading.unbond();
        eq(cash(OPERATOR), PENALTY, "cash");
        eq(bondOf(OPERATOR), 0, "bond");
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.NothingBonded.selector, 1));
        trading.unbond();
        vm.stopPrank();
    }

    /// @dev To the last second in which anybody may complain the bond is there.
    function testAskingForTheBondSavesItFromNoComplaint(uint32 later) public {
        later = uint32(between(later, 0, COMPLAINT));
        BookEntry memory e = entryOf(ANNA, BUY, 1_000, PRICE + 1);
        bytes32[] memory proof = cleared(e, 999);
        vm.prank(OPERATOR);
        trading.requestUnbond();
        vm.warp(end(T()) + later);
        vm.prank(WATCHER);
        trading.complain(spot(), T(), e, proof);
        slashedBy(WATCHER, 1);
    }
}

contract ReadmitTest is CourtTest {
    function testOnlyTheGovernorReadmits(address caller) public {
        vm.assume(caller != address(this));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller));
        trading.readmit(OPERATOR);
    }

    function testOnlyWhoIsBarredIsReadmitted(address operator) public {
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.OperatorNotBarred.selector, operator));
        trading.readmit(operator);
    }

    function testWhoWasSlashedClearsAgainOnceReadmittedAndBonded() public conserving {
        fund(OPERATOR, 3 * PENALTY);
        vm.prank(OPERATOR);
        trading.bond(2 * PENALTY);
        BookEntry memory e = entryOf(ANNA, BUY, 1_000, PRICE + 1);
        bytes32[] memory proof = cleared(e, 999);
        trading.complain(spot(), T(), e, proof);
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.OperatorBarred.selector, 1));
        trading.open(spot(), T() - 1, PRICE, 0);
        vm.expectEmit(address(trading));
        emit IClearingCourt.Readmitted(1);
        trading.readmit(OPERATOR);
        open(spot(), T() - 1, PRICE);
        require(!trading.bondOf(OPERATOR).barred, "barred");
    }

    function testComplainingAboutHimselfCostsAnOperatorHisOffice() public conserving {
        BookEntry memory e = entryOf(ANNA, BUY, 1_000, PRICE + 1);
        bytes32[] memory proof = cleared(e, 999);
        vm.startPrank(OPERATOR);
        trading.complain(spot(), T(), e, proof);
        trading.bond(PENALTY);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.OperatorBarred.selector, 1));
        trading.open(spot(), T() - 1, PRICE, 0);
        vm.stopPrank();
    }
}
