// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {GridState} from "contracts/interfaces/IGridBalancing.sol";
import {CommunityTest} from "./CommunityTest.sol";

/// @notice What trading makes of the grid's state.
contract ClearingRulesTest is CommunityTest {
    uint48 private constant ISLAND_FLOOR = 300_000;
    uint48 private constant ISLAND_CAP = 400_000;

    function island(bool islanded) private {
        vm.prank(GRID_OPERATOR);
        balancing.setState(GridState(uint32(MIDNIGHT - 1), 0, 0, 0, 0, 0, 0, 0, 0, islanded));
    }

    function setUp() public override {
        super.setUp();
        trading.setCorridor(false, 50_000, 200_000);
        trading.setCorridor(true, ISLAND_FLOOR, ISLAND_CAP);
    }

    function refused(uint64 price, uint256 floor, uint256 cap) private {
        vm.expectRevert(
            abi.encodeWithSelector(IEnergyTrading.PriceOutsideCorridor.selector, price, floor, cap)
        );
        vm.prank(OPERATOR);
        trading.open(spot(), T(), price, 0);
    }

    function testAnIslandClearsAtItsOwnPrices(uint64 price) public {
        vm.assume(price < type(uint48).max);
        toSpot(T());
        island(true);
        if (price < ISLAND_FLOOR || price > ISLAND_CAP) {
            refused(price, ISLAND_FLOOR, ISLAND_CAP);
        } else {
            open(spot(), T(), price);
            eq(trading.clearingOf(spot(), T()).priceMicroPerKwh, price, "price");
        }
    }

    function testConnectedAgainTheCommonPricesHold() public {
        toSpot(T());
        island(true);
        refused(PRICE, ISLAND_FLOOR, ISLAND_CAP);
        island(false);
        refused(ISLAND_FLOOR, 50_000, 200_000);
        open(spot(), T(), PRICE);
    }

    function testTheFailsafeStopsOpeningAndFilling() public conserving {
        toSpot(T());
        open(spot(), T(), PRICE);
        balancing.failsafe();
        vm.expectRevert(IEnergyTrading.ClearingStopped.selector);
        vm.prank(OPERATOR);
        trading.open(spot(), T() - 1, PRICE, 0);
        Fill[] memory fills = list(fillOf(ANNA, buyOf(ANNA, 500, PRICE), 500));
        vm.expectRevert(IEnergyTrading.ClearingStopped.selector);
        fill(spot(), T(), fills);
    }

    function testMoneyIsNotStopped() public conserving {
        toSpot(T());
        trade(ANNA, BEN, T(), 500);
        vm.warp(end(T() + 6));
        balancing.failsafe();
        trading.collect(spot(), ts(T()), vm.addr(BEN));
        fund(vm.addr(ANNA), 5);
        vm.prank(vm.addr(ANNA));
        trading.requestWithdrawal(5);
        vm.warp(end(T() + 7));
        vm.prank(vm.addr(ANNA));
        trading.withdraw(vm.addr(ANNA));
        eq(token.balanceOf(vm.addr(ANNA)), 5, "withdrawn");
    }

    function testAFreshReportLetsTradingGoOn() public {
        toSpot(T());
        balancing.failsafe();
        post(production, T(), keccak256("root"));
        balancing.resume();
        trade(ANNA, BEN, T(), 500);
        eq(position(spot(), T(), ANNA).boughtWh, 500, "bought");
    }

    function testWhoOwesTheGridBuysNothingUntilItIsPaid() public conserving {
        registerAs(0xB0B, vm.addr(ANNA), 0, solar());
        vm.prank(vm.addr(ANNA));
        trading.requestWithdrawal(FUNDS);
        vm.warp(T0 + NOTICE);
        vm.prank(vm.addr(ANNA));
        trading.withdraw(vm.addr(ANNA));
        settle(MIDNIGHT, vm.addr(ANNA), -1_000);
        eq(debt(vm.addr(ANNA)), 1_000, "debt");

        toSpot(T());
        open(spot(), T(), PRICE);
        Fill[] memory fills = list(fillOf(ANNA, buyOf(ANNA, 10, PRICE), 10));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.InDebt.selector, vm.addr(ANNA), uint256(1_000)));
        fill(spot(), T(), fills);
        fund(vm.addr(ANNA), 10_000);
        eq(debt(vm.addr(ANNA)), 0, "a deposit pays the debt");
        eq(cash(grid), 1_000, "to the grid");
        fill(spot(), T(), fills);
    }

    function testASettledIntervalsEscrowIsCollected() public conserving {
        registerAs(0xB0B, vm.addr(BEN), 0, solar());
        toSpot(T());
        trade(ANNA, BEN, T(), 500);
        uint256 had = cash(vm.addr(BEN));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotSettled.selector, vm.addr(BEN), T()));
        trading.collect(spot(), ts(T()), vm.addr(BEN));
        settle(T(), vm.addr(BEN), -100);
        trading.collect(spot(), ts(T()), vm.addr(BEN));
        eq(cash(vm.addr(BEN)), had - 100 + proceedsDown(500, PRICE), "cash");
    }
}
