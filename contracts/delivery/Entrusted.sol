// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Governed} from "../Governed.sol";
import {IClearingCourt} from "../interfaces/IClearingCourt.sol";
import {IEnergyDelivery} from "../interfaces/IEnergyDelivery.sol";
import {ClearingState, ClearingView, IEnergyTrading} from "../interfaces/IEnergyTrading.sol";
import {Intervals} from "../libraries/Intervals.sol";

/// @title Entrusted
/// @notice The ledger that trusts this contract.
abstract contract Entrusted is IEnergyDelivery, Governed {
    // IMMUTABLES

    /// @inheritdoc IEnergyDelivery
    IClearingCourt public immutable trading;

    uint256 internal immutable _intervalSeconds;

    // CONSTRUCTOR

    constructor(IClearingCourt trading_) {
        if (trading_.delivery() != address(this)) revert NotEntrusted(trading_.delivery());
        trading = trading_;
        _intervalSeconds = registry.intervalSeconds();
    }

    // INTERNAL

    /// @dev The closed clearing of (market, t); reverts where there is none.
    function _requireClosed(bytes32 market, uint64 t) internal view returns (ClearingView memory clearing) {
        clearing = trading.clearingOf(market, t);
        if (clearing.state != ClearingState.Closed) revert IEnergyTrading.ClearingNotClosed(market, t);
    }

    /// @dev The last second of an interval.
    function _endOf(uint64 t) internal view returns (uint256) {
        return Intervals.endOf(t, _intervalSeconds);
    }
}
