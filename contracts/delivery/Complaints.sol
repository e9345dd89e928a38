// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ConsumptionLeaf, IEnergyConsumption} from "../interfaces/IEnergyConsumption.sol";
import {IClearingCourt} from "../interfaces/IClearingCourt.sol";
import {IEnergyDelivery, MeterEvidence} from "../interfaces/IEnergyDelivery.sol";
import {Account, ClearingView, IEnergyTrading, Order, TradingRules} from "../interfaces/IEnergyTrading.sol";
import {Meter} from "../interfaces/IRegistry.sol";
import {Markets} from "../libraries/Markets.sol";
import {Money} from "../libraries/Money.sol";
import {PackedPositions} from "../libraries/PackedPositions.sol";
import {Entrusted} from "./Entrusted.sol";

/// @title Complaints
/// @notice Orders that were left out, and energy that was sold without being there.
/// @dev What an operator could not know, because it changed within the notice before he opened or after, never
/// convicts him: a fact of the present is used only where it cannot have been worse for the order then.
abstract contract Complaints is Entrusted {
    using Markets for bytes32;

    // CONSTANTS

    uint256 private constant BUY = 0;
    uint256 private constant SELL = 1;

    // IMMUTABLES

    /// @inheritdoc IEnergyDelivery
    IEnergyConsumption public immutable consumption;

    uint256 private immutable _noticeSeconds;

    // CONSTRUCTOR

    constructor(IEnergyConsumption consumption_) {
        consumption = consumption_;
        _noticeSeconds = trading.noticeSeconds();
    }

    // COMPLAINTS

    /// @inheritdoc IEnergyDelivery
    function complainOmitted(uint64 t, Order calldata order) external {
        bytes32 market = order.market;
        uint8 kind = market.kindOf();
        if (kind == Markets.PAIR || (kind == Markets.SPOT && order.side == SELL)) {
            revert ComplaintNotInMarket(market);
        }
        ClearingView memory clearing = _requireClosed(market, t);
        (uint64 price, uint256 limit) = (clearing.priceMicroPerKwh, order.limitPriceMicroPerKwh);
        _requireStood(order, t, clearing.openedAt);
        if (order.side == BUY ? limit <= price : limit >= price) {
            revert IClearingCourt.NotInTheMoney(limit, price);
        }
        // What he may not have seen is what came later than a notice before he opened.
        uint256 seenBefore = clearing.openedAt - _noticeSeconds;
        _requireInsideCorridor(order.side, price, seenBefore);
        if (order.side == BUY) {
            _requireBuyerShort(order, t, price, seenBefore);
        } else {
            _requireSellerShort(order, t, seenBefore);
        }
        trading.slash(market, t, msg.sender);
    }

    /// @inheritdoc IEnergyDelivery
    function complainOversold(
        bytes32 market,
        uint64 t,
        address account,
        bytes32[] calldata others,
        MeterEvidence[] calldata meters
    ) external {
        if (market.kindOf() != Markets.SPOT) revert ComplaintNotInMarket(market);
        uint16 operatorId = _requireClosed(market, t).operatorId;
        uint256 sold = trading.positionOf(market, t, account).soldWh;
        sold += _soldElsewhere(market, t, account, others, operatorId);
        uint256 exported = _exported(t, account, meters);
        if (sold <= exported) revert NotOversold(sold, exported);
        trading.slash(market, t, msg.sender);
    }

    // INTERNAL

    /// @dev Reverts unless the order stood a notice before the clearing opened, and in it.
    function _requireStood(Order calldata order, uint64 t, uint256 openedAt) private view {
        address account = order.account;
        bytes32 digest = trading.orderDigest(order);
        uint256 posted = trading.postedAt(digest);
        if (posted == 0) revert IEnergyTrading.OrderNotPosted(digest);
        if (posted + _noticeSeconds >= openedAt) revert PostedTooLate(posted, openedAt);
        if (t < order.fromInterval || t - order.fromInterval >= order.count) {
            revert IEnergyTrading.OutsideWindow(t, order.fromInterval, order.count);
        }
        uint256 cancelled = trading.cancelledFrom(digest);
        if (cancelled != 0 && openedAt >= cancelled) revert IEnergyTrading.OrderWasCancelled(digest);
        uint256 epoch = trading.accountOf(account).epoch;
        if (order.epoch != epoch) revert IEnergyTrading.WrongEpoch(account, order.epoch, epoch);
        // An epoch that began after the order was posted may have begun after the clearing opened, too.
        (, uint256 effectiveFrom) = trading.formerEpochOf(account);
        if (effectiveFrom > posted + _noticeSeconds) revert OrderMayNotHaveStood(account);
    }

    /// @dev At an end of the corridor the price can go no farther to where everybody inside is served. Which of the
    /// two corridors held is not known any more, so the ends of both count.
    function _requireInsideCorridor(uint256 side, uint256 price, uint256 seenBefore) private view {
        TradingRules memory r = trading.rules();
        if (r.corridorSetAt >= seenBefore) revert CorridorChanged(r.corridorSetAt);
        (uint256 a, uint256 b) = side == BUY
            ? (r.capPriceMicroPerKwh, r.islandCapPriceMicroPerKwh)
            : (r.floorPriceMicroPerKwh, r.islandFloorPriceMicroPerKwh);
        // Between nothing and one micro-unit buyers' cash may end anywhere.
        if (price == a || price == b || (side == SELL && price <= 1)) revert PriceAtItsEnd(price);
    }

    /// @dev Cash that did not grow was there all the time, and whoever has cash owes nothing.
    function _requireBuyerShort(Order calldata order, uint64 t, uint64 price, uint256 seenBefore)
        private
        view
    {
        address account = order.account;
        (uint256 filled, uint256 eligible) =
            (trading.positionOf(order.market, t, account).boughtWh, _capOf(order));
        if (filled >= eligible) revert IClearingCourt.NotShort(filled, eligible);
        // forge-lint: disable-next-line(unsafe-typecast) 38 bits
        uint256 cost = Money.costUp(uint64(eligible - filled), price);
        Account memory a = trading.accountOf(account);
        (uint256 announced, uint256 readyAt) = trading.withdrawalOf(account);
        uint256 cash = a.cashMicro > announced ? a.cashMicro - announced : 0;
        // An announcement in place of a larger one frees cash, too.
        bool grown = a.increasedAt >= seenBefore || readyAt >= seenBefore + _noticeSeconds;
        if (grown || cash == 0 || cash < cost) revert MayHaveLackedCash(account, cash, cost);
    }

    function _requireSellerShort(Order calldata order, uint64 t, uint256 seenBefore) private view {
        address account = order.account;
        Account memory a = trading.accountOf(account);
        if (a.hasOwed && (a.cashMicro == 0 || a.increasedAt >= seenBefore)) revert MayHaveOwed(account);
        uint256 changedAt = registry.accountOf(account).sellCapChangedAt;
        if (changedAt >= seenBefore) revert SellCapChanged(account, changedAt);
        (uint256 sellCap, uint256 eligible) = (registry.sellCapWh(account), _capOf(order));
        if (sellCap < eligible) eligible = sellCap;
        uint256 filled = trading.positionOf(order.market, t, account).soldWh;
        if (filled * 2 >= eligible) revert IClearingCourt.NotShort(filled, eligible);
    }

    /// @dev No position holds more.
    function _capOf(Order calldata order) private pure returns (uint256) {
        uint256 cap = order.capWh;
        return cap < PackedPositions.WH_MAX ? cap : PackedPositions.WH_MAX;
    }

    function _soldElsewhere(
        bytes32 market,
        uint64 t,
        address account,
        bytes32[] calldata others,
        uint16 operatorId
    ) private view returns (uint256 sold) {
        bytes32 previous;
        for (uint256 i; i < others.length; ++i) {
            bytes32 other = others[i];
            if (other <= previous || other == market) revert MarketsNotSorted(other);
            previous = other;
            if (other.kindOf() != Markets.SPOT) revert ComplaintNotInMarket(other);
            if (_requireClosed(other, t).operatorId != operatorId) revert OtherOperator(other, t);
            sold += trading.positionOf(other, t, account).soldWh;
        }
    }

    /// @dev What all meters of an account gave in interval `t`, as final reports prove it.
    function _exported(uint64 t, address account, MeterEvidence[] calldata meters)
        private
        view
        returns (uint256 wh)
    {
        uint256 registered = registry.meterCountOf(account);
        if (meters.length != registered) revert MetersMissing(account, meters.length, registered);
        bytes32 previous;
        for (uint256 i; i < meters.length; ++i) {
            bytes32 meterId = meters[i].meterId;
            if (meterId <= previous) revert MetersNotSorted(meterId);
            previous = meterId;
            wh += _exportedBy(t, account, meters[i]);
        }
    }

    function _exportedBy(uint64 t, address account, MeterEvidence calldata e) private view returns (uint256) {
        Meter memory meter = registry.meter(e.meterId);
        if (meter.account != account) revert MeterOfOtherAccount(e.meterId, meter.account);
        uint256 end = _endOf(t);
        if (meter.timestamp >= end) return 0;
        uint256 opening = meter.exportWh;
        if (meter.timestamp < end - _intervalSeconds) {
            _requireLeaf(t - 1, e.meterId, end - _intervalSeconds, e.atStart, e.startProof);
            opening = e.atStart.exportWh;
        }
        _requireLeaf(t, e.meterId, end, e.atEnd, e.endProof);
        if (e.atEnd.exportWh < opening) revert RegistersFell(e.meterId);
        return e.atEnd.exportWh - opening;
    }

    function _requireLeaf(
        uint64 interval,
        bytes32 meterId,
        uint256 time,
        ConsumptionLeaf calldata leaf,
        bytes32[] calldata proof
    ) private view {
        if (leaf.meterId != meterId) {
            revert LeafOfOtherMeter(meterId, leaf.meterId);
        }
        if (leaf.timestamp != time) revert LeafAtOtherTime(meterId, leaf.timestamp, time);
        if (!consumption.isLeaf(interval, leaf, proof)) revert LeafNotProven(meterId, interval);
    }
}
