// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {
    CategoryTotals,
    ConsumptionLeaf,
    IEnergyConsumption,
    ProvenLeaf
} from "./interfaces/IEnergyConsumption.sol";
import {IRegistry, MeterReading} from "./interfaces/IRegistry.sol";
import {Messages} from "./libraries/Messages.sol";
import {Reports} from "./Reports.sol";

/// @title EnergyConsumption
/// @notice Roots over what meters drew and gave, without showing it.
contract EnergyConsumption is IEnergyConsumption, Reports {
    using BitMaps for BitMaps.BitMap;
    using Messages for CategoryTotals;
    using Messages for ConsumptionLeaf;

    // CONSTANTS

    /// @dev A total of fewer could be told apart into households.
    uint256 private constant FEWEST_METERS = 5;

    // STORAGE

    BitMaps.BitMap private _categoriesOf;
    /// @inheritdoc IEnergyConsumption
    mapping(bytes32 meterId => bytes32 commitment) public thresholdOf;

    // CONSTRUCTOR

    /// @param registry_ The registry this contract obeys.
    /// @param ringSize_ How many intervals the ring holds.
    /// @param finalitySeconds_ Seconds between a report and its finality.
    constructor(IRegistry registry_, uint32 ringSize_, uint32 finalitySeconds_)
        Reports(registry_, ringSize_, finalitySeconds_)
    {}

    // DISPUTES

    /// @inheritdoc IEnergyConsumption
    function dispute(
        uint64 interval,
        ConsumptionLeaf calldata leaf,
        bytes32[] calldata proof,
        MeterReading calldata reading,
        bytes calldata signature
    ) external {
        bytes32 hash = leaf.leaf();
        uint256 signers = _requireContradictable(interval, leaf.meterId, hash, proof, reading, signature);
        uint8 kind = _kindOf(leaf.seq, leaf.timestamp, reading);
        if (!_contradicts(leaf, reading)) revert NoContradiction(leaf.meterId);
        _freeze(interval, hash, reading, signers, kind);
    }

    // CATEGORIES

    /// @inheritdoc IEnergyConsumption
    function reportCategories(CategoryTotals calldata t, bytes[] calldata signatures) external {
        _metaOf(t.interval); // reverts without a report
        if (_categoriesOf.get(t.interval)) revert CategoriesStand(t.interval);
        for (uint256 i; i < t.meters.length; ++i) {
            uint32 meters = t.meters[i];
            if (meters < FEWEST_METERS && (meters != 0 || t.importWh[i] != 0)) {
                revert TooFewMeters(i, meters);
            }
        }
        uint256 signers = _check(categoriesDigest(t), signatures);
        _categoriesOf.set(t.interval);
        emit CategoriesReported(t.interval, t.importWh, t.meters, signers);
    }

    // ACCOUNTS

    /// @inheritdoc IEnergyConsumption
    function setThreshold(bytes32 meterId, bytes32 commitment) external {
        _onlyMeterAccount(meterId);
        thresholdOf[meterId] = commitment;
        emit ThresholdSet(meterId, commitment);
    }

    /// @inheritdoc IEnergyConsumption
    function proveThreshold(ProvenLeaf calldata from, ProvenLeaf calldata to, uint256 limitWh, bytes32 salt)
        external
    {
        bytes32 meterId = to.leaf.meterId;
        if (from.leaf.meterId != meterId) revert LeafOfOtherMeter(meterId, from.leaf.meterId);
        _onlyMeterAccount(meterId);
        if (from.interval >= to.interval) revert NotAPeriod(from.interval, to.interval);
        bytes32 commitment = keccak256(abi.encode(limitWh, to.interval - from.interval, salt));
        if (commitment != thresholdOf[meterId]) revert ThresholdDiffers(meterId, commitment);
        _requireProven(from);
        _requireProven(to);
        (uint256 before, uint256 later) = (from.leaf.importWh, to.leaf.importWh);
        uint256 drawnWh = later > before ? later - before : 0;
        if (drawnWh <= limitWh) revert ThresholdNotExceeded(drawnWh, limitWh);
        emit ThresholdExceeded(meterId, from.interval, to.interval, drawnWh, limitWh);
    }

    /// @inheritdoc IEnergyConsumption
    function acknowledge(
        bytes32 meterId,
        uint64 interval,
        bytes32 leaf,
        bytes32[] calldata proof,
        bytes32 billHash
    ) external {
        _onlyMeterAccount(meterId);
        _requireFinal(interval);
        _requireLeaf(interval, leaf, proof);
        emit BillAcknowledged(meterId, interval, leaf, billHash);
    }

    // VIEWS

    /// @inheritdoc IEnergyConsumption
    function hasCategories(uint64 interval) external view returns (bool) {
        return _categoriesOf.get(interval);
    }

    /// @inheritdoc IEnergyConsumption
    function categoriesDigest(CategoryTotals calldata t) public view returns (bytes32) {
        return _hashTypedDataV4(t.hash());
    }

    /// @inheritdoc IEnergyConsumption
    function isLeaf(uint64 interval, ConsumptionLeaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return isFinal(interval) && interval > registry.frozenThrough(leaf.meterId)
            && MerkleProof.verifyCalldata(proof, _rootOf(interval), leaf.leaf());
    }

    // INTERNAL

    /// @dev What `isLeaf` says, with the reason for a no.
    function _requireProven(ProvenLeaf calldata p) private view {
        _requireFinal(p.interval);
        uint64 frozen = registry.frozenThrough(p.leaf.meterId);
        if (p.interval <= frozen) revert LeafFrozen(p.leaf.meterId, frozen);
        _requireLeaf(p.interval, p.leaf.leaf(), p.proof);
    }

    function _contradicts(ConsumptionLeaf calldata leaf, MeterReading calldata reading)
        private
        pure
        returns (bool)
    {
        if (leaf.seq == reading.seq) {
            return leaf.importWh != reading.importWh || leaf.exportWh != reading.exportWh
                || leaf.timestamp != reading.timestamp || leaf.flags != reading.flags;
        }
        return _ordersContradict(leaf.seq, leaf.importWh, reading.seq, reading.importWh)
            || _ordersContradict(leaf.seq, leaf.exportWh, reading.seq, reading.exportWh)
            || _ordersContradict(leaf.seq, leaf.timestamp, reading.seq, reading.timestamp);
    }
}
