// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingRules} from "contracts/interfaces/IClearingRules.sol";
import {EnergyTrading} from "./Contracts.sol";

/// @notice A grid that says and moves whatever a test wants.
contract GridStub is IClearingRules {
    bool public stopped;
    bool public island;

    function set(bool stopped_, bool island_) external {
        (stopped, island) = (stopped_, island_);
    }

    function clearingRules() external view returns (bool, bool) {
        return (stopped, island);
    }

    function adjust(EnergyTrading trading, address account, int256 deltaMicro, uint64 through)
        external
        returns (int256, uint256)
    {
        return trading.adjust(account, deltaMicro, through);
    }
}
