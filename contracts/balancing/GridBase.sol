// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyTrading} from "../interfaces/IEnergyTrading.sol";
import {IGridBalancing} from "../interfaces/IGridBalancing.sol";
import {Role} from "../interfaces/IRegistry.sol";
import {Intervals} from "../libraries/Intervals.sol";
import {Reports} from "../Reports.sol";

/// @title GridBase
/// @notice What the parts of GridBalancing share: roles, the present interval, the bound of prices.
abstract contract GridBase is IGridBalancing, Reports {
    // CONSTANTS

    /// @inheritdoc IGridBalancing
    uint32 public constant MAX_CALL_INTERVALS = 1_000;

    // IMMUTABLES

    /// @inheritdoc IGridBalancing
    address public immutable trading;
    /// @inheritdoc IGridBalancing
    address public immutable production;
    /// @inheritdoc IGridBalancing
    address public immutable consumption;
    /// @inheritdoc IGridBalancing
    uint64 public immutable startInterval;

    /// @dev It keeps others' money in trading's ledger and has no imbalance of its own.
    address internal immutable _delivery;

    // STORAGE

    /// @inheritdoc IGridBalancing
    uint48 public maxImbalancePriceMicroPerKwh;
    /// @dev Beside the price in one slot: a settlement of a later interval need not ask whether its report is void.
    uint64 internal _lastVoided;

    // CONSTRUCTOR

    constructor(address trading_, address production_, address consumption_) {
        (trading, production, consumption) = (trading_, production_, consumption_);
        startInterval = _present() - 1;
        _delivery = IEnergyTrading(trading_).delivery();
    }

    // MODIFIERS

    modifier onlyRole(Role role) {
        _onlyRole(role);
        _;
    }

    // INTERNAL

    function _present() internal view returns (uint64) {
        // Interval 0 ends after one length. forge-lint: disable-next-line(unsafe-typecast) a quotient of the time
        return uint64(Intervals.intervalOf(block.timestamp, _endOf(0)));
    }

    /// @dev Energy of a power over `count` intervals, Wh, rounded down.
    function _energyWh(uint256 powerW, uint32 count) internal view returns (uint256) {
        return powerW * count * _endOf(0) / 1 hours;
    }

    /// @dev What a call or a command to meters has to keep to.
    function _requireCallable(uint64 fromInterval, uint32 count, uint64 priceMicroPerKwh) internal view {
        uint64 present = _present();
        if (fromInterval <= present) revert IntervalBegun(fromInterval, present);
        if (count == 0 || count > MAX_CALL_INTERVALS) revert BadCount(count);
        uint256 limit = maxImbalancePriceMicroPerKwh;
        if (priceMicroPerKwh > limit) revert PriceAboveLimit(priceMicroPerKwh, limit);
    }
}
