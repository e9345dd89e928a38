// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Handler} from "./Handler.sol";

/// @notice One more switch of the test engine.
interface Unmetered {
    function pauseGasMetering() external;
}

/// @notice Random lives of a community, honest and hostile, after each step of which the books must balance.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    event log_named_uint(string what, uint256 times);
    event log_named_bytes(string what, bytes refusal);

    Unmetered private constant UNMETERED = Unmetered(address(uint160(uint256(keccak256("hevm cheat code")))));
    /// @dev With these many seeds in a row each action succeeds, or it never does.
    uint256 private constant TRIES = 40;

    Handler private handler;
    /// @dev Why an action last did not succeed.
    mapping(bytes4 action => bytes) private _refusals;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
    }

    // RANDOM LIVES

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        (bytes4[] memory all,) = handler.actions();
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), all);
    }

    /// forge-config: default.invariant.runs = 8
    /// forge-config: default.invariant.depth = 60
    /// forge-config: default.invariant.fail-on-revert = false
    /// forge-config: default.invariant.shrink-run-limit = 20
    /// forge-config: deep.invariant.runs = 48
    /// forge-config: deep.invariant.depth = 120
    /// forge-config: deep.invariant.fail-on-revert = false
    function invariantTheBooksBalance() external view {
        handler.check();
    }

    /// @dev What a run did not come to is done at its end: an action that cannot succeed is found in every run.
    function afterInvariant() external {
        UNMETERED.pauseGasMetering();
        everyActionSucceeds(1);
    }

    // ONE LONG LIFE

    /// @dev The same from a fixed seed, with the count of each action printed by `forge test -vv`.
    function testALongLife() external {
        UNMETERED.pauseGasMetering();
        (bytes4[] memory all, string[] memory names) = handler.actions();
        for (uint256 i; i < 300; ++i) {
            uint256 seed = uint256(keccak256(abi.encode("life", i)));
            attempt(all[seed % all.length], seed);
            handler.check();
        }
        everyActionSucceeds(2);
        for (uint256 i; i < all.length; ++i) {
            emit log_named_uint(names[i], handler.successes(all[i]));
        }
    }

    // PARTS

    function everyActionSucceeds(uint256 times) private {
        (bytes4[] memory all, string[] memory names) = handler.actions();
        for (uint256 round; round < TRIES; ++round) {
            bool missing;
            for (uint256 i; i < all.length; ++i) {
                if (handler.successes(all[i]) >= times) continue;
                missing = true;
                attempt(all[i], uint256(keccak256(abi.encode(all[i], round))));
            }
            handler.check();
            if (!missing) return;
        }
        for (uint256 i; i < all.length; ++i) {
            if (handler.successes(all[i]) < times) emit log_named_bytes(names[i], _refusals[all[i]]);
            require(handler.successes(all[i]) >= times, string.concat("never succeeds: ", names[i]));
        }
    }

    function attempt(bytes4 action, uint256 seed) private {
        (bool done, bytes memory answer) = address(handler).call(abi.encodeWithSelector(action, seed));
        if (!done) _refusals[action] = answer; // an action may have nothing to do now
    }
}
