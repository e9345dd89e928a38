// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyDelivery, Dispute} from "contracts/interfaces/IEnergyDelivery.sol";
import {IEnergyTrading} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry, Role} from "contracts/interfaces/IRegistry.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {CourtTest} from "./CourtTest.sol";

abstract contract DisputesTest is CourtTest {
    address internal anna;
    address internal ben;

    function setUp() public override {
        super.setUp();
        (anna, ben) = (vm.addr(ANNA), vm.addr(BEN));
    }

    function idOf(address buyer) internal pure returns (bytes32) {
        return keccak256(abi.encode(spot(), T(), buyer));
    }

    /// @dev ANNA bought of BEN and disputes it; BEN gets nothing else.
    function disputed(uint64 wh) internal returns (bytes32 id, uint256 micro) {
        toSpot(T());
        trade(ANNA, BEN, T(), wh);
        vm.prank(anna);
        id = delivery.openDispute(spot(), T(), ben);
        micro = delivery.disputeOf(id).micro;
    }
}

contract OpenDisputeTest is DisputesTest {
    function refused(address buyer, address seller, bytes memory reason) private {
        vm.prank(buyer);
        vm.expectRevert(reason);
        delivery.openDispute(spot(), T(), seller);
        conserved();
    }

    function testABundleIsPaidByDelivery() public {
        bytes32 market = Markets.spot(true, false, 1, FEEDER);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.PaidByDelivery.selector, market));
        delivery.openDispute(market, T(), ben);
    }

    function testOnlyAClosedClearingIsDisputed() public {
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.ClearingNotClosed.selector, spot(), T());
        refused(anna, ben, reason);
        toSpot(T());
        open(spot(), T(), PRICE);
        refused(anna, ben, reason);
    }

    function testNobodyDisputesHisOwnSale() public {
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        refused(ben, ben, abi.encodeWithSelector(IEnergyDelivery.OwnSale.selector, ben));
    }

    function testWhoBoughtNothingDisputesNothing(address stranger) public {
        vm.assume(stranger != anna && stranger != ben);
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        refused(
            stranger, ben, abi.encodeWithSelector(IEnergyDelivery.NothingToDispute.selector, stranger, ben)
        );
    }

    function testNothingIsTakenFromWhoHasNoEscrow(address seller) public {
        vm.assume(seller != anna && seller != ben);
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        bytes memory reason = abi.encodeWithSelector(IEnergyDelivery.NothingToDispute.selector, anna, seller);
        refused(anna, seller, reason);
        adjust(ben, 0, T());
        trading.collect(spot(), ts(T()), ben);
        refused(anna, ben, abi.encodeWithSelector(IEnergyDelivery.NothingToDispute.selector, anna, ben));
    }

    function testOnceDisputedNothingIsLeft(uint8 end_) public {
        (bytes32 id, uint256 micro) = disputed(100);
        if (end_ % 3 == 1) {
            vm.prank(ARBITER);
            delivery.resolveDispute(id, micro / 2);
        } else if (end_ % 3 == 2) {
            vm.warp(block.timestamp + 14 days);
            delivery.releaseDispute(id);
        }
        vm.prank(anna);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.NothingToDispute.selector, anna, ben));
        delivery.openDispute(spot(), T(), ben);
        conserved();
    }

    /// @dev Two sellers: what he paid is put aside once, not once for each of them.
    function testWhoPaidForOneDisputesOne() public {
        toSpot(T());
        uses(spot(), T());
        vm.startPrank(OPERATOR);
        trading.clear(
            spot(),
            T(),
            PRICE,
            0,
            list(
                fillOf(ANNA, buyOf(ANNA, 100, PRICE), 100),
                fillOf(BEN, sellOf(BEN, 60, PRICE), 60),
                fillOf(DAVID, sellOf(DAVID, 40, PRICE), 40)
            ),
            new bytes[](0)
        );
        vm.stopPrank();
        vm.prank(anna);
        delivery.openDispute(spot(), T(), ben);
        refused(
            anna, vm.addr(DAVID), abi.encodeWithSelector(IEnergyDelivery.AlreadyDisputed.selector, idOf(anna))
        );
    }

    function testWhatABuyerPaidIsPutAside(uint64 wh) public {
        wh = uint64(between(wh, 1, SELL_CAP));
        toSpot(T());
        trade(ANNA, BEN, T(), wh);
        uint256 escrow = position(spot(), T(), BEN).escrowMicro;
        vm.prank(anna);
        vm.expectEmit(address(delivery));
        emit IEnergyDelivery.DisputeOpened(idOf(anna), spot(), T(), anna, ben, escrow);
        bytes32 id = delivery.openDispute(spot(), T(), ben);
        Dispute memory d = delivery.disputeOf(id);
        eq(id, idOf(anna), "id");
        eq(d.buyer, anna, "buyer");
        eq(d.seller, ben, "seller");
        eq(d.micro, escrow, "put aside");
        eq(d.openedAt, end(T()), "opened at");
        eq(position(spot(), T(), BEN).escrowMicro, 0, "escrow");
        eq(cash(address(delivery)), escrow, "in trust");
        conserved();
    }

    /// @dev A small buyer stops no more of a large seller's money than he spent himself.
    function testGriefingCostsWhatItStops(uint64 mine, uint64 others) public {
        mine = uint64(between(mine, 1, 1_000));
        others = uint64(between(others, 1_000, 40_000));
        toSpot(T());
        clear(
            spot(),
            T(),
            PRICE,
            list(
                fillOf(ANNA, buyOf(ANNA, mine, PRICE), mine),
                fillOf(CHIPO, buyOf(CHIPO, others, PRICE), others),
                fillOf(BEN, sellOf(BEN, mine + others, PRICE), mine + others)
            )
        );
        uint256 escrow = position(spot(), T(), BEN).escrowMicro;
        vm.prank(anna);
        delivery.openDispute(spot(), T(), ben);
        eq(position(spot(), T(), BEN).escrowMicro, escrow - costUp(mine, PRICE), "escrow");
        conserved();
    }
}

contract ResolveDisputeTest is DisputesTest {
    function testOnlyTheArbiterSplits(address caller) public {
        vm.assume(caller != ARBITER);
        (bytes32 id,) = disputed(100);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.RoleMissing.selector, Role.Arbiter, caller));
        delivery.resolveDispute(id, 0);
    }

    function testOnlyWhatIsDisputedIsSplit(bytes32 id) public {
        vm.startPrank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.DisputeUnknown.selector, id));
        delivery.resolveDispute(id, 0);
    }

    function testNoMoreThanIsDisputedIsGiven(uint256 more) public {
        (bytes32 id, uint256 micro) = disputed(100);
        more = between(more, micro + 1, type(uint256).max - 1);
        vm.prank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.ShareTooLarge.selector, more, micro));
        delivery.resolveDispute(id, more);
    }

    function testTheArbiterIsHeardForFourteenDays(uint32 later, uint256 toBuyer) public {
        (bytes32 id, uint256 micro) = disputed(100);
        toBuyer = between(toBuyer, 0, micro);
        vm.warp(end(T()) + 14 days + later);
        vm.startPrank(ARBITER);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.ResolvedTooLate.selector, end(T()) + 14 days));
        delivery.resolveDispute(id, toBuyer);
        vm.warp(end(T()) + 14 days - 1);
        delivery.resolveDispute(id, toBuyer);
        vm.stopPrank();
    }

    function testTheArbiterSplitsOnce(uint64 wh, uint256 toBuyer) public {
        (bytes32 id, uint256 micro) = disputed(uint64(between(wh, 1, SELL_CAP)));
        toBuyer = between(toBuyer, 0, micro);
        (uint256 annas, uint256 bens) = (cash(anna), cash(ben));
        vm.startPrank(ARBITER);
        vm.expectEmit(address(delivery));
        emit IEnergyDelivery.DisputeClosed(id, toBuyer, micro - toBuyer);
        delivery.resolveDispute(id, toBuyer);
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.DisputeUnknown.selector, id));
        delivery.resolveDispute(id, 0);
        vm.stopPrank();
        eq(cash(anna), annas + toBuyer, "buyer");
        eq(cash(ben), bens + micro - toBuyer, "seller");
        eq(cash(address(delivery)), 0, "in trust");
        conserved();
    }
}

contract ReleaseDisputeTest is DisputesTest {
    function testOnlyADisputeIsReleased(bytes32 id) public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.DisputeUnknown.selector, id));
        delivery.releaseDispute(id);
    }

    function testTheArbiterHasFourteenDays(uint32 later) public {
        (bytes32 id,) = disputed(100);
        vm.warp(end(T()) + between(later, 0, 14 days - 1));
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.ReleaseTooEarly.selector, end(T()) + 14 days));
        delivery.releaseDispute(id);
    }

    function testThenAnybodyGivesItToTheSeller(address caller, uint32 later, bool owes) public {
        vm.assume(caller != address(0));
        (bytes32 id, uint256 micro) = disputed(100);
        if (owes) adjust(ben, -int256(cash(ben) + 1), T());
        uint256 before = cash(ben);
        vm.warp(end(T()) + 14 days + later);
        vm.prank(caller);
        delivery.releaseDispute(id);
        eq(cash(ben), owes ? micro - 1 : before + micro, "seller");
        eq(debt(ben), 0, "debt");
        vm.expectRevert(abi.encodeWithSelector(IEnergyDelivery.DisputeUnknown.selector, id));
        delivery.releaseDispute(id);
        conserved();
    }
}
