// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IReports} from "contracts/interfaces/IReports.sol";
import {Claim, IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {BalanceLeaf, GridState, IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {IRegistry, MeterReading} from "contracts/interfaces/IRegistry.sol";
import {IReports, Report, ReportMeta} from "contracts/interfaces/IReports.sol";
import {AccountActions} from "./AccountActions.sol";

/// @notice What oracles report, truly or not, and what follows from it.
abstract contract OracleActions is AccountActions {
    // STATE

    /// @dev The last interval in which a quorum falsified the victim's production leaf; 0 once that was disputed.
    uint64 private falseClaimAt;

    // REPORTS

    function reportHonestly(uint256) external counted {
        uint64 t = unreported();
        tell(t, claimsOf(t), balancesOf(t));
    }

    /// @dev Fewer than a quorum: one signature, one twice, one beside a stranger's, one over another contract's report,
    /// and an old report again.
    function lieBelowQuorum(uint256 seed) external counted {
        IReports[3] memory all = [IReports(production), IReports(consumption), IReports(balancing)];
        IReports target = all[seed % 3];
        uint64 t = unreported();
        Report memory r = reportFor(t, keccak256(abi.encode("a lie", seed)));
        r.previous = target.link();
        bytes32 digest = target.reportDigest(r);
        uint256 liar = (seed >> 8) % 3;

        bytes[] memory one_ = new bytes[](1);
        one_[0] = sign(oracleKeys[liar], digest);
        refuse(target, r, one_, IRegistry.BelowQuorum.selector);
        refuse(target, r, signedBy(digest, liar, liar), IRegistry.SignersNotSorted.selector);
        refuse(target, r, besideStranger(digest, liar), IRegistry.NotOracle.selector);
        bytes32 elsewhere = all[(seed + 1) % 3].reportDigest(r);
        mustFailAnyhow(target, r, signedBy(elsewhere, 0, 1));
        uint64 head = target.head();
        if (head != 0) {
            (bytes32 root,) = target.reportOf(head);
            Report memory old = reportFor(head, root);
            old.previous = r.previous;
            refuse(
                target, old, signedBy(target.reportDigest(old), 0, 1), IReports.IntervalNotAfterHead.selector
            );
        }
    }

    /// @dev A quorum lies: wrong leaves for the victim, and a wrong total.
    function lieAtQuorum(uint256 seed) external counted {
        if (seed % 2 == 0) {
            lieAboutEnergy(seed >> 16);
        } else {
            uint64 t = unreported();
            BalanceLeaf[] memory balances = balancesOf(t);
            // Sometimes within what can be true, sometimes far beyond it.
            int256 lie = int256(between(seed >> 16, 1, (seed >> 8) % 2 == 0 ? 1_000_000 : 1e15));
            balances[VICTIM].cumulativeMicro += (seed >> 4) % 2 == 0 ? lie : -lie;
            tell(t, claimsOf(t), balances);
            pass(FINALITY);
            settleAndCompare(t, VICTIM);
        }
    }

    function lieAboutEnergy(uint256 seed) private {
        uint64 t = unreported();
        Claim[] memory claims = claimsOf(t);
        claims[VICTIM].generatedWh += uint64(between(seed, 1, 1_000_000));
        falseClaimAt = t;
        tell(t, claims, balancesOf(t));
    }

    function disputeFalseClaim(uint256 seed) external counted {
        if (falseClaimAt == 0 || !rootIsIn(production, falseClaimAt)) lieAboutEnergy(seed);
        uint64 t = falseClaimAt;
        Claim memory told = claimsAt[t][VICTIM];
        Claim memory measured = claimsOf(t)[VICTIM];
        MeterReading memory reading = MeterReading(
            measured.meterId, measured.seq, measured.timestamp, uint32(L), 0, 0, measured.generatedWh, 0
        );
        bytes memory signature = sign(0xD0 + VICTIM, registry.readingDigest(reading));
        production.dispute(t, told, proofFor(claimHashes(t), VICTIM, 0), reading, signature);
        falseClaimAt = 0;
        mustFail(
            address(production),
            STRANGER,
            abi.encodeCall(
                production.dispute, (t, told, proofFor(claimHashes(t), VICTIM, 0), reading, signature)
            ),
            IReports.AlreadyFrozen.selector,
            "a leaf was frozen twice"
        );
        if (!production.isFinal(t)) pass(FINALITY);
        (uint64 wh,,) = production.claimOf(meters[VICTIM]);
        production.mint(t, one(told), proofFor(claimHashes(t), VICTIM, 0), new bool[](0));
        (uint64 after_,,) = production.claimOf(meters[VICTIM]);
        if (after_ != wh) breach = "a frozen leaf was minted";
        registry.reinstateMeter(meters[VICTIM]);
    }

    /// @dev The arbiter voids what is not final yet, and nothing is settled from it.
    function voidReport(uint256 seed) external counted {
        uint64 t = unreported();
        BalanceLeaf[] memory balances = balancesOf(t);
        balances[VICTIM].cumulativeMicro -= int256(between(seed, 1, 1_000_000));
        tell(t, claimsOf(t), balances);
        bytes memory call = abi.encodeCall(balancing.voidReport, (t));
        mustFail(address(balancing), STRANGER, call, IRegistry.RoleMissing.selector, "a stranger voided");
        vm.prank(ARBITER);
        balancing.voidReport(t);
        pass(FINALITY);
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            mustFail(
                address(balancing),
                STRANGER,
                settleCall(t, i),
                IGridBalancing.ReportIsVoided.selector,
                "a voided report was settled"
            );
        }
    }

    function voidTooLate(uint256) external counted {
        uint64 t = aFinal();
        mustFail(
            address(balancing),
            ARBITER,
            abi.encodeCall(balancing.voidReport, (t)),
            IGridBalancing.ReportAlreadyFinal.selector,
            "a final report was voided"
        );
    }

    // CLAIMS

    function mint(uint256 seed) external counted {
        mintOne(seed);
    }

    function mintOne(uint256 seed) private {
        uint256 i = seed % HOUSEHOLDS;
        uint64 t = aFinal();
        (uint64 claimed, uint64 seq,) = production.claimOf(meters[i]);
        if (claimsAt[t][i].seq <= seq) t = aNewFinal();
        Claim memory c = claimsAt[t][i];
        bytes32[] memory proof = proofFor(claimHashes(t), i, 0);
        uint256 supply = supplyOfAll();
        // The account itself: others must first close the days of those who did not mint for long.
        vm.prank(wallet(i));
        production.mint(t, one(c), proof, new bool[](0));
        (uint64 now_, uint64 nowSeq,) = production.claimOf(meters[i]);
        require(nowSeq > seq, "nothing new");
        if (supplyOfAll() - supply != now_ - claimed) breach = "minted other than claimed";
        production.mint(t, one(c), proof, new bool[](0));
        if (supplyOfAll() - supply != now_ - claimed) breach = "minted twice";
        c.generatedWh += 1;
        mustFail(
            address(production),
            STRANGER,
            abi.encodeCall(production.mint, (t, one(c), proof, new bool[](0))),
            IEnergyProduction.ClaimsNotInReport.selector,
            "a claim that was not reported was minted"
        );
    }

    function retire(uint256 seed) external counted {
        if (retireOneOf(wallet(seed % HOUSEHOLDS))) return;
        mintOne(seed);
        require(retireOneOf(wallet(seed % HOUSEHOLDS)), "nothing to retire");
    }

    function retireOneOf(address who) private returns (bool) {
        for (uint256 day = T0 / 1 days; day <= clock / 1 days; ++day) {
            if (retireOf(day, who)) return true;
        }
        return retireOf(type(uint32).max, who); // of an unknown day, as after a fortnight's wait
    }

    function retireOf(uint256 day, address who) private returns (bool) {
        uint256 held = production.balanceOf(who, day);
        if (held == 0) return false;
        mustFail(
            address(production),
            STRANGER,
            abi.encodeCall(production.retire, (day, 1, STRANGER, "")),
            bytes4(keccak256("ERC1155InsufficientBalance(address,uint256,uint256,uint256)")),
            "another's certificates were retired"
        );
        vm.prank(who);
        production.retire(day, (held + 1) / 2, who, "");
        return true;
    }

    function settleOne(uint256 seed) external counted {
        uint64 t = aFinal();
        uint256 i = seed % HOUSEHOLDS;
        if (balancing.isVoided(t) || balancing.balanceOf(wallet(i)).through >= t) t = aNewFinal();
        settleAndCompare(t, i);
    }

    function settleAndCompare(uint64 t, uint256 i) private {
        address who = wallet(i);
        uint256 limit = balancing.imbalanceLimit(who, t);
        int256 moved = balancing.balanceOf(who).movedMicro;
        int256 worth = int256(cash(who)) - int256(debt(who));
        uint256 settledThrough = trading.accountOf(who).settledThrough;
        (bool done,) = address(balancing).call(settleCall(t, i));
        require(done, "settled before");
        int256 step = balancing.balanceOf(who).movedMicro - moved;
        int256 due = balancesAt[t][i].cumulativeMicro - moved;
        // A lie beyond what can be true moves as much as could be, whoever signed it.
        if (uint256(step < 0 ? -step : step) > limit) breach = "more was settled than can be true";
        bool limited = due < -int256(limit);
        if (due < 0 && step != (limited ? -int256(limit) : due)) breach = "a debit was not settled";
        if (due >= 0 && (step > due || step < 0)) breach = "a credit was settled wrongly";
        uint256 expected = limited || settledThrough > t ? settledThrough : t;
        if (trading.accountOf(who).settledThrough != expected) breach = "escrow was freed of one who owes";
        if (int256(cash(who)) - int256(debt(who)) - worth != step) breach = "money moved that was not due";
    }

    function settleFalsely(uint256 seed) external counted {
        uint64 t = aFinal();
        if (balancing.isVoided(t)) t = aNewFinal();
        uint256 i = seed % HOUSEHOLDS;
        BalanceLeaf memory b = balancesAt[t][i];
        b.cumulativeMicro += 1 + int256(seed % 1e6);
        bytes32[] memory proof = proofFor(balanceHashes(t), i, hashOf(balancesAt[t][HOUSEHOLDS]));
        mustFail(
            address(balancing),
            STRANGER,
            abi.encodeCall(balancing.settle, (t, b, proof)),
            IGridBalancing.BalanceNotInReport.selector,
            "a leaf that was not reported was settled"
        );
        mustFail(
            address(trading),
            STRANGER,
            abi.encodeCall(trading.adjust, (wallet(i), -1, t)),
            bytes4(keccak256("NotGrid(address)")),
            "a stranger moved imbalance money"
        );
    }

    function fundTheGrid(uint256 seed) external counted {
        payGrid(between(seed, 1, 500_000));
    }

    // THE GRID

    function stopAndResume(uint256) external counted {
        uint64 newest = production.head() > MIDNIGHT ? production.head() : MIDNIGHT;
        until(uint256(newest + SILENT + 1) * L);
        uint64 t = unreported();
        balancing.failsafe();
        mustFail(
            address(trading),
            OPERATOR,
            abi.encodeCall(trading.open, (forward(), present() + 1, PRICE, bytes32(0))),
            bytes4(keccak256("ClearingStopped()")),
            "cleared though stopped"
        );
        mustFail(
            address(balancing),
            STRANGER,
            abi.encodeCall(balancing.resume, ()),
            IGridBalancing.StillSilent.selector,
            "resumed in silence"
        );
        tell(t, claimsOf(t), balancesOf(t));
        balancing.resume();
    }

    function islandPrices(uint256) external counted {
        setIsland(true);
        mustFail(
            address(trading),
            OPERATOR,
            abi.encodeCall(trading.open, (forward(), present() + 1, PRICE, bytes32(0))),
            bytes4(keccak256("PriceOutsideCorridor(uint256,uint256,uint256)")),
            "an island cleared at common prices"
        );
        setIsland(false);
    }

    function wait(uint256 seed) external counted {
        pass(between(seed, 1, 2 * L));
    }

    // PARTS

    /// @dev The last interval that ended, if nothing is reported for it yet; else the next one.
    function unreported() private returns (uint64 t) {
        t = ended();
        if (t < MIDNIGHT || isReported(t)) {
            t = ended() + 1;
            until(end(t));
        }
        live(t);
    }

    function tell(uint64 t, Claim[] memory claims, BalanceLeaf[] memory balances) private {
        for (uint256 i; i < claims.length; ++i) {
            claimsAt[t].push(claims[i]);
        }
        for (uint256 i; i < balances.length; ++i) {
            balancesAt[t].push(balances[i]);
        }
        send(production, t, rootOf(claimHashes(t)));
        send(consumption, t, keccak256(abi.encode("consumption", t)));
        send(balancing, t, pair(rootOf(balanceHashes(t)), hashOf(balancesAt[t][HOUSEHOLDS])));
        reported.push(t);
    }

    function claimsOf(uint64 t) private view returns (Claim[] memory claims) {
        claims = new Claim[](HOUSEHOLDS);
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            claims[i] = Claim(meters[i], t - MIDNIGHT + 1, uint64(end(t)), 0, registersAt[t][i].generatedWh);
        }
    }

    /// @dev The households' leaves and the grid's: their sum is zero.
    function balancesOf(uint64 t) private returns (BalanceLeaf[] memory balances) {
        balances = new BalanceLeaf[](HOUSEHOLDS + 1);
        int256 sum;
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            int256 micro = cumulativeOf(t, i);
            sum += micro;
            balances[i] = BalanceLeaf(wallet(i), micro, 0, 0);
        }
        balances[HOUSEHOLDS] = BalanceLeaf(grid, -sum, 0, 0);
    }

    /// @dev The newest interval whose reports are final; time passes if it is not final yet.
    function aFinal() private returns (uint64 t) {
        if (reported.length == 0) return aNewFinal();
        t = reported[reported.length - 1];
        if (!balancing.isFinal(t)) pass(FINALITY);
    }

    function aNewFinal() private returns (uint64 t) {
        t = unreported();
        tell(t, claimsOf(t), balancesOf(t));
        pass(FINALITY);
    }

    function rootIsIn(IReports target, uint64 t) internal view returns (bool) {
        try target.reportOf(t) returns (bytes32 root, ReportMeta memory) {
            return root == rootAt[address(target)][t];
        } catch {
            return false;
        }
    }

    function settleCall(uint64 t, uint256 i) private view returns (bytes memory) {
        bytes32[] memory proof = proofFor(balanceHashes(t), i, hashOf(balancesAt[t][HOUSEHOLDS]));
        return abi.encodeCall(balancing.settle, (t, balancesAt[t][i], proof));
    }

    function refuse(IReports target, Report memory r, bytes[] memory signatures, bytes4 reason) private {
        bytes memory call = abi.encodeCall(target.report, (r, signatures));
        mustFail(address(target), STRANGER, call, reason, "fewer than a quorum reported");
    }

    /// @dev Signatures over another digest recover to nobody, or to somebody out of order.
    function mustFailAnyhow(IReports target, Report memory r, bytes[] memory signatures) private {
        (bool done,) = address(target).call(abi.encodeCall(target.report, (r, signatures)));
        if (done) breach = "a report counted for another contract";
    }

    function besideStranger(bytes32 digest, uint256 liar) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](2);
        uint256 stranger = 0x57A6E;
        bool first = vm.addr(stranger) < vm.addr(oracleKeys[liar]);
        signatures[0] = sign(first ? stranger : oracleKeys[liar], digest);
        signatures[1] = sign(first ? oracleKeys[liar] : stranger, digest);
    }

    function setIsland(bool islanded) private {
        GridState memory s = GridState(uint32(present()), 0, 0, 0, 0, 0, 0, 0, 0, islanded);
        vm.prank(GRID_OPERATOR);
        balancing.setState(s);
    }

    function supplyOfAll() public view returns (uint256 sum) {
        for (uint256 day = T0 / 1 days - 1; day <= clock / 1 days; ++day) {
            sum += production.totalSupply(day) + production.totalRetired(day);
        }
        uint256 unknown = type(uint32).max;
        sum += production.totalSupply(unknown) + production.totalRetired(unknown);
    }
}
