// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {MeterAttributes} from "contracts/interfaces/IRegistry.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract RetireTest is BaseTest {
    function testRetiredEnergyLeavesTheSupplyAndNamesItsCo2(uint64 wh, uint32 factor) public {
        wh = 1 + wh % 200;
        registry.setCo2Factor(0, factor);
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        uint256 id = solarId(T0 + L);
        vm.prank(HOLDER);
        vm.expectEmit(address(production));
        emit IEnergyProduction.Retired(HOLDER, id, wh, STRANGER, "school", uint256(wh) * factor / 1e6);
        production.retire(id, wh, STRANGER, "school");
        eq(production.balanceOf(HOLDER, id), 200 - wh, "balance");
        eq(production.totalRetired(id), wh, "retired");
        eq(production.totalSupply(id), 200 - wh, "supply");
        eq(production.totalMinted(id), 200, "minted");
    }

    function testMoreThanIsHeldCannotBeRetired(uint256 wh) public {
        vm.assume(wh > 200);
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        vm.prank(HOLDER);
        try production.retire(solarId(T0 + L), wh, STRANGER, "") {
            revert("retired more than held");
        } catch {}
    }

    function testNothingCannotBeRetired() public {
        vm.expectRevert(IEnergyProduction.NothingToRetire.selector);
        production.retire(1, 0, STRANGER, "");
    }

    function testSimulatedEnergyAvoidsNoCo2() public {
        MeterAttributes memory a = solar();
        a.simulated = true;
        meterId = registerAs(0xB0B, HOLDER, 0, a);
        registry.setCo2Factor(0, 900_000);
        certify(MIDNIGHT, claimAt(1, T0 + L, 500));
        uint256 id = (1 << 40) | solarId(T0 + L);
        vm.prank(HOLDER);
        vm.expectEmit(address(production));
        emit IEnergyProduction.Retired(HOLDER, id, 500, STRANGER, "test", 0);
        production.retire(id, 500, STRANGER, "test");
    }

    function testCertificatesMoveBetweenAccounts(uint64 wh) public {
        wh = wh % 201;
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        uint256 id = solarId(T0 + L);
        vm.prank(HOLDER);
        production.safeTransferFrom(HOLDER, STRANGER, id, wh, "");
        eq(production.balanceOf(STRANGER, id), wh, "received");
        eq(production.totalSupply(id), 200, "supply");
    }

    function testRetiringWorksWhilePaused() public {
        certify(MIDNIGHT, claimAt(1, T0 + L, 1_200));
        registry.setPaused(true);
        vm.prank(HOLDER);
        production.retire(solarId(T0 + L), 200, HOLDER, "");
        eq(production.totalSupply(solarId(T0 + L)), 0, "supply");
    }
}
