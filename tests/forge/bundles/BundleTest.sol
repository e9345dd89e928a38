// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Bundle} from "contracts/interfaces/IBundles.sol";
import {Claim} from "contracts/interfaces/IEnergyProduction.sol";
import {Fill, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {MeterAttributes} from "contracts/interfaces/IRegistry.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {TradingTest} from "../support/TradingTest.sol";

/// @notice A spot market bundled with solar and wind certificates: ANNA and CHIPO buy of BEN, who has a roof, and of
/// DAVID, who has a windmill.
abstract contract BundleTest is TradingTest {
    uint256 private constant ROOF = 0x400F;
    uint256 private constant MILL = 0x3111;

    /// @dev What each of both sellers has of certificates of the day, Wh.
    uint64 internal constant CERTIFIED = 40_000;
    uint256 internal constant SOLAR = MIDNIGHT / 24;
    uint256 internal constant WIND = (1 << 32) | SOLAR;

    address internal anna;
    address internal ben;
    address internal chipo;
    address internal david;
    bytes32 internal market;

    function setUp() public virtual override {
        super.setUp();
        (anna, ben, chipo, david) = (vm.addr(ANNA), vm.addr(BEN), vm.addr(CHIPO), vm.addr(DAVID));
        market = Markets.spot(true, false, 3, FEEDER);
        certifyFor(ROOF, ben, 0, MIDNIGHT);
        certifyFor(MILL, david, 1, MIDNIGHT + 1);
        vm.prank(ben);
        production.setApprovalForAll(address(delivery), true);
        vm.prank(david);
        production.setApprovalForAll(address(delivery), true);
    }

    function certifyFor(uint256 key, address account, uint8 source, uint64 interval) internal {
        MeterAttributes memory a = solar();
        a.source = source;
        bytes32 id = registerAs(key, account, 0, a);
        certify(interval, Claim(id, 1, T0 + L, 0, CERTIFIED));
    }

    /// @dev ANNA and CHIPO buy, BEN and DAVID sell; as much in all.
    function tradeAll(uint64 annas, uint64 chipos, uint64 bens, uint64 davids) internal {
        if (block.timestamp < end(T())) toSpot(T());
        uses(market, T());
        Fill[] memory fills = new Fill[](4);
        fills[0] = fillOf(ANNA, orderOf(ANNA, market, BUY, annas, PRICE), annas);
        fills[1] = fillOf(CHIPO, orderOf(CHIPO, market, BUY, chipos, PRICE), chipos);
        fills[2] = fillOf(BEN, orderOf(BEN, market, SELL, bens, PRICE), bens);
        fills[3] = fillOf(DAVID, orderOf(DAVID, market, SELL, davids, PRICE), davids);
        vm.prank(OPERATOR);
        trading.clear(market, T(), PRICE, 0, fills, new bytes[](0));
    }

    function ids(uint256 id) internal pure returns (uint256[] memory found) {
        found = new uint256[](1);
        found[0] = id;
    }

    function deliver(address seller, uint256 id, uint256 wh) internal {
        vm.prank(seller);
        delivery.deliver(market, T(), seller, ids(id), ids(wh));
    }

    function take(address buyer) internal {
        delivery.take(market, T(), buyer, buyer);
    }

    function bundle() internal view returns (Bundle memory) {
        return delivery.bundleOf(market, T());
    }

    /// @dev Two hours after the clearing: a quarter of this ring.
    function deliverBy() internal pure returns (uint256) {
        return end(T()) + 2 * L;
    }

    function balance(address account, uint256 id) internal view returns (uint256) {
        return production.balanceOf(account, id);
    }

    /// @dev What the contract has of certificates is what its pool says, and its cash what goes back to buyers.
    function poolHolds() internal view {
        Bundle memory b = bundle();
        eq(balance(address(delivery), SOLAR), b.poolWh[0], "solar in the pool");
        eq(balance(address(delivery), WIND), b.poolWh[1], "wind in the pool");
        eq(cash(address(delivery)), b.refundMicro, "refunds in trust");
        conserved();
    }
}
