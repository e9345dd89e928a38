// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ClearingState, Fill, IEnergyTrading, Refund} from "contracts/interfaces/IEnergyTrading.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract UnwindTest is TradingTest {
    address private anna;
    address private ben;

    function setUp() public override {
        super.setUp();
        (anna, ben) = (vm.addr(ANNA), vm.addr(BEN));
        trading.setFee(100);
        toSpot(T());
        open(spot(), T(), PRICE);
    }

    function fillBoth(uint64 bought, uint64 sold) private {
        fill(spot(), T(), list(fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), bought)));
        if (sold != 0) fill(spot(), T(), list(fillOf(BEN, sellOf(BEN, 10_000, PRICE), sold)));
    }

    function unwind(address[] memory who) private {
        vm.prank(OPERATOR);
        trading.unwind(spot(), T(), who);
    }

    function testRefusesWhatIsNotOpen() public {
        fillBoth(100, 100);
        close(spot(), T());
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.ClearingNotOpen.selector, spot(), T()));
        vm.prank(OPERATOR);
        trading.unwind(spot(), T(), new address[](0));
    }

    function testRefusesOthersWithinAnHour(address caller, uint256 seconds_) public {
        vm.assume(caller != OPERATOR);
        fillBoth(100, 0);
        vm.warp(end(T()) + seconds_ % 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NotOpener.selector, spot(), T(), caller));
        vm.prank(caller);
        trading.unwind(spot(), T(), list(anna));
    }

    function testRefusesWhoHasNoPosition() public {
        fillBoth(100, 0);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoPosition.selector, spot(), T(), ben));
        vm.prank(OPERATOR);
        trading.unwind(spot(), T(), list(ben));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NoPosition.selector, spot(), T(), anna));
        vm.prank(OPERATOR);
        trading.unwind(spot(), T(), list(anna, anna));
    }

    function testRefusesBuyerBeforeHisSellers() public {
        fillBoth(100, 60);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.SoldBeyondBought.selector, 100, 40));
        vm.prank(OPERATOR);
        trading.unwind(spot(), T(), list(anna));
    }

    function testGivesEverythingBack(uint32 bought_, uint32 sold_) public conserving {
        uint64 bought = uint64(between(bought_, 1, 10_000));
        uint64 sold = uint64(between(sold_, 0, bought));
        fillBoth(bought, sold);
        conserved();
        if (sold != 0) {
            unwind(list(ben));
            eq(trading.clearingOf(spot(), T()).surplusWh, bought, "surplus");
            conserved();
        }
        vm.expectEmit(address(trading));
        emit IEnergyTrading.ClearingUnwound(spot(), T());
        unwind(list(anna));
        eq(cash(anna), FUNDS, "buyer's cash");
        eq(cash(ben), FUNDS, "seller's cash");
        eq(position(spot(), T(), ANNA).boughtWh, 0, "bought");
        eq(position(spot(), T(), BEN).escrowMicro, 0, "escrow");
        require(trading.clearingOf(spot(), T()).state == ClearingState.None, "still there");
    }

    function testAnybodyUnwindsWhatWasAbandoned(address caller) public conserving {
        fillBoth(100, 60);
        vm.warp(end(T()) + 1 hours);
        vm.prank(caller);
        trading.unwind(spot(), T(), list(ben, anna));
        eq(cash(anna), FUNDS, "buyer's cash");
    }

    function testOpensAgainAtAnotherPrice() public conserving {
        fillBoth(100, 100);
        unwind(list(ben, anna));
        clear(
            spot(),
            T(),
            PRICE - 10,
            list(fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), 100), fillOf(BEN, sellOf(BEN, 10_000, 0), 100))
        );
        eq(position(spot(), T(), ANNA).paidMicro, costUp(100, PRICE - 10), "paid");
    }

    function testEmptyClearingIsUnwoundByNothing() public conserving {
        vm.expectEmit(address(trading));
        emit IEnergyTrading.ClearingUnwound(spot(), T());
        unwind(new address[](0));
        require(trading.clearingOf(spot(), T()).state == ClearingState.None, "still there");
        open(spot(), T(), PRICE);
    }

    /// @dev At a price without fee and dust nothing is held; still the clearing stays while it has positions.
    function testPositionsKeepTheClearingOpen() public conserving {
        trading.setFee(0);
        fillBoth(100, 100);
        eq(trading.clearingOf(spot(), T()).heldMicro, 0, "held");
        unwind(new address[](0));
        require(trading.clearingOf(spot(), T()).state == ClearingState.Open, "gone");
    }

    function testRefundPaysDebtFirst() public conserving {
        fillBoth(10_000, 0);
        adjust(anna, -int256(cash(anna) + 1_000), 1);
        unwind(list(anna));
        eq(debt(anna), 0, "debt");
        eq(cash(anna), 1_200_000 - 1_000, "cash");
    }

    // REFUNDS

    function refundIs(uint256 former, uint256 kept, uint256 keptAndRefunded) private view {
        Refund memory r = trading.refundOf(anna);
        eq(r.operatorId, 1, "operator");
        eq(r.openedAt, end(T()), "opened at");
        eq(r.unwoundAt, trading.accountOf(anna).increasedAt, "unwound at");
        eq(r.formerIncreasedAt, former, "former increase");
        eq(r.keptMicro, kept, "kept");
        eq(r.keptAndRefundedMicro, keptAndRefunded, "with refunds");
    }

    function testARefundIsToldFromOtherMoney(uint32 wh_, uint32 later, uint64 grown) public conserving {
        uint64 wh = uint64(between(wh_, 1, 10_000));
        fillBoth(wh, 0);
        vm.warp(end(T()) + between(later, 0, 1 hours - 1));
        unwind(list(anna));
        refundIs(T0, FUNDS - costUp(wh, PRICE), FUNDS);
        // The same again, after money that came in between: nothing of that was there before.
        if (grown != 0) fund(anna, grown);
        open(spot(), T() - 1, PRICE);
        fill(spot(), T() - 1, list(fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), 1)));
        uint256 had = cash(anna);
        vm.prank(OPERATOR);
        trading.unwind(spot(), T() - 1, list(anna));
        Refund memory r = trading.refundOf(anna);
        eq(r.formerIncreasedAt, T0, "in the same second");
        eq(r.keptMicro, FUNDS - costUp(wh, PRICE), "kept");
        eq(r.keptAndRefundedMicro, (had < FUNDS ? had : FUNDS) + costUp(1, PRICE), "with refunds");
    }

    function testMoneyThatCameSinceVoidsARefund() public conserving {
        fillBoth(100, 0);
        unwind(list(anna));
        vm.warp(end(T()) + 1);
        fund(anna, 1);
        require(trading.refundOf(anna).unwoundAt != trading.accountOf(anna).increasedAt, "stands");
        open(spot(), T() - 1, PRICE);
        fill(spot(), T() - 1, list(fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), 1)));
        vm.prank(OPERATOR);
        trading.unwind(spot(), T() - 1, list(anna));
        Refund memory r = trading.refundOf(anna);
        eq(r.openedAt, end(T()) + 1, "opened at");
        eq(r.formerIncreasedAt, end(T()) + 1, "former increase");
        eq(r.keptMicro, FUNDS + 1 - costUp(1, PRICE), "kept");
    }

    function testAnotherOperatorsRefundsAreNotHis() public conserving {
        fillBoth(100, 0);
        unwind(list(anna));
        uses(spot(), T() - 1);
        vm.warp(end(T()) + 1);
        Fill[] memory fills = list(fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), 10));
        vm.startPrank(OPERATOR_TWO);
        trading.open(spot(), T() - 1, PRICE, 0);
        trading.fill(spot(), T() - 1, fills, new bytes[](0));
        trading.unwind(spot(), T() - 1, list(anna));
        vm.stopPrank();
        Refund memory r = trading.refundOf(anna);
        eq(r.operatorId, 2, "operator");
        eq(r.openedAt, end(T()) + 1, "opened at");
        eq(r.formerIncreasedAt, T0, "former increase");
        eq(r.keptMicro, FUNDS - costUp(100, PRICE), "kept");
        eq(r.keptAndRefundedMicro, FUNDS - costUp(100, PRICE) + costUp(10, PRICE), "with refunds");
    }

    function testAccountOnBothSides(uint32 a, uint32 b) public conserving {
        uint64 bought = uint64(between(a, 1, 5_000));
        uint64 sold = uint64(between(b, 1, bought));
        fill(
            spot(),
            T(),
            list(
                fillOf(ANNA, buyOf(ANNA, 10_000, PRICE), bought),
                fillOf(ANNA, sellOf(ANNA, 10_000, PRICE), sold)
            )
        );
        unwind(list(anna));
        eq(cash(anna), FUNDS, "cash");
    }
}
