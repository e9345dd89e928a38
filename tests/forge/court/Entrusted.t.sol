// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {IEnergyDelivery} from "contracts/interfaces/IEnergyDelivery.sol";
import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {PackedAccounts} from "contracts/libraries/PackedAccounts.sol";
import {PackedPositions} from "contracts/libraries/PackedPositions.sol";
import {CourtTest} from "./CourtTest.sol";
import {EnergyDelivery, deployContract} from "../support/Contracts.sol";

/// @notice What EnergyTrading lets EnergyDelivery do, and nobody else.
contract EntrustedTest is CourtTest {
    function testTheLedgerNamesItsDelivery() public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.NotEntrusted.selector, address(delivery)));
        EnergyDelivery(
            deployContract("EnergyDelivery", abi.encode(registry, trading, production, consumption))
        );
        eq(trading.delivery(), address(delivery), "delivery");
        eq(address(delivery.trading()), address(trading), "trading");
        eq(address(delivery.certificates()), address(production), "certificates");
        eq(address(delivery.consumption()), address(consumption), "consumption");
    }

    function testNobodyElseMovesMoneyOrSlashes(address caller) public {
        vm.assume(caller != address(delivery));
        bytes memory reason = abi.encodeWithSelector(IClearingCourt.NotDelivery.selector, caller);
        vm.startPrank(caller);
        vm.expectRevert(reason);
        trading.slash(spot(), T(), caller);
        vm.expectRevert(reason);
        trading.takeEscrow(spot(), T(), caller, 0, caller);
        vm.expectRevert(reason);
        trading.pay(caller, 0);
        vm.stopPrank();
    }

    function testOnlyEscrowOfClosedClearingsMoves(uint256 more) public {
        toSpot(T());
        vm.prank(address(delivery));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, spot(), T()));
        trading.takeEscrow(spot(), T(), vm.addr(BEN), 1, STRANGER);
        trade(ANNA, BEN, T(), 100);
        uint256 escrow = position(spot(), T(), BEN).escrowMicro;
        more = between(more, escrow + 1, type(uint256).max - 1);
        vm.prank(address(delivery));
        vm.expectRevert(abi.encodeWithSelector(PackedPositions.NotEnoughEscrow.selector, escrow, more));
        trading.takeEscrow(spot(), T(), vm.addr(BEN), more, STRANGER);
    }

    function testEscrowBecomesCash(uint256 micro) public {
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        uint256 escrow = position(spot(), T(), BEN).escrowMicro;
        micro = between(micro, 0, escrow);
        vm.prank(address(delivery));
        trading.takeEscrow(spot(), T(), vm.addr(BEN), micro, STRANGER);
        eq(cash(STRANGER), micro, "cash");
        eq(position(spot(), T(), BEN).escrowMicro, escrow - micro, "escrow");
        conserved();
    }

    /// @dev An empty word names no interval: nothing must be written for it.
    function testTakingNothingFromNobodyChangesNothing() public {
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        vm.prank(address(delivery));
        trading.takeEscrow(spot(), T(), STRANGER, 0, STRANGER);
        eq(position(spot(), T(), BEN).soldWh, 100, "sold");
        conserved();
    }

    function testOnlyItsOwnCashIsPaid(uint64 micro) public {
        micro = uint64(between(micro, 1, type(uint64).max));
        vm.prank(address(delivery));
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.NotEnoughCash.selector, 0, micro));
        trading.pay(STRANGER, micro);
    }

    function testTheGridDoesNotTouchMoneyInTrust(int64 micro) public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoImbalanceOf.selector, address(delivery)));
        adjust(address(delivery), micro, T());
    }
}
