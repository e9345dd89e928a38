// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @notice What the ledger keeps of an account, in one word, first field lowest: cash 80, debt 64, epoch 32,
/// settledThrough 32, increasedAt 40, flags 8.
/// @dev By hand, because the compiler writes a struct's fields one after the other, at 200 gas each.
type PackedAccount is uint256;

using PackedAccounts for PackedAccount global;

/// @title PackedAccounts
/// @notice Reads and changes an account's word; a value that does not fit reverts.
library PackedAccounts {
    error CashTooLarge(uint256 cashMicro);
    error DebtTooLarge(uint256 debtMicro);
    error NotEnoughCash(uint256 cashMicro, uint256 neededMicro);
    error IntervalTooLarge(uint256 interval);

    /// @notice Flag: orders of this account were cancelled one by one, so the mapping of cancelled orders counts.
    uint8 internal constant HAS_CANCELLED = 1;
    /// @notice Flag: the account's epoch jumped at least once, so a former epoch may still count.
    uint8 internal constant HAS_FORMER_EPOCH = 2;
    /// @notice Flag: the account owed the grid at least once.
    uint8 internal constant HAS_OWED = 4;

    uint256 private constant DEBT = 80;
    uint256 private constant EPOCH = 144;
    uint256 private constant SETTLED_THROUGH = 176;
    uint256 private constant INCREASED_AT = 208;
    uint256 private constant FLAGS = 248;

    uint256 private constant CASH_MAX = type(uint80).max;
    uint256 private constant DEBT_MAX = type(uint64).max;
    uint256 private constant INTERVAL_MAX = type(uint32).max;
    uint256 private constant TIME_MAX = type(uint40).max;

    // READING

    /// @notice Micro-units the account may spend.
    function cash(PackedAccount account) internal pure returns (uint256) {
        return PackedAccount.unwrap(account) & CASH_MAX;
    }

    /// @notice Micro-units the account owes the grid.
    function debt(PackedAccount account) internal pure returns (uint256) {
        return uint64(PackedAccount.unwrap(account) >> DEBT);
    }

    /// @notice The epoch its orders must name.
    function epoch(PackedAccount account) internal pure returns (uint32) {
        return uint32(PackedAccount.unwrap(account) >> EPOCH);
    }

    /// @notice The last interval whose imbalance was settled.
    function settledThrough(PackedAccount account) internal pure returns (uint256) {
        return uint32(PackedAccount.unwrap(account) >> SETTLED_THROUGH);
    }

    /// @notice Unix seconds at which the cash last grew.
    function increasedAt(PackedAccount account) internal pure returns (uint256) {
        return uint40(PackedAccount.unwrap(account) >> INCREASED_AT);
    }

    /// @notice Whether all bits of `flag` are set.
    function has(PackedAccount account, uint8 flag) internal pure returns (bool) {
        return uint8(PackedAccount.unwrap(account) >> FLAGS) & flag == flag;
    }

    /// @notice Whether an order of that epoch counts without a look at former epochs and cancelled orders.
    function isPlain(PackedAccount account, uint256 epoch_) internal pure returns (bool) {
        uint256 word = PackedAccount.unwrap(account);
        return uint32(word >> EPOCH) == epoch_ && (word >> FLAGS) & HAS_CANCELLED == 0;
    }

    // CHANGING

    /// @notice Adds cash and remembers that it grew now.
    function credit(PackedAccount account, uint256 micro) internal view returns (PackedAccount) {
        uint256 word = PackedAccount.unwrap(account);
        if (micro > (~word & CASH_MAX)) revert CashTooLarge(cash(account) + micro);
        // The time needs no check: forty bits last for 34,000 years.
        word = (word & ~(TIME_MAX << INCREASED_AT)) | (block.timestamp << INCREASED_AT);
        unchecked {
            return PackedAccount.wrap(word + micro); // the field holds the sum
        }
    }

    /// @notice Takes cash; reverts where there is too little.
    function debit(PackedAccount account, uint256 micro) internal pure returns (PackedAccount) {
        uint256 had = cash(account);
        if (micro > had) revert NotEnoughCash(had, micro);
        unchecked {
            return PackedAccount.wrap(PackedAccount.unwrap(account) - micro); // the field holds the difference
        }
    }

    /// @notice Sets the debt.
    function withDebt(PackedAccount account, uint256 micro) internal pure returns (PackedAccount) {
        if (micro > DEBT_MAX) revert DebtTooLarge(micro);
        uint256 word = PackedAccount.unwrap(account) & ~(DEBT_MAX << DEBT);
        if (micro != 0) word |= uint256(HAS_OWED) << FLAGS;
        return PackedAccount.wrap(word | (micro << DEBT));
    }

    /// @notice Sets the epoch.
    function withEpoch(PackedAccount account, uint32 epoch_) internal pure returns (PackedAccount) {
        uint256 word = PackedAccount.unwrap(account) & ~(uint256(type(uint32).max) << EPOCH);
        return PackedAccount.wrap(word | (uint256(epoch_) << EPOCH));
    }

    /// @notice Sets the last settled interval; it never goes back.
    function withSettledThrough(PackedAccount account, uint256 interval)
        internal
        pure
        returns (PackedAccount)
    {
        if (interval > INTERVAL_MAX) revert IntervalTooLarge(interval);
        if (interval <= settledThrough(account)) return account;
        uint256 word = PackedAccount.unwrap(account) & ~(INTERVAL_MAX << SETTLED_THROUGH);
        return PackedAccount.wrap(word | (interval << SETTLED_THROUGH));
    }

    /// @notice Sets flags.
    function with(PackedAccount account, uint8 flag) internal pure returns (PackedAccount) {
        return PackedAccount.wrap(PackedAccount.unwrap(account) | (uint256(flag) << FLAGS));
    }
}
