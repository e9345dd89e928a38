// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IReports} from "contracts/interfaces/IReports.sol";
import {Fill, Order, Position} from "contracts/interfaces/IEnergyTrading.sol";
import {BalanceLeaf} from "contracts/interfaces/IGridBalancing.sol";
import {Claim} from "contracts/interfaces/IEnergyProduction.sol";
import {Report} from "contracts/interfaces/IReports.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {CommunityTest} from "../balancing/CommunityTest.sol";

/// @notice A community that lives: four households that trade, an honest and a hostile clearing operator, oracles of
/// which some lie. What happened is kept beside the contracts, so that invariants can compare.
abstract contract World is CommunityTest {
    // TYPES

    /// @dev A household's registers at an interval's end, Wh.
    struct Registers {
        uint64 importWh;
        uint64 exportWh;
        uint64 generatedWh;
    }

    struct Cleared {
        bytes32 market;
        uint64 t;
        uint64 price;
    }

    // CONSTANTS

    uint256 internal constant HOUSEHOLDS = 4;
    /// @dev Of DAVID: the one whose leaves the oracles falsify, and who has no money.
    uint256 internal constant VICTIM = 3;
    uint64 internal constant CAP = 5_000;
    uint64 internal constant BUY_LIMIT = 200_000;
    uint64 internal constant SELL_LIMIT = 60_000;
    uint64 internal constant CORRIDOR_CAP = 250_000;
    int256 private constant IMPORT_PRICE = 150_000;
    int256 private constant EXPORT_PRICE = 50_000;

    // STATE

    /// @dev Kept here, because the compiler may take the time of before a warp for that of after it.
    uint256 internal clock;
    /// @dev What an invariant must never find; empty while all is well.
    string public breach;
    mapping(bytes4 action => uint256) public successes;

    bytes32[HOUSEHOLDS] internal meters;
    uint64 internal livedThrough;
    mapping(uint64 t => Registers[HOUSEHOLDS]) internal registersAt;
    /// @dev Sold minus bought in closed clearings.
    mapping(uint64 t => int256[HOUSEHOLDS]) internal tradedWh;

    Cleared[] internal closedClearings;
    mapping(bytes32 marketAndT => bool) internal isClosed;
    /// @dev The interval of the open clearing in a lane, 0 for none.
    mapping(bytes32 lane => uint64) internal openIn;
    /// @dev The latest interval that was opened in a lane, unwound ones included.
    mapping(bytes32 lane => uint64) internal movedOn;
    bytes32[] internal lanes;
    mapping(bytes32 lane => bytes32) internal marketOf;
    mapping(bytes32 lane => uint64[HOUSEHOLDS]) internal lastIn;

    mapping(address reports => mapping(uint64 t => bytes32)) internal rootAt;
    mapping(uint64 t => BalanceLeaf[]) internal balancesAt;
    mapping(uint64 t => Claim[]) internal claimsAt;
    uint64[] internal reported;

    int256[HOUSEHOLDS] private summed;
    uint64[HOUSEHOLDS] private summedThrough;
    uint256[HOUSEHOLDS] internal salts;
    uint256 internal gridDeposits;
    bytes32[] internal disputes;

    // MODIFIERS

    /// @dev Counts an action that went to its end. What an action that did not warped stays, its clock does not.
    modifier counted() {
        if (block.timestamp > clock) clock = block.timestamp;
        else vm.warp(clock);
        _;
        successes[msg.sig] += 1;
    }

    // SETTING UP

    function setUp() public virtual override {
        super.setUp();
        clock = T0;
        livedThrough = MIDNIGHT - 1;
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            meters[i] = registerAs(0xD0 + i, wallet(i), 0, solar());
            registersAt[livedThrough][i] = Registers(10, 20, 0);
            summedThrough[i] = livedThrough;
        }
        registry.clearSellCap(wallet(0)); // what its meter can generate: 5,250 Wh
        registry.setSellCap(wallet(1), 4_000);
        trading.setFee(100);
        trading.setCorridor(false, 0, uint48(CORRIDOR_CAP));
        trading.setCorridor(true, 300_000, 400_000);
        lanesOf(spot());
        lanesOf(forward());
        lanesOf(pairOf(ANNA, BEN));
        payGrid(2_000_000);
    }

    function lanesOf(bytes32 market) private {
        for (uint64 place; place < RING; ++place) {
            bytes32 lane = laneOf(market, place);
            lanes.push(lane);
            marketOf[lane] = market;
        }
    }

    function payGrid(uint256 micro) internal {
        fundGrid(micro);
        gridDeposits += micro;
    }

    // TIME

    function pass(uint256 time) internal {
        clock += time;
        vm.warp(clock);
    }

    function until(uint256 time) internal {
        if (time > clock) pass(time - clock);
    }

    function present() internal view returns (uint64) {
        return uint64((clock - 1) / L);
    }

    /// @dev The last interval that ended.
    function ended() internal view returns (uint64) {
        return clock % L == 0 ? present() : present() - 1;
    }

    // HOUSEHOLDS

    function keyOf(uint256 i) internal pure returns (uint256) {
        return [ANNA, BEN, CHIPO, DAVID][i];
    }

    function wallet(uint256 i) internal pure returns (address) {
        return vm.addr(keyOf(i));
    }

    /// @dev Lets the meters count up to the end of `t`.
    function live(uint64 t) internal {
        for (uint64 x = livedThrough + 1; x <= t; ++x) {
            for (uint256 i; i < HOUSEHOLDS; ++i) {
                Registers memory r = registersAt[x - 1][i];
                uint256 luck = uint256(keccak256(abi.encode(x, i)));
                uint64 generated = uint64(luck % 5_000);
                r.generatedWh += generated;
                r.exportWh += generated / 2;
                r.importWh += uint64((luck >> 128) % 4_000);
                registersAt[x][i] = r;
            }
        }
        if (t > livedThrough) livedThrough = t;
    }

    /// @dev The rule of settlement: what imbalance of `t` is worth, rounded against the account.
    function moneyOf(uint64 t, uint256 i) internal view returns (int256) {
        (Registers memory a, Registers memory b) = (registersAt[t - 1][i], registersAt[t][i]);
        int256 net = int256(uint256(b.exportWh - a.exportWh)) - int256(uint256(b.importWh - a.importWh));
        int256 wh = net - tradedWh[t][i];
        return wh >= 0 ? wh * EXPORT_PRICE / 1_000 : (wh * IMPORT_PRICE - 999) / 1_000;
    }

    /// @dev Of the sum only the last intervals are added up anew: nothing trades in older ones any more.
    function cumulativeOf(uint64 t, uint256 i) internal returns (int256 sum) {
        for (; summedThrough[i] + RING < t; ++summedThrough[i]) {
            summed[i] += moneyOf(summedThrough[i] + 1, i);
        }
        sum = summed[i];
        for (uint64 x = summedThrough[i] + 1; x <= t; ++x) {
            sum += moneyOf(x, i);
        }
    }

    // REPORTS

    /// @dev Two of three oracles sign.
    function send(IReports target, uint64 t, bytes32 root) internal {
        Report memory r = reportFor(t, root);
        r.previous = target.link();
        target.report(r, signedBy(target.reportDigest(r), 0, 1));
        rootAt[address(target)][t] = root;
    }

    function isReported(uint64 t) internal view returns (bool) {
        return balancesAt[t].length != 0;
    }

    /// @dev Root over households' leaves, and the grid's where there is one.
    function rootOf(bytes32[HOUSEHOLDS] memory leaves) internal pure returns (bytes32) {
        return pair(pair(leaves[0], leaves[1]), pair(leaves[2], leaves[3]));
    }

    function proofFor(bytes32[HOUSEHOLDS] memory leaves, uint256 i, bytes32 last)
        internal
        pure
        returns (bytes32[] memory proof)
    {
        proof = new bytes32[](last == 0 ? 2 : 3);
        proof[0] = leaves[i ^ 1];
        proof[1] = i < 2 ? pair(leaves[2], leaves[3]) : pair(leaves[0], leaves[1]);
        if (last != 0) proof[2] = last;
    }

    function balanceHashes(uint64 t) internal view returns (bytes32[HOUSEHOLDS] memory leaves) {
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            leaves[i] = hashOf(balancesAt[t][i]);
        }
    }

    function claimHashes(uint64 t) internal view returns (bytes32[HOUSEHOLDS] memory leaves) {
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            leaves[i] = leafOf(claimsAt[t][i]);
        }
    }

    // MARKETS

    function laneOf(bytes32 market, uint64 t) internal pure returns (bytes32) {
        return keccak256(abi.encode(market, t % RING));
    }

    function idOf(bytes32 market, uint64 t) internal pure returns (bytes32) {
        return keccak256(abi.encode(market, t));
    }

    function isFree(bytes32 market, uint64 t) internal view returns (bool) {
        return t > MIDNIGHT && !isClosed[idOf(market, t)] && openIn[laneOf(market, t)] == 0;
    }

    /// @dev An interval that can be cleared in this market now; time passes if there is none.
    function clearable(bytes32 market, uint256 seed) internal returns (uint64 t) {
        for (uint256 tries; tries < 4; ++tries) {
            for (uint64 i; i < RING / 2; ++i) {
                uint64 away = uint64((seed + i) % (RING / 2));
                t = Markets.kindOf(market) == Markets.SPOT ? ended() - away : present() + 1 + away;
                if (Markets.kindOf(market) == Markets.SPOT && present() > t + RING / 2) continue;
                if (isFree(market, t)) return t;
            }
            pass(L);
        }
        revert("nothing to clear");
    }

    /// @dev A household's standing order in a market.
    function standing(uint256 i, bytes32 market, uint8 side, uint64 cap)
        internal
        view
        returns (Order memory o)
    {
        o = orderOf(keyOf(i), market, side, cap, side == BUY ? BUY_LIMIT : SELL_LIMIT);
        (o.fromInterval, o.count, o.salt) = (MIDNIGHT, 1_000_000, salts[i]);
    }

    function bid(uint256 i, bytes32 market, uint64 wh) internal view returns (Fill memory) {
        return fillOf(keyOf(i), standing(i, market, BUY, CAP), wh);
    }

    function offer(uint256 i, bytes32 market, uint64 wh) internal view returns (Fill memory) {
        return fillOf(keyOf(i), standing(i, market, SELL, CAP), wh);
    }

    function noteOpened(bytes32 market, uint64 t) internal {
        bytes32 lane = laneOf(market, t);
        openIn[lane] = t;
        if (t > movedOn[lane]) movedOn[lane] = t;
    }

    /// @dev Whose slot in the lane is of `t` now; an older one may still hold escrow.
    function noteFilled(bytes32 market, uint64 t) internal {
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            Position memory p = trading.positionOf(market, t, wallet(i));
            if (p.soldWh + p.boughtWh != 0) lastIn[laneOf(market, t)][i] = t;
        }
    }

    function noteClosed(bytes32 market, uint64 t, uint64 price) internal {
        noteFilled(market, t);
        noteOpened(market, t);
        openIn[laneOf(market, t)] = 0;
        isClosed[idOf(market, t)] = true;
        closedClearings.push(Cleared(market, t, price));
        for (uint256 i; i < HOUSEHOLDS; ++i) {
            Position memory p = trading.positionOf(market, t, wallet(i));
            tradedWh[t][i] += int256(p.soldWh) - int256(p.boughtWh);
        }
    }

    // ATTACKS

    /// @dev What must be refused, and for this reason. That it was not is remembered, because a revert here would
    /// be forgotten with the call.
    function mustFail(address target, address caller, bytes memory call, bytes4 reason, string memory what)
        internal
    {
        vm.prank(caller);
        (bool done, bytes memory answer) = target.call(call);
        if (done) breach = what;
        else require(bytes4(answer) == reason, string.concat("refused for another reason: ", what));
    }
}
