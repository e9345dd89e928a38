// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {ContractAccount} from "../support/ContractAccount.sol";
import {TradingTest} from "../support/TradingTest.sol";

contract PostTest is TradingTest {
    function refused(Order memory order, bytes memory signature, bytes memory reason) private {
        vm.expectRevert(reason);
        trading.post(order, signature);
    }

    function testRefusesUnknownSide(uint8 side) public {
        vm.assume(side > SELL);
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        order.side = side;
        refused(order, signOrder(ANNA, order), abi.encodeWithSelector(IEnergyTrading.BadSide.selector, side));
    }

    function testRefusesMarketThatCannotBe() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        order.market = bytes32(uint256(4) << 248);
        refused(
            order, signOrder(ANNA, order), abi.encodeWithSelector(Markets.BadMarket.selector, order.market)
        );
    }

    function testRefusesWhatTheMarketDoesNotClear() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        bytes memory reason = abi.encodeWithSelector(IEnergyTrading.OrderNotOfMarket.selector, order.market);
        order.bundled = true;
        refused(order, signOrder(ANNA, order), reason);
        (order.bundled, order.sourceMask) = (false, 1);
        refused(order, signOrder(ANNA, order), reason);
    }

    function testRefusesWhatNoFillCarries() public {
        Order memory order = buyOf(ANNA, 1_000, uint64(1) << 48);
        bytes memory reason = abi.encodeWithSelector(
            IEnergyTrading.OrderTooLarge.selector, order.limitPriceMicroPerKwh, order.fromInterval
        );
        refused(order, signOrder(ANNA, order), reason);
        (order.limitPriceMicroPerKwh, order.fromInterval) = (1, uint64(1) << 32);
        reason = abi.encodeWithSelector(IEnergyTrading.OrderTooLarge.selector, 1, order.fromInterval);
        refused(order, signOrder(ANNA, order), reason);
    }

    function testRefusesSignatureOfSomebodyElse() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        bytes32 digest = trading.orderDigest(order);
        bytes memory reason =
            abi.encodeWithSelector(IEnergyTrading.BadOrderSignature.selector, order.account, digest);
        refused(order, signOrder(BEN, order), reason);
        refused(order, "", reason);
        refused(order, highS(signOrder(ANNA, order)), reason);
        order.account = address(0);
        digest = trading.orderDigest(order);
        refused(
            order,
            new bytes(65),
            abi.encodeWithSelector(IEnergyTrading.BadOrderSignature.selector, address(0), digest)
        );
    }

    function testRefusesTwice() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        bytes memory signature = signOrder(ANNA, order);
        trading.post(order, signature);
        bytes32 digest = trading.orderDigest(order);
        refused(order, signature, abi.encodeWithSelector(IEnergyTrading.AlreadyPosted.selector, digest));
    }

    function testAnybodyPostsWhatIsSigned(address caller, uint64 capWh, uint48 limit) public {
        Order memory order = sellOf(ANNA, capWh, limit);
        bytes memory signature = signOrder(ANNA, order);
        bytes32 digest = trading.orderDigest(order);
        eq(trading.postedAt(digest), 0, "not posted yet");
        vm.expectEmit(address(trading));
        emit IEnergyTrading.OrderPosted(digest, order.account, order.market, order);
        vm.prank(caller);
        trading.post(order, signature);
        eq(trading.postedAt(digest), T0, "posted at");
    }

    function testAccountPostsWithoutSignature() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        vm.prank(order.account);
        trading.post(order, "");
        eq(trading.postedAt(trading.orderDigest(order)), T0, "posted at");
    }

    function testContractAnswersForItsSignature() public {
        ContractAccount group = new ContractAccount(vm.addr(BEN));
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        order.account = address(group);
        bytes memory wrong = signOrder(ANNA, order);
        bytes32 digest = trading.orderDigest(order);
        refused(
            order,
            wrong,
            abi.encodeWithSelector(IEnergyTrading.BadOrderSignature.selector, address(group), digest)
        );
        trading.post(order, signOrder(BEN, order));
        eq(trading.postedAt(digest), T0, "posted at");
    }
}
