// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Claim} from "contracts/interfaces/IEnergyProduction.sol";
import {IRegistry, MeterAttributes, MeterReading, Registration} from "contracts/interfaces/IRegistry.sol";
import {Report} from "contracts/interfaces/IReports.sol";
import {Messages} from "contracts/libraries/Messages.sol";
import {IReports} from "contracts/interfaces/IReports.sol";
import {Vm} from "./Vm.sol";
import {EnergyConsumption, EnergyProduction, Registry, deployContract} from "./Contracts.sol";

/// @notice A community with three oracles of which two must sign, and signing for everybody in it.
abstract contract BaseTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint64 internal constant L = 3600;
    uint32 internal constant RING = 8;
    uint32 internal constant FINALITY = 600;
    /// @dev A UTC midnight; interval MIDNIGHT is the first of its day.
    uint64 internal constant T0 = 1_700_006_400;
    uint64 internal constant MIDNIGHT = T0 / L;
    uint256 internal constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    uint256 internal constant METER_KEY = 0xA11CE;
    address internal constant GUARDIAN = address(0x6041);
    address internal constant HOLDER = address(0xACC0);
    address internal constant STRANGER = address(0x57A);

    Registry internal registry;
    EnergyProduction internal production;
    EnergyConsumption internal consumption;
    /// @dev In ascending order of their addresses.
    uint256[] internal oracleKeys;
    bytes32 internal meterId;

    function setUp() public virtual {
        vm.warp(T0);
        registry = Registry(deployContract("Registry", abi.encode(address(this), GUARDIAN, L, 0)));
        production =
            EnergyProduction(deployContract("EnergyProduction", abi.encode(registry, RING, FINALITY, "")));
        consumption =
            EnergyConsumption(deployContract("EnergyConsumption", abi.encode(registry, RING, FINALITY)));
        registry.setReporter(address(production), true);
        registry.setReporter(address(consumption), true);
        oracleKeys = sortedKeys(3);
        registry.setOracles(addressesOf(oracleKeys), 2);
        meterId = register(METER_KEY, HOLDER, 1_000);
    }

    // KEYS

    function sortedKeys(uint256 count) internal pure returns (uint256[] memory keys) {
        keys = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 key = uint256(keccak256(abi.encode("oracle", i))) >> 8;
            uint256 at = i;
            for (; at > 0 && vm.addr(keys[at - 1]) > vm.addr(key); --at) {
                keys[at] = keys[at - 1];
            }
            keys[at] = key;
        }
    }

    function addressesOf(uint256[] memory keys) internal pure returns (address[] memory found) {
        found = new address[](keys.length);
        for (uint256 i; i < keys.length; ++i) {
            found[i] = vm.addr(keys[i]);
        }
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function highS(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = split(signature);
        return abi.encodePacked(r, ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    function split(bytes memory signature) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }

    function signedBy(bytes32 digest, uint256 a, uint256 b)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](2);
        signatures[0] = sign(oracleKeys[a], digest);
        signatures[1] = sign(oracleKeys[b], digest);
    }

    // METERS

    function registration(uint256 key, address account, uint64 openingWh)
        internal
        pure
        returns (Registration memory)
    {
        bytes32 id = keccak256(abi.encode(vm.addr(key), uint64(7)));
        return Registration(id, account, 7, T0, 10, 20, openingWh);
    }

    function solar() internal pure returns (MeterAttributes memory) {
        return MeterAttributes(0, 0, 0, 5_000, 10_000, 1, false, 0);
    }

    function register(uint256 key, address account, uint64 openingWh) internal returns (bytes32) {
        return registerAs(key, account, openingWh, solar());
    }

    function registerAs(uint256 key, address account, uint64 openingWh, MeterAttributes memory attributes)
        internal
        returns (bytes32)
    {
        Registration memory r = registration(key, account, openingWh);
        registry.registerMeter(r, attributes, "home", sign(key, registry.registrationDigest(r)));
        return r.meterId;
    }

    function claimAt(uint64 seq, uint64 timestamp, uint64 generatedWh) internal view returns (Claim memory) {
        return Claim(meterId, seq, timestamp, 0, generatedWh);
    }

    function readingOf(Claim memory c) internal pure returns (MeterReading memory) {
        return MeterReading(c.meterId, c.seq, c.timestamp, uint32(L), 10, 20, c.generatedWh, c.flags);
    }

    function leafOf(Claim memory c) internal pure returns (bytes32) {
        return Messages.productionLeaf(c.meterId, c.seq, c.timestamp, c.flags, c.generatedWh);
    }

    // REPORTS

    /// @dev The first report; of a later one set `previous`.
    function reportFor(uint64 interval, bytes32 root) internal pure returns (Report memory) {
        return Report(interval, 0, root, keccak256(abi.encode(interval, root)), 250, 2);
    }

    function linkOf(Report memory r) internal pure returns (bytes32) {
        return bytes32(bytes.concat(bytes24(r.root), bytes8(r.interval)));
    }

    function end(uint64 interval) internal pure returns (uint256) {
        return (uint256(interval) + 1) * L;
    }

    /// @dev Reports `root` at the interval's end and waits until it is final.
    function post(IReports target, uint64 interval, bytes32 root) internal {
        vm.warp(end(interval));
        Report memory r = reportFor(interval, root);
        r.previous = target.link();
        target.report(r, signedBy(target.reportDigest(r), 0, 1));
        vm.warp(end(interval) + FINALITY);
    }

    /// @dev IReports one claim alone and mints it: a single leaf is its tree's root.
    function certify(uint64 interval, Claim memory c) internal {
        post(production, interval, leafOf(c));
        mintOne(interval, c);
    }

    function mintOne(uint64 interval, Claim memory c) internal {
        production.mint(interval, one(c), new bytes32[](0), new bool[](0));
    }

    function one(Claim memory c) internal pure returns (Claim[] memory claims) {
        claims = new Claim[](1);
        claims[0] = c;
    }

    function pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function hashes(bytes32 a) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = a;
    }

    function flags(bool a) internal pure returns (bool[] memory list) {
        list = new bool[](1);
        list[0] = a;
    }

    // CHECKS

    function solarId(uint256 timestamp) internal pure returns (uint256) {
        return (timestamp - 1) / 1 days;
    }

    function eq(uint256 found, uint256 expected, string memory what) internal pure {
        if (found != expected) {
            revert(string.concat(what, ": ", vm.toString(found), ", expected ", vm.toString(expected)));
        }
    }

    function eq(bytes32 found, bytes32 expected, string memory what) internal pure {
        require(found == expected, what);
    }

    function eq(address found, address expected, string memory what) internal pure {
        require(found == expected, what);
    }

    function claimedIs(uint64 wh, uint64 seq, uint64 timestamp) internal view {
        (uint64 foundWh, uint64 foundSeq, uint64 foundTime) = production.claimOf(meterId);
        eq(foundWh, wh, "claimed Wh");
        eq(foundSeq, seq, "claimed seq");
        eq(foundTime, timestamp, "claimed time");
    }
}
