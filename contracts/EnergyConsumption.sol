// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ConsumptionLeaf, IEnergyConsumption} from "./interfaces/IEnergyConsumption.sol";
import {IRegistry, MeterReading} from "./interfaces/IRegistry.sol";
import {Messages} from "./libraries/Messages.sol";
import {Reports} from "./Reports.sol";

/// @title EnergyConsumption
/// @notice Roots over what meters drew and gave, without showing it.
contract EnergyConsumption is IEnergyConsumption, Reports {
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
        bytes32 hash = _leafOf(leaf);
        uint256 signers = _requireContradictable(interval, leaf.meterId, hash, proof, reading, signature);
        uint8 kind = _kindOf(leaf.seq, leaf.timestamp, reading);
        if (!_contradicts(leaf, reading)) revert NoContradiction(leaf.meterId);
        _freeze(interval, leaf.meterId, hash, signers, kind);
    }

    // VIEWS

    /// @inheritdoc IEnergyConsumption
    function isLeaf(uint64 interval, ConsumptionLeaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return isFinal(interval) && interval > registry.frozenThrough(leaf.meterId)
            && MerkleProof.verifyCalldata(proof, _rootOf(interval), _leafOf(leaf));
    }

    // INTERNAL

    function _leafOf(ConsumptionLeaf calldata leaf) private pure returns (bytes32) {
        return Messages.consumptionLeaf(
            leaf.meterId, leaf.seq, leaf.timestamp, leaf.flags, leaf.importWh, leaf.exportWh, leaf.salt
        );
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
