// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Condition, GridState, Thresholds} from "../interfaces/IGridBalancing.sol";

/// @notice The latest GridState with what clearing must obey, in one word, first field lowest: interval 32, frequency
/// 3 x 16, voltage 2 x 24, supply 40, demand 40, storage 40, severity 2, islanded 1, stopped 1.
/// @dev In one word, because every clearing reads it.
type PackedGridState is uint256;

using PackedGridStates for PackedGridState global;

/// @title PackedGridStates
/// @notice Packs and judges the grid's state.
library PackedGridStates {
    uint256 private constant FREQUENCY_MIN = 32;
    uint256 private constant FREQUENCY_MEAN = 48;
    uint256 private constant FREQUENCY_MAX = 64;
    uint256 private constant VOLTAGE_MIN = 80;
    uint256 private constant VOLTAGE_MAX = 104;
    uint256 private constant SUPPLY = 128;
    uint256 private constant DEMAND = 168;
    uint256 private constant STORAGE = 208;
    uint256 private constant SEVERITY = 248;
    uint256 private constant ISLANDED = 1 << 250;
    uint256 private constant STOPPED = 1 << 251;

    /// @notice The word of a state; the failsafe's flag is taken over from the word before.
    function pack(GridState memory s, Condition severity, PackedGridState before)
        internal
        pure
        returns (PackedGridState)
    {
        uint256 word = uint256(s.interval) | (uint256(s.frequencyMin) << FREQUENCY_MIN)
            | (uint256(s.frequencyMean) << FREQUENCY_MEAN) | (uint256(s.frequencyMax) << FREQUENCY_MAX)
            | (uint256(s.voltageMin) << VOLTAGE_MIN) | (uint256(s.voltageMax) << VOLTAGE_MAX)
            | (uint256(s.supplyW) << SUPPLY) | (uint256(s.demandW) << DEMAND)
            | (uint256(s.storageWh) << STORAGE) | (uint256(severity) << SEVERITY);
        if (s.islanded) word |= ISLANDED;
        return PackedGridState.wrap(word | (PackedGridState.unwrap(before) & STOPPED));
    }

    /// @notice All that was stated.
    function unpack(PackedGridState packed) internal pure returns (GridState memory) {
        uint256 word = PackedGridState.unwrap(packed);
        return GridState({
            interval: uint32(word),
            frequencyMin: uint16(word >> FREQUENCY_MIN),
            frequencyMean: uint16(word >> FREQUENCY_MEAN),
            frequencyMax: uint16(word >> FREQUENCY_MAX),
            voltageMin: uint24(word >> VOLTAGE_MIN),
            voltageMax: uint24(word >> VOLTAGE_MAX),
            supplyW: uint40(word >> SUPPLY),
            demandW: uint40(word >> DEMAND),
            storageWh: uint40(word >> STORAGE),
            islanded: word & ISLANDED != 0
        });
    }

    function interval(PackedGridState packed) internal pure returns (uint64) {
        return uint32(PackedGridState.unwrap(packed));
    }

    function condition(PackedGridState packed) internal pure returns (Condition) {
        uint256 word = PackedGridState.unwrap(packed);
        return word & ISLANDED != 0 ? Condition.Island : Condition((word >> SEVERITY) & 3);
    }

    function isIslanded(PackedGridState packed) internal pure returns (bool) {
        return PackedGridState.unwrap(packed) & ISLANDED != 0;
    }

    function isStopped(PackedGridState packed) internal pure returns (bool) {
        return PackedGridState.unwrap(packed) & STOPPED != 0;
    }

    function withStopped(PackedGridState packed, bool stopped) internal pure returns (PackedGridState) {
        uint256 word = PackedGridState.unwrap(packed);
        return PackedGridState.wrap(stopped ? word | STOPPED : word & ~STOPPED);
    }

    /// @notice How bad what was measured is: the worse of frequency and voltage.
    function severityOf(GridState memory s, Thresholds memory limits) internal pure returns (Condition) {
        Condition frequency = _judge(
            s.frequencyMin,
            s.frequencyMax,
            limits.frequencyEmergencyLow,
            limits.frequencyAlertLow,
            limits.frequencyAlertHigh,
            limits.frequencyEmergencyHigh
        );
        Condition voltage = _judge(
            s.voltageMin,
            s.voltageMax,
            limits.voltageEmergencyLow,
            limits.voltageAlertLow,
            limits.voltageAlertHigh,
            limits.voltageEmergencyHigh
        );
        return frequency > voltage ? frequency : voltage;
    }

    /// @dev Unknown is not zero: what was not measured, and what has no limits, is not judged.
    function _judge(
        uint256 least,
        uint256 most,
        uint256 emergencyLow,
        uint256 alertLow,
        uint256 alertHigh,
        uint256 emergencyHigh
    ) private pure returns (Condition) {
        if (most == 0 || emergencyHigh == 0) return Condition.Normal;
        if (least < emergencyLow || most > emergencyHigh) return Condition.Emergency;
        return least < alertLow || most > alertHigh ? Condition.Alert : Condition.Normal;
    }
}
