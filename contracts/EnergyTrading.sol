// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TradingParameters} from "./interfaces/IEnergyTrading.sol";
import {Court} from "./trading/Court.sol";
import {Ledger} from "./trading/Ledger.sol";

/// @title EnergyTrading
/// @notice A ledger of cash, signed orders, and their clearing at one price for each market and interval, for whose
/// correctness operators answer with a bond. What comes after a clearing is in EnergyDelivery.
contract EnergyTrading is Court {
    // CONSTRUCTOR

    constructor(TradingParameters memory parameters) Ledger(parameters) {}
}
