// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyDelivery} from "contracts/interfaces/IEnergyDelivery.sol";
import {Fill, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {CourtTest} from "./CourtTest.sol";

/// @notice An operator does not silence a buyer by filling him and unwinding that.
contract OmittedRefundsTest is CourtTest {
    uint64 private constant CAP = 1_000;

    address private _chipo;
    Order private _bid;

    function setUp() public override {
        super.setUp();
        _chipo = vm.addr(CHIPO);
        vm.warp(T0 + 1);
        _bid = buyOf(CHIPO, CAP, PRICE + 1);
        vm.prank(_chipo);
        trading.post(_bid, "");
    }

    function convicted() private {
        vm.prank(WATCHER);
        delivery.complainOmitted(T(), _bid);
        slashedBy(WATCHER, 1);
    }

    function lacked(uint256 has) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IEnergyDelivery.MayHaveLackedCash.selector, _chipo, has, costUp(CAP, PRICE + 1)
            )
        );
        delivery.complainOmitted(T(), _bid);
        notSlashed();
    }

    function unwindAs(address operator, uint64 t) private {
        vm.prank(operator);
        trading.unwind(spot(), t, list(_chipo));
    }

    /// @dev Opens another interval, fills CHIPO and takes it back.
    function fillAndUnwindAs(address operator, uint64 t, uint64 wh) private {
        uses(spot(), t);
        Order memory order = buyOf(CHIPO, 8_000_000, PRICE);
        Fill[] memory fills = list(fillOf(CHIPO, order, wh));
        vm.startPrank(operator);
        trading.open(spot(), t, PRICE, 0);
        trading.fill(spot(), t, fills, new bytes[](0));
        vm.stopPrank();
        unwindAs(operator, t);
    }

    function testUnwindingHimInTheSameClearingHelpsNobody(uint64 wh) public {
        wh = uint64(between(wh, 1, CAP));
        toSpot(T());
        open(spot(), T(), PRICE);
        Fill memory a = fillOf(ANNA, buyOf(ANNA, 10, PRICE), 10);
        Fill memory b = fillOf(BEN, sellOf(BEN, 10, PRICE), 10);
        fill(spot(), T(), list(postedFill(_bid, wh), a, b));
        unwindAs(OPERATOR, T());
        close(spot(), T());
        convicted();
    }

    function testUnwindingHimElsewhereHelpsNobody(uint64 wh, uint32 later, bool again) public {
        wh = uint64(between(wh, 1, 8_000_000));
        clearedWith(spot(), 0, 10);
        vm.warp(end(T()) + between(later, 0, COMPLAINT / 2));
        fillAndUnwindAs(OPERATOR, T() - 1, wh);
        if (again) fillAndUnwindAs(OPERATOR, T() - 2, wh);
        convicted();
    }

    /// @dev What was not in the other's hands was there all the time.
    function testAnotherOperatorHidesOnlyWhatHeTook(uint64 wh) public {
        wh = uint64(between(wh, 1, 8_000_000));
        clearedWith(spot(), 0, 10);
        fillAndUnwindAs(OPERATOR_TWO, T() - 1, wh);
        convicted();
    }

    /// @dev He could not have filled him then: the money was in the other's clearing.
    function testWhatAnotherHeldConvictsNobody() public {
        toSpot(T());
        Fill[] memory fills = list(fillOf(CHIPO, buyOf(CHIPO, 8_333_333, PRICE), 8_333_333));
        uses(spot(), T() - 1);
        vm.startPrank(OPERATOR_TWO);
        trading.open(spot(), T() - 1, PRICE, 0);
        trading.fill(spot(), T() - 1, fills, new bytes[](0));
        vm.stopPrank();
        uint256 left = cash(_chipo);
        clearedWith(spot(), 0, 10);
        unwindAs(OPERATOR_TWO, T() - 1);
        lacked(left);
    }

    /// @dev The same by the accused himself: what he had opened before, he filled first.
    function testWhatHeHeldSinceBeforeConvictsNobody() public {
        toSpot(T());
        open(spot(), T() - 1, PRICE);
        fill(spot(), T() - 1, list(fillOf(CHIPO, buyOf(CHIPO, 8_333_333, PRICE), 8_333_333)));
        uint256 left = cash(_chipo);
        vm.warp(end(T()) + 1);
        clearedAt(T(), 0, 10);
        unwindAs(OPERATOR, T() - 1);
        lacked(left);
    }

    /// @dev A deposit is hidden by no refund, not even in the same second.
    function testADepositBesideARefundConvictsNobody(uint32 micro, bool before) public {
        vm.assume(micro != 0);
        adjust(_chipo, -int256(FUNDS - 1_200), T() - 1);
        clearedWith(spot(), 0, 10);
        if (before) fund(_chipo, uint256(micro) + 120_000);
        fillAndUnwindAs(OPERATOR, T() - 1, 10);
        if (!before) fund(_chipo, uint256(micro) + 120_000);
        if (before) lacked(cash(_chipo));
        else lacked(1_200);
    }

    /// @dev Debt of which nothing shows any more may have been why.
    function testOfWhoEverOwedARefundIsLikeAnyMoney() public {
        adjust(_chipo, -int256(FUNDS + 1), T() - 1);
        fund(_chipo, FUNDS + 1);
        clearedWith(spot(), 0, 10);
        vm.warp(end(T()) + 1);
        fillAndUnwindAs(OPERATOR, T() - 1, 1);
        lacked(FUNDS);
    }
}
