// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookEntry, IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {ConsumptionLeaf} from "contracts/interfaces/IEnergyConsumption.sol";
import {MeterEvidence} from "contracts/interfaces/IEnergyDelivery.sol";
import {Order} from "contracts/interfaces/IEnergyTrading.sol";
import {Registration, Role} from "contracts/interfaces/IRegistry.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {TradingTest} from "../support/TradingTest.sol";

/// @notice Clearings that can be complained about, and evidence against them.
abstract contract CourtTest is TradingTest {
    address internal constant ARBITER = address(0xA4B1);
    address internal constant WATCHER = address(0x3A7C);
    bytes32[] internal none;

    function setUp() public virtual override {
        super.setUp();
        registry.setRole(Role.Arbiter, ARBITER, true);
        count(STRANGER);
        count(WATCHER);
        fund(WATCHER, 1);
    }

    // BOOKS

    function entryOf(uint256 key, uint8 side, uint64 eligibleWh, uint64 limit)
        internal
        pure
        returns (BookEntry memory)
    {
        return BookEntry(vm.addr(key), side, eligibleWh, uint48(limit));
    }

    function leafOf(BookEntry memory e) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(keccak256(abi.encode(e.account, e.side, e.eligibleWh, e.limitPriceMicroPerKwh)))
        );
    }

    /// @dev ANNA bought `wh` of BEN on the spot market of T; the book has this entry and another one.
    function cleared(BookEntry memory e, uint64 wh) internal returns (bytes32[] memory proof) {
        proof = hashes(keccak256("another entry"));
        clearedWith(spot(), pair(leafOf(e), proof[0]), wh);
    }

    function clearedWith(bytes32 market, bytes32 bookRoot, uint64 wh) internal {
        Order memory bid = orderOf(ANNA, market, BUY, wh, PRICE);
        Order memory offer = orderOf(BEN, market, SELL, wh, PRICE);
        if (market == forward()) vm.warp(end(T()) - 2 * L);
        else toSpot(T());
        clear(market, T(), PRICE, bookRoot, list(fillOf(ANNA, bid, wh), fillOf(BEN, offer, wh)));
    }

    /// @dev The same in an interval that may be past.
    function clearedAt(uint64 t, bytes32 bookRoot, uint64 wh) internal {
        Order memory bid = buyOf(ANNA, wh, PRICE);
        Order memory offer = sellOf(BEN, wh, PRICE);
        clear(spot(), t, PRICE, bookRoot, list(fillOf(ANNA, bid, wh), fillOf(BEN, offer, wh)));
    }

    // PENALTIES

    function slashedBy(address complainant, uint256 cashBefore) internal view {
        eq(cash(complainant), cashBefore + PENALTY, "the penalty");
        eq(bondOf(OPERATOR), 0, "the bond");
        require(trading.bondOf(OPERATOR).barred, "not barred");
        eq(trading.clearingOf(spot(), T()).operatorId, 0, "still answers");
        conserved();
    }

    function notSlashed() internal view {
        eq(bondOf(OPERATOR), PENALTY, "the bond");
        conserved();
    }

    // METERS

    /// @dev The account's meter with this key, opened when BaseTest says, with an export register of 20 Wh.
    function meterOf(uint256 key, address account) internal returns (bytes32) {
        return register(key, account, 0);
    }

    function openedAt(uint256 key, address account, uint64 timestamp, uint64 exportWh)
        internal
        returns (bytes32)
    {
        Registration memory r = registration(key, account, 0);
        (r.timestamp, r.exportWh) = (timestamp, exportWh);
        registry.registerMeter(r, solar(), "home", sign(key, registry.registrationDigest(r)));
        return r.meterId;
    }

    function registersAt(bytes32 id, uint64 t, uint64 exportWh)
        internal
        pure
        returns (ConsumptionLeaf memory)
    {
        return ConsumptionLeaf(id, t, uint64(end(t)), 0, 10, exportWh, keccak256(abi.encode(id, t)));
    }

    function leafOf(ConsumptionLeaf memory l) internal pure returns (bytes32) {
        return
            Messages.consumptionLeaf(l.meterId, l.seq, l.timestamp, l.flags, l.importWh, l.exportWh, l.salt);
    }

    /// @dev IReports one meter's registers at both ends of T.
    function reportBoth(bytes32 id, uint64 startWh, uint64 endWh)
        internal
        returns (MeterEvidence[] memory evidence)
    {
        evidence = new MeterEvidence[](1);
        evidence[0] =
            MeterEvidence(id, registersAt(id, T() - 1, startWh), none, registersAt(id, T(), endWh), none);
        post(consumption, T() - 1, leafOf(evidence[0].atStart));
        post(consumption, T(), leafOf(evidence[0].atEnd));
    }
}
