// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BalanceLeaf} from "contracts/interfaces/IGridBalancing.sol";
import {Role} from "contracts/interfaces/IRegistry.sol";
import {TradingTest} from "../support/TradingTest.sol";
import {EnergyDelivery, EnergyTrading, GridBalancing, Lens, deployContract} from "../support/Contracts.sol";

/// @notice All contracts of a deployment, as they are deployed.
abstract contract CommunityTest is TradingTest {
    uint32 internal constant SILENT = 3;
    uint48 internal constant MAX_PRICE = 500_000;
    address internal constant GRID_OPERATOR = address(0x6E1D);
    address internal constant ARBITER = address(0xA4B1);

    GridBalancing internal balancing;
    Lens internal lens;

    function setUp() public virtual override {
        super.setUp();
        registry.setRole(Role.GridOperator, GRID_OPERATOR, true);
        registry.setRole(Role.Arbiter, ARBITER, true);
        balancing.setMaxImbalancePrice(MAX_PRICE);
    }

    function deployTrading() internal override {
        (grid, delivery) = (deployedAfter(1), EnergyDelivery(deployedAfter(2)));
        trading = EnergyTrading(deployContract("EnergyTrading", abi.encode(parameters())));
        balancing = GridBalancing(
            deployContract(
                "GridBalancing",
                abi.encode(
                    registry,
                    address(trading),
                    address(production),
                    address(consumption),
                    RING,
                    FINALITY,
                    SILENT
                )
            )
        );
        EnergyDelivery(
            deployContract("EnergyDelivery", abi.encode(registry, trading, production, consumption))
        );
        lens = Lens(deployContract("Lens", abi.encode(registry, production, consumption, trading, balancing)));
    }

    // LEAVES

    function hashOf(BalanceLeaf memory b) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(keccak256(abi.encode(b.account, b.cumulativeMicro, b.promisedWh, b.deliveredWh)))
        );
    }

    /// @dev IReports and settles one account's leaf.
    function settle(uint64 t, address account, int256 micro) internal {
        BalanceLeaf memory b = BalanceLeaf(account, micro, 0, 0);
        post(balancing, t, hashOf(b));
        balancing.settle(t, b, new bytes32[](0));
    }
}
