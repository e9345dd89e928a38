// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Dispute, IEnergyDelivery} from "../interfaces/IEnergyDelivery.sol";
import {IEnergyTrading} from "../interfaces/IEnergyTrading.sol";
import {Role} from "../interfaces/IRegistry.sol";
import {Markets} from "../libraries/Markets.sol";
import {Entrusted} from "./Entrusted.sol";

/// @title Disputes
/// @notice Whether delivery was good is for people to say: the arbiter splits what is disputed, and nothing else.
abstract contract Disputes is Entrusted {
    using Markets for bytes32;

    // CONSTANTS

    /// @dev Seconds after which a dispute that nobody decided is the seller's, and nobody else's any more.
    uint256 private constant RELEASED_AFTER = 14 days;

    // STORAGE

    /// @dev In two slots.
    struct StoredDispute {
        address buyer;
        uint72 micro;
        address seller;
        uint40 openedAt;
    }

    mapping(bytes32 id => StoredDispute) private _disputes;

    // DISPUTES

    /// @inheritdoc IEnergyDelivery
    function openDispute(bytes32 market, uint64 t, address seller) external returns (bytes32 id) {
        if (market.isBundled()) revert IEnergyTrading.PaidByDelivery(market);
        if (seller == msg.sender) revert OwnSale(seller);
        _requireClosed(market, t);
        uint256 paid = trading.positionOf(market, t, msg.sender).paidMicro;
        uint256 escrow = trading.positionOf(market, t, seller).escrowMicro;
        uint256 micro = paid < escrow ? paid : escrow;
        if (micro == 0) revert NothingToDispute(msg.sender, seller);
        id = keccak256(abi.encode(market, t, msg.sender));
        if (_disputes[id].buyer != address(0)) revert AlreadyDisputed(id);

        // forge-lint: disable-next-line(unsafe-typecast) part of an escrow of 72 bits; block time
        _disputes[id] = StoredDispute(msg.sender, uint72(micro), seller, uint40(block.timestamp));
        trading.takeEscrow(market, t, seller, micro, address(this));
        emit DisputeOpened(id, market, t, msg.sender, seller, micro);
    }

    /// @inheritdoc IEnergyDelivery
    function resolveDispute(bytes32 id, uint256 toBuyerMicro) external {
        _onlyRole(Role.Arbiter);
        StoredDispute memory d = _dispute(id);
        uint256 until = uint256(d.openedAt) + RELEASED_AFTER;
        if (block.timestamp >= until) revert ResolvedTooLate(until);
        _closeDispute(id, d, toBuyerMicro);
    }

    /// @inheritdoc IEnergyDelivery
    function releaseDispute(bytes32 id) external {
        StoredDispute memory d = _dispute(id);
        uint256 from = uint256(d.openedAt) + RELEASED_AFTER;
        if (block.timestamp < from) revert ReleaseTooEarly(from);
        _closeDispute(id, d, 0);
    }

    // VIEWS

    /// @inheritdoc IEnergyDelivery
    function disputeOf(bytes32 id) external view returns (Dispute memory) {
        StoredDispute memory d = _disputes[id];
        return Dispute(d.buyer, d.seller, d.micro, d.openedAt);
    }

    // INTERNAL

    function _dispute(bytes32 id) private view returns (StoredDispute memory d) {
        d = _disputes[id];
        if (d.micro == 0) revert DisputeUnknown(id);
    }

    function _closeDispute(bytes32 id, StoredDispute memory d, uint256 toBuyerMicro) private {
        if (toBuyerMicro > d.micro) revert ShareTooLarge(toBuyerMicro, d.micro);
        uint256 toSellerMicro = d.micro - toBuyerMicro;
        _disputes[id].micro = 0; // the rest stays, so that nobody disputes twice
        if (toBuyerMicro != 0) trading.pay(d.buyer, toBuyerMicro);
        if (toSellerMicro != 0) trading.pay(d.seller, toSellerMicro);
        emit DisputeClosed(id, toBuyerMicro, toSellerMicro);
    }
}
