// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TradingParameters} from "./interfaces/IEnergyTrading.sol";
import {Escrow} from "./trading/Escrow.sol";
import {Ledger} from "./trading/Ledger.sol";

/// @title EnergyTrading
/// @notice A ledger of cash, signed orders, and their clearing at one price for each market and interval.
abstract contract EnergyTrading is Escrow {
    // CONSTRUCTOR

    constructor(TradingParameters memory parameters) Ledger(parameters) {}

    // INTERNAL
}
