// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title Markets
/// @notice The id of what clears together. Byte 0 is the kind, byte 1 flags, byte 2 the sources of its certificates;
/// then a feeder in the last four bytes, or in a pair market 29 bytes of the two accounts' hash.
library Markets {
    error BadMarket(bytes32 market);

    /// @notice Cleared after the interval, on metered surplus.
    uint8 internal constant SPOT = 1;
    /// @notice Cleared before the interval begins.
    uint8 internal constant FORWARD = 2;
    /// @notice Two accounts between themselves, before the interval begins.
    uint8 internal constant PAIR = 3;

    /// @dev In byte 1: the buyer also receives certificates.
    uint256 private constant BUNDLED = 1 << 240;
    /// @dev In byte 1: the certificates are those of simulated meters.
    uint256 private constant SIMULATED = 1 << 241;
    uint256 private constant KIND_SHIFT = 248;
    uint256 private constant FLAGS_SHIFT = 240;
    uint256 private constant MASK_SHIFT = 232;
    uint256 private constant ALL_FLAGS = 3;
    /// @dev Bits of the sources 0 to 5.
    uint256 private constant ALL_SOURCES = 63;

    /// @notice Id of a feeder's spot market.
    /// @param sourceMask Bit i allows certificates of source i; zero unless bundled.
    function spot(bool bundled, bool simulated, uint8 sourceMask, uint32 feeder)
        internal
        pure
        returns (bytes32)
    {
        return bytes32(_head(SPOT, bundled, simulated, sourceMask) | feeder);
    }

    /// @notice Id of a feeder's forward market.
    function forward(bool bundled, bool simulated, uint8 sourceMask, uint32 feeder)
        internal
        pure
        returns (bytes32)
    {
        return bytes32(_head(FORWARD, bundled, simulated, sourceMask) | feeder);
    }

    /// @notice Id of the market of two accounts, in whichever order they are named.
    function pair(bool bundled, bool simulated, uint8 sourceMask, address a, address b)
        internal
        pure
        returns (bytes32)
    {
        return bytes32(_head(PAIR, bundled, simulated, sourceMask) | _tailOf(a, b));
    }

    /// @notice Reverts unless the id is one of those above.
    function check(bytes32 market) internal pure {
        if (!isValid(market)) revert BadMarket(market);
    }

    /// @notice Whether the id is one of those above.
    function isValid(bytes32 market) internal pure returns (bool) {
        uint256 word = uint256(market);
        uint256 kind = word >> KIND_SHIFT;
        // forge-lint: disable-next-line(unsafe-typecast) one byte each
        (uint256 flags, uint256 mask) = (uint8(word >> FLAGS_SHIFT), uint8(word >> MASK_SHIFT));
        bool bad = kind < SPOT || kind > PAIR || flags > ALL_FLAGS || mask > ALL_SOURCES;
        // What no certificate could fulfil is no bundled market.
        bad = bad || (mask != 0) != (word & BUNDLED != 0);
        // forge-lint: disable-next-line(unsafe-typecast) the bytes that follow the head
        bad = bad || (kind != PAIR && uint232(word) > type(uint32).max);
        return !bad;
    }

    /// @notice Spot, forward or pair.
    function kindOf(bytes32 market) internal pure returns (uint8) {
        return uint8(market[0]);
    }

    /// @notice Whether buyers also receive certificates.
    function isBundled(bytes32 market) internal pure returns (bool) {
        return uint256(market) & BUNDLED != 0;
    }

    /// @notice Whether its certificates are those of simulated meters.
    function isSimulated(bytes32 market) internal pure returns (bool) {
        return uint256(market) & SIMULATED != 0;
    }

    /// @notice Bit i is set when certificates of source i are allowed.
    function sourceMaskOf(bytes32 market) internal pure returns (uint8) {
        return uint8(market[2]);
    }

    /// @notice Whether a pair market is that of these two accounts.
    function isPairOf(bytes32 market, address a, address b) internal pure returns (bool) {
        // forge-lint: disable-next-line(unsafe-typecast) the bytes that follow the head
        return kindOf(market) == PAIR && uint232(uint256(market)) == _tailOf(a, b);
    }

    function _head(uint8 kind, bool bundled, bool simulated, uint8 sourceMask)
        private
        pure
        returns (uint256)
    {
        return (uint256(kind) << KIND_SHIFT) | (bundled ? BUNDLED : 0) | (simulated ? SIMULATED : 0)
            | (uint256(sourceMask) << MASK_SHIFT);
    }

    function _tailOf(address a, address b) private pure returns (uint256) {
        (address first, address second) = a < b ? (a, b) : (b, a);
        // forge-lint: disable-next-line(unsafe-typecast) the hash's last 29 bytes
        return uint232(uint256(keccak256(abi.encode(first, second))));
    }
}
