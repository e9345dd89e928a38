// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {PackedAccounts} from "contracts/libraries/PackedAccounts.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract AdjustTest is TradingTest {
    address private anna;

    function setUp() public override {
        super.setUp();
        anna = vm.addr(ANNA);
    }

    function testRefusesAnybodyButTheGrid(address caller) public {
        vm.assume(caller != grid);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotGrid.selector, caller));
        vm.prank(caller);
        trading.adjust(anna, 1, 1);
    }

    function testRefusesAccountsOfContracts() public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoImbalanceOf.selector, grid));
        adjust(grid, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoImbalanceOf.selector, address(delivery)));
        adjust(address(delivery), 1, 1);
    }

    function testRefusesMoreDebtThanFits() public {
        uint256 most = type(uint64).max;
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.DebtTooLarge.selector, most + 1));
        adjust(anna, -int256(FUNDS + most + 1), 1);
    }

    function testRefusesIntervalThatDoesNotFit() public {
        uint64 far = uint64(type(uint32).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.IntervalTooLarge.selector, far));
        adjust(anna, 0, far);
    }

    function testDebitTakesCashAndMakesTheRestDebt(uint64 micro) public conserving {
        uint256 taken = micro < FUNDS ? micro : FUNDS;
        (int256 moved, uint256 owed) = adjust(anna, -int256(uint256(micro)), 5);
        require(moved == -int256(uint256(micro)), "a debit moves whole");
        eq(owed, micro - taken, "debt");
        eq(debt(anna), micro - taken, "stored debt");
        eq(cash(anna), FUNDS - taken, "cash");
        eq(cash(grid), taken, "cash of the grid");
        eq(trading.accountOf(anna).settledThrough, 5, "settled through");
    }

    function testCreditIsWhatTheGridHas(uint64 funds, uint64 micro) public conserving {
        if (funds != 0) fundGrid(funds);
        (int256 moved, uint256 owed) = adjust(anna, int256(uint256(micro)), 5);
        uint256 paid = micro < funds ? micro : funds;
        require(moved == int256(paid), "moved");
        eq(owed, 0, "debt");
        eq(cash(anna), FUNDS + paid, "cash");
        eq(cash(grid), funds - paid, "cash of the grid");
    }

    function testCreditPaysDebtThoughTheGridHasNothing(uint64 owed, uint64 micro) public conserving {
        adjust(anna, -int256(FUNDS + owed), 1);
        // The grid's cash is gone elsewhere.
        adjust(vm.addr(BEN), int256(cash(grid)), 1);
        (int256 moved, uint256 left) = adjust(anna, int256(uint256(micro)), 2);
        uint256 waived = micro < owed ? micro : owed;
        require(moved == int256(waived), "moved");
        eq(left, owed - waived, "debt left");
        eq(cash(anna), 0, "cash");
    }

    function testDebtIsPaidFirstOfWhatComesIn(uint64 owed, uint64 micro) public conserving {
        vm.assume(micro != 0);
        adjust(anna, -int256(FUNDS + owed), 1);
        uint256 before = cash(grid);
        fund(anna, micro);
        uint256 paid = micro < owed ? micro : owed;
        eq(debt(anna), owed - paid, "debt left");
        eq(cash(anna), micro - paid, "cash");
        eq(cash(grid), before + paid, "cash of the grid");
    }

    function testSettledThroughNeverFalls(uint32 a, uint32 b) public {
        adjust(anna, 0, a);
        adjust(anna, 0, b);
        eq(trading.accountOf(anna).settledThrough, a > b ? a : b, "settled through");
    }
}
