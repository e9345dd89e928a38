// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Bundle, IBundles} from "../interfaces/IBundles.sol";
import {Position} from "../interfaces/IEnergyTrading.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {Certificates} from "../libraries/Certificates.sol";
import {Intervals} from "../libraries/Intervals.sol";
import {Markets} from "../libraries/Markets.sol";
import {Money} from "../libraries/Money.sol";
import {PackedBundle, PackedPool, PackedPools} from "../libraries/PackedPools.sol";
import {Entrusted} from "./Entrusted.sol";

/// @title Bundles
/// @notice Delivery of certificates against payment.
abstract contract Bundles is Entrusted, ReentrancyGuardTransient {
    using Markets for bytes32;

    // CONSTANTS

    /// @dev Seconds in which sellers deliver, at most.
    uint256 private constant LONGEST_DELIVERY = 7 days;

    // IMMUTABLES

    /// @inheritdoc IBundles
    IERC1155 public immutable certificates;

    uint256 private immutable _deliverySeconds;

    // STORAGE

    struct StoredBundle {
        PackedBundle sums;
        PackedPool pool;
        mapping(address seller => uint256) deliveredWh;
        mapping(address buyer => bool) taken;
    }

    mapping(bytes32 marketAndInterval => StoredBundle) private _bundles;

    // CONSTRUCTOR

    constructor(IERC1155 certificates_) {
        certificates = certificates_;
        // A place of the ring is used again half a ring after its clearing opened: half of that is left for taking.
        uint256 quarter = trading.ringSize() / 4 * _intervalSeconds;
        _deliverySeconds = quarter < LONGEST_DELIVERY ? quarter : LONGEST_DELIVERY;
    }

    // DELIVERY

    /// @inheritdoc IBundles
    function deliver(bytes32 market, uint64 t, address seller, uint256[] calldata ids, uint256[] calldata wh)
        external
        nonReentrant
    {
        if (msg.sender != seller && !certificates.isApprovedForAll(seller, msg.sender)) {
            revert NotSellerOrApproved(msg.sender, seller);
        }
        uint256 until = _deliverBy(market, t);
        if (block.timestamp > until) revert DeliveryOver(until);
        StoredBundle storage bundle = _bundle(market, t);
        uint256 total = _addToPool(bundle, market, t, ids, wh);
        if (total == 0) revert NothingToDeliver(seller);
        uint256 micro = _settle(bundle, market, t, seller, total, false);
        trading.takeEscrow(market, t, seller, micro, seller);
        emit Delivered(market, t, seller, ids, wh, micro);
        certificates.safeBatchTransferFrom(seller, address(this), ids, wh, "");
    }

    /// @inheritdoc IBundles
    function reclaim(bytes32 market, uint64 t, address seller) external {
        if (registry.paused()) revert IRegistry.ContractsPaused();
        uint256 until = _deliverBy(market, t);
        if (block.timestamp <= until) revert DeliveryRunning(until);
        StoredBundle storage bundle = _bundle(market, t);
        uint256 owed = _owedBy(bundle, market, t, seller);
        if (owed == 0) revert NothingToReclaim(seller);
        uint256 micro = _settle(bundle, market, t, seller, owed, true);
        trading.takeEscrow(market, t, seller, micro, address(this));
        emit Reclaimed(market, t, seller, owed, micro);
    }

    /// @inheritdoc IBundles
    function take(bytes32 market, uint64 t, address account, address to) external nonReentrant {
        if (to != account && msg.sender != account) revert NotTheBuyer(msg.sender, account);
        if (to == address(0)) revert IRegistry.ZeroAddress();
        _requireBundled(market);
        StoredBundle storage bundle = _bundle(market, t);
        uint256 traded = requireDelivered(market, t);
        uint256 bought = trading.positionOf(market, t, account).boughtWh;
        if (bought == 0 || bundle.taken[account]) revert NothingToTake(account);
        bundle.taken[account] = true;

        PackedBundle sums = bundle.sums;
        uint256 left = traded - sums.taken();
        uint256 refund = Money.shareDown(sums.refund(), bought, left);
        bundle.sums = PackedPools.pack(sums.settled(), sums.taken() + bought, sums.refund() - refund);
        (uint256[] memory ids, uint256[] memory wh) = _takeFromPool(bundle, market, t, bought, left);
        if (refund != 0) trading.pay(account, refund);
        emit Taken(market, t, account, to, ids, wh, refund);
        if (ids.length != 0) certificates.safeBatchTransferFrom(address(this), to, ids, wh, "");
    }

    // RECEIVING

    /// @dev Certificates come only when they are delivered: what is sent otherwise would be lost.
    function onERC1155Received(address operator, address, uint256, uint256, bytes calldata)
        external
        view
        returns (bytes4)
    {
        _requireDelivering(operator);
        return IERC1155Receiver.onERC1155Received.selector;
    }

    /// @dev As above.
    function onERC1155BatchReceived(
        address operator,
        address,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external view returns (bytes4) {
        _requireDelivering(operator);
        return IERC1155Receiver.onERC1155BatchReceived.selector;
    }

    // VIEWS

    /// @inheritdoc IBundles
    function requireDelivered(bytes32 market, uint64 t) public view returns (uint256 traded) {
        traded = trading.bundledWh(market, t);
        uint256 settled = _bundle(market, t).sums.settled();
        if (settled != traded) revert NotAllDelivered(market, t, traded - settled);
    }

    /// @inheritdoc IBundles
    function bundleOf(bytes32 market, uint64 t) external view returns (Bundle memory found) {
        StoredBundle storage bundle = _bundle(market, t);
        (PackedBundle sums, PackedPool pool) = (bundle.sums, bundle.pool);
        found.tradedWh = trading.bundledWh(market, t);
        (found.settledWh, found.takenWh) = (sums.settled(), sums.taken());
        found.refundMicro = sums.refund();
        for (uint8 source; source < PackedPools.SOURCES; ++source) {
            found.poolWh[source] = pool.whOf(source);
        }
        uint256 openedAt = trading.clearingOf(market, t).openedAt;
        // forge-lint: disable-next-line(unsafe-typecast) block times and days
        if (market.isBundled() && openedAt != 0) found.deliverBy = uint64(_deliverUntil(openedAt, t));
    }

    /// @inheritdoc IBundles
    function deliveredWh(bytes32 market, uint64 t, address seller) external view returns (uint256) {
        return _bundle(market, t).deliveredWh[seller];
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    // INTERNAL

    function _bundle(bytes32 market, uint64 t) private view returns (StoredBundle storage) {
        return _bundles[keccak256(abi.encode(market, t))];
    }

    function _requireBundled(bytes32 market) private pure {
        if (!market.isBundled()) revert NotBundled(market);
    }

    function _requireDelivering(address operator) private view {
        if (msg.sender != address(certificates) || operator != address(this)) {
            revert UnexpectedCertificates(msg.sender, operator);
        }
    }

    /// @dev The last second of delivery in (market, t), which is closed.
    function _deliverBy(bytes32 market, uint64 t) private view returns (uint256) {
        _requireBundled(market);
        return _deliverUntil(_requireClosed(market, t).openedAt, t);
    }

    function _deliverUntil(uint256 openedAt, uint64 t) private view returns (uint256) {
        uint256 end = _endOf(t);
        return (openedAt > end ? openedAt : end) + _deliverySeconds;
    }

    function _owedBy(StoredBundle storage bundle, bytes32 market, uint64 t, address seller)
        private
        view
        returns (uint256)
    {
        return trading.positionOf(market, t, seller).soldWh - bundle.deliveredWh[seller];
    }

    /// @dev Counts `wh` of a seller as settled; returns their part of his escrow, which the caller moves.
    function _settle(
        StoredBundle storage bundle,
        bytes32 market,
        uint64 t,
        address seller,
        uint256 wh,
        bool refunded
    ) private returns (uint256 micro) {
        Position memory position = trading.positionOf(market, t, seller);
        uint256 delivered = bundle.deliveredWh[seller];
        uint256 owed = position.soldWh - delivered;
        if (wh > owed) revert DeliveredTooMuch(wh, owed);
        micro = Money.shareDown(position.escrowMicro, wh, owed);
        bundle.deliveredWh[seller] = delivered + wh;
        PackedBundle sums = bundle.sums;
        bundle.sums = PackedPools.pack(
            sums.settled() + wh, sums.taken(), refunded ? sums.refund() + micro : sums.refund()
        );
    }

    function _addToPool(
        StoredBundle storage bundle,
        bytes32 market,
        uint64 t,
        uint256[] calldata ids,
        uint256[] calldata wh
    ) private returns (uint256 total) {
        if (ids.length != wh.length) revert LengthsDiffer(ids.length, wh.length);
        PackedPool pool = bundle.pool;
        for (uint256 i; i < ids.length; ++i) {
            uint8 source = Certificates.sourceOf(ids[i]);
            bool allowed = source < PackedPools.SOURCES && (market.sourceMaskOf() >> source) & 1 == 1;
            if (!allowed || ids[i] != _idOf(market, t, source)) revert WrongCertificate(ids[i], market, t);
            pool = pool.withWh(source, pool.whOf(source) + wh[i]);
            total += wh[i];
        }
        bundle.pool = pool;
    }

    /// @dev The share of each source that `bought` of `left` stands for, taken out of the pool.
    function _takeFromPool(
        StoredBundle storage bundle,
        bytes32 market,
        uint64 t,
        uint256 bought,
        uint256 left
    ) private returns (uint256[] memory ids, uint256[] memory wh) {
        PackedPool pool = bundle.pool;
        (ids, wh) = (new uint256[](PackedPools.SOURCES), new uint256[](PackedPools.SOURCES));
        uint256 count;
        for (uint8 source; source < PackedPools.SOURCES; ++source) {
            uint256 pooled = pool.whOf(source);
            uint256 share = Money.shareDown(pooled, bought, left);
            if (share == 0) continue;
            pool = pool.withWh(source, pooled - share);
            (ids[count], wh[count]) = (_idOf(market, t, source), share);
            ++count;
        }
        bundle.pool = pool;
        assembly ("memory-safe") {
            mstore(ids, count) // never more than were allocated
            mstore(wh, count)
        }
    }

    /// @dev The certificate of energy of that source in interval `t`.
    function _idOf(bytes32 market, uint64 t, uint8 source) private view returns (uint256) {
        uint256 day = Intervals.dayOf(_endOf(t));
        return Certificates.idOf(market.isSimulated(), source, day);
    }
}
