// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ConsumptionLeaf, IEnergyConsumption} from "../interfaces/IEnergyConsumption.sol";
import {IClearingCourt} from "../interfaces/IClearingCourt.sol";
import {HomeMarket, IEnergyDelivery, MeterEvidence} from "../interfaces/IEnergyDelivery.sol";
import {
    Account,
    ClearingView,
    IEnergyTrading,
    Order,
    Position,
    Refund,
    TradingRules
} from "../interfaces/IEnergyTrading.sol";
import {Meter} from "../interfaces/IRegistry.sol";
import {Intervals} from "../libraries/Intervals.sol";
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
    uint256 private immutable _halfRing;

    // STORAGE

    /// @dev What an account sold in one clearing.
    struct Sale {
        uint256 wh;
        uint256 openedAt;
    }

    mapping(address account => HomeMarket) private _homeMarkets;

    // CONSTRUCTOR

    constructor(IEnergyConsumption consumption_) {
        consumption = consumption_;
        _noticeSeconds = trading.noticeSeconds();
        _halfRing = trading.ringSize() / 2;
    }

    // HOME MARKETS

    /// @inheritdoc IEnergyDelivery
    function setHomeMarket(bytes32 market) external {
        market.check();
        if (market.kindOf() != Markets.FORWARD) revert ComplaintNotInMarket(market);
        // Nothing of these intervals was cleared before every operator can have seen it.
        uint256 seen = Intervals.intervalOf(block.timestamp + _noticeSeconds, _intervalSeconds);
        // forge-lint: disable-next-line(unsafe-typecast) an interval's number
        uint64 fromInterval = uint64(seen + _halfRing + 1);
        _homeMarkets[msg.sender] = HomeMarket(market, fromInterval);
        emit HomeMarketSet(msg.sender, market, fromInterval);
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
        for (uint256 i; i < others.length; ++i) {
            bytes32 other = others[i];
            if (other == market) revert MarketsNotSorted(other);
            if (other.kindOf() != Markets.SPOT) revert ComplaintNotInMarket(other);
            sold += _soldIn(others, i, t, account, operatorId).wh;
        }
        uint256 exported = _exported(t, account, meters);
        if (sold <= exported) revert NotOversold(sold, exported);
        trading.slash(market, t, msg.sender);
    }

    /// @inheritdoc IEnergyDelivery
    function complainOverCap(uint64 t, address account, bytes32[] calldata markets) external {
        if (markets.length == 0) revert MarketsMissing();
        uint16 operatorId = trading.clearingOf(markets[0], t).operatorId;
        bytes32 last;
        (uint256 sold, uint256 lastAt, uint256 firstAt) = (0, 0, type(uint256).max);
        for (uint256 i; i < markets.length; ++i) {
            if (markets[i].kindOf() == Markets.SPOT) revert ComplaintNotInMarket(markets[i]);
            Sale memory sale = _soldIn(markets, i, t, account, operatorId);
            if (sale.wh == 0) revert NothingSold(markets[i], t, account);
            sold += sale.wh;
            if (sale.openedAt >= lastAt) (last, lastAt) = (markets[i], sale.openedAt);
            if (sale.openedAt < firstAt) firstAt = sale.openedAt;
        }
        uint256 changedAt = registry.accountOf(account).sellCapChangedAt;
        if (changedAt >= firstAt - _noticeSeconds) revert SellCapChanged(account, changedAt);
        uint256 capWh = registry.sellCapWh(account);
        if (sold <= capWh) revert NotOverCap(sold, capWh);
        trading.slash(last, t, msg.sender);
    }

    // VIEWS

    /// @inheritdoc IEnergyDelivery
    function homeMarketOf(address account) external view returns (HomeMarket memory) {
        return _homeMarkets[account];
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

    /// @dev Cash that did not grow was there all the time, and whoever has cash owes nothing. Who could pay at this
    /// price only, and not at the next, is entitled to nothing: so at the lowest price where no entitled buyer goes
    /// short all that sellers strictly inside the money offer finds a buyer, however thin the market.
    function _requireBuyerShort(Order calldata order, uint64 t, uint64 price, uint256 seenBefore)
        private
        view
    {
        address account = order.account;
        Position memory position = trading.positionOf(order.market, t, account);
        uint256 eligible = _capOf(order);
        if (position.boughtWh >= eligible) revert IClearingCourt.NotShort(position.boughtWh, eligible);
        // All of it and not what is missing: whom a part was sold to is entitled to no more than before.
        // forge-lint: disable-next-line(unsafe-typecast) 38 bits
        uint256 cost = Money.costUp(uint64(eligible), price + 1);
        Account memory a = trading.accountOf(account);
        (uint256 announced, uint256 readyAt) = trading.withdrawalOf(account);
        (uint256 cash, uint256 increasedAt) = _cashBefore(order.market, t, account, a);
        cash = cash > announced ? cash - announced : 0;
        // An announcement in place of a larger one frees cash, too.
        bool grown = increasedAt >= seenBefore || readyAt >= seenBefore + _noticeSeconds;
        if (grown || cash == 0 || cash + position.paidMicro < cost) {
            revert MayHaveLackedCash(account, cash + position.paidMicro, cost);
        }
    }

    /// @dev An account's cash and when it last grew; where that was a refund from an unwound clearing, what was there
    /// without it, since before it. What the accused himself took and gave back while this clearing stood was the
    /// account's too. Who ever owed may have been refused for his debt: for him a refund counts as any other money.
    function _cashBefore(bytes32 market, uint64 t, address account, Account memory a)
        private
        view
        returns (uint256 cash, uint256 increasedAt)
    {
        (cash, increasedAt) = (a.cashMicro, a.increasedAt);
        Refund memory refund = trading.refundOf(account);
        if (refund.unwoundAt != increasedAt || a.hasOwed) return (cash, increasedAt);
        ClearingView memory clearing = trading.clearingOf(market, t);
        bool ownDoing = refund.operatorId == clearing.operatorId && refund.openedAt >= clearing.openedAt;
        uint256 most = ownDoing ? refund.keptAndRefundedMicro : refund.keptMicro;
        return (cash < most ? cash : most, refund.formerIncreasedAt);
    }

    function _requireSellerShort(Order calldata order, uint64 t, uint256 seenBefore) private view {
        address account = order.account;
        HomeMarket memory home = _homeMarkets[account];
        if (home.market != order.market || t < home.fromInterval) {
            revert NotHomeMarket(account, order.market, t);
        }
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

    /// @dev What an account sold in one market of a list; reverts unless that ascends and the clearing is closed and of
    /// this operator.
    function _soldIn(bytes32[] calldata markets, uint256 at, uint64 t, address account, uint16 operatorId)
        private
        view
        returns (Sale memory sale)
    {
        bytes32 market = markets[at];
        if (at != 0 && market <= markets[at - 1]) revert MarketsNotSorted(market);
        ClearingView memory clearing = _requireClosed(market, t);
        if (clearing.operatorId != operatorId) revert OtherOperator(market, t);
        return Sale(trading.positionOf(market, t, account).soldWh, clearing.openedAt);
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
