// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Fill, IEnergyTrading, Order} from "contracts/interfaces/IEnergyTrading.sol";
import {ContractAccount} from "../support/ContractAccount.sol";
import {TradingTest} from "../support/TradingTest.sol";

/// @notice Which orders count: signed by a key, by a contract, or posted.
contract FillSignaturesTest is TradingTest {
    ContractAccount private group;

    function setUp() public override {
        super.setUp();
        group = new ContractAccount(vm.addr(DAVID));
        count(address(group));
        token.mint(address(group), FUNDS);
        group.deposit(trading, token, FUNDS);
        toSpot(T());
        open(spot(), T(), PRICE);
    }

    function ofGroup() private view returns (Order memory order) {
        order = buyOf(DAVID, 1_000, PRICE);
        order.account = address(group);
    }

    function refused(Fill memory f, bytes[] memory signatures, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(OPERATOR);
        trading.fill(spot(), T(), list(f), signatures);
    }

    function one(bytes memory signature) private pure returns (bytes[] memory signatures) {
        signatures = new bytes[](1);
        signatures[0] = signature;
    }

    function bad(Order memory order) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IEnergyTrading.BadOrderSignature.selector, order.account, trading.orderDigest(order)
        );
    }

    function testRefusesRandomSignature(bytes32 r, bytes32 vs) public {
        vm.assume(r != 0);
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        refused(rawFill(order, 1, r, vs), new bytes[](0), bad(order));
    }

    function testRefusesRandomSignatureOfNobody(bytes32 r, bytes32 vs) public {
        vm.assume(r != 0);
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        order.account = address(0);
        refused(rawFill(order, 1, r, vs), new bytes[](0), bad(order));
    }

    function testRefusesOrderThatWasNotPosted() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        bytes32 digest = trading.orderDigest(order);
        refused(
            postedFill(order, 1),
            new bytes[](0),
            abi.encodeWithSelector(IEnergyTrading.OrderNotPosted.selector, digest)
        );
    }

    function testFillsOrderThatWasPosted() public conserving {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        vm.prank(order.account);
        trading.post(order, "");
        fill(spot(), T(), list(postedFill(order, 700)));
        eq(position(spot(), T(), ANNA).boughtWh, 700, "bought");
    }

    function testRefusesSignatureThatIsNotThere() public {
        Order memory order = ofGroup();
        bytes memory reason = bad(order);
        refused(contractFill(order, 1, 0), new bytes[](0), reason);
        bytes memory signature = signOrder(DAVID, order);
        refused(contractFill(order, 1, 1), one(signature), reason);
        refused(rawFill(order, 1, 0, bytes32(type(uint256).max)), one(signature), reason);
    }

    function testRefusesWhatTheContractDoesNotAnswerFor() public {
        Order memory order = ofGroup();
        bytes memory reason = bad(order);
        bytes memory signature = signOrder(ANNA, order);
        refused(contractFill(order, 1, 0), one(signature), reason);
        signature = signOrder(DAVID, order);
        group.dissolve();
        refused(contractFill(order, 1, 0), one(signature), reason);
    }

    function testRefusesKeyInTheNameOfAContract() public {
        Order memory order = ofGroup();
        Fill memory f = fillOf(DAVID, order, 1);
        refused(f, new bytes[](0), bad(order));
    }

    function testRefusesAccountWithoutCodeAsContract() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        bytes memory signature = signOrder(ANNA, order);
        refused(contractFill(order, 1, 0), one(signature), bad(order));
    }

    function testFillsOrderOfAContract() public conserving {
        Order memory order = ofGroup();
        bytes[] memory signatures = one(signOrder(DAVID, order));
        vm.prank(OPERATOR);
        trading.fill(spot(), T(), list(contractFill(order, 1_000, 0)), signatures);
        eq(trading.positionOf(spot(), T(), address(group)).boughtWh, 1_000, "bought");
    }

    function testPostedOrderOutlivesItsContractsSignature() public conserving {
        Order memory order = ofGroup();
        trading.post(order, signOrder(DAVID, order));
        group.dissolve();
        fill(spot(), T(), list(postedFill(order, 1_000)));
    }

    function testCancelledPostIsNotFilled() public {
        Order memory order = buyOf(ANNA, 1_000, PRICE);
        bytes32 digest = trading.orderDigest(order);
        vm.prank(order.account);
        trading.post(order, "");
        vm.prank(order.account);
        trading.cancel(order);
        toSpot(T() + 1);
        open(spot(), T() + 1, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.OrderWasCancelled.selector, digest));
        vm.prank(OPERATOR);
        trading.fill(spot(), T() + 1, list(postedFill(order, 1)), new bytes[](0));
    }
}
