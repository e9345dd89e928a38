// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BaseTest} from "./BaseTest.sol";

interface VmIntegers {
    function parseJsonInt(string calldata json, string calldata key) external pure returns (int256);
}

/// @notice Reads the files in protocol/vectors, one element of a list after the other.
abstract contract JsonTest is BaseTest {
    string internal json;
    string internal at;

    function open(string memory name) internal {
        json = vm.readFile(string.concat("protocol/vectors/", name, ".json"));
    }

    /// @dev Moves to the i-th element of a list; false behind its end.
    function step(string memory list, uint256 i) internal returns (bool) {
        at = string.concat(".", list, "[", vm.toString(i), "]");
        return vm.keyExistsJson(json, at);
    }

    function key(string memory name) internal view returns (string memory) {
        return string.concat(at, ".", name);
    }

    function number(string memory name) internal view returns (uint256) {
        return vm.parseJsonUint(json, key(name));
    }

    function word(string memory name) internal view returns (bytes32) {
        return vm.parseJsonBytes32(json, key(name));
    }

    /// @dev The digest under a domain separator, as EIP-712 has it.
    function digestOf(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function element(string memory list, uint256 i) internal view returns (string memory) {
        return string.concat(at, ".", list, "[", vm.toString(i), "]");
    }

    function integer(string memory name) internal view returns (int256) {
        return VmIntegers(address(vm)).parseJsonInt(json, key(name));
    }

    function flag(string memory name) internal view returns (bool) {
        return vm.parseJsonBool(json, key(name));
    }

    function addressAt(string memory name) internal view returns (address) {
        return vm.parseJsonAddress(json, key(name));
    }

    function wordsAt(string memory name) internal view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(json, key(name));
    }
}
