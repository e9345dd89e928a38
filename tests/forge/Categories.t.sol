// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {CategoryTotals, IEnergyConsumption} from "contracts/interfaces/IEnergyConsumption.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract CategoriesTest is BaseTest {
    function setUp() public override {
        super.setUp();
        post(consumption, MIDNIGHT, keccak256("root"));
    }

    function testAReportMustStand(uint64 interval) public {
        vm.assume(interval != MIDNIGHT);
        CategoryTotals memory t = totals();
        t.interval = interval;
        refused(t, abi.encodeWithSelector(IReports.ReportUnknown.selector, interval));
    }

    function testFewerThanFiveMetersAreNotTold(uint256 category, uint32 meters, uint64 wh) public {
        category %= 3;
        meters = 1 + meters % 4;
        CategoryTotals memory t = totals();
        (t.meters[category], t.importWh[category]) = (meters, wh);
        refused(t, abi.encodeWithSelector(IEnergyConsumption.TooFewMeters.selector, category, meters));
    }

    function testNoMetersDrawNothing(uint256 category, uint64 wh) public {
        vm.assume(wh != 0);
        category %= 3;
        CategoryTotals memory t = totals();
        (t.meters[category], t.importWh[category]) = (0, wh);
        refused(t, abi.encodeWithSelector(IEnergyConsumption.TooFewMeters.selector, category, 0));
    }

    function testAQuorumMustSign(uint64 more) public {
        vm.assume(more != 0);
        CategoryTotals memory t = totals();
        bytes[] memory signatures = signed(t);
        bytes[] memory one = new bytes[](1);
        one[0] = signatures[0];
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BelowQuorum.selector, 1, 2));
        consumption.reportCategories(t, one);
        unchecked {
            t.importWh[2] += more;
        }
        try consumption.reportCategories(t, signatures) {
            revert("altered totals were taken");
        } catch {}
    }

    function testNotWhilePaused() public {
        CategoryTotals memory t = totals();
        registry.setPaused(true);
        refused(t, abi.encodeWithSelector(IRegistry.ContractsPaused.selector));
    }

    function testTotalsStandOnce() public {
        CategoryTotals memory t = totals();
        consumption.reportCategories(t, signed(t));
        t.meters[0] += 1;
        refused(t, abi.encodeWithSelector(IEnergyConsumption.CategoriesStand.selector, MIDNIGHT));
    }

    function testTotalsAreToldInAnyOrderOfIntervals(uint64[3] calldata wh, uint32[3] calldata meters) public {
        post(consumption, MIDNIGHT + 1, keccak256("next"));
        CategoryTotals memory t = CategoryTotals(MIDNIGHT + 1, wh, meters);
        for (uint256 i; i < 3; ++i) {
            if (t.meters[i] < 5) (t.meters[i], t.importWh[i]) = (0, 0);
        }
        for (uint256 i; i < 2; ++i) {
            require(!consumption.hasCategories(t.interval), "not yet");
            bytes[] memory signatures = signed(t);
            vm.expectEmit(address(consumption));
            emit IEnergyConsumption.CategoriesReported(t.interval, t.importWh, t.meters, 3);
            consumption.reportCategories(t, signatures);
            require(consumption.hasCategories(t.interval), "reported");
            t.interval = MIDNIGHT;
        }
    }

    function refused(CategoryTotals memory t, bytes memory refusal) private {
        bytes[] memory signatures = signed(t);
        vm.expectRevert(refusal);
        consumption.reportCategories(t, signatures);
    }

    function totals() private pure returns (CategoryTotals memory t) {
        t.interval = MIDNIGHT;
        (t.importWh[0], t.importWh[1], t.importWh[2]) = (9_000, 4_000, 0);
        (t.meters[0], t.meters[1]) = (12, 5);
    }

    function signed(CategoryTotals memory t) private view returns (bytes[] memory) {
        return signedBy(consumption.categoriesDigest(t), 0, 1);
    }
}
