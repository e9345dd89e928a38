// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PackedAccount, PackedAccounts} from "contracts/libraries/PackedAccounts.sol";
import {BaseTest} from "../support/BaseTest.sol";

/// @dev Library calls are inlined; through an outer call their reverts can be expected.
contract AccountCalls {
    function credit(PackedAccount account, uint256 micro) external view returns (PackedAccount) {
        return account.credit(micro);
    }

    function debit(PackedAccount account, uint256 micro) external pure returns (PackedAccount) {
        return account.debit(micro);
    }

    function withDebt(PackedAccount account, uint256 micro) external pure returns (PackedAccount) {
        return account.withDebt(micro);
    }

    function withSettledThrough(PackedAccount account, uint256 t) external pure returns (PackedAccount) {
        return account.withSettledThrough(t);
    }
}

contract PackedAccountsTest is BaseTest {
    AccountCalls private calls;

    function setUp() public override {
        vm.warp(T0);
        calls = new AccountCalls();
    }

    function others(PackedAccount before, PackedAccount found, uint256 shift, uint256 width) private pure {
        uint256 mask = ~(((1 << width) - 1) << shift);
        eq(PackedAccount.unwrap(found) & mask, PackedAccount.unwrap(before) & mask, "another field changed");
    }

    function testTooMuchCashIsRefused(uint256 word, uint256 micro) public {
        PackedAccount account = PackedAccount.wrap(word);
        micro = type(uint80).max - account.cash() + 1 + micro % (1 << 200);
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.CashTooLarge.selector, account.cash() + micro));
        calls.credit(account, micro);
    }

    function testMoreThanThereIsIsRefused(uint256 word, uint256 micro) public {
        PackedAccount account = PackedAccount.wrap(word);
        vm.assume(micro > account.cash());
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.NotEnoughCash.selector, account.cash(), micro));
        calls.debit(account, micro);
    }

    function testTooMuchDebtIsRefused(uint256 word, uint256 micro) public {
        vm.assume(micro > type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.DebtTooLarge.selector, micro));
        calls.withDebt(PackedAccount.wrap(word), micro);
    }

    function testTooLateAnIntervalIsRefused(uint256 word, uint256 t) public {
        vm.assume(t > type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(PackedAccounts.IntervalTooLarge.selector, t));
        calls.withSettledThrough(PackedAccount.wrap(word), t);
    }

    function testCashGrowsAndItsTimeIsNow(uint256 word, uint256 micro, uint40 time) public {
        vm.warp(time);
        PackedAccount account = PackedAccount.wrap(word);
        micro = micro % (type(uint80).max - account.cash() + 1);
        PackedAccount found = calls.credit(account, micro);
        eq(found.cash(), account.cash() + micro, "cash");
        eq(found.increasedAt(), time, "increased at");
        uint256 mask = ~((uint256(type(uint40).max) << 208) | type(uint80).max);
        eq(PackedAccount.unwrap(found) & mask, word & mask, "another field changed");
    }

    function testCashFallsAndItsTimeStays(uint256 word, uint256 micro) public view {
        PackedAccount account = PackedAccount.wrap(word);
        micro = micro % (account.cash() + 1);
        PackedAccount found = calls.debit(account, micro);
        eq(found.cash(), account.cash() - micro, "cash");
        others(account, found, 0, 80);
    }

    function testEachFieldIsSetAlone(uint256 word, uint64 debt, uint32 epoch, uint32 t, uint8 flag)
        public
        pure
    {
        PackedAccount account = PackedAccount.wrap(word);
        PackedAccount found = account.withDebt(debt);
        eq(found.debt(), debt, "debt");
        require(debt == 0 || found.has(PackedAccounts.HAS_OWED), "has owed");
        others(debt == 0 ? account : account.with(PackedAccounts.HAS_OWED), found, 80, 64);
        found = account.withEpoch(epoch);
        eq(found.epoch(), epoch, "epoch");
        others(account, found, 144, 32);
        found = account.withSettledThrough(t);
        uint256 later = account.settledThrough() > t ? account.settledThrough() : t;
        eq(found.settledThrough(), later, "settled through");
        others(account, found, 176, 32);
        found = account.with(flag);
        require(found.has(flag), "flag");
        others(account, found, 248, 8);
        require(PackedAccount.wrap(word & ~(uint256(flag) << 248)).has(flag) == (flag == 0), "cleared flag");
    }
}
