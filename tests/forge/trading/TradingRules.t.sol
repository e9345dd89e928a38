// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyTrading, TradingParameters, TradingRules} from "contracts/interfaces/IEnergyTrading.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {TradingTest} from "../support/TradingTest.sol";
import {EnergyTrading, Registry, deployContract} from "../support/Contracts.sol";

contract EighteenDecimals is ERC20("Eighteen", "XVIII") {}

/// @notice What a deployment is fixed to, and what the governor sets.
contract TradingRulesTest is TradingTest {
    function notGovernor(address caller) private {
        vm.assume(caller != address(this));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotGovernor.selector, caller));
        vm.prank(caller);
    }

    // DEPLOYMENT

    function testSaysWhatItBeginsWith() public {
        TradingParameters memory p = parameters();
        address next = deployedAfter(0);
        vm.expectEmit(next);
        emit IEnergyTrading.FeeRecipientSet(FEES);
        vm.expectEmit(next);
        emit IEnergyTrading.CorridorSet(false, 0, type(uint48).max);
        vm.expectEmit(next);
        emit IEnergyTrading.CorridorSet(true, 0, type(uint48).max);
        EnergyTrading(deployContract("EnergyTrading", abi.encode(p)));
    }

    function testRefusesBadRing() public {
        TradingParameters memory p = parameters();
        p.ringSize = 0;
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.BadRingSize.selector, 0));
        EnergyTrading(deployContract("EnergyTrading", abi.encode(p)));
        p.ringSize = 9;
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.BadRingSize.selector, 9));
        EnergyTrading(deployContract("EnergyTrading", abi.encode(p)));
    }

    function testRefusesComplaintsBeyondHalfARing() public {
        TradingParameters memory p = parameters();
        p.complaintSeconds = uint32(RING / 2 * L + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEnergyTrading.BadComplaintSeconds.selector, p.complaintSeconds, RING / 2 * L
            )
        );
        EnergyTrading(deployContract("EnergyTrading", abi.encode(p)));
    }

    function testRefusesZeroAddresses() public {
        for (uint256 i; i < 3; ++i) {
            TradingParameters memory p = parameters();
            if (i == 0) p.grid = address(0);
            if (i == 1) p.delivery = address(0);
            if (i == 2) p.feeRecipient = address(0);
            vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAddress.selector));
            EnergyTrading(deployContract("EnergyTrading", abi.encode(p)));
        }
    }

    function testRefusesCurrencyWithOtherDecimals() public {
        TradingParameters memory p = parameters();
        p.token = IERC20(address(new EighteenDecimals()));
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.BadDecimals.selector, 18));
        EnergyTrading(deployContract("EnergyTrading", abi.encode(p)));
    }

    function testKeepsItsParameters() public view {
        eq(address(trading.registry()), address(registry), "registry");
        eq(address(trading.token()), address(token), "token");
        eq(trading.grid(), grid, "grid");
        eq(trading.ringSize(), RING, "ring");
        eq(trading.noticeSeconds(), NOTICE, "notice");
        eq(trading.complaintSeconds(), COMPLAINT, "time for complaints");
        eq(trading.penaltyMicro(), PENALTY, "penalty");
        require(address(trading).code.length < 24_576, "too large to deploy");
    }

    // RULES

    function testOnlyGovernorSets(address caller) public {
        notGovernor(caller);
        trading.setFee(1);
        notGovernor(caller);
        trading.setCorridor(false, 0, 1);
        notGovernor(caller);
        trading.setFeeRecipient(address(1));
    }

    function testFeeHasAHardMaximum(uint16 feeBps) public {
        if (feeBps > 500) {
            vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.FeeTooHigh.selector, feeBps, 500));
            trading.setFee(feeBps);
        } else {
            trading.setFee(feeBps);
            eq(trading.rules().feeBps, feeBps, "fee");
        }
    }

    function testCorridor(bool island, uint48 floor, uint48 cap) public {
        if (floor > cap) {
            vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.BadCorridor.selector, floor, cap));
            trading.setCorridor(island, floor, cap);
            return;
        }
        trading.setCorridor(island, floor, cap);
        TradingRules memory r = trading.rules();
        eq(island ? r.islandFloorPriceMicroPerKwh : r.floorPriceMicroPerKwh, floor, "floor");
        eq(island ? r.islandCapPriceMicroPerKwh : r.capPriceMicroPerKwh, cap, "cap");
        eq(island ? r.floorPriceMicroPerKwh : r.islandFloorPriceMicroPerKwh, 0, "the other floor");
        uint256 other = island ? r.capPriceMicroPerKwh : r.islandCapPriceMicroPerKwh;
        eq(other, type(uint48).max, "the other cap");
    }

    function testFeesNeedARecipient() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAddress.selector));
        trading.setFeeRecipient(address(0));
    }

    function testRefusesToCollectNoFees() public {
        vm.expectRevert(abi.encodeWithSelector(IEnergyTrading.NothingToMove.selector));
        trading.collectFees();
    }

    function testFeesBecomeCashOfTheirRecipient(address caller) public conserving {
        trading.setFee(200);
        toSpot(T());
        trade(ANNA, BEN, T(), 1_000);
        (address recipient, uint256 micro) = trading.fees();
        eq(recipient, FEES, "recipient");
        eq(micro, 2_400, "fees");
        vm.prank(caller);
        trading.collectFees();
        eq(cash(FEES), 2_400, "cash");
        (, micro) = trading.fees();
        eq(micro, 0, "fees left");
    }
}

/// @notice A deployment with a delay: what the governor sets is announced first.
contract TradingDelayTest is TradingTest {
    uint64 private constant DELAY = 1 days;

    function testChangeWaitsForItsAnnouncement() public {
        registry = Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, L, DELAY)));
        registry.setOracles(addressesOf(oracleKeys), 2);
        trading = EnergyTrading(deployContract("EnergyTrading", abi.encode(parameters())));
        bytes memory call = abi.encodeCall(trading.setFee, (100));
        bytes32 callHash = keccak256(abi.encode(address(trading), call));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, callHash));
        trading.setFee(100);
        registry.schedule(address(trading), call);
        vm.warp(T0 + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.TooEarly.selector, T0 + DELAY));
        trading.setFee(100);
        vm.warp(T0 + DELAY);
        trading.setFee(100);
        eq(trading.rules().feeBps, 100, "fee");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotScheduled.selector, callHash));
        trading.setFee(100);
    }
}
