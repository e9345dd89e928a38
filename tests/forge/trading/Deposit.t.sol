// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {PackedAccounts} from "contracts/libraries/PackedAccounts.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract DepositTest is TradingTest {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    address private anna;

    function setUp() public override {
        super.setUp();
        anna = vm.addr(ANNA);
    }

    function testRefusesNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NothingToMove.selector));
        trading.deposit(0, address(this));
    }

    function testRefusesAnotherAccount(address stranger) public {
        vm.assume(stranger != address(this) && stranger != grid);
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyTrading.NotYourAccount.selector, address(this), stranger)
        );
        trading.deposit(1, stranger);
    }

    function testRefusesMoreThanAllowed() public {
        token.mint(address(this), 10);
        token.approve(address(trading), 9);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(trading), 9, 10)
        );
        trading.deposit(10, address(this));
    }

    function testRefusesMoreThanAnAccountHolds() public {
        uint256 most = type(uint80).max;
        token.mint(address(this), most + 1);
        token.approve(address(trading), most + 1);
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.CashTooLarge.selector, most + 1));
        trading.deposit(most + 1, address(this));
    }

    function testBecomesCash(uint80 micro) public conserving {
        vm.assume(micro != 0 && micro < type(uint80).max - FUNDS);
        uint256 before = cash(anna);
        fund(anna, micro);
        eq(cash(anna), before + micro, "cash");
        eq(trading.accountOf(anna).increasedAt, T0, "time of the increase");
    }

    function testFundsTheGrid() public conserving {
        fundGrid(77);
        eq(cash(grid), 77, "cash of the grid");
    }

    function testTakesPermit() public conserving {
        token.mint(anna, 500);
        (uint8 v, bytes32 r, bytes32 s) = permit(ANNA, 500, T0 + 60);
        uint256 before = cash(anna);
        vm.prank(anna);
        trading.depositWithPermit(500, anna, T0 + 60, v, r, s);
        eq(cash(anna), before + 500, "cash");
    }

    function testTakesPermitThatSomebodyUsedBefore() public conserving {
        token.mint(anna, 500);
        (uint8 v, bytes32 r, bytes32 s) = permit(ANNA, 500, T0 + 60);
        token.permit(anna, address(trading), 500, T0 + 60, v, r, s);
        uint256 before = cash(anna);
        vm.prank(anna);
        trading.depositWithPermit(500, anna, T0 + 60, v, r, s);
        eq(cash(anna), before + 500, "cash");
    }

    function testRefusesPermitOfSomebodyElse() public {
        token.mint(anna, 500);
        (uint8 v, bytes32 r, bytes32 s) = permit(BEN, 500, T0 + 60);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(trading), 0, 500)
        );
        vm.prank(anna);
        trading.depositWithPermit(500, anna, T0 + 60, v, r, s);
    }

    function permit(uint256 key, uint256 micro, uint256 deadline)
        private
        view
        returns (uint8, bytes32, bytes32)
    {
        address owner = vm.addr(key);
        bytes32 hash = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner, address(trading), micro, token.nonces(owner), deadline)
        );
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), hash)));
    }
}
