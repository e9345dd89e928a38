// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Claim, IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {IRegistry, MeterAttributes} from "contracts/interfaces/IRegistry.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {Certificates} from "contracts/libraries/Certificates.sol";
import {BaseTest} from "./support/BaseTest.sol";

/// @dev A wallet that refuses every token it is asked about.
contract RefusingWallet {
    fallback() external {
        revert("no tokens here");
    }
}

contract MintTest is BaseTest {
    function testAClaimMintsWhatTheRegisterGrew(uint64 opening, uint64 growth, uint64 more) public {
        growth = growth % 1e12 + 1;
        more = more % 1e12 + 1;
        opening = opening % 1e12;
        meterId = register(0xB0B, HOLDER, opening);
        Claim memory first = claimAt(1, T0 + L, opening + growth);
        post(production, MIDNIGHT, leafOf(first));
        uint256 id = solarId(T0 + L);
        vm.expectEmit(address(production));
        emit IEnergyProduction.Minted(meterId, MIDNIGHT, id, HOLDER, growth, opening + growth, 1, T0 + L);
        mintOne(MIDNIGHT, first);
        claimedIs(opening + growth, 1, T0 + L);
        certify(MIDNIGHT + 1, claimAt(2, T0 + 2 * L, opening + growth + more));
        eq(production.balanceOf(HOLDER, id), uint256(growth) + more, "balance");
        eq(production.totalMinted(id), uint256(growth) + more, "minted");
        eq(production.totalSupply(id), uint256(growth) + more, "supply");
    }

    function testAnyoneMayMintAndTheAccountReceives(address caller) public {
        vm.assume(caller != address(0));
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.prank(caller);
        mintOne(MIDNIGHT, c);
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 200, "balance");
    }

    function testTheSameLeafMintsOnce() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        certify(MIDNIGHT, c);
        vm.recordLogs();
        mintOne(MIDNIGHT, c);
        eq(vm.getRecordedLogs().length, 0, "events");
        eq(production.totalMinted(solarId(T0 + L)), 200, "minted");
    }

    function testTheSameLeafTwiceInABatchIsRefused() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        Claim[] memory twice = new Claim[](2);
        (twice[0], twice[1]) = (c, c);
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, twice, new bytes32[](0), flags(true));
    }

    function testAnOlderOrFallingRegisterMintsNothing(uint64 seq, uint64 wh, uint64 timestamp) public {
        certify(MIDNIGHT, claimAt(5, T0 + L, 1_500));
        timestamp = T0 + timestamp % (2 * L);
        vm.assume(seq <= 5 || wh < 1_500 || timestamp < T0 + L);
        certify(MIDNIGHT + 1, claimAt(seq, timestamp, wh));
        claimedIs(1_500, 5, T0 + L);
        eq(production.totalMinted(solarId(T0 + L)), 500, "minted");
    }

    function testAForgedLeafIsRefused(uint8 field) public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        bytes32 sibling = keccak256("sibling");
        post(production, MIDNIGHT, pair(leafOf(c), sibling));
        field = field % 5;
        if (field == 0) c.meterId = register(0xB0B, STRANGER, 0);
        if (field == 1) c.seq += 1;
        if (field == 2) c.timestamp -= 1;
        if (field == 3) c.flags = 1;
        if (field == 4) c.generatedWh += 1;
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, one(c), hashes(sibling), flags(false));
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, one(c), hashes(sibling), new bool[](0));
    }

    function testAPlainProofAndAMultiproofOfOneClaimAgree(bool plain) public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        bytes32 sibling = keccak256("sibling");
        post(production, MIDNIGHT, pair(leafOf(c), sibling));
        production.mint(MIDNIGHT, one(c), hashes(sibling), plain ? new bool[](0) : flags(false));
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 200, "balance");
    }

    function testAnInnerNodeOf64BytesIsNoLeaf() public {
        // A tree whose inner node's preimage is 64 bytes: a leaf hashed once over two words could pass for it.
        Claim memory c = claimAt(1, T0 + L, 1_200);
        bytes32 inner = pair(leafOf(c), keccak256("sibling"));
        bytes32 root = pair(inner, keccak256("uncle"));
        post(production, MIDNIGHT, root);
        Claim memory forged = Claim(leafOf(c), 1, T0 + L, 0, type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(IEnergyProduction.ClaimsNotInReport.selector, MIDNIGHT));
        production.mint(MIDNIGHT, one(forged), hashes(keccak256("uncle")), flags(false));
        require(
            leafOf(c)
                != keccak256(abi.encode(c.meterId, c.seq, c.timestamp, c.flags, c.generatedWh, bytes32(0))),
            "once"
        );
    }

    function testAMalformedMultiproofIsRefused() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.expectRevert(MerkleProof.MerkleProofInvalidMultiproof.selector);
        production.mint(MIDNIGHT, one(c), new bytes32[](0), flags(false));
    }

    function testAnEmptyBatchMintsNothing() public {
        bytes32 root = leafOf(claimAt(1, T0 + L, 1_200));
        post(production, MIDNIGHT, root);
        vm.recordLogs();
        production.mint(MIDNIGHT, new Claim[](0), hashes(root), new bool[](0));
        eq(vm.getRecordedLogs().length, 0, "events");
    }

    function testNoMintBeforeFinality() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.warp(end(MIDNIGHT) + FINALITY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReports.NotFinal.selector, MIDNIGHT, end(MIDNIGHT) + FINALITY)
        );
        mintOne(MIDNIGHT, c);
    }

    function testNoMintFromAReportThatLeftTheRing() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        post(production, MIDNIGHT + RING, keccak256("later"));
        vm.expectRevert(abi.encodeWithSelector(IReports.ReportUnknown.selector, MIDNIGHT));
        mintOne(MIDNIGHT, c);
    }

    function testNoMintWhilePaused() public {
        Claim memory c = claimAt(1, T0 + L, 1_200);
        post(production, MIDNIGHT, leafOf(c));
        vm.prank(GUARDIAN);
        registry.setPaused(true);
        vm.expectRevert(IRegistry.ContractsPaused.selector);
        mintOne(MIDNIGHT, c);
    }

    function testAnUnregisteredMeterIsNamed(bytes32 unknown) public {
        vm.assume(unknown != meterId);
        Claim memory c = Claim(unknown, 1, T0 + L, 0, 100);
        post(production, MIDNIGHT, leafOf(c));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.MeterUnknown.selector, unknown));
        mintOne(MIDNIGHT, c);
    }

    function testASuspendedMeterIsSkippedAndTheOthersMint() public {
        bytes32 other = register(0xB0B, STRANGER, 0);
        registry.suspendMeter(meterId);
        mintBoth(claimAt(1, T0 + L, 1_200), Claim(other, 1, T0 + L, 0, 70));
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 0, "suspended");
        eq(production.balanceOf(STRANGER, solarId(T0 + L)), 70, "other");
    }

    function testAWalletThatRefusesTokensDoesNotStopABatch() public {
        RefusingWallet wallet = new RefusingWallet();
        bytes32 other = register(0xB0B, address(wallet), 0);
        mintBoth(claimAt(1, T0 + L, 1_200), Claim(other, 1, T0 + L, 0, 70));
        eq(production.balanceOf(address(wallet), solarId(T0 + L)), 70, "refusing wallet");
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 200, "other");
    }

    function testALeafOfATimeAfterItsIntervalIsSkippedAndTheOthersMint(uint64 beyond) public {
        bytes32 other = register(0xB0B, STRANGER, 0);
        uint64 last = uint64(end(MIDNIGHT));
        beyond = last + 1 + beyond % (type(uint64).max - last);
        mintBoth(claimAt(1, beyond, 5_000), Claim(other, 1, last, 0, 70));
        claimedIs(1_000, 0, T0);
        eq(production.balanceOf(STRANGER, solarId(T0 + L)), 70, "other");
        certify(MIDNIGHT + 1, claimAt(1, T0 + 2 * L, 1_300));
        eq(production.balanceOf(HOLDER, solarId(T0 + L)), 300, "the true leaf after it");
    }

    function testNoDaySpillsIntoTheSourceOfAnId(bool simulated, uint8 source, uint256 day) public pure {
        uint256 id = Certificates.idOf(simulated, source, day);
        eq(Certificates.sourceOf(id), source, "source");
        require(Certificates.isSimulated(id) == simulated, "simulated");
        require(id < 1 << 41, "other bits");
    }

    function testSimulatedMetersMintSimulatedIds(uint8 source) public {
        MeterAttributes memory a = solar();
        (a.simulated, a.source) = (true, source % 6);
        meterId = registerAs(0xB0B, HOLDER, 0, a);
        certify(MIDNIGHT, claimAt(1, T0 + L, 50));
        eq(production.balanceOf(HOLDER, (1 << 40) | uint256(source % 6) << 32 | solarId(T0 + L)), 50, "id");
    }

    function mintBoth(Claim memory a, Claim memory b) private {
        Claim[] memory claims = new Claim[](2);
        (claims[0], claims[1]) = (a, b);
        post(production, MIDNIGHT, pair(leafOf(a), leafOf(b)));
        production.mint(MIDNIGHT, claims, new bytes32[](0), flags(true));
    }
}
