// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IBundles} from "contracts/interfaces/IBundles.sol";
import {Fill, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {BundleTest} from "./BundleTest.sol";
import {Receiver} from "./Receiver.sol";

contract TakeTest is BundleTest {
    // REVERTS

    function testOnlyTheBuyerSendsHisShareElsewhere(address caller) public {
        vm.assume(caller != anna);
        tradeAll(60, 40, 70, 30);
        deliver(ben, SOLAR, 70);
        deliver(david, WIND, 30);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotTheBuyer.selector, caller, anna));
        delivery.take(market, T(), anna, caller == STRANGER ? HOLDER : STRANGER);
        vm.prank(anna);
        vm.expectRevert(IRegistry.ZeroAddress.selector);
        delivery.take(market, T(), anna, address(0));
    }

    function testOnlyBundledMarketsAreTaken() public {
        toSpot(T());
        trade(ANNA, BEN, T(), 100);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotBundled.selector, spot()));
        delivery.take(spot(), T(), anna, anna);
    }

    function testNobodyTakesBeforeAllIsDelivered(uint64 wh) public {
        wh = uint64(between(wh, 1, 29));
        tradeAll(60, 40, 70, 30);
        deliver(ben, SOLAR, 70);
        deliver(david, WIND, wh);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotAllDelivered.selector, market, T(), 30 - wh));
        take(anna);
        // In an open clearing nothing is.
        uses(market, T() + 1);
        vm.warp(end(T() + 1));
        open(market, T() + 1, PRICE);
        fill(market, T() + 1, list(fillOf(ANNA, orderOf(ANNA, market, BUY, 60, PRICE), 60)));
        vm.expectRevert(abi.encodeWithSelector(IBundles.NotAllDelivered.selector, market, T() + 1, 60));
        delivery.take(market, T() + 1, anna, anna);
        poolHolds();
    }

    function testOnlyWhoBoughtTakesAndOnce(address stranger) public {
        vm.assume(stranger != anna && stranger != chipo && stranger != address(0));
        tradeAll(60, 40, 70, 30);
        deliver(ben, SOLAR, 70);
        deliver(david, WIND, 30);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NothingToTake.selector, stranger));
        take(stranger);
        take(anna);
        vm.expectRevert(abi.encodeWithSelector(IBundles.NothingToTake.selector, anna));
        take(anna);
        poolHolds();
    }

    // SUCCESS

    function testBuyersShareWhatWasDelivered(uint64 annas, uint64 chipos, uint64 bens, bool annaFirst)
        public
    {
        annas = uint64(between(annas, 1, 20_000));
        chipos = uint64(between(chipos, 1, 20_000));
        bens = uint64(between(bens, 1, uint256(annas) + chipos - 1));
        uint64 davids = annas + chipos - bens;
        tradeAll(annas, chipos, bens, davids);
        deliver(ben, SOLAR, bens);
        deliver(david, WIND, davids);
        poolHolds();
        take(annaFirst ? anna : chipo);
        poolHolds();
        take(annaFirst ? chipo : anna);
        poolHolds();
        eq(balance(anna, SOLAR) + balance(chipo, SOLAR), bens, "solar");
        eq(balance(anna, WIND) + balance(chipo, WIND), davids, "wind");
        uint256 all = uint256(annas) + chipos;
        uint256 fair = uint256(bens) * annas / all;
        require(balance(anna, SOLAR) - fair <= 1, "ANNA's share of solar");
        eq(bundle().takenWh, all, "taken");
        eq(balance(address(delivery), SOLAR) + balance(address(delivery), WIND), 0, "left over");
    }

    function testBuyersShareTheMoneyOfWhoDidNotDeliver(
        uint64 annas,
        uint64 chipos,
        uint64 bens,
        uint64 wh,
        bool annaFirst
    ) public {
        annas = uint64(between(annas, 1, 20_000));
        chipos = uint64(between(chipos, 1, 20_000));
        uint256 all = uint256(annas) + chipos;
        bens = uint64(between(bens, 1, all - 1));
        wh = uint64(between(wh, 1, bens));
        tradeAll(annas, chipos, bens, uint64(all - bens));
        deliver(ben, SOLAR, wh);
        vm.warp(deliverBy() + 1);
        if (wh < bens) delivery.reclaim(market, T(), ben);
        delivery.reclaim(market, T(), david);
        poolHolds();
        uint256 refund = bundle().refundMicro;
        (uint256 annaHad, uint256 chipoHad) = (cash(anna), cash(chipo));
        take(annaFirst ? anna : chipo);
        take(annaFirst ? chipo : anna);
        poolHolds();
        eq(cash(anna) - annaHad + cash(chipo) - chipoHad, refund, "refunds");
        require(cash(anna) - annaHad - refund * annas / all <= 1, "ANNA's share");
        eq(balance(anna, SOLAR) + balance(chipo, SOLAR), wh, "solar");
        eq(bundle().refundMicro, 0, "left over");
    }

    function testABuyerSendsHisShareElsewhere() public {
        tradeAll(60, 40, 70, 30);
        deliver(ben, SOLAR, 70);
        deliver(david, WIND, 30);
        uint256[] memory two = new uint256[](2);
        uint256[] memory wh = new uint256[](2);
        (two[0], two[1], wh[0], wh[1]) = (SOLAR, WIND, 42, 18);
        vm.prank(anna);
        vm.expectEmit(address(delivery));
        emit IBundles.Taken(market, T(), anna, STRANGER, two, wh, 0);
        delivery.take(market, T(), anna, STRANGER);
        eq(balance(STRANGER, SOLAR), 42, "solar");
        eq(balance(STRANGER, WIND), 18, "wind");
        poolHolds();
    }
}

/// @notice Buyers that are contracts and misbehave when certificates come.
contract TakeByContractTest is BundleTest {
    Receiver private _receiver;

    /// @dev The contract buys 60 Wh by an order it posted, CHIPO 40; all is delivered.
    function bought(Receiver.Deed deed) private {
        _receiver = new Receiver(delivery, market, T(), deed);
        address account = address(_receiver);
        fund(account, FUNDS);
        Order memory bid = orderOf(ANNA, market, BUY, 60, PRICE);
        bid.account = account;
        vm.prank(account);
        trading.post(bid, "");
        toSpot(T());
        Fill[] memory fills = new Fill[](4);
        fills[0] = postedFill(bid, 60);
        fills[1] = fillOf(CHIPO, orderOf(CHIPO, market, BUY, 40, PRICE), 40);
        fills[2] = fillOf(BEN, orderOf(BEN, market, SELL, 70, PRICE), 70);
        fills[3] = fillOf(DAVID, orderOf(DAVID, market, SELL, 30, PRICE), 30);
        clear(market, T(), PRICE, fills);
        deliver(ben, SOLAR, 70);
        deliver(david, WIND, 30);
    }

    function testAReceiverThatRefusesHarmsNobodyElse() public {
        bought(Receiver.Deed.Refuse);
        try delivery.take(market, T(), address(_receiver), address(_receiver)) {
            revert("a refused transfer");
        } catch {}
        poolHolds();
        take(chipo);
        eq(balance(chipo, SOLAR), 28, "solar");
        eq(balance(chipo, WIND), 12, "wind");
        vm.prank(address(_receiver));
        delivery.take(market, T(), address(_receiver), STRANGER);
        eq(balance(STRANGER, SOLAR), 42, "solar");
        poolHolds();
    }

    function testAReceiverThatTakesAgainGetsNothingMore() public {
        bought(Receiver.Deed.TakeAgain);
        delivery.take(market, T(), address(_receiver), address(_receiver));
        require(_receiver.tried() && !_receiver.succeeded(), "took again");
        eq(balance(address(_receiver), SOLAR), 42, "solar");
        take(chipo);
        poolHolds();
    }

    function testAReceiverThatTakesForAnotherGetsNothingMore() public {
        bought(Receiver.Deed.TakeAnothers);
        _receiver.setOther(chipo);
        delivery.take(market, T(), address(_receiver), address(_receiver));
        require(_receiver.tried() && !_receiver.succeeded(), "took another's");
        take(chipo);
        eq(balance(chipo, SOLAR), 28, "solar");
        poolHolds();
    }

    function testAReceiverThatDeliversMeanwhileIsRefused() public {
        bought(Receiver.Deed.Deliver);
        delivery.take(market, T(), address(_receiver), address(_receiver));
        require(_receiver.tried() && !_receiver.succeeded(), "delivered meanwhile");
        take(chipo);
        poolHolds();
    }

    function testAReceiverThatWithdrawsMeanwhileGetsItsOwnOnly() public {
        bought(Receiver.Deed.Withdraw);
        vm.prank(address(_receiver));
        trading.requestWithdrawal(FUNDS);
        vm.warp(end(T()) + NOTICE);
        uint256 had = cash(address(_receiver));
        delivery.take(market, T(), address(_receiver), address(_receiver));
        eq(token.balanceOf(address(_receiver)), had, "withdrawn");
        take(chipo);
        poolHolds();
    }
}

/// @notice Certificates that nobody delivers.
contract ReceiveTest is BundleTest {
    function testStrayCertificatesAreNotTaken(bool batch) public {
        vm.startPrank(ben);
        vm.expectRevert(
            abi.encodeWithSelector(IBundles.UnexpectedCertificates.selector, address(production), ben)
        );
        if (batch) production.safeBatchTransferFrom(ben, address(delivery), ids(SOLAR), ids(1), "");
        else production.safeTransferFrom(ben, address(delivery), SOLAR, 1, "");
    }

    function testOtherTokensAreNotTaken(address other) public {
        vm.assume(other != address(production));
        vm.startPrank(other);
        bytes memory reason =
            abi.encodeWithSelector(IBundles.UnexpectedCertificates.selector, other, address(delivery));
        vm.expectRevert(reason);
        delivery.onERC1155Received(address(delivery), ben, SOLAR, 1, "");
        vm.expectRevert(reason);
        delivery.onERC1155BatchReceived(address(delivery), ben, ids(SOLAR), ids(1), "");
    }

    function testItSaysThatItReceives() public view {
        require(delivery.supportsInterface(0x4e2312e0), "ERC-1155 receiver");
        require(delivery.supportsInterface(0x01ffc9a7), "ERC-165");
        require(!delivery.supportsInterface(0xffffffff), "nothing else");
    }
}
