// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {Bundle} from "./interfaces/IBundles.sol";
import {IClearingCourt} from "./interfaces/IClearingCourt.sol";
import {Dispute, IEnergyDelivery} from "./interfaces/IEnergyDelivery.sol";
import {IEnergyProduction} from "./interfaces/IEnergyProduction.sol";
import {
    Account,
    ClearingState,
    ClearingView,
    IEnergyTrading,
    Order,
    Position,
    TradingRules
} from "./interfaces/IEnergyTrading.sol";
import {IGridBalancing} from "./interfaces/IGridBalancing.sol";
import {
    AccountOverview,
    BundleOverview,
    CertificateOverview,
    ClearingOverview,
    FeederOverview,
    GridOverview,
    ILens,
    IntervalStatus,
    MarketInterval,
    MeterOverview,
    Obstacle,
    OrderStatus
} from "./interfaces/ILens.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IReports} from "./interfaces/IReports.sol";
import {Certificates} from "./libraries/Certificates.sol";
import {Intervals} from "./libraries/Intervals.sol";
import {Markets} from "./libraries/Markets.sol";

/// @title Lens
/// @notice What a wallet and an indexer ask of all contracts at once.
contract Lens is ILens {
    using Markets for bytes32;

    // CONSTANTS

    /// @inheritdoc ILens
    uint256 public constant MAX_INTERVALS = 3_000;

    uint8 private constant SELL = 1;
    /// @dev A place of the ring is no further back than that, unless its market rested for as long.
    uint256 private constant RINGS_BACK = 4;

    // IMMUTABLES

    IRegistry public immutable registry;
    IEnergyProduction public immutable production;
    IReports public immutable consumption;
    IEnergyTrading public immutable trading;
    IGridBalancing public immutable balancing;
    IEnergyDelivery public immutable delivery;

    uint256 private immutable _intervalSeconds;
    uint64 private immutable _ringSize;
    uint256 private immutable _complaintSeconds;

    // CONSTRUCTOR

    constructor(
        IRegistry registry_,
        IEnergyProduction production_,
        IReports consumption_,
        IEnergyTrading trading_,
        IGridBalancing balancing_
    ) {
        (registry, production, consumption) = (registry_, production_, consumption_);
        (trading, balancing) = (trading_, balancing_);
        delivery = IEnergyDelivery(trading_.delivery());
        _intervalSeconds = registry_.intervalSeconds();
        _ringSize = trading_.ringSize();
        _complaintSeconds = trading_.complaintSeconds();
    }

    // VIEWS

    /// @inheritdoc ILens
    function accountOverview(address account, MarketInterval[] calldata escrows)
        external
        view
        returns (AccountOverview memory o)
    {
        o.account = trading.accountOf(account);
        (o.withdrawalMicro, o.withdrawableFrom) = trading.withdrawalOf(account);
        (o.formerEpoch, o.formerEpochUntil) = trading.formerEpochOf(account);
        (o.record, o.balance) = (registry.accountOf(account), balancing.balanceOf(account));
        (o.sellCapWh, o.connectionWh) = (registry.sellCapWh(account), registry.connectionWh(account));
        for (uint256 i; i < escrows.length; ++i) {
            (bytes32 market, uint64 t) = (escrows[i].market, escrows[i].t);
            uint256 micro = trading.positionOf(market, t, account).escrowMicro;
            if (_isClaimable(market, t, o.account.settledThrough)) o.claimableMicro += micro;
            else o.waitingMicro += micro;
        }
    }

    /// @inheritdoc ILens
    function orderStatus(Order calldata order, uint64 first, uint32 count)
        external
        view
        returns (OrderStatus memory status)
    {
        if (count > MAX_INTERVALS) revert TooManyIntervals(count, MAX_INTERVALS);
        status.digest = trading.orderDigest(order);
        status.postedAt = trading.postedAt(status.digest);
        status.cancelledFrom = trading.cancelledFrom(status.digest);
        status.intervals = new IntervalStatus[](count);
        bool fits = order.side <= SELL && order.market.isValid() && order.bundled == order.market.isBundled()
            && order.sourceMask == order.market.sourceMaskOf()
            && order.limitPriceMicroPerKwh <= type(uint48).max && order.fromInterval <= type(uint32).max;
        Account memory account = trading.accountOf(order.account);
        for (uint256 i; i < count; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast) below MAX_INTERVALS
            uint64 t = first + uint64(i);
            (uint256 left, Obstacle obstacle) = (0, Obstacle.Malformed);
            if (fits) {
                left = _remaining(order, t, account.cashMicro);
                obstacle = _obstacle(order, t, status.cancelledFrom, account, left);
            }
            status.intervals[i] = IntervalStatus(t, left, obstacle);
        }
    }

    /// @inheritdoc ILens
    function meterOverview(bytes32 meterId) external view returns (MeterOverview memory o) {
        o.meter = registry.meter(meterId);
        o.key = registry.keyAt(meterId, _present());
        o.frozenThrough = registry.frozenThrough(meterId);
        (o.claimedWh, o.claimedSeq, o.claimedAt) = production.claimOf(meterId);
        (o.enrolment, o.storageUnit) = (balancing.enrolmentOf(meterId), balancing.storageOf(meterId));
    }

    /// @inheritdoc ILens
    function clearingOverview(bytes32 market, uint64 t) external view returns (ClearingOverview memory o) {
        o.clearing = trading.clearingOf(market, t);
        if (o.clearing.operatorId != 0) {
            o.operator = IClearingCourt(address(trading)).operatorOf(o.clearing.operatorId);
        }
        (o.floorPriceMicroPerKwh, o.capPriceMicroPerKwh) = _corridor();
        o.feeBps = trading.rules().feeBps;
        o.obstacle = _closedBecause(market, t);
        if (o.clearing.state == ClearingState.Closed) {
            // forge-lint: disable-next-line(unsafe-typecast) block time and a uint32
            o.complaintsUntil = uint64(o.clearing.openedAt + _complaintSeconds);
        }
    }

    /// @inheritdoc ILens
    function gridOverview() external view returns (GridOverview memory o) {
        (o.state, o.condition) = balancing.gridState();
        o.thresholds = balancing.thresholds();
        o.paused = registry.paused();
        (o.stopped, o.island) = balancing.clearingRules();
        o.presentInterval = _present();
        (o.productionHead, o.consumptionHead) = (production.head(), consumption.head());
        o.balancingHead = balancing.head();
        o.balancingVoided = balancing.isVoided(o.balancingHead);
        uint64 newest = balancing.startInterval();
        if (o.productionHead > newest) newest = o.productionHead;
        if (o.consumptionHead > newest) newest = o.consumptionHead;
        o.silent = o.presentInterval >= newest + balancing.silentIntervals();
        o.cashMicro = trading.accountOf(address(balancing)).cashMicro;
        o.maxImbalancePriceMicroPerKwh = balancing.maxImbalancePriceMicroPerKwh();
    }

    /// @inheritdoc ILens
    function feederOverview(uint32 feeder) external view returns (FeederOverview memory) {
        return FeederOverview(
            balancing.envelopeOf(feeder), balancing.interconnectionOf(feeder), balancing.reducibleW(feeder)
        );
    }

    /// @inheritdoc ILens
    function bundleOverview(bytes32 market, uint64 t, address account)
        external
        view
        returns (BundleOverview memory)
    {
        Position memory position = trading.positionOf(market, t, account);
        uint256 deliveredWh = delivery.deliveredWh(market, t, account);
        // Once the place of the ring is used again, nothing is known of what was sold.
        uint256 owedWh = position.soldWh > deliveredWh ? position.soldWh - deliveredWh : 0;
        return BundleOverview(delivery.bundleOf(market, t), owedWh, position.boughtWh);
    }

    /// @inheritdoc ILens
    function disputeOverview(bytes32 market, uint64 t, address buyer)
        external
        view
        returns (bytes32 id, Dispute memory dispute)
    {
        id = keccak256(abi.encode(market, t, buyer));
        dispute = delivery.disputeOf(id);
    }

    /// @inheritdoc ILens
    function certificates(address account, uint256[] calldata ids)
        external
        view
        returns (CertificateOverview[] memory found)
    {
        found = new CertificateOverview[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            uint256 id = ids[i];
            found[i] = CertificateOverview({
                id: id,
                source: Certificates.sourceOf(id),
                simulated: Certificates.isSimulated(id),
                // forge-lint: disable-next-line(unsafe-typecast) the id's last 32 bits are the day
                day: uint32(id),
                balanceWh: IERC1155(address(production)).balanceOf(account, id),
                supplyWh: production.totalSupply(id),
                retiredWh: production.totalRetired(id)
            });
        }
    }

    // INTERNAL

    /// @dev As `collect` decides it.
    function _isClaimable(bytes32 market, uint64 t, uint64 settledThrough) private view returns (bool) {
        bool settled = t <= settledThrough || t + _ringSize / 2 < _present();
        bool open = trading.clearingOf(market, t).state == ClearingState.Open;
        return settled && !open && !market.isBundled();
    }

    /// @dev Wh that cap, sell cap and cash leave of an order.
    function _remaining(Order calldata order, uint64 t, uint256 cashMicro) private view returns (uint256) {
        Position memory position = trading.positionOf(order.market, t, order.account);
        if (order.side == SELL) {
            uint256 most = _least(order.capWh, registry.sellCapWh(order.account));
            return most > position.soldWh ? most - position.soldWh : 0;
        }
        uint256 left = order.capWh > position.boughtWh ? order.capWh - position.boughtWh : 0;
        (uint256 announced,) = trading.withdrawalOf(order.account);
        uint256 spendable = cashMicro > announced ? cashMicro - announced : 0;
        uint256 price = order.limitPriceMicroPerKwh;
        return price == 0 ? left : _least(left, spendable * 1_000 / price);
    }

    /// @dev In the order in which a wallet explains it: what the order says, what the market says, what is lacking.
    function _obstacle(
        Order calldata order,
        uint64 t,
        uint64 cancelledFrom,
        Account memory account,
        uint256 left
    ) private view returns (Obstacle) {
        if (t < order.fromInterval || t - order.fromInterval >= order.count) {
            return Obstacle.OutsideWindow;
        }
        ClearingView memory clearing = trading.clearingOf(order.market, t);
        bool open = clearing.state == ClearingState.Open;
        // What an open clearing counts was decided when it opened.
        uint256 decidedAt = open ? clearing.openedAt : block.timestamp;
        if (cancelledFrom != 0 && decidedAt >= cancelledFrom) return Obstacle.Cancelled;
        if (order.epoch != account.epoch && !_isFormer(order, decidedAt)) return Obstacle.WrongEpoch;
        Obstacle closed = _closedBecause(order.market, t);
        if (closed != Obstacle.None) return closed;
        if (!_meetsLimit(order, clearing, open)) return Obstacle.OutsideCorridor;
        if (account.debtMicro != 0) return Obstacle.InDebt;
        if (left != 0) return Obstacle.None;
        Position memory position = trading.positionOf(order.market, t, order.account);
        bool sells = order.side == SELL;
        if ((sells ? position.soldWh : position.boughtWh) >= order.capWh) return Obstacle.Full;
        return sells ? Obstacle.OverSellCap : Obstacle.NoCash;
    }

    function _isFormer(Order calldata order, uint256 decidedAt) private view returns (bool) {
        (uint32 former, uint64 until) = trading.formerEpochOf(order.account);
        return order.epoch == former && decidedAt < until;
    }

    /// @dev Whether some price that may still come, or the one that was opened with, meets the limit.
    function _meetsLimit(Order calldata order, ClearingView memory clearing, bool open)
        private
        view
        returns (bool)
    {
        (uint256 floor, uint256 cap) = _corridor();
        if (open) (floor, cap) = (clearing.priceMicroPerKwh, clearing.priceMicroPerKwh);
        uint256 limit = order.limitPriceMicroPerKwh;
        return order.side == SELL ? limit <= cap : limit >= floor;
    }

    /// @dev Why nothing can be cleared in (market, t) now.
    function _closedBecause(bytes32 market, uint64 t) private view returns (Obstacle) {
        if (!market.isValid()) return Obstacle.Malformed;
        if (t == 0) return Obstacle.TooLate;
        (uint64 present, uint256 half) = (_present(), _ringSize / 2);
        if (market.kindOf() == Markets.SPOT) {
            if (block.timestamp < Intervals.endOf(t, _intervalSeconds)) return Obstacle.TooEarly;
            if (present > t + half) return Obstacle.TooLate;
        } else {
            if (t <= present) return Obstacle.TooLate;
            if (t > present + half) return Obstacle.TooEarly;
        }
        ClearingView memory clearing = trading.clearingOf(market, t);
        if (clearing.state == ClearingState.Closed) return Obstacle.AlreadyCleared;
        if (clearing.state == ClearingState.Open) {
            if (block.timestamp > clearing.openedAt + _complaintSeconds / 2) return Obstacle.OpenTooLong;
        } else {
            Obstacle taken = _takenBy(market, t);
            if (taken != Obstacle.None) return taken;
        }
        if (registry.paused()) return Obstacle.Paused;
        (bool stopped,) = balancing.clearingRules();
        return stopped ? Obstacle.Stopped : Obstacle.None;
    }

    /// @dev Why the interval's place of the ring cannot be used again yet.
    function _takenBy(bytes32 market, uint64 t) private view returns (Obstacle) {
        for (uint256 i; i < RINGS_BACK && t > _ringSize; ++i) {
            t -= _ringSize;
            ClearingState state = trading.clearingOf(market, t).state;
            if (state == ClearingState.Open) return Obstacle.SlotBusy;
            if (state == ClearingState.Closed) {
                if (!market.isBundled()) return Obstacle.None;
                Bundle memory former = delivery.bundleOf(market, t);
                return former.settledWh == former.tradedWh ? Obstacle.None : Obstacle.NotDelivered;
            }
        }
        return Obstacle.None;
    }

    function _corridor() private view returns (uint48 floor, uint48 cap) {
        TradingRules memory r = trading.rules();
        (, bool island) = balancing.clearingRules();
        return island
            ? (r.islandFloorPriceMicroPerKwh, r.islandCapPriceMicroPerKwh)
            : (r.floorPriceMicroPerKwh, r.capPriceMicroPerKwh);
    }

    function _present() private view returns (uint64) {
        // forge-lint: disable-next-line(unsafe-typecast) a quotient of the time
        return uint64(Intervals.intervalOf(block.timestamp, _intervalSeconds));
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
