// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingRules} from "../interfaces/IClearingRules.sol";
import {Fill, IEnergyTrading, TradingRules} from "../interfaces/IEnergyTrading.sol";
import {IRegistry, Role} from "../interfaces/IRegistry.sol";
import {Intervals} from "../libraries/Intervals.sol";
import {Markets} from "../libraries/Markets.sol";
import {PackedBook, PackedClearing, PackedClearings} from "../libraries/PackedClearings.sol";
import {PackedPosition} from "../libraries/PackedPositions.sol";
import {Fills} from "./Fills.sol";

/// @title Clearing
/// @notice One price for (market, t), and what every order gets at it.
abstract contract Clearing is Fills {
    using Markets for bytes32;

    // CONSTANTS

    /// @dev Seconds after which a clearing that its operator left open may be unwound by anyone.
    uint256 private constant ABANDONED_AFTER = 1 hours;

    // CLEARING

    /// @inheritdoc IEnergyTrading
    function open(bytes32 market, uint64 t, uint64 priceMicroPerKwh, bytes32 bookRoot) external {
        Lane storage lane = _lane(market, t);
        (lane.clearing, lane.book) = _opened(lane, market, t, priceMicroPerKwh, bookRoot);
    }

    /// @inheritdoc IEnergyTrading
    function fill(bytes32 market, uint64 t, Fill[] calldata fills, bytes[] calldata signatures) external {
        Lane storage lane = _lane(market, t);
        _requireClearable(market, t);
        _requireOpener(lane, market, t);
        lane.clearing = _filled(lane, lane.clearing, market, t, fills, signatures);
    }

    /// @inheritdoc IEnergyTrading
    function close(bytes32 market, uint64 t) external {
        Lane storage lane = _lane(market, t);
        _requireOpener(lane, market, t);
        lane.clearing = _closed(lane.clearing, market, t);
    }

    /// @inheritdoc IEnergyTrading
    function clear(
        bytes32 market,
        uint64 t,
        uint64 priceMicroPerKwh,
        bytes32 bookRoot,
        Fill[] calldata fills,
        bytes[] calldata signatures
    ) external {
        Lane storage lane = _lane(market, t);
        PackedClearing clearing;
        (clearing, lane.book) = _opened(lane, market, t, priceMicroPerKwh, bookRoot);
        clearing = _filled(lane, clearing, market, t, fills, signatures);
        lane.clearing = _closed(clearing, market, t);
    }

    /// @inheritdoc IEnergyTrading
    function unwind(bytes32 market, uint64 t, address[] calldata accounts) external {
        Lane storage lane = _lane(market, t);
        PackedClearing clearing = lane.clearing;
        _requireOpen(clearing, market, t);
        if (block.timestamp < clearing.openedAt() + ABANDONED_AFTER) {
            _requireOpenedBy(lane.book, market, t, _operatorIdOf(msg.sender));
        }
        Chunk memory c;
        (c.market, c.t, c.openedAt) = (market, t, clearing.openedAt());
        (c.boughtWh, c.paidMicro) = (clearing.surplus(), clearing.held());
        uint16 operatorId = lane.book.operatorId();
        for (uint256 i; i < accounts.length; ++i) {
            _unwindOne(c, lane, operatorId, accounts[i]);
        }
        uint256 left = clearing.positions() - accounts.length; // each had one
        clearing = _withSums(c, clearing, left);
        if (left == 0) {
            clearing = clearing.withState(PackedClearings.NONE);
            emit ClearingUnwound(market, t);
        }
        lane.clearing = clearing;
    }

    // INTERNAL

    /// @dev Reverts unless clearing is allowed and this is the time for (market, t). Spot markets clear metered
    /// surplus, so after the interval; the others before anybody can know it. Half a ring at most, so that no two
    /// intervals of one place of the ring are cleared at the same time.
    function _requireClearable(bytes32 market, uint64 t) private view returns (bool island) {
        if (registry.paused()) revert IRegistry.ContractsPaused();
        bool stopped;
        (stopped, island) = IClearingRules(grid).clearingRules();
        if (stopped) revert ClearingStopped();
        uint256 present = _present();
        uint256 half = ringSize / 2;
        if (t == 0) revert TooLateToClear(market, t); // an empty slot would pass for one of it
        if (market.kindOf() == Markets.SPOT) {
            if (block.timestamp < Intervals.endOf(t, _intervalSeconds)) revert TooEarlyToClear(market, t);
            if (present > t + half) revert TooLateToClear(market, t);
        } else {
            if (t <= present) revert TooLateToClear(market, t);
            if (t > present + half) revert TooEarlyToClear(market, t);
        }
    }

    /// @dev Everything that opening a clearing checks; the caller stores the words.
    function _opened(Lane storage lane, bytes32 market, uint64 t, uint64 price, bytes32 bookRoot)
        private
        returns (PackedClearing clearing, PackedBook book)
    {
        market.check();
        bool island = _requireClearable(market, t);
        uint16 operatorId = _requireOperator();
        TradingRules memory r = _rules;
        (uint256 floor, uint256 cap) = island
            ? (r.islandFloorPriceMicroPerKwh, r.islandCapPriceMicroPerKwh)
            : (r.floorPriceMicroPerKwh, r.capPriceMicroPerKwh);
        if (price < floor || price > cap) revert PriceOutsideCorridor(price, floor, cap);
        PackedClearing former = lane.clearing;
        uint64 formerInterval = former.interval();
        if (former.state() != PackedClearings.NONE) {
            if (formerInterval == t) revert ClearingExists(market, t);
            if (former.state() == PackedClearings.OPEN) revert SlotBusy(market, formerInterval);
            if (market.isBundled()) _requireDelivered(market, formerInterval);
        }
        emit ClearingOpened(market, t, operatorId, price, bookRoot);
        return (PackedClearings.open(t, price), PackedClearings.packBook(bookRoot, operatorId));
    }

    function _filled(
        Lane storage lane,
        PackedClearing clearing,
        bytes32 market,
        uint64 t,
        Fill[] calldata fills,
        bytes[] calldata signatures
    ) private returns (PackedClearing) {
        Chunk memory c;
        (c.market, c.t, c.price) = (market, t, clearing.price());
        (c.openedAt, c.feeBps) = (clearing.openedAt(), _rules.feeBps);
        c.isPair = market.kindOf() == Markets.PAIR;
        c.template = _orderTemplate(market);
        c.releases = new uint256[](fills.length);
        c.sellers = new address[](fills.length);
        c.sellersWh = new uint256[](fills.length);
        _keepSignatures(c, signatures);
        _fillAll(c, lane.positions, fills);
        if (c.isPair && !market.isPairOf(c.buyer, c.seller)) revert NotThePair(market, c.buyer, c.seller);
        if (market.isBundled()) {
            // forge-lint: disable-next-line(unsafe-typecast) a sum of 40 bits each
            _bundleBought(market, t, int256(c.boughtWh));
        }
        (c.boughtWh, c.paidMicro) = (c.boughtWh + clearing.surplus(), c.paidMicro + clearing.held());
        return _withSums(c, clearing, clearing.positions() + c.positions);
    }

    /// @dev While no more is sold than bought, buyers paid no less than sellers got.
    function _withSums(Chunk memory c, PackedClearing clearing, uint256 positions)
        private
        pure
        returns (PackedClearing)
    {
        if (c.soldWh > c.boughtWh) revert SoldBeyondBought(c.soldWh, c.boughtWh);
        return clearing.withSums(c.paidMicro - c.escrowedMicro, c.boughtWh - c.soldWh, positions);
    }

    function _closed(PackedClearing clearing, bytes32 market, uint64 t) private returns (PackedClearing) {
        uint256 surplus = clearing.surplus();
        if (surplus != 0) revert NotBalanced(surplus);
        if (clearing.positions() == 0) revert NothingCleared(market, t);
        uint256 micro = clearing.held();
        _addFees(micro);
        emit Cleared(market, t, clearing.price(), micro);
        return clearing.withSums(0, 0, clearing.positions()).withState(PackedClearings.CLOSED);
    }

    function _unwindOne(Chunk memory c, Lane storage lane, uint16 operatorId, address account) private {
        // forge-lint: disable-next-line(unsafe-typecast) it came as a uint64
        (bytes32 market, uint64 t) = (c.market, uint64(c.t));
        PackedPosition position = lane.positions[account].word;
        if (!position.isOf(t)) revert NoPosition(market, t, account);
        uint256 paid = position.paid();
        c.boughtWh += position.sold();
        c.soldWh += position.bought();
        c.paidMicro += position.escrow();
        c.escrowedMicro += paid;
        lane.positions[account].word = PackedPosition.wrap(0);
        if (paid != 0) _refund(account, paid, operatorId, c.openedAt);
        // forge-lint: disable-next-line(unsafe-typecast) 38 bits
        if (market.isBundled()) _bundleBought(market, t, -int256(position.bought()));
        emit Unwound(market, t, account, paid);
    }

    function _requireOpen(PackedClearing clearing, bytes32 market, uint64 t) private pure {
        if (!clearing.isOf(t) || clearing.state() != PackedClearings.OPEN) revert ClearingNotOpen(market, t);
    }

    /// @dev Reverts unless the caller may clear, opened this clearing, and did so not too long ago.
    function _requireOpener(Lane storage lane, bytes32 market, uint64 t) private view {
        PackedClearing clearing = lane.clearing;
        _requireOpen(clearing, market, t);
        _requireOpenedBy(lane.book, market, t, _requireOperator());
        // Time enough must be left to complain about what he does.
        uint256 until = clearing.openedAt() + complaintSeconds / 2;
        if (block.timestamp > until) revert OpenTooLong(market, t, until);
    }

    function _requireOpenedBy(PackedBook book, bytes32 market, uint64 t, uint16 operatorId) private view {
        if (operatorId == 0 || book.operatorId() != operatorId) revert NotOpener(market, t, msg.sender);
    }

    function _requireOperator() private view returns (uint16) {
        if (!registry.hasRole(Role.ClearingOperator, msg.sender)) revert NotClearingOperator(msg.sender);
        return _requireBonded(msg.sender);
    }
}
