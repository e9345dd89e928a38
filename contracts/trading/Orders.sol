// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Fill, IEnergyTrading, Order} from "../interfaces/IEnergyTrading.sol";
import {Markets} from "../libraries/Markets.sol";
import {PackedAccount, PackedAccounts} from "../libraries/PackedAccounts.sol";
import {PackedTerms} from "../libraries/PackedTerms.sol";
import {Ledger} from "./Ledger.sol";

/// @title Orders
/// @notice What accounts sign, make public and cancel.
abstract contract Orders is Ledger, EIP712 {
    using Markets for bytes32;

    // CONSTANTS

    uint256 internal constant BUY = 0;
    uint256 internal constant SELL = 1;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address account,bytes32 market,uint8 side,uint64 capWh,uint64 limitPriceMicroPerKwh,uint64 fromInterval,uint32 count,uint8 sourceMask,bool bundled,uint32 epoch,uint256 salt)"
    );

    // STORAGE

    struct FormerEpoch {
        uint32 epoch;
        uint64 effectiveFrom;
    }

    mapping(address account => FormerEpoch) private _formerEpochs;
    /// @inheritdoc IEnergyTrading
    mapping(bytes32 digest => uint64) public postedAt;
    /// @inheritdoc IEnergyTrading
    mapping(bytes32 digest => uint64) public cancelledFrom;

    // CONSTRUCTOR

    constructor() EIP712("Zuva", "1") {}

    // ORDERS

    /// @inheritdoc IEnergyTrading
    function post(Order calldata order, bytes calldata signature) external {
        if (order.side > SELL) revert BadSide(order.side);
        order.market.check();
        if (order.bundled != order.market.isBundled() || order.sourceMask != order.market.sourceMaskOf()) {
            revert OrderNotOfMarket(order.market);
        }
        // What a fill's terms cannot carry could be complained about but never filled.
        if (order.limitPriceMicroPerKwh > type(uint48).max || order.fromInterval > type(uint32).max) {
            revert OrderTooLarge(order.limitPriceMicroPerKwh, order.fromInterval);
        }
        bytes32 digest = orderDigest(order);
        if (postedAt[digest] != 0) revert AlreadyPosted(digest);
        bool signed = signature.length == 0
            ? msg.sender == order.account
            : SignatureChecker.isValidSignatureNowCalldata(order.account, digest, signature);
        if (!signed) revert BadOrderSignature(order.account, digest);
        // forge-lint: disable-next-line(unsafe-typecast) block time
        postedAt[digest] = uint64(block.timestamp);
        emit OrderPosted(digest, order.account, order.market, order);
    }

    /// @inheritdoc IEnergyTrading
    function cancel(Order calldata order) external {
        if (msg.sender != order.account) revert NotOrderAccount(msg.sender, order.account);
        bytes32 digest = orderDigest(order);
        if (cancelledFrom[digest] != 0) revert AlreadyCancelled(digest);
        uint64 effectiveFrom = _afterNotice();
        cancelledFrom[digest] = effectiveFrom;
        _accounts[msg.sender] = _accounts[msg.sender].with(PackedAccounts.HAS_CANCELLED);
        emit OrderCancelled(digest, msg.sender, effectiveFrom);
    }

    /// @inheritdoc IEnergyTrading
    function cancelAll() external {
        uint256 pendingUntil = _formerEpochs[msg.sender].effectiveFrom;
        // Only one former epoch is kept: another change would end its orders without notice.
        if (block.timestamp < pendingUntil) revert CancelPending(msg.sender, pendingUntil);
        PackedAccount word = _accounts[msg.sender];
        uint32 former = word.epoch();
        // Unknown beforehand, so that nobody can be made to sign for a later epoch.
        // forge-lint: disable-next-line(unsafe-typecast) any 32 bits of the hash will do
        uint32 next = uint32(uint256(keccak256(abi.encode(block.prevrandao, msg.sender, former))));
        if (next == former) next = ~former;
        uint64 effectiveFrom = _afterNotice();
        _formerEpochs[msg.sender] = FormerEpoch(former, effectiveFrom);
        _accounts[msg.sender] = word.withEpoch(next).with(PackedAccounts.HAS_FORMER_EPOCH);
        emit EpochAdvanced(msg.sender, next, effectiveFrom);
    }

    // VIEWS

    /// @inheritdoc IEnergyTrading
    function formerEpochOf(address account) external view returns (uint32 epoch, uint64 effectiveFrom) {
        FormerEpoch memory former = _formerEpochs[account];
        return (former.epoch, former.effectiveFrom);
    }

    /// @inheritdoc IEnergyTrading
    function orderDigest(Order calldata order) public view returns (bytes32) {
        bytes32 typeHash = ORDER_TYPEHASH;
        bytes32 structHash;
        // The words of a static struct lie in calldata as they are hashed; whoever reads a field checks its width.
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 32), order, 352)
            structHash := keccak256(words, 384)
        }
        return _hashTypedDataV4(structHash);
    }

    /// @inheritdoc IEnergyTrading
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // INTERNAL

    /// @dev Reverts unless an order of this epoch still counts in a clearing opened at `openedAt`.
    function _requireStanding(
        address account,
        PackedAccount word,
        bytes32 digest,
        uint256 epoch,
        uint256 openedAt
    ) internal view {
        if (epoch != word.epoch()) {
            bool former = word.has(PackedAccounts.HAS_FORMER_EPOCH);
            if (!former || !_isFormer(account, epoch, openedAt)) {
                revert WrongEpoch(account, epoch, word.epoch());
            }
        }
        // The flag spares everybody who never cancelled a cold read.
        if (word.has(PackedAccounts.HAS_CANCELLED)) {
            uint256 from = cancelledFrom[digest];
            if (from != 0 && openedAt >= from) revert OrderWasCancelled(digest);
        }
    }

    /// @dev Whether the account's key made a compact signature.
    function _isSignedBy(address account, bytes32 digest, bytes32 r, bytes32 vs)
        internal
        pure
        returns (bool)
    {
        if (r == 0) return false;
        (address signer,,) = ECDSA.tryRecover(digest, r, vs);
        return signer == account && account != address(0); // zero comes from what is no signature
    }

    /// @dev Reverts unless the account posted the order or a contract answers for its signature.
    function _requireOtherwiseSigned(
        address account,
        bytes32 digest,
        bytes32 r,
        bytes32 vs,
        bytes[] calldata signatures
    ) internal view {
        if (r == 0 && vs == 0) {
            if (postedAt[digest] == 0) revert OrderNotPosted(digest);
            return;
        }
        uint256 place = uint256(vs);
        bool signed = r == 0 && place <= signatures.length
            && SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signatures[place - 1]);
        if (!signed) revert BadOrderSignature(account, digest);
    }

    /// @dev Memory in which the digests of one market's orders are made: the words of an order, then those of the
    /// EIP-712 digest. What all of them share is written once.
    function _orderTemplate(bytes32 market) internal view returns (uint256 template) {
        bytes32 typeHash = ORDER_TYPEHASH;
        bytes32 domain = _domainSeparatorV4();
        uint256 mask = market.sourceMaskOf();
        bool bundled = market.isBundled();
        assembly ("memory-safe") {
            template := mload(0x40)
            mstore(0x40, add(template, 480))
            mstore(template, typeHash)
            mstore(add(template, 64), market)
            mstore(add(template, 256), mask)
            mstore(add(template, 288), bundled)
            mstore(add(template, 384), shl(240, 0x1901))
            mstore(add(template, 386), domain)
        }
    }

    /// @dev The digest of a fill's order, made in the template: an order's hash costs 200 gas, not 900.
    function _digestIn(uint256 template, address account, PackedTerms terms, uint256 salt)
        internal
        pure
        returns (bytes32 digest)
    {
        (uint256 side, uint256 cap, uint256 limit) = (terms.side(), terms.capWh(), terms.limit());
        (uint256 from, uint256 count, uint256 epoch) = (terms.from(), terms.count(), terms.epoch());
        assembly ("memory-safe") {
            mstore(add(template, 32), account)
            mstore(add(template, 96), side)
            mstore(add(template, 128), cap)
            mstore(add(template, 160), limit)
            mstore(add(template, 192), from)
            mstore(add(template, 224), count)
            mstore(add(template, 320), epoch)
            mstore(add(template, 352), salt)
            mstore(add(template, 418), keccak256(template, 384))
            digest := keccak256(add(template, 384), 66)
        }
    }

    function _isFormer(address account, uint256 epoch, uint256 openedAt) private view returns (bool) {
        FormerEpoch memory former = _formerEpochs[account];
        return epoch == former.epoch && openedAt < former.effectiveFrom;
    }

    function _afterNotice() private view returns (uint64) {
        // forge-lint: disable-next-line(unsafe-typecast) block time and a uint32
        return uint64(block.timestamp + noticeSeconds);
    }
}
