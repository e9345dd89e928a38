// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {ConsumptionLeaf} from "contracts/interfaces/IEnergyConsumption.sol";
import {IEnergyDelivery, MeterEvidence} from "contracts/interfaces/IEnergyDelivery.sol";
import {IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {MeterReading} from "contracts/interfaces/IRegistry.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {CourtTest} from "./CourtTest.sol";

contract ComplainOversoldTest is CourtTest {
    uint256 private constant ROOF = 0x400F;
    uint256 private constant BARN = 0xBA4;

    address private _ben;

    function setUp() public override {
        super.setUp();
        _ben = vm.addr(BEN);
    }

    function refused(MeterEvidence[] memory evidence, bytes memory reason) private {
        vm.prank(WATCHER);
        vm.expectRevert(reason);
        delivery.complainOversold(spot(), T(), _ben, none, evidence);
        notSlashed();
    }

    function complain(MeterEvidence[] memory evidence) private {
        vm.prank(WATCHER);
        vm.expectEmit(address(trading));
        emit IClearingCourt.Slashed(spot(), T(), WATCHER, PENALTY);
        delivery.complainOversold(spot(), T(), _ben, none, evidence);
        slashedBy(WATCHER, 1);
    }

    function sell(bytes32 market, uint64 wh) private {
        tradeIn(market, ANNA, BEN, T(), wh);
    }

    /// @dev IReports of two meters, both ends of T; evidence in ascending order.
    function reportTwo(bytes32 a, bytes32 b, uint64 aWh, uint64 bWh)
        private
        returns (MeterEvidence[] memory e)
    {
        if (a > b) (a, b, aWh, bWh) = (b, a, bWh, aWh);
        ConsumptionLeaf[4] memory l = [
            registersAt(a, T() - 1, 100),
            registersAt(b, T() - 1, 200),
            registersAt(a, T(), 100 + aWh),
            registersAt(b, T(), 200 + bWh)
        ];
        post(consumption, T() - 1, pair(leafOf(l[0]), leafOf(l[1])));
        post(consumption, T(), pair(leafOf(l[2]), leafOf(l[3])));
        e = new MeterEvidence[](2);
        e[0] = MeterEvidence(a, l[0], hashes(leafOf(l[1])), l[2], hashes(leafOf(l[3])));
        e[1] = MeterEvidence(b, l[1], hashes(leafOf(l[0])), l[3], hashes(leafOf(l[2])));
    }

    // REVERTS

    function testOnlySpotMarketsSellMeteredEnergy() public {
        bytes32 market = forward();
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.ComplaintNotInMarket.selector, market));
        delivery.complainOversold(market, T(), _ben, none, new MeterEvidence[](0));
    }

    function testOnlyAClosedClearingSold() public {
        refused(
            new MeterEvidence[](0),
            abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, spot(), T())
        );
    }

    function testAllMetersOfTheAccountAreEvidence() public {
        bytes32 roof = meterOf(ROOF, _ben);
        meterOf(BARN, _ben);
        MeterEvidence[] memory evidence = reportBoth(roof, 100, 200);
        sell(spot(), 150);
        refused(evidence, abi.encodeWithSelector(IEnergyDelivery.MetersMissing.selector, _ben, 1, 2));
    }

    function testNoMeterCountsTwice() public {
        bytes32 roof = meterOf(ROOF, _ben);
        meterOf(BARN, _ben);
        MeterEvidence[] memory single = reportBoth(roof, 100, 200);
        sell(spot(), 150);
        MeterEvidence[] memory evidence = new MeterEvidence[](2);
        (evidence[0], evidence[1]) = (single[0], single[0]);
        refused(evidence, abi.encodeWithSelector(IEnergyDelivery.MetersNotSorted.selector, roof));
    }

    function testAnothersMeterIsNoEvidence() public {
        meterOf(ROOF, _ben);
        bytes32 other = meterOf(BARN, vm.addr(CHIPO));
        MeterEvidence[] memory evidence = reportBoth(other, 100, 100);
        sell(spot(), 150);
        refused(
            evidence,
            abi.encodeWithSelector(IEnergyDelivery.MeterOfOtherAccount.selector, other, vm.addr(CHIPO))
        );
    }

    function testAnothersLeafIsNoEvidence(bool atStart) public {
        bytes32 roof = meterOf(ROOF, _ben);
        bytes32 other = meterOf(BARN, vm.addr(CHIPO));
        MeterEvidence[] memory evidence = reportBoth(roof, 100, 200);
        sell(spot(), 150);
        if (atStart) evidence[0].atStart.meterId = other;
        else evidence[0].atEnd.meterId = other;
        refused(evidence, abi.encodeWithSelector(IEnergyDelivery.LeafOfOtherMeter.selector, roof, other));
    }

    /// @dev A reading that was late or early says nothing about exactly this interval.
    function testALeafAtAnotherTimeIsNoEvidence(bool atStart, uint64 timestamp) public {
        bytes32 roof = meterOf(ROOF, _ben);
        MeterEvidence[] memory evidence = reportBoth(roof, 100, 200);
        sell(spot(), 150);
        uint256 expected = atStart ? end(T() - 1) : end(T());
        vm.assume(timestamp != expected);
        if (atStart) evidence[0].atStart.timestamp = timestamp;
        else evidence[0].atEnd.timestamp = timestamp;
        refused(
            evidence,
            abi.encodeWithSelector(IEnergyDelivery.LeafAtOtherTime.selector, roof, timestamp, expected)
        );
    }

    function testALeafThatWasNotReportedIsNoEvidence(bool atStart, uint64 wh) public {
        bytes32 roof = meterOf(ROOF, _ben);
        MeterEvidence[] memory evidence = reportBoth(roof, 100, 200);
        sell(spot(), 150);
        vm.assume(wh != 100 && wh != 200);
        if (atStart) evidence[0].atStart.exportWh = wh;
        else evidence[0].atEnd.exportWh = wh;
        refused(
            evidence,
            abi.encodeWithSelector(IEnergyDelivery.LeafNotProven.selector, roof, atStart ? T() - 1 : T())
        );
    }

    /// @dev The report of the interval before holds the registers of its own end only.
    function testTheReportOfAnotherIntervalIsNoEvidence() public {
        bytes32 roof = meterOf(ROOF, _ben);
        MeterEvidence[] memory evidence = new MeterEvidence[](1);
        evidence[0] =
            MeterEvidence(roof, registersAt(roof, T() - 1, 100), none, registersAt(roof, T(), 100), none);
        post(consumption, T(), leafOf(evidence[0].atEnd));
        sell(spot(), 150);
        refused(evidence, abi.encodeWithSelector(IEnergyDelivery.LeafNotProven.selector, roof, T() - 1));
    }

    function testALeafThatIsNotFinalOrFrozenIsNoEvidence(bool frozen) public {
        bytes32 roof = meterOf(ROOF, _ben);
        MeterEvidence[] memory evidence = reportBoth(roof, 100, 200);
        if (frozen) {
            ConsumptionLeaf memory l = evidence[0].atEnd;
            MeterReading memory reading = MeterReading(roof, l.seq, l.timestamp, uint32(L), 10, 400, 0, 0);
            bytes memory signature = sign(ROOF, registry.readingDigest(reading));
            consumption.dispute(T(), l, none, reading, signature);
        } else {
            vm.warp(end(T()) + FINALITY - 1);
        }
        sell(spot(), 150);
        refused(
            evidence,
            abi.encodeWithSelector(IEnergyDelivery.LeafNotProven.selector, roof, frozen ? T() - 1 : T())
        );
    }

    function testRegistersThatFellAreNoEvidence() public {
        bytes32 roof = meterOf(ROOF, _ben);
        MeterEvidence[] memory evidence = reportBoth(roof, 300, 200);
        sell(spot(), 150);
        refused(evidence, abi.encodeWithSelector(IEnergyDelivery.RegistersFell.selector, roof));
    }

    function testWhatWasThereMayBeSold(uint64 exported, uint64 wh) public {
        wh = uint64(between(wh, 1, SELL_CAP));
        exported = uint64(between(exported, wh, type(uint64).max - 100));
        MeterEvidence[] memory evidence = reportBoth(meterOf(ROOF, _ben), 100, 100 + exported);
        sell(spot(), wh);
        refused(evidence, abi.encodeWithSelector(IEnergyDelivery.NotOversold.selector, wh, exported));
    }

    function testASlashedClearingIsNotSlashedAgain() public {
        MeterEvidence[] memory evidence = reportBoth(meterOf(ROOF, _ben), 100, 200);
        sell(spot(), 150);
        complain(evidence);
        vm.expectRevert(abi.encodeWithSelector(IClearingCourt.AlreadySlashed.selector, spot(), T()));
        delivery.complainOversold(spot(), T(), _ben, none, evidence);
    }

    function testFurtherMarketsAreOfTheSameOperatorInOrderAndSpot() public {
        MeterEvidence[] memory evidence = reportBoth(meterOf(ROOF, _ben), 100, 200);
        sell(spot(), 50);
        bytes32 other = Markets.spot(false, false, 0, FEEDER + 1);
        uses(other, T());
        Order memory bid = orderOf(ANNA, other, BUY, 50, PRICE);
        Order memory offer = orderOf(DAVID, other, SELL, 50, PRICE);
        vm.startPrank(OPERATOR_TWO);
        trading.clear(
            other, T(), PRICE, 0, list(fillOf(ANNA, bid, 50), fillOf(DAVID, offer, 50)), new bytes[](0)
        );
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.OtherOperator.selector, other, T()));
        delivery.complainOversold(spot(), T(), _ben, hashes(other), evidence);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.MarketsNotSorted.selector, spot()));
        delivery.complainOversold(spot(), T(), _ben, hashes(spot()), evidence);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.ComplaintNotInMarket.selector, forward()));
        delivery.complainOversold(spot(), T(), _ben, hashes(forward()), evidence);
        notSlashed();
    }

    // SUCCESS

    function testMoreThanWasThereCostsAPenalty(uint64 exported, uint64 wh) public {
        wh = uint64(between(wh, 1, SELL_CAP));
        exported = uint64(between(exported, 0, wh - 1));
        MeterEvidence[] memory evidence = reportBoth(meterOf(ROOF, _ben), 100, 100 + exported);
        sell(spot(), wh);
        complain(evidence);
    }

    function testWithoutAMeterNothingIsThere() public {
        toSpot(T());
        sell(spot(), 1);
        complain(new MeterEvidence[](0));
    }

    function testAllMetersTogetherGiveWhatIsThere(uint32 roofWh, uint32 barnWh, uint64 wh) public {
        (roofWh, barnWh) = (roofWh % 20_000, barnWh % 20_000);
        wh = uint64(between(wh, 1, SELL_CAP));
        MeterEvidence[] memory evidence = reportTwo(meterOf(ROOF, _ben), meterOf(BARN, _ben), roofWh, barnWh);
        sell(spot(), wh);
        uint256 exported = uint256(roofWh) + barnWh;
        if (wh > exported) {
            complain(evidence);
        } else {
            refused(evidence, abi.encodeWithSelector(IEnergyDelivery.NotOversold.selector, wh, exported));
        }
    }

    /// @dev It is counted, but nothing is asked of it; so it cannot hide what was sold before.
    function testAMeterThatIsAddedLaterHidesNothing(uint32 later) public {
        bytes32 roof = meterOf(ROOF, _ben);
        MeterEvidence[] memory single = reportBoth(roof, 100, 200);
        sell(spot(), 150);
        bytes32 barn = openedAt(BARN, _ben, uint64(end(T())) + later, 5_000);
        MeterEvidence[] memory evidence = new MeterEvidence[](2);
        (evidence[0], evidence[1]) = (single[0], single[0]);
        evidence[roof < barn ? 1 : 0] =
            MeterEvidence(barn, registersAt(0, 0, 0), none, registersAt(0, 0, 0), none);
        complain(evidence);
    }

    /// @dev What a meter gave before it was opened is not the account's.
    function testAMeterOpenedWithinTheIntervalGaveWhatItShowsSince(uint32 before, uint32 given) public {
        before = uint32(between(before, 1, L));
        given = uint32(between(given, 0, 10_000));
        bytes32 roof = openedAt(ROOF, _ben, uint64(end(T())) - before, 5_000);
        MeterEvidence[] memory evidence = new MeterEvidence[](1);
        evidence[0] =
            MeterEvidence(roof, registersAt(0, 0, 0), none, registersAt(roof, T(), 5_000 + given), none);
        post(consumption, T(), leafOf(evidence[0].atEnd));
        sell(spot(), 5_000);
        if (given < 5_000) {
            complain(evidence);
        } else {
            refused(evidence, abi.encodeWithSelector(IEnergyDelivery.NotOversold.selector, 5_000, given));
        }
    }

    /// @dev 80 of 100 Wh in one market are right, in two they are not.
    function testOneOperatorSellsNothingTwice(uint64 wh) public {
        wh = uint64(between(wh, 1, 100));
        MeterEvidence[] memory evidence = reportBoth(meterOf(ROOF, _ben), 100, 200);
        bytes32 other = Markets.spot(false, false, 0, FEEDER + 1);
        sell(spot(), 80);
        sell(other, wh);
        vm.prank(WATCHER);
        if (wh <= 20) {
            vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.NotOversold.selector, 80 + wh, 100));
            delivery.complainOversold(spot(), T(), _ben, hashes(other), evidence);
        } else {
            delivery.complainOversold(spot(), T(), _ben, hashes(other), evidence);
            slashedBy(WATCHER, 1);
            // The other clearing alone did no wrong.
            vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.OtherOperator.selector, spot(), T()));
            delivery.complainOversold(other, T(), _ben, hashes(spot()), evidence);
        }
    }
}
