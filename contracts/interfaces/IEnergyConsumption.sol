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

/// @title IEnergyConsumption
/// @notice Roots over what meters drew and gave, without showing it.
interface IEnergyConsumption is IReports {
    // FUNCTIONS

    /// @notice Freezes a leaf that a reading signed by the same meter contradicts: the same sequence number with
    /// other values, or an order of sequence numbers against the order of registers or times. Once a leaf's interval
    /// is frozen for the meter, it cannot be disputed again. Orders are compared between readings of one key only,
    /// and a key contradicts no leaf of a later key's time: a key that was rotated out stops no meter.
    function dispute(
        uint64 interval,
        ConsumptionLeaf calldata leaf,
        bytes32[] calldata proof,
        MeterReading calldata reading,
        bytes calldata signature
    ) external;

    // VIEWS

    /// @notice Whether the interval's report is in the ring and final, holds the leaf, and no dispute froze it. Reverts
    /// for an unknown meter.
    function isLeaf(uint64 interval, ConsumptionLeaf calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
