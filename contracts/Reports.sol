// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Governed} from "./Governed.sol";
import {IRegistry, MeterReading} from "./interfaces/IRegistry.sol";
import {IReports, Report, ReportMeta} from "./interfaces/IReports.sol";
import {Intervals} from "./libraries/Intervals.sol";
import {Messages} from "./libraries/Messages.sol";
import {PackedMeta, PackedMetas} from "./libraries/PackedMetas.sol";

/// @title Reports
/// @notice Roots of the data sets the oracle quorum agreed on, one per interval, in a ring.
abstract contract Reports is IReports, Governed, EIP712 {
    using Messages for Report;

    // CONSTANTS

    /// @dev Kinds of contradiction, see `Disputed`.
    uint8 private constant SAME_SEQ = 0;
    uint8 private constant ORDER = 1;

    // IMMUTABLES

    /// @inheritdoc IReports
    uint32 public immutable ringSize;
    /// @inheritdoc IReports
    uint32 public immutable finalitySeconds;

    uint256 private immutable _intervalSeconds;

    // STORAGE

    /// @dev The newest report's link, whose last 8 bytes are its interval.
    uint256 private _link;

    struct Slot {
        bytes32 root;
        PackedMeta meta;
    }

    mapping(uint256 position => Slot) private _ring;

    // CONSTRUCTOR

    constructor(IRegistry registry_, uint32 ringSize_, uint32 finalitySeconds_)
        Governed(registry_)
        EIP712("Zuva", "1")
    {
        if (ringSize_ == 0) revert BadRingSize(ringSize_);
        ringSize = ringSize_;
        finalitySeconds = finalitySeconds_;
        _intervalSeconds = registry_.intervalSeconds();
    }

    // REPORTING

    /// @inheritdoc IReports
    function report(Report calldata r, bytes[] calldata signatures) external {
        // Read once: every reading of a narrow field of calldata checks its width again.
        (uint64 interval, uint64 totalWh, uint32 count) = (r.interval, r.totalWh, r.count);
        uint256 newestLink = _link;
        if (uint256(r.previous) != newestLink) revert NotNext(r.previous, bytes32(newestLink));
        // forge-lint: disable-next-line(unsafe-typecast) the link's last 8 bytes
        uint64 newest = uint64(newestLink);
        if (interval <= newest) revert IntervalNotAfterHead(interval, newest);
        uint256 end = _endOf(interval);
        if (block.timestamp < end) revert IntervalNotEnded(interval, end);
        if (r.root == 0 || count == 0) revert EmptyReport();
        uint256 signers = _check(reportDigest(r), signatures);

        _link = ((uint256(r.root) >> 64) << 64) | interval;
        Slot storage slot = _ring[interval % ringSize];
        slot.root = r.root;
        slot.meta = PackedMetas.pack(interval, totalWh, count, r.dataHash, signers);
        emit Reported(interval, r.root, r.dataHash, totalWh, count, signers);
    }

    // VIEWS

    /// @inheritdoc IReports
    function head() public view returns (uint64) {
        // forge-lint: disable-next-line(unsafe-typecast) the link's last 8 bytes
        return uint64(_link);
    }

    /// @inheritdoc IReports
    function link() external view returns (bytes32) {
        return bytes32(_link);
    }

    /// @inheritdoc IReports
    function reportOf(uint64 interval) external view returns (bytes32 root, ReportMeta memory meta) {
        meta = _metaOf(interval).unpack();
        root = _rootOf(interval);
    }

    /// @inheritdoc IReports
    function isFinal(uint64 interval) public view returns (bool) {
        PackedMeta meta = _ring[interval % ringSize].meta;
        return meta.isOf(interval) && block.timestamp >= meta.time() + finalitySeconds;
    }

    /// @inheritdoc IReports
    function reportDigest(Report calldata r) public view returns (bytes32) {
        return _hashTypedDataV4(r.hash());
    }

    /// @inheritdoc IReports
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // INTERNAL

    /// @dev `registry.check(digest, signatures)`, with the signatures handed on as they came: the compiler would
    /// take them apart and put them together again, for 1,500 gas. Offsets inside the array are relative to it and
    /// the registry checks them, so the copy means there what it means here.
    function _check(bytes32 digest, bytes[] calldata signatures) internal view returns (uint256 signers) {
        address target = address(registry);
        bytes4 selector = IRegistry.check.selector;
        assembly ("memory-safe") {
            let call_ := mload(0x40)
            let start := sub(signatures.offset, 32) // where the array's length is
            let size := sub(calldatasize(), start)
            mstore(call_, selector)
            mstore(add(call_, 4), digest)
            mstore(add(call_, 36), 64)
            calldatacopy(add(call_, 68), start, size)
            let done := staticcall(gas(), target, call_, add(68, size), 0, 32)
            if or(iszero(done), lt(returndatasize(), 32)) {
                returndatacopy(call_, 0, returndatasize())
                revert(call_, returndatasize())
            }
            signers := mload(0)
        }
    }

    /// @dev Reverts unless the report is in the ring and past its finality window.
    function _requireFinal(uint64 interval) internal view {
        uint256 finalFrom = _metaOf(interval).time() + finalitySeconds;
        if (block.timestamp < finalFrom) revert NotFinal(interval, finalFrom);
    }

    /// @dev The interval that a time belongs to.
    function _intervalAt(uint256 timestamp) internal view returns (uint256) {
        return Intervals.intervalOf(timestamp, _intervalSeconds);
    }

    /// @dev The last second of an interval.
    function _endOf(uint64 interval) internal view returns (uint256) {
        return Intervals.endOf(interval, _intervalSeconds);
    }

    /// @dev Only sound after `_metaOf` accepted the interval: the root carries no tag of its own.
    function _rootOf(uint64 interval) internal view returns (bytes32) {
        return _ring[interval % ringSize].root;
    }

    /// @dev As sound as `_rootOf`.
    function _requireLeaf(uint64 interval, bytes32 leaf, bytes32[] calldata proof) internal view {
        if (!MerkleProof.verifyCalldata(proof, _rootOf(interval), leaf)) {
            revert LeafNotInReport(interval, leaf);
        }
    }

    function _metaOf(uint64 interval) internal view returns (PackedMeta meta) {
        meta = _ring[interval % ringSize].meta;
        if (!meta.isOf(interval)) revert ReportUnknown(interval);
    }

    /// @dev Everything a dispute checks before the registers themselves are compared.
    function _requireContradictable(
        uint64 interval,
        bytes32 meterId,
        bytes32 leaf,
        bytes32[] calldata proof,
        MeterReading calldata reading,
        bytes calldata signature
    ) internal view returns (uint256 signers) {
        signers = _metaOf(interval).signers();
        _requireLeaf(interval, leaf, proof);
        if (reading.meterId != meterId) revert ReadingOfOtherMeter(reading.meterId);
        if (!registry.isSignedByMeter(reading, signature)) revert ReadingNotSignedByMeter(meterId);
    }

    /// @dev The contradiction that a reading can prove about a leaf, if any. A key that was rotated out may be in
    /// anybody's hands: it says nothing about leaves of a later key's time.
    function _kindOf(uint64 seq, uint64 timestamp, MeterReading calldata reading)
        internal
        view
        returns (uint8 kind)
    {
        kind = seq == reading.seq ? SAME_SEQ : ORDER;
        bool sameKey = _isSameKey(reading.meterId, timestamp, reading.timestamp);
        bool isOlder = reading.timestamp < timestamp;
        if (!sameKey && (kind == ORDER || isOlder)) revert ReadingOfOtherKey(reading.meterId);
    }

    /// @dev The cumulative registers heal in a later report, so freezing costs an honest meter nothing but time.
    function _freeze(
        uint64 interval,
        bytes32 leaf,
        MeterReading calldata reading,
        uint256 signers,
        uint8 kind
    ) internal {
        bytes32 meterId = reading.meterId; // the leaf's, as was checked
        registry.freezeMeter(meterId, interval, head(), reading.timestamp);
        emit Disputed(interval, meterId, leaf, signers, kind);
    }

    /// @dev Whether sequence numbers are ordered against registers or times (which may stand still, never fall).
    function _ordersContradict(uint64 seqA, uint64 valueA, uint64 seqB, uint64 valueB)
        internal
        pure
        returns (bool)
    {
        return (seqA < seqB && valueA > valueB) || (seqA > seqB && valueA < valueB);
    }

    function _isSameKey(bytes32 meterId, uint64 a, uint64 b) private view returns (bool) {
        // forge-lint: disable-next-line(unsafe-typecast) quotients of a uint64
        (uint64 first, uint64 second) = (uint64(_intervalAt(a)), uint64(_intervalAt(b)));
        return first == second || registry.keyAt(meterId, first) == registry.keyAt(meterId, second);
    }
}
