// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TradingParameters} from "contracts/interfaces/IEnergyTrading.sol";
import {BalanceLeaf} from "contracts/interfaces/IGridBalancing.sol";
import {IRegistry, MeterAttributes, Role} from "contracts/interfaces/IRegistry.sol";
import {Report} from "contracts/interfaces/IReports.sol";
import {BaseTest} from "../support/BaseTest.sol";
import {EnergyTrading, GridBalancing, TestDollar, deployContract} from "../support/Contracts.sol";

/// @notice One more switch of the test engine.
interface MoreVm {
    function cool(address target) external;
}

/// @notice A community whose imbalance is settled with a grid.
abstract contract GridTest is BaseTest {
    MoreVm internal constant more = MoreVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint32 internal constant SILENT = 3;
    uint48 internal constant MAX_PRICE = 500_000;
    /// @dev Most that an account with the solar meter alone can be due in an interval: 10,500 Wh through its
    /// connection and 5,250 Wh sold, at the highest price.
    int256 internal constant LIMIT = 7_875_000;
    uint32 internal constant FEEDER = 1;
    address internal constant OPERATOR = address(0x6E1D);
    address internal constant ARBITER = address(0xA4B1);

    TestDollar internal token;
    EnergyTrading internal trading;
    GridBalancing internal grid;

    bytes32[] internal none;

    function setUp() public virtual override {
        super.setUp();
        deploy();
        registry.setRole(Role.GridOperator, OPERATOR, true);
        registry.setRole(Role.Arbiter, ARBITER, true);
        grid.setMaxImbalancePrice(MAX_PRICE);
    }

    function deploy() internal {
        token = TestDollar(deployContract("TestDollar", ""));
        uint256 next = vm.getNonce(address(this));
        trading = EnergyTrading(
            deployContract(
                "EnergyTrading", abi.encode(parametersFor(vm.computeCreateAddress(address(this), next + 1)))
            )
        );
        grid = GridBalancing(
            deployContract(
                "GridBalancing",
                abi.encode(
                    registry,
                    address(trading),
                    address(production),
                    address(consumption),
                    RING,
                    FINALITY,
                    SILENT
                )
            )
        );
    }

    function parametersFor(address gridAddress) internal view returns (TradingParameters memory) {
        return TradingParameters({
            registry: registry,
            token: token,
            grid: gridAddress,
            delivery: address(0xDE11),
            ringSize: RING,
            noticeSeconds: 0,
            complaintSeconds: 2 hours,
            penaltyMicro: 5_000_000,
            feeRecipient: address(0xFEE)
        });
    }

    // MONEY

    function fund(address account, uint256 micro) internal {
        // The grid's account takes anybody's money.
        address payer = account == address(grid) ? address(this) : account;
        token.mint(payer, micro);
        vm.startPrank(payer);
        token.approve(address(trading), micro);
        trading.deposit(micro, account);
        vm.stopPrank();
    }

    function cashOf(address account) internal view returns (uint256) {
        return trading.accountOf(account).cashMicro;
    }

    function debtOf(address account) internal view returns (uint256) {
        return trading.accountOf(account).debtMicro;
    }

    // LEAVES

    function balance(address account, int256 micro) internal pure returns (BalanceLeaf memory) {
        return BalanceLeaf(account, micro, 0, 0);
    }

    function leafOf(BalanceLeaf memory b) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(keccak256(abi.encode(b.account, b.cumulativeMicro, b.promisedWh, b.deliveredWh)))
        );
    }

    /// @dev IReports one account's leaf alone and waits until it is final.
    function postBalance(uint64 interval, BalanceLeaf memory b) internal {
        post(grid, interval, leafOf(b));
    }

    /// @dev IReports and settles one account's leaf.
    function settle(uint64 interval, BalanceLeaf memory b) internal {
        postBalance(interval, b);
        grid.settle(interval, b, none);
    }

    /// @dev IReports without waiting.
    function postUnfinal(uint64 interval, bytes32 root) internal {
        vm.warp(end(interval));
        Report memory r = reportFor(interval, root);
        r.previous = grid.link();
        grid.report(r, signedBy(grid.reportDigest(r), 0, 1));
    }

    // METERS

    function storageUnit() internal pure returns (MeterAttributes memory a) {
        a = solar();
        (a.kind, a.source, a.generationCapacityW) = (2, 4, 0);
    }

    // CHECKS

    function eq(int256 found, int256 expected, string memory what) internal pure {
        require(found == expected, what);
    }

    function refusedWithout(Role role, address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.RoleMissing.selector, role, caller));
    }
}
