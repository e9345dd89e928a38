// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BalanceLeaf} from "contracts/interfaces/IGridBalancing.sol";
import {GridTest} from "./GridTest.sol";

/// @notice What settlements cost as transactions of their own, in steady use; `forge test -vv` prints it.
contract BalancingGasTest is GridTest {
    event log_named_uint(string what, uint256 gas);

    uint256 private constant ACCOUNTS = 256;

    BalanceLeaf[] private leaves;
    bytes32[][] private levels;

    /// @dev A community whose accounts were settled before, and whose next interval is reported.
    function prepare(int256 sign_) private {
        fund(address(grid), 1e12);
        for (uint256 i; i < ACCOUNTS; ++i) {
            address account = address(uint160(0x1000 + i));
            register(0xCAFE + i, account, 0);
            fund(account, 1e9);
            leaves.push(BalanceLeaf(account, sign_ * int256(1_000 + i), 100, 90));
        }
        settleAll(MIDNIGHT);
        for (uint256 i; i < ACCOUNTS; ++i) {
            leaves[i].cumulativeMicro += sign_ * 700;
            leaves[i].promisedWh += 50;
            leaves[i].deliveredWh += 40;
        }
        post(grid, MIDNIGHT + 1, build());
        cool();
    }

    function build() private returns (bytes32) {
        delete levels;
        bytes32[] memory level = new bytes32[](ACCOUNTS);
        for (uint256 i; i < ACCOUNTS; ++i) {
            level[i] = leafOf(leaves[i]);
        }
        levels.push(level);
        while (level.length > 1) {
            bytes32[] memory next = new bytes32[](level.length / 2);
            for (uint256 i; i < next.length; ++i) {
                next[i] = pair(level[2 * i], level[2 * i + 1]);
            }
            levels.push(next);
            level = next;
        }
        return level[0];
    }

    function settleAll(uint64 interval) private {
        post(grid, interval, build());
        (BalanceLeaf[] memory all, bool[] memory use) = (leaves, new bool[](ACCOUNTS - 1));
        for (uint256 i; i < use.length; ++i) {
            use[i] = true;
        }
        grid.settleMany(interval, all, none, use);
    }

    function proofOf(uint256 at) private view returns (bytes32[] memory proof) {
        proof = new bytes32[](levels.length - 1);
        for (uint256 i; i < proof.length; ++i) {
            proof[i] = levels[i][at ^ 1];
            at >>= 1;
        }
    }

    function cool() private {
        more.cool(address(grid));
        more.cool(address(trading));
        more.cool(address(registry));
    }

    /// @dev A transaction's gas: what it starts with, its calldata, and what it runs.
    function cost(bytes memory call) private returns (uint256 spent) {
        cool();
        uint256 before = gasleft();
        (bool done,) = address(grid).call(call);
        spent = before - gasleft();
        require(done, "refused");
        spent += 21_000;
        for (uint256 i; i < call.length; ++i) {
            spent += call[i] == 0 ? 4 : 16;
        }
    }

    function settleCost(int256 sign_, string memory what) private {
        prepare(sign_);
        uint256 spent = cost(abi.encodeCall(grid.settle, (MIDNIGHT + 1, leaves[7], proofOf(7))));
        emit log_named_uint(what, spent);
        require(spent <= 72_000, "settle is dearer than its budget");
    }

    function testSettleOfADebit() public {
        settleCost(-1, "settle, debit, 256 accounts, steady");
    }

    function testSettleOfACredit() public {
        settleCost(1, "settle, credit, 256 accounts, steady");
    }

    function testSettleOfMany() public {
        prepare(-1);
        (BalanceLeaf[] memory all, bool[] memory use) = (leaves, new bool[](ACCOUNTS - 1));
        for (uint256 i; i < use.length; ++i) {
            use[i] = true;
        }
        uint256 spent = cost(abi.encodeCall(grid.settleMany, (MIDNIGHT + 1, all, none, use)));
        emit log_named_uint("settleMany, 256 accounts, steady, each", spent / ACCOUNTS);
        require(spent / ACCOUNTS <= 28_500, "settleMany is dearer than its budget");
    }
}
