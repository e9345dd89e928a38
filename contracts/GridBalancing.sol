// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Envelopes} from "./balancing/Envelopes.sol";
import {GridBase} from "./balancing/GridBase.sol";
import {GridStates} from "./balancing/GridStates.sol";
import {Response} from "./balancing/Response.sol";
import {Settlement} from "./balancing/Settlement.sol";
import {IEnergyTrading} from "./interfaces/IEnergyTrading.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Reports} from "./Reports.sol";

/// @title GridBalancing
/// @notice What is settled with the grid: imbalance money, the grid's state, demand response, storage, envelopes.
contract GridBalancing is Settlement, GridStates, Response, Envelopes {
    // CONSTRUCTOR

    /// @param registry_ The registry this contract obeys.
    /// @param trading_ Where the accounts' cash is; it was deployed with this contract's address as its grid.
    /// @param production_ Its reports, with `consumption_`'s, tell whether the oracles are silent.
    /// @param consumption_ See `production_`.
    /// @param ringSize_ How many intervals the ring holds.
    /// @param finalitySeconds_ Seconds between a report and its finality, in which the arbiter may void it.
    /// @param silentIntervals_ How many intervals without a report stop clearing, two at least.
    constructor(
        IRegistry registry_,
        address trading_,
        address production_,
        address consumption_,
        uint32 ringSize_,
        uint32 finalitySeconds_,
        uint32 silentIntervals_
    )
        Reports(registry_, ringSize_, finalitySeconds_)
        GridBase(trading_, production_, consumption_)
        GridStates(silentIntervals_)
    {
        if (IEnergyTrading(trading_).grid() != address(this)) {
            revert TradingOfOtherGrid(trading_);
        }
    }
}
