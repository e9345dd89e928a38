// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IReports, ReportMeta} from "../interfaces/IReports.sol";

/// @notice A ReportMeta in one word, first field lowest; zero where no report stands.
/// @dev By hand, because the compiler writes a struct's fields one after the other, at 200 gas each.
type PackedMeta is uint256;

using PackedMetas for PackedMeta global;

/// @title PackedMetas
/// @notice Packs what the ring keeps of a report beside its root.
library PackedMetas {
    uint256 private constant TIME = 32;
    uint256 private constant SIGNERS = 72;
    uint256 private constant COUNT = 104;
    uint256 private constant TOTAL_WH = 128;
    /// @dev A data hash's leading 80 bits stay where they are.
    uint256 private constant DATA_HASH = 176;

    /// @notice Packs a report posted now.
    function pack(uint64 interval, uint64 totalWh, uint32 count, bytes32 dataHash, uint256 signers_)
        internal
        view
        returns (PackedMeta)
    {
        // The time needs no check: forty bits last for 34,000 years.
        if (interval > type(uint32).max || count > type(uint24).max || totalWh > type(uint48).max) {
            revert IReports.ReportTooLarge(interval, totalWh, count);
        }
        return PackedMeta.wrap(
            uint256(interval) | (block.timestamp << TIME) | (signers_ << SIGNERS) | (uint256(count) << COUNT)
                | (uint256(totalWh) << TOTAL_WH) | ((uint256(dataHash) >> DATA_HASH) << DATA_HASH)
        );
    }

    /// @notice Whether this is the meta of that interval's report, not of an older one or of none.
    function isOf(PackedMeta meta, uint64 interval) internal pure returns (bool) {
        uint256 word = PackedMeta.unwrap(meta);
        return word != 0 && uint32(word) == interval;
    }

    /// @notice Unix seconds at which the report was posted.
    function time(PackedMeta meta) internal pure returns (uint256) {
        return uint40(PackedMeta.unwrap(meta) >> TIME);
    }

    /// @notice Bitmap of the oracles that signed.
    function signers(PackedMeta meta) internal pure returns (uint256) {
        return uint32(PackedMeta.unwrap(meta) >> SIGNERS);
    }

    /// @notice All fields.
    function unpack(PackedMeta meta) internal pure returns (ReportMeta memory) {
        uint256 word = PackedMeta.unwrap(meta);
        return ReportMeta({
            interval: uint32(word),
            time: uint40(word >> TIME),
            signers: uint32(word >> SIGNERS),
            count: uint24(word >> COUNT),
            totalWh: uint48(word >> TOTAL_WH),
            dataHashPrefix: bytes10(bytes32(word))
        });
    }
}
