// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingRules} from "../interfaces/IClearingRules.sol";
import {Fill, IEnergyTrading, TradingRules} from "../interfaces/IEnergyTrading.sol";
import {IRegistry, Role} from "../interfaces/IRegistry.sol";
import {Intervals} from "../libraries/Intervals.sol";
import {Markets} from "../libraries/Markets.sol";
import {Money} from "../libraries/Money.sol";
import {PackedAccount} from "../libraries/PackedAccounts.sol";
import {PackedBook, PackedClearing, PackedClearings} from "../libraries/PackedClearings.sol";
import {PackedPosition} from "../libraries/PackedPositions.sol";
import {PackedTerms} from "../libraries/PackedTerms.sol";
import {Lanes} from "./Lanes.sol";

/// @title Clearing
/// @notice One price for (market, t), and what every order gets at it.
abstract contract Clearing is Lanes {
    using Markets for bytes32;

    // CONSTANTS

    /// @dev Seconds after which a clearing that its operator left open may be unwound by anyone.
    uint256 private constant ABANDONED_AFTER = 1 hours;

    // TYPES

    /// @dev What the fills of one call share.
    struct Chunk {
        bytes32 market;
        uint64 t;
        uint64 price;
        uint256 feeBps;
        uint256 openedAt;
        uint256 template;
        // Sums.
        uint256 boughtWh;
        uint256 soldWh;
        uint256 paidMicro;
        uint256 escrowedMicro;
        uint256 positions;
        // Only for pair markets.
        address buyer;
        address seller;
        uint256 released;
        uint256[] releases;
    }

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
        (c.boughtWh, c.paidMicro) = (clearing.surplus(), clearing.held());
        for (uint256 i; i < accounts.length; ++i) {
            _unwindOne(c, lane, market, t, accounts[i]);
        }
        uint256 left = clearing.positions() - accounts.length; // each had one
        if (c.boughtWh < c.soldWh) revert SoldBeyondBought(c.soldWh, c.boughtWh);
        // While no more is sold than bought, buyers paid no less than sellers got.
        clearing = clearing.withSums(c.paidMicro - c.escrowedMicro, c.boughtWh - c.soldWh, left);
        if (left == 0) clearing = clearing.withState(PackedClearings.NONE);
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
        c.template = _orderTemplate(market);
        c.releases = new uint256[](fills.length);
        uint256[] memory words = new uint256[](fills.length);
        bool isPair = market.kindOf() == Markets.PAIR;
        for (uint256 i; i < fills.length; ++i) {
            words[i] = _fillOne(c, lane.positions, fills[i], signatures, isPair);
        }
        if (isPair && !market.isPairOf(c.buyer, c.seller)) revert NotThePair(market, c.buyer, c.seller);
        if (market.isBundled()) {
            // forge-lint: disable-next-line(unsafe-typecast) a sum of 40 bits each
            _bundleBought(market, t, int256(c.boughtWh));
        }
        uint256 bought = clearing.surplus() + c.boughtWh;
        if (c.soldWh > bought) revert SoldBeyondBought(c.soldWh, bought);
        // forge-lint: disable-next-line(unsafe-typecast) at most MAX_FEE_BPS
        emit Filled(market, t, c.price, uint16(c.feeBps), words);
        _emitReleases(c);
        // While no more is sold than bought, buyers paid no less than sellers got.
        return clearing.withSums(
            clearing.held() + c.paidMicro - c.escrowedMicro,
            bought - c.soldWh,
            clearing.positions() + c.positions
        );
    }

    /// @dev Fills one order; returns its word of the event.
    function _fillOne(
        Chunk memory c,
        mapping(address account => PackedPosition) storage positions,
        Fill calldata f,
        bytes[] calldata signatures,
        bool isPair
    ) private returns (uint256) {
        address account = f.account;
        PackedTerms terms = f.terms;
        uint256 wh = terms.wh();
        if (wh == 0) revert NothingToFill(account);
        if (c.t < terms.from() || c.t - terms.from() >= terms.count()) {
            revert OutsideWindow(c.t, terms.from(), terms.count());
        }
        PackedAccount word = _accounts[account];
        PackedAccount unchanged = word;
        PackedPosition position = positions[account];
        if (!position.isOf(c.t)) {
            uint256 stale = position.escrow();
            if (stale != 0) {
                word = _credited(account, word, stale);
                c.releases[c.released++] = (uint256(uint160(account)) << 96) | stale;
            }
            position = PackedPosition.wrap(c.t);
            ++c.positions;
        }
        if (word.debt() != 0) revert InDebt(account, word.debt());
        bytes32 digest = _digestIn(c.template, account, terms, f.salt);
        _requireStanding(account, word, digest, terms.epoch(), c.openedAt);
        _requireSigned(f, account, digest, signatures);

        uint256 side = terms.side();
        if (side == BUY) {
            if (c.price > terms.limit()) revert LimitNotMet(account, terms.limit(), c.price);
            // forge-lint: disable-next-line(unsafe-typecast) 40 bits
            uint256 cost = Money.costUp(uint64(wh), c.price);
            position = position.addPurchase(wh, cost);
            if (position.bought() > terms.capWh()) revert OverCap(account, position.bought(), terms.capWh());
            word = word.debit(cost);
            c.boughtWh += wh;
            c.paidMicro += cost;
            if (isPair) c.buyer = _onlyOne(c, c.buyer, account);
        } else if (side == SELL) {
            if (c.price < terms.limit()) revert LimitNotMet(account, terms.limit(), c.price);
            // forge-lint: disable-next-line(unsafe-typecast) 40 bits
            uint256 proceeds = Money.proceedsDown(uint64(wh), c.price);
            proceeds -= Money.feeUp(proceeds, c.feeBps);
            position = position.addSale(wh, proceeds);
            uint256 sold = position.sold();
            if (sold > terms.capWh()) revert OverCap(account, sold, terms.capWh());
            uint256 sellCap = registry.sellCapWh(account);
            if (sold > sellCap) revert OverSellCap(account, sold, sellCap);
            c.soldWh += wh;
            c.escrowedMicro += proceeds;
            if (isPair) c.seller = _onlyOne(c, c.seller, account);
        } else {
            revert BadSide(side);
        }
        positions[account] = position;
        if (PackedAccount.unwrap(word) != PackedAccount.unwrap(unchanged)) _accounts[account] = word;
        return (uint256(uint160(account)) << 96) | (side << 88) | wh;
    }

    /// @dev A pair market has one buyer and one seller.
    function _onlyOne(Chunk memory c, address known, address account) private pure returns (address) {
        if (known != address(0) && known != account) revert NotThePair(c.market, known, account);
        return account;
    }

    function _emitReleases(Chunk memory c) private {
        uint256 count = c.released;
        if (count == 0) return;
        uint256[] memory releases = c.releases;
        assembly ("memory-safe") {
            mstore(releases, count) // never more than were allocated
        }
        emit StaleReleased(c.market, c.t, releases);
    }

    function _closed(PackedClearing clearing, bytes32 market, uint64 t) private returns (PackedClearing) {
        uint256 surplus = clearing.surplus();
        if (surplus != 0) revert NotBalanced(surplus);
        uint256 micro = clearing.held();
        _addFees(micro);
        emit Cleared(market, t, clearing.price(), micro);
        return clearing.withSums(0, 0, clearing.positions()).withState(PackedClearings.CLOSED);
    }

    function _unwindOne(Chunk memory c, Lane storage lane, bytes32 market, uint64 t, address account)
        private
    {
        PackedPosition position = lane.positions[account];
        if (!position.isOf(t)) revert NoPosition(market, t, account);
        uint256 paid = position.paid();
        c.boughtWh += position.sold();
        c.soldWh += position.bought();
        c.paidMicro += position.escrow();
        c.escrowedMicro += paid;
        lane.positions[account] = PackedPosition.wrap(0);
        if (paid != 0) _credit(account, paid);
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
