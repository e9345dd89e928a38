// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookEntry, IClearingCourt} from "../interfaces/IClearingCourt.sol";
import {IEnergyDelivery} from "../interfaces/IEnergyDelivery.sol";
import {Books} from "../libraries/Books.sol";
import {PackedBook, PackedClearing} from "../libraries/PackedClearings.sol";
import {PackedPosition} from "../libraries/PackedPositions.sol";
import {Bonds} from "./Bonds.sol";

/// @title Court
/// @notice The complaint from a clearing's own book, and what the delivery contract is trusted with.
abstract contract Court is Bonds {
    // STORAGE

    mapping(bytes32 marketAndInterval => uint256) private _bundledWh;

    // MODIFIERS

    modifier onlyDelivery() {
        if (msg.sender != delivery) revert NotDelivery(msg.sender);
        _;
    }

    // COMPLAINTS

    /// @inheritdoc IClearingCourt
    function complain(bytes32 market, uint64 t, BookEntry calldata entry, bytes32[] calldata proof) external {
        Lane storage lane = _lane(market, t);
        (PackedClearing clearing, PackedBook book) = _accused(lane, market, t);
        if (!book.isRoot(Books.rootOf(entry, proof))) revert EntryNotInBook(market, t);
        PackedPosition position = lane.positions[entry.account].word;
        (uint256 side, uint256 limit) = (entry.side, entry.limitPriceMicroPerKwh);
        (uint256 price, uint256 filled) = (clearing.price(), 0);
        if (side == BUY) {
            if (limit <= price) revert NotInTheMoney(limit, price);
            filled = position.bought();
        } else {
            if (side != SELL) revert BadSide(side);
            if (limit >= price) revert NotInTheMoney(limit, price);
            filled = position.sold();
        }
        if (position.interval() != t) filled = 0; // an empty position holds nothing anyway
        if (filled >= entry.eligibleWh) revert NotShort(filled, entry.eligibleWh);
        _slash(lane, market, t, book.operatorId(), msg.sender);
    }

    // ENTRUSTED

    /// @inheritdoc IClearingCourt
    function slash(bytes32 market, uint64 t, address complainant) external onlyDelivery {
        Lane storage lane = _lane(market, t);
        (, PackedBook book) = _accused(lane, market, t);
        _slash(lane, market, t, book.operatorId(), complainant);
    }

    /// @inheritdoc IClearingCourt
    function takeEscrow(bytes32 market, uint64 t, address account, uint256 micro, address to)
        external
        onlyDelivery
    {
        _requireClosed(_lane(market, t), market, t);
        if (micro == 0) return; // an empty position names no interval
        PackedPosition position = _position(market, t, account);
        _setPosition(market, account, position.release(micro));
        _credit(to, micro);
    }

    /// @inheritdoc IClearingCourt
    function pay(address to, uint256 micro) external onlyDelivery {
        _debit(delivery, micro);
        _credit(to, micro);
    }

    // VIEWS

    /// @inheritdoc IClearingCourt
    function bundledWh(bytes32 market, uint64 t) external view returns (uint256) {
        return _bundledWh[keccak256(abi.encode(market, t))];
    }

    // INTERNAL

    function _requireDelivered(bytes32 market, uint64 former) internal view override {
        IEnergyDelivery(delivery).requireDelivered(market, former);
    }

    function _bundleBought(bytes32 market, uint64 t, int256 deltaWh) internal override {
        bytes32 key = keccak256(abi.encode(market, t));
        // forge-lint: disable-next-line(unsafe-typecast) what is unwound was bought before
        _bundledWh[key] = uint256(int256(_bundledWh[key]) + deltaWh);
    }
}
