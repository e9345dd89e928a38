// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract WithdrawTest is TradingTest {
    address private anna;

    function setUp() public override {
        super.setUp();
        anna = vm.addr(ANNA);
    }

    function request(uint256 micro) private {
        vm.prank(anna);
        trading.requestWithdrawal(micro);
    }

    function testRefusesToAnnounceNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NothingToMove.selector));
        trading.requestWithdrawal(0);
    }

    function testRefusesToAnnounceMoreThanThereCanBe() public {
        uint256 most = type(uint128).max;
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 128, most + 1)
        );
        trading.requestWithdrawal(most + 1);
    }

    function testRefusesWithoutAnnouncement() public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoWithdrawalRequested.selector, anna));
        vm.prank(anna);
        trading.withdraw(anna);
    }

    function testRefusesZeroAddress() public {
        request(1);
        vm.warp(T0 + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAddress.selector));
        vm.prank(anna);
        trading.withdraw(address(0));
    }

    function testRefusesTheLedgerItself() public {
        request(1);
        vm.warp(T0 + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotAReceiver.selector, address(trading)));
        vm.prank(anna);
        trading.withdraw(address(trading));
    }

    function testRefusesWithinNotice(uint256 seconds_) public {
        request(1);
        vm.warp(T0 + seconds_ % NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoticeRunning.selector, T0 + NOTICE));
        vm.prank(anna);
        trading.withdraw(anna);
    }

    function testRefusesWithoutCash() public {
        vm.prank(STRANGER);
        trading.requestWithdrawal(1);
        vm.warp(T0 + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NothingToMove.selector));
        vm.prank(STRANGER);
        trading.withdraw(STRANGER);
    }

    function testPaysWhatWasAnnouncedOrWhatIsLeft(uint128 micro, address to) public conserving {
        vm.assume(micro != 0 && to != address(0) && to != address(trading));
        uint256 had = token.balanceOf(to);
        request(micro);
        (uint256 announced, uint64 readyAt) = trading.withdrawalOf(anna);
        eq(announced, micro, "announced");
        eq(readyAt, T0 + NOTICE, "ready at");
        vm.warp(T0 + NOTICE);
        vm.prank(anna);
        trading.withdraw(to);
        uint256 paid = micro < FUNDS ? micro : FUNDS;
        eq(token.balanceOf(to) - had, paid, "paid");
        eq(cash(anna), FUNDS - paid, "cash left");
        (announced,) = trading.withdrawalOf(anna);
        eq(announced, 0, "announced still");
    }

    function testAnnouncementPaysOnce() public conserving {
        request(10);
        vm.warp(T0 + NOTICE);
        vm.prank(anna);
        trading.withdraw(anna);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoWithdrawalRequested.selector, anna));
        vm.prank(anna);
        trading.withdraw(anna);
    }

    function testLaterAnnouncementReplacesEarlier() public {
        request(10);
        vm.warp(T0 + NOTICE - 1);
        request(20);
        vm.warp(T0 + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoticeRunning.selector, T0 + 2 * NOTICE - 1));
        vm.prank(anna);
        trading.withdraw(anna);
    }

    function testPaysWhilePaused() public conserving {
        request(10);
        registry.setPaused(true);
        vm.warp(T0 + NOTICE);
        vm.prank(anna);
        trading.withdraw(anna);
        eq(token.balanceOf(anna), 10, "paid");
    }
}
