// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice The oracle quorum's statement for one interval.
struct Report {
    uint64 interval;
    /// @dev Link of the report before, 0 when this is the first: binds the report to its place and to what it builds
    /// on. A link is the leading 24 bytes of the root, then the interval in 8 bytes.
    bytes32 previous;
    /// @dev Merkle root over the leaves of the data set.
    bytes32 root;
    /// @dev keccak256 of what the data set's wire records state (without their signatures), ordered by meter and
    /// sequence number.
    bytes32 dataHash;
    /// @dev Growth of the registers in this data set, Wh.
    uint64 totalWh;
    uint32 count;
}

/// @notice What the ring keeps of a report beside its root, in one slot.
struct ReportMeta {
    /// @dev Tells a report from the older one whose place in the ring it took.
    uint32 interval;
    /// @dev Unix seconds at which the report was posted.
    uint40 time;
    /// @dev Bitmap of the oracles that signed.
    uint32 signers;
    uint24 count;
    uint48 totalWh;
    /// @dev Leading bytes of the data hash; the event has all of it.
    bytes10 dataHashPrefix;
}

/// @title IReports
/// @notice Roots of the data sets the oracle quorum agreed on, one per interval, in a ring.
interface IReports {
    // EVENTS

    /// @notice A quorum reported an interval.
    event Reported(
        uint64 indexed interval, bytes32 root, bytes32 dataHash, uint64 totalWh, uint32 count, uint256 signers
    );
    /// @notice A meter's signed reading contradicted a leaf; the meter's leaves up to the newest report are frozen,
    /// the meter is suspended (for less of the time, and not, where the reading's key was rotated out, see `freezeMeter`
    /// of the registry), and the oracles in `signers` stand marked. The report itself stands.
    /// @param kind 0: the reading has the leaf's sequence number and other values, so the oracles altered it or the
    /// device signed the number twice. 1: sequence numbers and values are in opposite order.
    event Disputed(
        uint64 indexed interval, bytes32 indexed meterId, bytes32 leaf, uint256 signers, uint8 kind
    );

    // ERRORS

    error BadRingSize(uint32 ringSize);
    error EmptyReport();
    error ReportTooLarge(uint64 interval, uint64 totalWh, uint32 count);
    error NotNext(bytes32 previous, bytes32 link);
    error IntervalNotAfterHead(uint64 interval, uint64 head);
    error IntervalNotEnded(uint64 interval, uint256 end);
    error ReportUnknown(uint64 interval);
    error NotFinal(uint64 interval, uint256 finalFrom);
    error AlreadyFrozen(bytes32 meterId, uint64 frozenThrough);
    error LeafNotInReport(uint64 interval, bytes32 leaf);
    error ReadingOfOtherMeter(bytes32 meterId);
    error ReadingNotSignedByMeter(bytes32 meterId);
    error ReadingOfOtherKey(bytes32 meterId);
    error NoContradiction(bytes32 meterId);

    // FUNCTIONS

    /// @notice Posts the report of an ended interval, right after the report it names as the previous one: no signed
    /// report can be skipped for ever by a later one that lands first, and none lands after another one than its signers
    /// counted from.
    /// @param signatures A quorum's signatures, ascending by signer.
    function report(Report calldata r, bytes[] calldata signatures) external;

    // VIEWS

    /// @notice The newest reported interval; 0 when there is none.
    function head() external view returns (uint64);

    /// @notice The newest report's link, which the next one names as `previous`; 0 when there is none.
    function link() external view returns (bytes32);

    /// @notice How many intervals the ring holds.
    function ringSize() external view returns (uint32);

    /// @notice Seconds between a report and the moment claims from it are taken.
    function finalitySeconds() external view returns (uint32);

    /// @notice Root and meta of a report that is still in the ring; reverts otherwise.
    function reportOf(uint64 interval) external view returns (bytes32 root, ReportMeta memory meta);

    /// @notice Whether the interval's report is in the ring and past its finality window. GridBalancing's may still be
    /// void: ask `isVoided` too.
    function isFinal(uint64 interval) external view returns (bool);

    /// @notice EIP-712 digest of a report, with this contract as the verifying one.
    function reportDigest(Report calldata r) external view returns (bytes32);

    function domainSeparator() external view returns (bytes32);
}
