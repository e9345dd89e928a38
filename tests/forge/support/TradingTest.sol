// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {
    Account,
    ClearingView,
    Fill,
    Order,
    Position,
    TradingParameters
} from "contracts/interfaces/IEnergyTrading.sol";
import {Role} from "contracts/interfaces/IRegistry.sol";
import {Markets} from "contracts/libraries/Markets.sol";
import {PackedTermsLib} from "contracts/libraries/PackedTerms.sol";
import {BaseTest} from "./BaseTest.sol";
import {GridStub} from "./GridStub.sol";
import {EnergyDelivery, EnergyTrading, TestDollar, deployContract} from "./Contracts.sol";

/// @notice A community that trades: two clearing operators with bonds, funded accounts, signed orders.
abstract contract TradingTest is BaseTest {
    uint64 internal constant PENALTY = 5_000_000;
    uint32 internal constant NOTICE = 600;
    uint32 internal constant COMPLAINT = 7_200;
    uint64 internal constant SELL_CAP = 50_000;
    uint256 internal constant FUNDS = 1_000_000_000;
    uint64 internal constant PRICE = 120_000;
    uint32 internal constant FEEDER = 7;
    uint8 internal constant BUY = 0;
    uint8 internal constant SELL = 1;

    address internal constant OPERATOR = address(0x0AE1);
    address internal constant OPERATOR_TWO = address(0x0AE2);
    address internal constant FEES = address(0xFEE5);

    uint256 internal constant ANNA = 0xA17A;
    uint256 internal constant BEN = 0xBE17;
    uint256 internal constant CHIPO = 0xC41;
    uint256 internal constant DAVID = 0xDA7E;

    TestDollar internal token;
    EnergyTrading internal trading;
    EnergyDelivery internal delivery;
    /// @dev The grid that trading asks; a test of the real one deploys it in `deployTrading`.
    address internal grid;

    /// @dev Everybody whose money `conserved` counts.
    address[] internal accounts;
    mapping(address account => bool) private _counted;

    struct Slot {
        bytes32 market;
        uint64 t;
    }

    Slot[] internal slots;
    mapping(bytes32 slot => bool) private _used;

    function setUp() public virtual override {
        super.setUp();
        token = TestDollar(deployContract("TestDollar", ""));
        deployTrading();
        count(grid);
        count(address(delivery));
        count(FEES);
        count(address(this));
        for (uint256 i; i < 4; ++i) {
            address account = vm.addr([ANNA, BEN, CHIPO, DAVID][i]);
            fund(account, FUNDS);
            registry.setSellCap(account, SELL_CAP);
        }
        makeOperator(OPERATOR);
        makeOperator(OPERATOR_TWO);
    }

    // DEPLOYMENT

    function deployTrading() internal virtual {
        grid = address(new GridStub());
        delivery = EnergyDelivery(deployedAfter(1));
        trading = EnergyTrading(deployContract("EnergyTrading", abi.encode(parameters())));
        EnergyDelivery(
            deployContract("EnergyDelivery", abi.encode(registry, trading, production, consumption))
        );
    }

    /// @dev Where the contract will be that is deployed after `others` others.
    function deployedAfter(uint256 others) internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + others);
    }

    function parameters() internal view returns (TradingParameters memory) {
        return TradingParameters({
            registry: registry,
            token: token,
            grid: grid,
            delivery: address(delivery),
            ringSize: RING,
            noticeSeconds: noticeSeconds(),
            complaintSeconds: COMPLAINT,
            penaltyMicro: PENALTY,
            feeRecipient: FEES
        });
    }

    function noticeSeconds() internal pure virtual returns (uint32) {
        return NOTICE;
    }

    function makeOperator(address operator) internal virtual {
        registry.setRole(Role.ClearingOperator, operator, true);
        fund(operator, PENALTY);
        vm.prank(operator);
        trading.bond(PENALTY);
    }

    // MONEY

    /// @dev Makes money and deposits it for an account.
    function fund(address account, uint256 micro) internal {
        count(account);
        token.mint(account, micro);
        vm.prank(account);
        token.approve(address(trading), micro);
        vm.prank(account);
        trading.deposit(micro, account);
    }

    function fundGrid(uint256 micro) internal {
        token.mint(address(this), micro);
        token.approve(address(trading), micro);
        trading.deposit(micro, grid);
    }

    function adjust(address account, int256 deltaMicro, uint64 through) internal returns (int256, uint256) {
        return GridStub(grid).adjust(trading, account, deltaMicro, through);
    }

    function cash(address account) internal view returns (uint256) {
        return trading.accountOf(account).cashMicro;
    }

    function debt(address account) internal view returns (uint256) {
        return trading.accountOf(account).debtMicro;
    }

    /// @dev Lets `conserved` count an account.
    function count(address account) internal {
        if (_counted[account]) return;
        _counted[account] = true;
        accounts.push(account);
    }

    /// @dev Lets `conserved` count the positions and the clearing of (market, t).
    function uses(bytes32 market, uint64 t) internal {
        bytes32 key = keccak256(abi.encode(market, t));
        if (_used[key]) return;
        _used[key] = true;
        slots.push(Slot(market, t));
    }

    /// @dev Money beside cash, escrow, what clearings hold and fees: the operators' bonds.
    function otherMoney() internal view virtual returns (uint256) {
        return bondOf(OPERATOR) + bondOf(OPERATOR_TWO);
    }

    function bondOf(address operator) internal view returns (uint256) {
        return trading.bondOf(operator).bondMicro;
    }

    function ledgerSum() internal view returns (uint256 sum) {
        for (uint256 i; i < accounts.length; ++i) {
            sum += cash(accounts[i]);
            for (uint256 k; k < slots.length; ++k) {
                sum += trading.positionOf(slots[k].market, slots[k].t, accounts[i]).escrowMicro;
            }
        }
        for (uint256 k; k < slots.length; ++k) {
            sum += trading.clearingOf(slots[k].market, slots[k].t).heldMicro;
        }
        (, uint256 fees) = trading.fees();
        return sum + fees + otherMoney();
    }

    /// @dev After every step of a test that moves money: what the contract has is what it owes.
    function conserved() internal view {
        eq(token.balanceOf(address(trading)), ledgerSum(), "money of the ledger");
    }

    modifier conserving() {
        _;
        conserved();
    }

    // MARKETS

    function spot() internal pure returns (bytes32) {
        return Markets.spot(false, false, 0, FEEDER);
    }

    function forward() internal pure returns (bytes32) {
        return Markets.forward(false, false, 0, FEEDER);
    }

    function pairOf(uint256 keyA, uint256 keyB) internal pure returns (bytes32) {
        return Markets.pair(false, false, 0, vm.addr(keyA), vm.addr(keyB));
    }

    /// @dev The interval that the tests' clearings are for unless they say otherwise.
    function T() internal pure returns (uint64) {
        return MIDNIGHT + 2;
    }

    /// @dev To the moment from which the spot market of `t` may be cleared.
    function toSpot(uint64 t) internal {
        vm.warp(end(t));
    }

    // ORDERS

    /// @dev An order for ten intervals around T.
    function orderOf(uint256 key, bytes32 market, uint8 side, uint64 capWh, uint64 limit)
        internal
        view
        returns (Order memory)
    {
        return Order({
            account: vm.addr(key),
            market: market,
            side: side,
            capWh: capWh,
            limitPriceMicroPerKwh: limit,
            fromInterval: T() - 2,
            count: 30,
            sourceMask: Markets.sourceMaskOf(market),
            bundled: Markets.isBundled(market),
            epoch: trading.accountOf(vm.addr(key)).epoch,
            // 64 random bits tell orders apart well enough, and the bytes of a longer salt cost an operator gas.
            salt: uint64(uint256(keccak256(abi.encode(key, side, capWh, limit))))
        });
    }

    function buyOf(uint256 key, uint64 capWh, uint64 limit) internal view returns (Order memory) {
        return orderOf(key, spot(), BUY, capWh, limit);
    }

    function sellOf(uint256 key, uint64 capWh, uint64 limit) internal view returns (Order memory) {
        return orderOf(key, spot(), SELL, capWh, limit);
    }

    function signOrder(uint256 key, Order memory order) internal view returns (bytes memory) {
        return sign(key, trading.orderDigest(order));
    }

    /// @dev What an operator sends to fill `wh` of an order that `key` signed.
    function fillOf(uint256 key, Order memory order, uint64 wh) internal view returns (Fill memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, trading.orderDigest(order));
        return rawFill(order, wh, r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    /// @dev A fill of an order that was posted.
    function postedFill(Order memory order, uint64 wh) internal pure returns (Fill memory) {
        return rawFill(order, wh, 0, 0);
    }

    /// @dev A fill of an order whose signature is the `index`-th beside the fills.
    function contractFill(Order memory order, uint64 wh, uint256 index) internal pure returns (Fill memory) {
        return rawFill(order, wh, 0, bytes32(index + 1));
    }

    function rawFill(Order memory o, uint64 wh, bytes32 r, bytes32 vs) internal pure returns (Fill memory) {
        return Fill({
            account: o.account,
            terms: PackedTermsLib.pack(
                o.side,
                uint40(wh),
                o.capWh,
                uint48(o.limitPriceMicroPerKwh),
                uint32(o.fromInterval),
                o.count,
                o.epoch
            ),
            salt: o.salt,
            r: r,
            vs: vs
        });
    }

    function list(Fill memory a) internal pure returns (Fill[] memory fills) {
        fills = new Fill[](1);
        fills[0] = a;
    }

    function list(Fill memory a, Fill memory b) internal pure returns (Fill[] memory fills) {
        fills = new Fill[](2);
        (fills[0], fills[1]) = (a, b);
    }

    function list(Fill memory a, Fill memory b, Fill memory c) internal pure returns (Fill[] memory fills) {
        fills = new Fill[](3);
        (fills[0], fills[1], fills[2]) = (a, b, c);
    }

    function list(address a) internal pure returns (address[] memory found) {
        found = new address[](1);
        found[0] = a;
    }

    function list(address a, address b) internal pure returns (address[] memory found) {
        found = new address[](2);
        (found[0], found[1]) = (a, b);
    }

    function ts(uint64 t) internal pure returns (uint64[] memory found) {
        found = new uint64[](1);
        found[0] = t;
    }

    // CLEARING

    function open(bytes32 market, uint64 t, uint64 price) internal {
        uses(market, t);
        vm.prank(OPERATOR);
        trading.open(market, t, price, bytes32(0));
    }

    function fill(bytes32 market, uint64 t, Fill[] memory fills) internal {
        vm.prank(OPERATOR);
        trading.fill(market, t, fills, new bytes[](0));
    }

    function close(bytes32 market, uint64 t) internal {
        vm.prank(OPERATOR);
        trading.close(market, t);
    }

    function clear(bytes32 market, uint64 t, uint64 price, Fill[] memory fills) internal {
        clear(market, t, price, bytes32(0), fills);
    }

    function clear(bytes32 market, uint64 t, uint64 price, bytes32 bookRoot, Fill[] memory fills) internal {
        uses(market, t);
        vm.prank(OPERATOR);
        trading.clear(market, t, price, bookRoot, fills, new bytes[](0));
    }

    /// @dev One buyer and one seller of `wh` on the spot market of `t`, at PRICE.
    function trade(uint256 buyer, uint256 seller, uint64 t, uint64 wh) internal {
        tradeIn(spot(), buyer, seller, t, wh);
    }

    function tradeIn(bytes32 market, uint256 buyer, uint256 seller, uint64 t, uint64 wh) internal {
        Order memory bid = orderOf(buyer, market, BUY, wh, PRICE);
        Order memory offer = orderOf(seller, market, SELL, wh, PRICE);
        clear(market, t, PRICE, list(fillOf(buyer, bid, wh), fillOf(seller, offer, wh)));
    }

    // CHECKS

    function position(bytes32 market, uint64 t, uint256 key) internal view returns (Position memory) {
        return trading.positionOf(market, t, vm.addr(key));
    }

    function costUp(uint256 wh, uint256 price) internal pure returns (uint256) {
        return (wh * price + 999) / 1000;
    }

    function proceedsDown(uint256 wh, uint256 price) internal pure returns (uint256) {
        return wh * price / 1000;
    }

    /// @dev A fuzzed value brought into a range, both ends included.
    function between(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + x % (high - low + 1);
    }
}
