// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookEntry} from "contracts/interfaces/IClearingCourt.sol";
import {CourtTest} from "./CourtTest.sol";

/// @notice What a complaint from a book of 256 entries costs the complainant, whose account is known.
contract ComplainGasTest is CourtTest {
    uint256 private constant ENTRIES = 256;

    BookEntry private _entry;
    bytes32[] private _proof;

    event GasOf(string what, uint256 gas);

    /// @dev Here and not in the test, so that the test is one transaction with all slots cold.
    function setUp() public override {
        super.setUp();
        bytes32[] memory nodes = new bytes32[](ENTRIES);
        for (uint256 i; i < ENTRIES; ++i) {
            nodes[i] = leafOf(entryOf(1 + i, BUY, uint64(1_000 + i), PRICE + uint64(i)));
        }
        uint256 at = 77;
        _entry = entryOf(1 + at, BUY, uint64(1_000 + at), PRICE + uint64(at));
        for (uint256 width = ENTRIES; width > 1; width /= 2) {
            _proof.push(nodes[at ^ 1]);
            at /= 2;
            for (uint256 i; i < width / 2; ++i) {
                nodes[i] = pair(nodes[2 * i], nodes[2 * i + 1]);
            }
        }
        clearedWith(spot(), nodes[0], 730);
        fund(OPERATOR, 2 * PENALTY);
        vm.prank(OPERATOR);
        trading.bond(2 * PENALTY);
    }

    function testAComplaintCostsAtMost46000Gas() public {
        bytes memory call = abi.encodeCall(trading.complain, (spot(), T(), _entry, _proof));
        uint256 zeros;
        for (uint256 i; i < call.length; ++i) {
            if (call[i] == 0) ++zeros;
        }
        uint256 tokens = zeros + 4 * (call.length - zeros);
        address target = address(trading);
        vm.prank(WATCHER);
        (bool done,) = target.call(call);
        require(done, "refused");
        uint256 gas = 21_000 + 4 * tokens + vm.lastCallGas().gasTotalUsed;
        uint256 refund = uint256(int256(vm.lastCallGas().gasRefunded));
        emit GasOf("refund", refund);
        emit GasOf("complaint before refund", gas);
        gas -= refund < gas / 5 ? refund : gas / 5;
        if (gas < 21_000 + 10 * tokens) gas = 21_000 + 10 * tokens;
        emit GasOf("complaint, book of 256", gas);
        require(gas <= 46_000, "complaints got dear");
    }
}
