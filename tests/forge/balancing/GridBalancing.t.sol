// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {GridTest} from "./GridTest.sol";
import {EnergyTrading, GridBalancing, Registry, deployContract} from "../support/Contracts.sol";

contract GridBalancingTest is GridTest {
    function create(EnergyTrading trading_, uint32 ring, uint32 silent) private returns (GridBalancing) {
        return GridBalancing(
            deployContract(
                "GridBalancing",
                abi.encode(
                    registry,
                    address(trading_),
                    address(production),
                    address(consumption),
                    ring,
                    FINALITY,
                    silent
                )
            )
        );
    }

    // REVERTS

    function testTheLedgerOfAnotherGridIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.TradingOfOtherGrid.selector, address(trading)));
        create(trading, RING, SILENT);
    }

    /// @dev A report is of an interval that ended: within one interval it can never be fresh.
    function testSilenceHasALength(uint32 silent) public {
        silent %= 2;
        vm.expectRevert(abi.encodeWithSelector(IGridBalancing.BadSilentIntervals.selector, silent));
        create(trading, RING, silent);
    }

    function testARingHasASize() public {
        vm.expectRevert(abi.encodeWithSelector(IReports.BadRingSize.selector, 0));
        create(trading, 0, SILENT);
    }

    function testOnlyTheGovernorSetsThePrice(address caller) public {
        vm.assume(caller != address(this));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller));
        vm.prank(caller);
        grid.setMaxImbalancePrice(1);
    }

    function testWithADelayAPriceIsAnnouncedFirst() public {
        registry = Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, L, 1 days)));
        registry.setOracles(addressesOf(oracleKeys), 2);
        deploy();
        bytes memory call = abi.encodeCall(grid.setMaxImbalancePrice, (7));
        bytes32 callHash = keccak256(abi.encode(address(grid), call));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, callHash));
        grid.setMaxImbalancePrice(7);
        registry.schedule(address(grid), call);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.TooEarly.selector, T0 + 1 days));
        grid.setMaxImbalancePrice(7);
        vm.warp(T0 + 1 days);
        grid.setMaxImbalancePrice(7);
        eq(grid.maxImbalancePriceMicroPerKwh(), 7, "price");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, callHash));
        grid.setMaxImbalancePrice(7);
    }

    // SUCCESS

    function testAPriceIsPublished(uint48 price) public {
        vm.expectEmit(address(grid));
        emit IGridBalancing.MaxImbalancePriceSet(price);
        grid.setMaxImbalancePrice(price);
        eq(grid.maxImbalancePriceMicroPerKwh(), price, "price");
        uint256 wh = 2 * 15_750;
        eq(grid.imbalanceLimit(HOLDER, MIDNIGHT), 2 * ((15_750 * uint256(price) + 999) / 1_000), "limit");
        require(grid.imbalanceLimit(HOLDER, MIDNIGHT) * 1_000 >= wh * price, "rounded up");
    }

    function testADeploymentKnowsItsContracts() public view {
        eq(grid.trading(), address(trading), "trading");
        eq(trading.grid(), address(grid), "grid");
        eq(grid.production(), address(production), "production");
        eq(grid.consumption(), address(consumption), "consumption");
        eq(grid.ringSize(), RING, "ring");
        eq(grid.finalitySeconds(), FINALITY, "finality");
        eq(grid.silentIntervals(), SILENT, "silence");
        eq(address(grid.registry()), address(registry), "registry");
    }

    function testOneContractsReportIsNotAnothers() public view {
        require(grid.domainSeparator() != production.domainSeparator(), "domain");
    }
}
