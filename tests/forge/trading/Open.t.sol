// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {ClearingState, ClearingView, Fill, IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry, Role} from "contracts/interfaces/IRegistry.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {GridStub} from "../support/GridStub.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract OpenTest is TradingTest {
    function refused(bytes32 market, uint64 t, uint64 price, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.open(market, t, price, 0);
    }

    function testRefusesMarketThatCannotBe(bytes32 market) public {
        vm.assume(!Markets.isValid(market));
        toSpot(T());
        refused(market, T(), PRICE, abi.encodeWithSelector(Markets.BadMarket.selector, market));
    }

    function testRefusesWhilePaused() public {
        toSpot(T());
        registry.setPaused(true);
        refused(spot(), T(), PRICE, abi.encodeWithSelector(IRegistry.ContractsPaused.selector));
    }

    function testRefusesWhileTheGridStopsClearing() public {
        toSpot(T());
        GridStub(grid).set(true, false);
        refused(spot(), T(), PRICE, abi.encodeWithSelector(IEnergyTrading.ClearingStopped.selector));
    }

    function testRefusesStranger(address caller) public {
        vm.assume(caller != OPERATOR && caller != OPERATOR_TWO);
        toSpot(T());
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotClearingOperator.selector, caller));
        vm.prank(caller);
        trading.open(spot(), T(), PRICE, 0);
    }

    function testRefusesOperatorWithoutBond() public {
        registry.setRole(Role.ClearingOperator, STRANGER, true);
        toSpot(T());
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.NotBonded.selector, STRANGER));
        vm.prank(STRANGER);
        trading.open(spot(), T(), PRICE, 0);
    }

    function testRefusesOperatorWhoLostHisRole() public {
        registry.setRole(Role.ClearingOperator, OPERATOR, false);
        toSpot(T());
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.NotClearingOperator.selector, OPERATOR);
        refused(spot(), T(), PRICE, reason);
    }

    function testSpotOpensFromTheEndUntilHalfARing(uint256 seconds_) public {
        uint256 time = between(seconds_, 0, end(T()) - T0 - 1);
        vm.warp(T0 + time);
        refused(
            spot(), T(), PRICE, abi.encodeWithSelector(IEnergyTrading.TooEarlyToClear.selector, spot(), T())
        );
        vm.warp(end(T() + RING / 2) + 1);
        refused(
            spot(), T(), PRICE, abi.encodeWithSelector(IEnergyTrading.TooLateToClear.selector, spot(), T())
        );
        vm.warp(end(T() + RING / 2));
        open(spot(), T(), PRICE);
    }

    function testForwardOpensHalfARingAheadUntilTheStart(uint256 later) public {
        uint64 t = MIDNIGHT + RING;
        vm.warp(end(t - 1 - RING / 2));
        refused(
            forward(), t, PRICE, abi.encodeWithSelector(IEnergyTrading.TooEarlyToClear.selector, forward(), t)
        );
        vm.warp(end(t - 1) + 1 + later % (L * 100));
        refused(
            forward(), t, PRICE, abi.encodeWithSelector(IEnergyTrading.TooLateToClear.selector, forward(), t)
        );
        vm.warp(end(t - 1 - RING / 2) + 1);
        open(forward(), t, PRICE);
    }

    function testForwardOpensUntilTheLastSecond() public {
        vm.warp(end(T() - 1));
        open(forward(), T(), PRICE);
    }

    function testRefusesIntervalZero() public {
        vm.warp(L);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.TooLateToClear.selector, spot(), 0);
        refused(spot(), 0, PRICE, reason);
    }

    function testRefusesPriceOutsideCorridor(uint48 floor, uint48 cap, uint64 price) public {
        if (floor > cap) (floor, cap) = (cap, floor);
        vm.assume(price < floor || price > cap);
        trading.setCorridor(false, floor, cap);
        toSpot(T());
        bytes memory reason =
            abi.encodeWithSelector(IEnergyTrading.PriceOutsideCorridor.selector, price, floor, cap);
        refused(spot(), T(), price, reason);
    }

    function testIslandHasItsOwnCorridor() public {
        trading.setCorridor(false, 100, 200);
        trading.setCorridor(true, 300, 400);
        toSpot(T());
        GridStub(grid).set(false, true);
        refused(
            spot(),
            T(),
            150,
            abi.encodeWithSelector(IEnergyTrading.PriceOutsideCorridor.selector, 150, 300, 400)
        );
        open(spot(), T(), 350);
    }

    function testRefusesPriceThatDoesNotFit(uint64 price) public {
        vm.assume(price > type(uint48).max);
        toSpot(T());
        bytes memory reason =
            abi.encodeWithSelector(IEnergyTrading.PriceOutsideCorridor.selector, price, 0, type(uint48).max);
        refused(spot(), T(), price, reason);
    }

    function testRefusesToOpenTwice() public {
        toSpot(T());
        open(spot(), T(), PRICE);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.ClearingExists.selector, spot(), T());
        refused(spot(), T(), PRICE, reason);
        fill(
            spot(),
            T(),
            list(fillOf(ANNA, buyOf(ANNA, 10, PRICE), 10), fillOf(BEN, sellOf(BEN, 10, PRICE), 10))
        );
        close(spot(), T());
        refused(spot(), T(), PRICE, reason);
    }

    function testRefusesPlaceOfAnOpenClearing() public {
        toSpot(T());
        open(spot(), T(), PRICE);
        toSpot(T() + RING);
        refused(
            spot(), T() + RING, PRICE, abi.encodeWithSelector(IEnergyTrading.SlotBusy.selector, spot(), T())
        );
    }

    function testOpens(uint48 price, bytes32 bookRoot) public conserving {
        toSpot(T());
        vm.expectEmit(address(trading));
        emit IEnergyTrading.ClearingOpened(spot(), T(), 1, price, bookRoot);
        vm.prank(OPERATOR);
        trading.open(spot(), T(), price, bookRoot);
        ClearingView memory c = trading.clearingOf(spot(), T());
        require(c.state == ClearingState.Open, "not open");
        eq(c.priceMicroPerKwh, price, "price");
        eq(c.openedAt, end(T()), "opened at");
        eq(c.operatorId, 1, "operator");
        eq(c.bookRoot, bytes32((uint256(bookRoot) >> 16) << 16), "book root");
        eq(c.heldMicro + c.surplusWh + c.positions, 0, "sums");
    }

    function testPlaceOfAClosedClearingIsUsedAgain() public conserving {
        toSpot(T());
        trade(ANNA, BEN, T(), 10);
        toSpot(T() + RING);
        trade(ANNA, BEN, T() + RING, 10);
        require(trading.clearingOf(spot(), T()).state == ClearingState.None, "the older is still there");
    }
}
