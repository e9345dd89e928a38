// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MeterReading} from "./IRegistry.sol";
import {IReports} from "./IReports.sol";

/// @notice A leaf of the consumption tree: a meter's import and export registers at a time, salted.
struct ConsumptionLeaf {
    bytes32 meterId;
    uint64 seq;
    /// @dev Unix seconds.
    uint64 timestamp;
    uint32 flags;
    /// @dev Registers, Wh.
    uint64 importWh;
    uint64 exportWh;
    /// @dev Known to the account and the oracle nodes only.
    bytes32 salt;
}

/// @notice The oracle quorum's statement of what the categories of meters drew in an interval. Indexed by category:
/// residential 0, commercial 1, industrial 2.
struct CategoryTotals {
    uint64 interval;
    /// @dev Growth of the import registers, Wh; zero where it is left out.
    uint64[3] importWh;
    /// @dev At least five, or zero where it is left out.
    uint32[3] meters;
}

/// @notice A leaf with its place in a report.
struct ProvenLeaf {
    uint64 interval;
    ConsumptionLeaf leaf;
    bytes32[] proof;
}

/// @title IEnergyConsumption
/// @notice Roots over what meters drew and gave, without showing it.
interface IEnergyConsumption is IReports {
    // EVENTS

    /// @notice A quorum stated what the categories drew in an interval.
    event CategoriesReported(uint64 indexed interval, uint64[3] importWh, uint32[3] meters, uint256 signers);
    /// @notice An account committed to a limit of what a meter shall draw; zero takes it back.
    event ThresholdSet(bytes32 indexed meterId, bytes32 commitment);
    /// @notice A meter drew more than its limit between the ends of two intervals, as its account proved.
    event ThresholdExceeded(
        bytes32 indexed meterId, uint64 fromInterval, uint64 toInterval, uint256 drawnWh, uint256 limitWh
    );
    /// @notice An account accepted a bill that was counted from its meter's leaf in a report.
    event BillAcknowledged(bytes32 indexed meterId, uint64 indexed interval, bytes32 leaf, bytes32 billHash);

    // ERRORS

    error TooFewMeters(uint256 category, uint32 meters);
    error CategoriesStand(uint64 interval);
    error NotAPeriod(uint64 fromInterval, uint64 toInterval);
    error ThresholdDiffers(bytes32 meterId, bytes32 commitment);
    error ThresholdNotExceeded(uint256 drawnWh, uint256 limitWh);
    error LeafOfOtherMeter(bytes32 meterId, bytes32 other);
    error LeafFrozen(bytes32 meterId, uint64 frozenThrough);

    // FUNCTIONS

    /// @notice Freezes a leaf that a reading signed by the same meter contradicts: the same sequence number with
    /// other values, or an order of sequence numbers against the order of registers or times. Once a leaf's interval
    /// is frozen for the meter, it cannot be disputed again. Orders are compared between readings of one key only,
    /// and a key contradicts no leaf of a later key's time. A key that was rotated out stops no meter: it freezes leaves
    /// of reports before the present key's time, and those up to the contradicted one, and does not suspend.
    function dispute(
        uint64 interval,
        ConsumptionLeaf calldata leaf,
        bytes32[] calldata proof,
        MeterReading calldata reading,
        bytes calldata signature
    ) external;

    /// @notice Posts what the categories drew in a reported interval, once. The oracle nodes leave a category of fewer
    /// than five meters out, and a second one where the difference to the community's total would tell of the first.
    /// @param signatures A quorum's signatures of `t`, ascending by signer.
    function reportCategories(CategoryTotals calldata t, bytes[] calldata signatures) external;

    /// @notice Commits to a limit of what a meter shall draw. The meter's account.
    /// @param commitment keccak256(abi.encode(uint256 limitWh, uint256 intervals, bytes32 salt)): the most that may be drawn
    /// in so many intervals on end; zero takes the limit back.
    function setThreshold(bytes32 meterId, bytes32 commitment) external;

    /// @notice Proves that a meter drew more than its limit between two leaves of final reports, which are as many
    /// intervals apart as the limit is for. The meter's account; the registers of both leaves become public in the call.
    /// @param from The earlier leaf.
    /// @param to The later leaf.
    function proveThreshold(ProvenLeaf calldata from, ProvenLeaf calldata to, uint256 limitWh, bytes32 salt)
        external;

    /// @notice Accepts a bill. The meter's account, which says itself that the leaf is its meter's: the leaf's hash is
    /// salted, so the registers stay unknown to everybody who was not told.
    /// @param leaf Hash of a leaf in the interval's final report.
    /// @param billHash Hash of the bill.
    function acknowledge(
        bytes32 meterId,
        uint64 interval,
        bytes32 leaf,
        bytes32[] calldata proof,
        bytes32 billHash
    ) external;

    // VIEWS

    /// @notice The commitment to a meter's limit; zero without one.
    function thresholdOf(bytes32 meterId) external view returns (bytes32);

    /// @notice Whether an interval's category totals were posted.
    function hasCategories(uint64 interval) external view returns (bool);

    /// @notice EIP-712 digest of category totals, with this contract as the verifying one.
    function categoriesDigest(CategoryTotals calldata t) external view returns (bytes32);

    /// @notice Whether the interval's report is in the ring and final, holds the leaf, and no dispute froze it. Reverts
    /// for an unknown meter.
    function isLeaf(uint64 interval, ConsumptionLeaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
