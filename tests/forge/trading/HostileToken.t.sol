// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {HostileDollar} from "../support/HostileDollar.sol";
import {TradingTest} from "../support/TradingTest.sol";
import {TestDollar} from "../support/Contracts.sol";

/// @notice A settlement currency that calls back, keeps part of a transfer, or lies.
contract HostileTokenTest is TradingTest {
    HostileDollar private hostile;
    address private anna;

    function setUp() public override {
        super.setUp();
        anna = vm.addr(ANNA);
        hostile = new HostileDollar();
        token = TestDollar(address(hostile));
        deployTrading();
        hostile.mint(address(this), 1_000);
        hostile.approve(address(trading), 1_000);
        trading.deposit(1_000, address(this));
        hostile.mint(anna, 1_000);
        vm.prank(anna);
        hostile.approve(address(trading), 1_000);
    }

    function testTokenThatKeepsAPartIsRefused(uint8 part) public {
        vm.assume(part != 0);
        hostile.keep(part);
        uint256 kept = part > 100 ? 100 : part;
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.WrongAmountReceived.selector, 100 - kept, 100));
        vm.prank(anna);
        trading.deposit(100, anna);
    }

    function testTokenThatMovesNothingIsRefused() public {
        hostile.lie();
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.WrongAmountReceived.selector, 0, 100));
        vm.prank(anna);
        trading.deposit(100, anna);
    }

    function testTokenThatFailsSilentlyIsRefused() public {
        hostile.fail();
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(hostile)));
        vm.prank(anna);
        trading.deposit(100, anna);
    }

    function testTokenCannotWithdrawOnceMoreWhileItPays() public {
        trading.requestWithdrawal(400);
        vm.warp(T0 + NOTICE);
        hostile.callBack(address(trading), abi.encodeCall(trading.withdraw, (STRANGER)));
        trading.withdraw(address(this));
        eq(
            bytes32(hostile.answer()),
            bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
            "the call inside"
        );
        eq(hostile.balanceOf(address(this)), 400, "paid");
        eq(cash(address(this)), 600, "cash");
        eq(hostile.balanceOf(address(trading)), 600, "money of the ledger");
    }

    function testTokenCannotDepositWhileItDeposits() public {
        hostile.callBack(address(trading), abi.encodeCall(trading.deposit, (1, address(hostile))));
        vm.prank(anna);
        trading.deposit(100, anna);
        eq(
            bytes32(hostile.answer()),
            bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector),
            "the call inside"
        );
        eq(hostile.balanceOf(address(trading)), cash(anna) + cash(address(this)), "money of the ledger");
    }

    function testCashIsGoneBeforeTheTokenIsCalled() public {
        trading.requestWithdrawal(1_000);
        vm.warp(T0 + NOTICE);
        hostile.callBack(address(trading), abi.encodeCall(trading.accountOf, (address(this))));
        trading.withdraw(address(this));
        eq(bytes32(hostile.answer()), bytes32(0), "cash while the token pays");
    }
}
