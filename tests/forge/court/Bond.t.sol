// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Bond, IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {IRegistry, Role} from "contracts/interfaces/IRegistry.sol";
import {PackedAccounts} from "contracts/libraries/PackedAccounts.sol";
import {CourtTest} from "./CourtTest.sol";

contract BondTest is CourtTest {
    function testOnlyAClearingOperatorBonds(address caller) public {
        vm.assume(caller != OPERATOR && caller != OPERATOR_TWO);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.RoleMissing.selector, Role.ClearingOperator, caller));
        trading.bond(0);
    }

    function testOnlyCashCanBeBonded(uint256 micro) public {
        micro = between(micro, 1, type(uint80).max - PENALTY);
        vm.prank(OPERATOR);
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.NotEnoughCash.selector, 0, micro));
        trading.bond(micro);
    }

    function testABondMovesCashToTheStake(uint64 had, uint64 micro) public conserving {
        had = uint64(between(had, 1, type(uint64).max));
        micro = uint64(between(micro, 0, had));
        fund(OPERATOR, had);
        vm.prank(OPERATOR);
        vm.expectEmit(address(trading));
        emit IClearingCourt.Bonded(OPERATOR, 1, micro, uint256(PENALTY) + micro);
        trading.bond(micro);
        eq(cash(OPERATOR), had - micro, "cash");
        eq(bondOf(OPERATOR), uint256(PENALTY) + micro, "bond");
    }

    function testEveryOperatorHasAnIdOfHisOwn() public view {
        eq(trading.bondOf(OPERATOR).operatorId, 1, "first");
        eq(trading.bondOf(OPERATOR_TWO).operatorId, 2, "second");
        eq(trading.operatorOf(1), OPERATOR, "first");
        eq(trading.operatorOf(2), OPERATOR_TWO, "second");
        eq(trading.operatorOf(3), address(0), "nobody");
        eq(trading.bondOf(STRANGER).operatorId, 0, "stranger");
    }

    function testBondingTakesARequestToUnbondBack() public conserving {
        vm.startPrank(OPERATOR);
        trading.requestUnbond();
        trading.bond(0);
        vm.stopPrank();
        eq(trading.bondOf(OPERATOR).unbondableFrom, 0, "unbondable");
        toSpot(T());
        open(spot(), T(), PRICE);
    }

    function testNobodyClearsWithLessThanAPenaltyAtStake(uint64 micro) public {
        micro = uint64(between(micro, 0, PENALTY - 1));
        address third = address(0x0AE3);
        registry.setRole(Role.ClearingOperator, third, true);
        fund(third, uint256(micro) + 1);
        toSpot(T());
        vm.startPrank(third);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.NotBonded.selector, third));
        trading.open(spot(), T(), PRICE, 0);
        trading.bond(micro);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.BondTooSmall.selector, 3, micro, PENALTY));
        trading.open(spot(), T(), PRICE, 0);
    }
}
