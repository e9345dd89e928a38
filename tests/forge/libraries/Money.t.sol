// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Money} from "contracts/libraries/Money.sol";
import {BaseTest} from "../support/BaseTest.sol";

contract MoneyTest is BaseTest {
    function setUp() public override {}

    function testBuyersPayRoundedUpAndSellersGetRoundedDown(uint64 wh, uint64 price) public pure {
        uint256 exact = uint256(wh) * price;
        uint256 up = Money.costUp(wh, price);
        uint256 down = Money.proceedsDown(wh, price);
        require(up * 1_000 >= exact && (up == 0 || (up - 1) * 1_000 < exact), "cost");
        require(down * 1_000 <= exact && (down + 1) * 1_000 > exact, "proceeds");
        eq(up - down, exact % 1_000 == 0 ? 0 : 1, "dust");
    }

    function testWhatManyBuyersPayCoversWhatASellerGets(uint64[8] memory whs, uint64 price) public pure {
        uint64 sum;
        uint256 paid;
        for (uint256 i; i < whs.length; ++i) {
            uint64 wh = whs[i] >> 3;
            sum += wh;
            paid += Money.costUp(wh, price);
        }
        require(paid >= Money.proceedsDown(sum, price), "uncovered");
    }

    function testTheFeeIsRoundedUpAndNeverAboveTheMoney(uint128 micro, uint256 bps) public pure {
        bps = bps % 10_001;
        uint256 fee = Money.feeUp(micro, bps);
        require(fee <= micro, "above the money");
        require(fee * 10_000 >= uint256(micro) * bps, "rounded down");
        require(fee == 0 || (fee - 1) * 10_000 < uint256(micro) * bps, "too much");
    }

    function testSharesOfTheRestLeaveNoDust(uint128 micro, uint64[5] memory parts) public pure {
        (uint256 left, uint256 whole, uint256 given) = (micro, 0, 0);
        for (uint256 i; i < parts.length; ++i) {
            parts[i] |= 1;
            whole += parts[i];
        }
        for (uint256 i; i < parts.length; ++i) {
            uint256 share = Money.shareDown(left, parts[i], whole);
            (left, whole, given) = (left - share, whole - parts[i], given + share);
        }
        eq(given, micro, "given");
        eq(left, 0, "left");
    }
}
