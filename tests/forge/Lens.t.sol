// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Dispute} from "contracts/interfaces/IEnergyDelivery.sol";
import {ClearingState, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {Condition, GridState} from "contracts/interfaces/IGridBalancing.sol";
import {
    AccountOverview,
    BundleOverview,
    CertificateOverview,
    ClearingOverview,
    FeederOverview,
    GridOverview,
    ILens,
    IntervalStatus,
    MarketInterval,
    MeterOverview,
    Obstacle,
    OrderStatus
} from "contracts/interfaces/ILens.sol";
import {Report} from "contracts/interfaces/IReports.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {CommunityTest} from "./balancing/CommunityTest.sol";

contract LensTest is CommunityTest {
    // ACCOUNTS

    function escrows() private pure returns (MarketInterval[] memory asked) {
        asked = new MarketInterval[](3);
        asked[0] = MarketInterval(spot(), T());
        asked[1] = MarketInterval(spot(), T() + 1);
        asked[2] = MarketInterval(forward(), T());
    }

    function testAnAccountIsSeenWhole() public {
        address ben = vm.addr(BEN);
        bytes32 id = registerAs(0xB0B, ben, 0, solar());
        toSpot(T());
        trade(ANNA, BEN, T(), 500);
        toSpot(T() + 1);
        trade(ANNA, BEN, T() + 1, 300);
        settle(T() + 1, ben, -100);
        vm.startPrank(ben);
        trading.requestWithdrawal(77);
        uint32 former = trading.accountOf(ben).epoch;
        trading.cancelAll();
        vm.stopPrank();

        AccountOverview memory o = lens.accountOverview(ben, escrows());
        eq(o.account.cashMicro, cash(ben), "cash");
        eq(o.account.settledThrough, T() + 1, "settled through");
        eq(o.claimableMicro, proceedsDown(500, PRICE) + proceedsDown(300, PRICE), "claimable");
        eq(o.waitingMicro, 0, "waiting");
        eq(o.withdrawalMicro, 77, "withdrawal");
        eq(o.withdrawableFrom, end(T() + 1) + FINALITY + NOTICE, "ready at");
        eq(o.formerEpoch, former, "former epoch");
        eq(o.formerEpochUntil, end(T() + 1) + FINALITY + NOTICE, "former epoch until");
        eq(o.record.meters, 1, "meters");
        eq(o.sellCapWh, SELL_CAP, "sell cap");
        eq(o.connectionWh, 10_500, "connection");
        require(o.balance.movedMicro == -100, "moved");
        eq(lens.meterOverview(id).meter.account, ben, "its meter");
    }

    function testEscrowWaitsForSettlement() public {
        address ben = vm.addr(BEN);
        toSpot(T());
        trade(ANNA, BEN, T(), 500);
        AccountOverview memory o = lens.accountOverview(ben, escrows());
        eq(o.claimableMicro, 0, "claimable");
        eq(o.waitingMicro, proceedsDown(500, PRICE), "waiting");

        vm.warp(end(T() + RING / 2) + 1);
        o = lens.accountOverview(ben, escrows());
        eq(o.waitingMicro, 0, "silence locks nobody's money");
        eq(o.claimableMicro, proceedsDown(500, PRICE), "claimable");
        trading.collect(spot(), ts(T()), ben);
        eq(lens.accountOverview(ben, escrows()).claimableMicro, 0, "collected");
    }

    // ORDERS

    function one(Order memory order, uint64 t) private view returns (IntervalStatus memory) {
        return lens.orderStatus(order, t, 1).intervals[0];
    }

    function isStopped(Order memory order, uint64 t, Obstacle expected, string memory what) private view {
        eq(uint256(one(order, t).obstacle), uint256(expected), what);
    }

    function testTooManyIntervalsAreRefused(uint32 count) public {
        uint256 most = lens.MAX_INTERVALS();
        vm.assume(count > most);
        Order memory order = buyOf(ANNA, 1, PRICE);
        vm.expectRevert(abi.encodeWithSelector(ILens.TooManyIntervals.selector, count, most));
        lens.orderStatus(order, T(), count);
    }

    function testWhatIsLeftOfAnOrder() public {
        toSpot(T());
        Order memory bid = buyOf(ANNA, 800, PRICE);
        Order memory offer = sellOf(BEN, 800, PRICE);
        OrderStatus memory status = lens.orderStatus(bid, T(), 2);
        eq(status.digest, trading.orderDigest(bid), "digest");
        eq(status.intervals.length, 2, "intervals");
        eq(status.intervals[0].remainingWh, 800, "before");
        isStopped(bid, T(), Obstacle.None, "can be filled");
        isStopped(bid, T() + 1, Obstacle.TooEarly, "not ended");
        isStopped(bid, T() - 3, Obstacle.OutsideWindow, "before its window");
        isStopped(bid, T() + 28, Obstacle.OutsideWindow, "after its window");

        open(spot(), T(), PRICE);
        fill(spot(), T(), list(fillOf(ANNA, bid, 800)));
        fill(spot(), T(), list(fillOf(BEN, offer, 300)));
        isStopped(bid, T(), Obstacle.Full, "at its cap");
        eq(one(offer, T()).remainingWh, 500, "after");
        isStopped(sellOf(BEN, 800, PRICE + 1), T(), Obstacle.OutsideCorridor, "another price was opened with");
        fill(spot(), T(), list(fillOf(BEN, offer, 500)));
        close(spot(), T());
        isStopped(offer, T(), Obstacle.AlreadyCleared, "cleared");
        vm.warp(end(T() + 5));
        isStopped(offer, T(), Obstacle.TooLate, "over");
    }

    function testAForwardMarketIsOverWhenItsIntervalBegins() public {
        Order memory order = orderOf(ANNA, forward(), BUY, 100, PRICE);
        isStopped(order, T(), Obstacle.None, "ahead");
        isStopped(order, T() + RING, Obstacle.TooEarly, "too far ahead");
        vm.warp(end(T() - 1) + 1);
        isStopped(order, T(), Obstacle.TooLate, "begun");
    }

    function testWhyAnOrderCannotBeFilled() public {
        toSpot(T());
        address anna = vm.addr(ANNA);
        Order memory bid = buyOf(ANNA, 100, PRICE);
        Order memory odd = buyOf(ANNA, 100, PRICE);
        odd.bundled = true;
        isStopped(odd, T(), Obstacle.Malformed, "not its market's");
        odd.market = bytes32(uint256(1));
        isStopped(odd, T(), Obstacle.Malformed, "no market");

        trading.setCorridor(false, uint48(PRICE) + 1, uint48(PRICE) + 2);
        isStopped(bid, T(), Obstacle.OutsideCorridor, "below the corridor");
        isStopped(sellOf(BEN, 1, PRICE + 3), T(), Obstacle.OutsideCorridor, "above the corridor");
        trading.setCorridor(false, 0, uint48(PRICE));

        registry.setSellCap(vm.addr(BEN), 0);
        isStopped(sellOf(BEN, 1, PRICE), T(), Obstacle.OverSellCap, "may sell nothing");

        vm.prank(anna);
        trading.requestWithdrawal(FUNDS);
        isStopped(bid, T(), Obstacle.NoCash, "announced money is gone");
        vm.warp(end(T()) + NOTICE);
        vm.prank(anna);
        trading.withdraw(anna);
        isStopped(bid, T(), Obstacle.NoCash, "no cash");
        fund(anna, 120);
        eq(one(bid, T()).remainingWh, 1, "a Wh at its limit");

        registry.setPaused(true);
        isStopped(bid, T(), Obstacle.Paused, "paused");
        registry.setPaused(false);
        balancing.failsafe();
        isStopped(bid, T(), Obstacle.Stopped, "stopped");
    }

    function testACancelledOrderCountsUntilItsNoticeEnds() public {
        toSpot(T());
        Order memory bid = buyOf(ANNA, 100, PRICE);
        Order memory other = buyOf(ANNA, 101, PRICE);
        vm.startPrank(vm.addr(ANNA));
        trading.cancel(bid);
        isStopped(bid, T(), Obstacle.None, "within notice");
        trading.cancelAll();
        isStopped(other, T(), Obstacle.None, "within notice too");
        vm.warp(end(T()) + NOTICE);
        isStopped(bid, T(), Obstacle.Cancelled, "cancelled");
        isStopped(other, T(), Obstacle.WrongEpoch, "of a former epoch");
        eq(lens.orderStatus(bid, T(), 0).cancelledFrom, end(T()) + NOTICE, "from");
    }

    function testADebtorsOrderIsNotFilled() public {
        registerAs(0xB0B, vm.addr(ANNA), 0, solar());
        vm.prank(vm.addr(ANNA));
        trading.requestWithdrawal(FUNDS);
        vm.warp(T0 + NOTICE);
        vm.prank(vm.addr(ANNA));
        trading.withdraw(vm.addr(ANNA));
        settle(T(), vm.addr(ANNA), -1);
        isStopped(sellOf(ANNA, 100, PRICE), T(), Obstacle.InDebt, "in debt");
    }

    function testAClearingThatStandsOpenIsInTheWay() public {
        toSpot(T());
        Order memory bid = buyOf(ANNA, 100, PRICE);
        open(spot(), T(), PRICE);
        isStopped(bid, T(), Obstacle.None, "open");
        eq(lens.clearingOverview(spot(), T()).complaintsUntil, 0, "not closed");
        vm.warp(end(T()) + COMPLAINT / 2);
        isStopped(bid, T(), Obstacle.None, "open, at the last moment");
        vm.warp(end(T()) + COMPLAINT / 2 + 1);
        isStopped(bid, T(), Obstacle.OpenTooLong, "open for too long");

        toSpot(T() + RING);
        isStopped(bid, T() + RING, Obstacle.SlotBusy, "a ring later");
        toSpot(T() + 2 * RING);
        isStopped(bid, T() + 2 * RING, Obstacle.SlotBusy, "two rings later");
        isStopped(bid, T() + 2 * RING - 1, Obstacle.None, "another place");
        trading.unwind(spot(), T(), new address[](0));
        isStopped(bid, T() + 2 * RING, Obstacle.None, "unwound");
    }

    function testIntervalZeroIsNotCleared() public view {
        eq(uint256(lens.clearingOverview(forward(), 0).obstacle), uint256(Obstacle.TooLate), "interval zero");
        eq(uint256(lens.clearingOverview(spot(), 0).obstacle), uint256(Obstacle.TooLate), "nor on spot");
    }

    function testABundleThatIsNotDeliveredIsInTheWay() public {
        bytes32 market = Markets.spot(true, false, 1, FEEDER);
        Order memory bid = orderOf(ANNA, market, BUY, 500, PRICE);
        Order memory offer = orderOf(BEN, market, SELL, 500, PRICE);
        toSpot(T());
        clear(market, T(), PRICE, list(fillOf(ANNA, bid, 500), fillOf(BEN, offer, 500)));
        BundleOverview memory o = lens.bundleOverview(market, T(), vm.addr(BEN));
        eq(o.owedWh, 500, "owed");
        eq(o.boughtWh, 0, "bought");
        eq(o.bundle.tradedWh, 500, "traded");
        eq(lens.bundleOverview(market, T(), vm.addr(ANNA)).boughtWh, 500, "bought");
        toSpot(T() + RING);
        isStopped(bid, T() + RING, Obstacle.NotDelivered, "not delivered");
        delivery.reclaim(market, T(), vm.addr(BEN));
        isStopped(bid, T() + RING, Obstacle.None, "reclaimed");
        eq(lens.bundleOverview(market, T(), vm.addr(BEN)).owedWh, 0, "reclaimed");
    }

    function testADisputeIsSeen() public {
        toSpot(T());
        trade(ANNA, BEN, T(), 500);
        address anna = vm.addr(ANNA);
        vm.prank(anna);
        bytes32 opened = delivery.openDispute(spot(), T(), vm.addr(BEN));
        (bytes32 id, Dispute memory d) = lens.disputeOverview(spot(), T(), anna);
        eq(id, opened, "id");
        eq(d.seller, vm.addr(BEN), "seller");
        eq(d.micro, proceedsDown(500, PRICE), "money");
    }

    // MARKETS

    function testAMarketIsSeenWhole() public {
        trading.setCorridor(false, 50_000, 200_000);
        trading.setFee(100);
        toSpot(T());
        ClearingOverview memory o = lens.clearingOverview(spot(), T());
        eq(uint256(o.clearing.state), uint256(ClearingState.None), "none");
        eq(uint256(o.obstacle), uint256(Obstacle.None), "may be cleared");
        eq(o.complaintsUntil, 0, "nothing to complain about");
        trade(ANNA, BEN, T(), 500);
        o = lens.clearingOverview(spot(), T());
        eq(uint256(o.clearing.state), uint256(ClearingState.Closed), "closed");
        eq(o.operator, OPERATOR, "operator");
        eq(o.floorPriceMicroPerKwh, 50_000, "floor");
        eq(o.capPriceMicroPerKwh, 200_000, "cap");
        eq(o.feeBps, 100, "fee");
        eq(o.complaintsUntil, end(T()) + COMPLAINT, "complaints");
        eq(uint256(o.obstacle), uint256(Obstacle.AlreadyCleared), "cleared");
        eq(uint256(lens.clearingOverview(0, T()).obstacle), uint256(Obstacle.Malformed), "no market");
    }

    // THE GRID

    function testTheGridIsSeenWhole() public {
        vm.warp(end(MIDNIGHT));
        GridState memory state =
            GridState(uint32(MIDNIGHT), 49_900, 50_000, 50_100, 2_250, 2_350, 5, 6, 7, true);
        vm.startPrank(GRID_OPERATOR);
        balancing.setState(state);
        balancing.setDefaultEnvelope(1, 1_500, 4_600);
        balancing.setInterconnection(1, 8, 9);
        vm.stopPrank();
        fundGrid(1_234);
        post(production, MIDNIGHT, keccak256("root"));
        GridOverview memory o = lens.gridOverview();
        eq(keccak256(abi.encode(o.state)), keccak256(abi.encode(state)), "state");
        eq(uint256(o.condition), uint256(Condition.Island), "condition");
        require(o.island && !o.stopped && !o.paused && !o.silent, "rules");
        eq(o.presentInterval, MIDNIGHT + 1, "present");
        eq(o.productionHead, MIDNIGHT, "production");
        eq(o.consumptionHead + o.balancingHead, 0, "others");
        eq(o.cashMicro, 1_234, "cash");
        eq(o.maxImbalancePriceMicroPerKwh, MAX_PRICE, "price");

        FeederOverview memory f = lens.feederOverview(1);
        eq(f.envelope.exportLimitW, 1_500, "envelope");
        eq(f.interconnection.importLimitW, 8, "interconnection");

        post(balancing, MIDNIGHT, keccak256("root"));
        require(!lens.gridOverview().balancingVoided, "not voided");

        vm.warp(end(MIDNIGHT + SILENT));
        require(lens.gridOverview().silent, "silent");
        balancing.failsafe();
        require(lens.gridOverview().stopped, "stopped");
    }

    function testAVoidedBalancingReportIsSeen() public {
        vm.warp(end(MIDNIGHT));
        Report memory r = reportFor(MIDNIGHT, keccak256("root"));
        balancing.report(r, signedBy(balancing.reportDigest(r), 0, 1));
        vm.prank(ARBITER);
        balancing.voidReport(MIDNIGHT);
        require(lens.gridOverview().balancingVoided, "voided");
    }

    // METERS AND CERTIFICATES

    function testAMeterIsSeenWhole() public {
        vm.prank(HOLDER);
        balancing.enrol(meterId, 900);
        certify(MIDNIGHT, claimAt(3, T0 + L, 1_500));
        MeterOverview memory o = lens.meterOverview(meterId);
        eq(o.meter.account, HOLDER, "account");
        eq(o.key, vm.addr(METER_KEY), "key");
        eq(o.claimedWh, 1_500, "claimed");
        eq(o.claimedSeq, 3, "seq");
        eq(o.claimedAt, T0 + L, "time");
        eq(o.enrolment.reducibleW, 900, "enrolment");
        eq(lens.feederOverview(1).reducibleW, 900, "feeder");
    }

    function testCertificatesComeAsAskedFor() public {
        certify(MIDNIGHT, claimAt(3, T0 + L, 1_500));
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = ((1 << 40) | (2 << 32) | 77, solarId(T0 + L));
        vm.prank(HOLDER);
        production.retire(ids[1], 100, HOLDER, "mine");
        CertificateOverview[] memory found = lens.certificates(HOLDER, ids);
        eq(found[0].source, 2, "source");
        eq(found[0].day, 77, "day");
        require(found[0].simulated && found[0].balanceWh == 0, "none");
        eq(found[1].balanceWh, 400, "balance");
        eq(found[1].supplyWh, 400, "supply");
        eq(found[1].retiredWh, 100, "retired");
    }
}
