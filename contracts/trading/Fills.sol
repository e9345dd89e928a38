// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill} from "../interfaces/IEnergyTrading.sol";
import {Money} from "../libraries/Money.sol";
import {PackedAccount} from "../libraries/PackedAccounts.sol";
import {PackedPosition} from "../libraries/PackedPositions.sol";
import {PackedTerms} from "../libraries/PackedTerms.sol";
import {Lanes} from "./Lanes.sol";

/// @title Fills
/// @notice What a clearing does for every order, and so what a trade costs.
abstract contract Fills is Lanes {
    // TYPES

    /// @dev What the fills of one call share.
    struct Chunk {
        bytes32 market;
        uint256 t;
        uint256 price;
        uint256 feeBps;
        uint256 openedAt;
        uint256 template;
        bool isPair;
        // ERC-1271 signatures, in calldata.
        uint256 signaturesAt;
        uint256 signaturesCount;
        // Sums. An operator's fills fit into one transaction, so that no sum of 40 or 72 bits each overflows.
        uint256 boughtWh;
        uint256 soldWh;
        uint256 paidMicro;
        uint256 escrowedMicro;
        uint256 positions;
        // Only for pair markets.
        address buyer;
        address seller;
        // Lists that grow, each as long as the fills at most.
        uint256 released;
        uint256[] releases;
        uint256 sales;
        address[] sellers;
        uint256[] sellersWh;
    }

    // INTERNAL

    /// @dev Fills orders, adds them to the sums and says so.
    function _fillAll(
        Chunk memory c,
        mapping(address account => PositionSlot) storage positions,
        Fill[] calldata fills
    ) internal {
        uint256[] memory words = new uint256[](fills.length);
        Fill calldata f;
        assembly ("memory-safe") {
            f := fills.offset
        }
        for (uint256 i; i < words.length; ++i) {
            uint256 word = _fillOne(c, positions, f);
            // A fill has five words. Indexed, each of its fields would be looked for from the first fill on.
            assembly ("memory-safe") {
                mstore(add(add(words, 32), shl(5, i)), word)
                f := add(f, 160)
            }
        }
        if (c.sales != 0) _requireSellCaps(c);
        // forge-lint: disable-next-line(unsafe-typecast) what was packed into fewer bits
        emit Filled(c.market, uint64(c.t), uint64(c.price), uint16(c.feeBps), words);
        if (c.released != 0) {
            _shorten(c.releases, c.released);
            // forge-lint: disable-next-line(unsafe-typecast) as above
            emit StaleReleased(c.market, uint64(c.t), c.releases);
        }
    }

    /// @dev All at once: the registry finds a function by going through all of them, for 1,000 gas a call.
    function _requireSellCaps(Chunk memory c) private view {
        address[] memory sellers = c.sellers;
        uint256[] memory sellersWh = c.sellersWh;
        uint256 count = c.sales;
        assembly ("memory-safe") {
            mstore(sellers, count) // never more than were allocated
        }
        uint256[] memory caps = registry.sellCapsWh(sellers);
        for (uint256 i; i < count; ++i) {
            if (sellersWh[i] > caps[i]) revert OverSellCap(sellers[i], sellersWh[i], caps[i]);
        }
    }

    /// @dev Without checks of the lists' ends: both are as long as the fills.
    function _noteSale(Chunk memory c, address account, uint256 wh) private pure {
        (address[] memory sellers, uint256[] memory sellersWh) = (c.sellers, c.sellersWh);
        uint256 sales;
        unchecked {
            sales = ++c.sales;
        }
        assembly ("memory-safe") {
            mstore(add(sellers, shl(5, sales)), account)
            mstore(add(sellersWh, shl(5, sales)), wh)
        }
    }

    function _shorten(uint256[] memory words, uint256 count) private pure {
        assembly ("memory-safe") {
            mstore(words, count) // never more than were allocated
        }
    }

    /// @dev Fills one order; returns its word of the event. Everything in it is paid for by every trade: it is
    /// unchecked, because fields of packed words are too narrow to overflow a word, and keeps few variables, because
    /// the compiler reads again from calldata what it has no place for on the stack.
    function _fillOne(
        Chunk memory c,
        mapping(address account => PositionSlot) storage positions,
        Fill calldata f
    ) private returns (uint256) {
        unchecked {
            address account = f.account;
            PackedTerms terms = f.terms;
            // Before the window the difference wraps around and is no less than any count.
            if (c.t - terms.from() >= terms.count()) {
                // forge-lint: disable-next-line(unsafe-typecast) it came as a uint64
                revert OutsideWindow(uint64(c.t), terms.from(), terms.count());
            }
            AccountSlot storage accountSlot = _slotOf(account);
            PackedAccount word = accountSlot.word;
            PositionSlot storage positionSlot = positions[account];
            PackedPosition position = positionSlot.word;
            if (!position.isAt(c.t)) {
                if (position.escrow() != 0) word = _releaseStale(c, account, word, position.escrow());
                position = PackedPosition.wrap(c.t);
                ++c.positions;
            }
            if (word.debt() != 0) revert InDebt(account, word.debt());
            bytes32 digest = _digestIn(c.template, account, terms, f.salt);
            if (!word.isPlain(terms.epoch())) {
                _requireStanding(account, word, digest, terms.epoch(), c.openedAt);
            }
            if (!_isSignedBy(account, digest, f.r, f.vs)) {
                _requireOtherwiseSigned(account, digest, f.r, f.vs, _signatures(c));
            }
            if (terms.side() == BUY) {
                uint256 cost = _buy(c, account, terms);
                position = position.addPurchase(terms.wh(), cost);
                if (position.bought() > terms.capWh()) {
                    revert OverCap(account, position.bought(), terms.capWh());
                }
                accountSlot.word = word.debit(cost);
            } else {
                position = position.addSale(terms.wh(), _sell(c, account, terms));
                if (position.sold() > terms.capWh()) {
                    revert OverCap(account, position.sold(), terms.capWh());
                }
                _noteSale(c, account, position.sold());
            }
            positionSlot.word = position;
            return (uint256(uint160(account)) << 96) | (terms.side() << 88) | terms.wh();
        }
    }

    /// @dev What a purchase costs; checks its terms and adds it to the sums.
    function _buy(Chunk memory c, address account, PackedTerms terms) private pure returns (uint256 cost) {
        unchecked {
            uint256 wh = terms.wh();
            if (wh == 0) revert NothingToFill(account);
            if (c.price > terms.limit()) revert LimitNotMet(account, terms.limit(), c.price);
            // forge-lint: disable-next-line(unsafe-typecast) 40 and 48 bits
            cost = Money.costUp(uint64(wh), uint64(c.price));
            c.boughtWh += wh;
            c.paidMicro += cost;
            if (c.isPair) c.buyer = _onlyOne(c, c.buyer, account);
        }
    }

    /// @dev What a sale brings after the fee; checks its terms and adds it to the sums.
    function _sell(Chunk memory c, address account, PackedTerms terms)
        private
        pure
        returns (uint256 proceeds)
    {
        unchecked {
            if (terms.side() != SELL) revert BadSide(terms.side());
            uint256 wh = terms.wh();
            if (wh == 0) revert NothingToFill(account);
            if (c.price < terms.limit()) revert LimitNotMet(account, terms.limit(), c.price);
            // forge-lint: disable-next-line(unsafe-typecast) 40 and 48 bits
            proceeds = Money.proceedsDown(uint64(wh), uint64(c.price));
            if (c.feeBps != 0) proceeds -= Money.feeUp(proceeds, c.feeBps);
            c.soldWh += wh;
            c.escrowedMicro += proceeds;
            if (c.isPair) c.seller = _onlyOne(c, c.seller, account);
        }
    }

    /// @dev Pays the escrow of the interval that had this place of the ring before.
    function _releaseStale(Chunk memory c, address account, PackedAccount word, uint256 micro)
        private
        returns (PackedAccount)
    {
        word = _credited(account, word, micro);
        _accounts[account] = word;
        c.releases[c.released++] = (uint256(uint160(account)) << 96) | micro;
        return word;
    }

    /// @dev A pair market has one buyer and one seller.
    function _onlyOne(Chunk memory c, address known, address account) private pure returns (address) {
        if (known != address(0) && known != account) revert NotThePair(c.market, known, account);
        return account;
    }

    function _keepSignatures(Chunk memory c, bytes[] calldata signatures) internal pure {
        (uint256 at, uint256 count) = (0, signatures.length);
        assembly ("memory-safe") {
            at := signatures.offset
        }
        (c.signaturesAt, c.signaturesCount) = (at, count);
    }

    function _signatures(Chunk memory c) private pure returns (bytes[] calldata signatures) {
        (uint256 at, uint256 count) = (c.signaturesAt, c.signaturesCount);
        assembly ("memory-safe") {
            signatures.offset := at
            signatures.length := count
        }
    }
}
