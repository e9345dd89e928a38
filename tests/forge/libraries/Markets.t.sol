// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Markets} from "contracts/libraries/Markets.sol";
import {BaseTest} from "../support/BaseTest.sol";

/// @dev Library calls are inlined; through an outer call their reverts can be expected.
contract MarketCalls {
    function check(bytes32 market) external pure {
        Markets.check(market);
    }
}

contract MarketsTest is BaseTest {
    MarketCalls private calls;

    function setUp() public override {
        calls = new MarketCalls();
    }

    function refused(uint256 word) private {
        vm.expectRevert(abi.encodeWithSelector(Markets.BadMarket.selector, bytes32(word)));
        calls.check(bytes32(word));
    }

    function testAnotherKindIsRefused(uint8 kind, uint32 feeder) public {
        vm.assume(kind == 0 || kind > 3);
        refused((uint256(kind) << 248) | feeder);
    }

    function testAnUnknownFlagIsRefused(uint8 kind, uint8 flags, uint32 feeder) public {
        vm.assume(flags > 3);
        refused((uint256(1 + kind % 3) << 248) | (uint256(flags) << 240) | (1 << 232) | feeder);
    }

    function testABundleOfNoOrUnknownSourcesIsRefused(uint8 kind, uint8 mask, bool simulated) public {
        uint256 word = (uint256(1 + kind % 3) << 248) | (uint256(simulated ? 3 : 1) << 240);
        refused(word);
        refused(word | (uint256(mask | 64) << 232));
    }

    function testSourcesWithoutABundleAreRefused(uint8 kind, uint8 mask, bool simulated) public {
        vm.assume(mask != 0);
        refused((uint256(1 + kind % 3) << 248) | (uint256(simulated ? 2 : 0) << 240) | (uint256(mask) << 232));
    }

    function testStrayBytesAreRefused(bool forward, uint8 bit, uint32 feeder) public {
        vm.assume(bit >= 32 && bit < 232);
        refused((uint256(forward ? 2 : 1) << 248) | (1 << uint256(bit)) | feeder);
    }

    function testSpotAndForwardIdsSayWhatTheyClear(
        bool forward,
        bool bundled,
        bool simulated,
        uint8 mask,
        uint32 feeder
    ) public view {
        mask = bundled ? 1 + mask % 63 : 0;
        bytes32 market = forward
            ? Markets.forward(bundled, simulated, mask, feeder)
            : Markets.spot(bundled, simulated, mask, feeder);
        calls.check(market);
        eq(Markets.kindOf(market), forward ? Markets.FORWARD : Markets.SPOT, "kind");
        fieldsAre(market, bundled, simulated, mask);
        eq(uint32(uint256(market)), feeder, "feeder");
        require(!Markets.isPairOf(market, HOLDER, STRANGER), "a pair");
    }

    function testAPairIsThatOfItsTwoAccountsAlone(
        address a,
        address b,
        address c,
        bool bundled,
        bool simulated,
        uint8 mask
    ) public view {
        mask = bundled ? 1 + mask % 63 : 0;
        bytes32 market = Markets.pair(bundled, simulated, mask, a, b);
        calls.check(market);
        eq(Markets.kindOf(market), Markets.PAIR, "kind");
        fieldsAre(market, bundled, simulated, mask);
        eq(market, Markets.pair(bundled, simulated, mask, b, a), "order of accounts");
        require(Markets.isPairOf(market, a, b) && Markets.isPairOf(market, b, a), "not theirs");
        require(Markets.isPairOf(market, a, c) == (c == b), "a third account's");
    }

    function fieldsAre(bytes32 market, bool bundled, bool simulated, uint8 mask) private pure {
        require(Markets.isBundled(market) == bundled, "bundled");
        require(Markets.isSimulated(market) == simulated, "simulated");
        eq(Markets.sourceMaskOf(market), mask, "sources");
    }
}
