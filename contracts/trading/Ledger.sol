// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {
    Account,
    IEnergyTrading,
    Refund,
    TradingParameters,
    TradingRules
} from "../interfaces/IEnergyTrading.sol";
import {Governed} from "../Governed.sol";
import {Intervals} from "../libraries/Intervals.sol";
import {PackedAccount, PackedAccounts} from "../libraries/PackedAccounts.sol";

/// @title Ledger
/// @notice Cash, debt and fees.
abstract contract Ledger is IEnergyTrading, Governed, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    // CONSTANTS

    /// @notice The fee never exceeds 5 % of a seller's proceeds.
    uint16 public constant MAX_FEE_BPS = 500;

    uint8 private constant DECIMALS = 6;

    // IMMUTABLES

    /// @inheritdoc IEnergyTrading
    IERC20 public immutable token;
    /// @inheritdoc IEnergyTrading
    address public immutable grid;
    /// @inheritdoc IEnergyTrading
    address public immutable delivery;
    /// @inheritdoc IEnergyTrading
    uint32 public immutable ringSize;
    /// @inheritdoc IEnergyTrading
    uint32 public immutable noticeSeconds;
    /// @inheritdoc IEnergyTrading
    uint32 public immutable complaintSeconds;
    /// @inheritdoc IEnergyTrading
    uint64 public immutable penaltyMicro;

    uint256 internal immutable _intervalSeconds;

    // STORAGE

    mapping(address account => PackedAccount) internal _accounts;

    /// @dev Where a word of `_accounts` is, found once to read and to write it.
    struct AccountSlot {
        PackedAccount word;
    }

    struct Withdrawal {
        uint128 micro;
        uint64 readyAt;
    }

    mapping(address account => Withdrawal) private _withdrawals;
    mapping(address account => Refund) private _refunds;

    /// @dev Beside the fees in one slot.
    address private _feeRecipient;
    uint96 private _fees;

    TradingRules internal _rules;

    // CONSTRUCTOR

    constructor(TradingParameters memory p) Governed(p.registry) {
        uint256 intervalSeconds = p.registry.intervalSeconds();
        if (p.ringSize == 0 || p.ringSize % 2 != 0) revert BadRingSize(p.ringSize);
        // A slot is used again no sooner than half a ring after its clearing opened: courts end before.
        uint256 longest = p.ringSize / 2 * intervalSeconds;
        if (p.complaintSeconds > longest) revert BadComplaintSeconds(p.complaintSeconds, longest);
        if (p.grid == address(0) || p.delivery == address(0) || p.feeRecipient == address(0)) {
            revert IRegistry.ZeroAddress();
        }
        uint8 decimals = IERC20Metadata(address(p.token)).decimals();
        if (decimals != DECIMALS) revert BadDecimals(decimals);
        token = p.token;
        grid = p.grid;
        delivery = p.delivery;
        ringSize = p.ringSize;
        noticeSeconds = p.noticeSeconds;
        complaintSeconds = p.complaintSeconds;
        penaltyMicro = p.penaltyMicro;
        _intervalSeconds = intervalSeconds;
        _feeRecipient = p.feeRecipient;
        _rules.capPriceMicroPerKwh = type(uint48).max;
        _rules.islandCapPriceMicroPerKwh = type(uint48).max;
        emit FeeRecipientSet(p.feeRecipient);
        emit CorridorSet(false, 0, type(uint48).max);
        emit CorridorSet(true, 0, type(uint48).max);
    }

    // LEDGER

    /// @inheritdoc IEnergyTrading
    function deposit(uint256 micro, address account) external nonReentrant {
        _deposit(micro, account);
    }

    /// @inheritdoc IEnergyTrading
    function depositWithPermit(
        uint256 micro,
        address account,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Whoever saw the permit may have used it first; then the allowance is there already.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), micro, deadline, v, r, s) {}
            catch {}
        _deposit(micro, account);
    }

    /// @inheritdoc IEnergyTrading
    function requestWithdrawal(uint256 micro) external {
        if (micro == 0) revert NothingToMove();
        // forge-lint: disable-next-line(unsafe-typecast) block time and a uint32
        uint64 readyAt = uint64(block.timestamp + noticeSeconds);
        _withdrawals[msg.sender] = Withdrawal(micro.toUint128(), readyAt);
        emit WithdrawalRequested(msg.sender, micro, readyAt);
    }

    /// @inheritdoc IEnergyTrading
    function withdraw(address to) external nonReentrant {
        if (to == address(0)) revert IRegistry.ZeroAddress();
        if (to == address(this)) revert NotAReceiver(to); // nobody's account would have it
        Withdrawal memory withdrawal = _withdrawals[msg.sender];
        if (withdrawal.micro == 0) revert NoWithdrawalRequested(msg.sender);
        if (block.timestamp < withdrawal.readyAt) revert NoticeRunning(withdrawal.readyAt);
        PackedAccount word = _accounts[msg.sender];
        uint256 cash = word.cash();
        uint256 micro = withdrawal.micro < cash ? withdrawal.micro : cash;
        if (micro == 0) revert NothingToMove();
        // The time stays: it tells a court since when at least nothing was announced.
        _withdrawals[msg.sender].micro = 0;
        _accounts[msg.sender] = word.debit(micro);
        emit Withdrawn(msg.sender, to, micro);
        token.safeTransfer(to, micro);
    }

    /// @inheritdoc IEnergyTrading
    function adjust(address account, int256 deltaMicro, uint64 through)
        external
        returns (int256 movedMicro, uint256 debtMicro)
    {
        if (msg.sender != grid) revert NotGrid(msg.sender);
        if (account == grid || account == delivery) revert NoImbalanceOf(account);
        PackedAccount word = _accounts[account];
        PackedAccount gridWord = _accounts[grid];
        debtMicro = word.debt();
        if (deltaMicro < 0) {
            uint256 owed = SignedMath.abs(deltaMicro);
            uint256 cash = word.cash();
            uint256 paid = owed < cash ? owed : cash;
            debtMicro += owed - paid;
            word = word.debit(paid).withDebt(debtMicro);
            gridWord = gridWord.credit(paid);
            movedMicro = deltaMicro;
        } else {
            // Debt is a claim of the grid itself: to waive it needs no cash of the grid.
            uint256 due = uint256(deltaMicro);
            uint256 waived = due < debtMicro ? due : debtMicro;
            debtMicro -= waived;
            uint256 cash = gridWord.cash();
            uint256 paid = due - waived < cash ? due - waived : cash;
            word = word.withDebt(debtMicro);
            if (paid != 0) word = word.credit(paid);
            gridWord = gridWord.debit(paid);
            movedMicro = (waived + paid).toInt256();
        }
        _accounts[account] = word.withSettledThrough(through);
        _accounts[grid] = gridWord;
        emit Adjusted(account, movedMicro, debtMicro, through);
    }

    // GOVERNOR

    /// @inheritdoc IEnergyTrading
    function setFee(uint16 feeBps) external onlyGovernor delayed {
        if (feeBps > MAX_FEE_BPS) revert FeeTooHigh(feeBps, MAX_FEE_BPS);
        _rules.feeBps = feeBps;
        emit FeeSet(feeBps);
    }

    /// @inheritdoc IEnergyTrading
    function setCorridor(bool island, uint48 floor, uint48 cap) external onlyGovernor delayed {
        if (floor > cap) revert BadCorridor(floor, cap);
        if (island) {
            (_rules.islandFloorPriceMicroPerKwh, _rules.islandCapPriceMicroPerKwh) = (floor, cap);
        } else {
            (_rules.floorPriceMicroPerKwh, _rules.capPriceMicroPerKwh) = (floor, cap);
        }
        _rules.corridorSetAt = uint40(block.timestamp);
        emit CorridorSet(island, floor, cap);
    }

    /// @inheritdoc IEnergyTrading
    function setFeeRecipient(address feeRecipient) external onlyGovernor delayed {
        if (feeRecipient == address(0)) revert IRegistry.ZeroAddress();
        _feeRecipient = feeRecipient;
        emit FeeRecipientSet(feeRecipient);
    }

    /// @inheritdoc IEnergyTrading
    function collectFees() external {
        (address recipient, uint256 micro) = (_feeRecipient, _fees);
        if (micro == 0) revert NothingToMove();
        _fees = 0;
        _credit(recipient, micro);
        emit FeesCollected(recipient, micro);
    }

    // VIEWS

    /// @inheritdoc IEnergyTrading
    function rules() external view returns (TradingRules memory) {
        return _rules;
    }

    /// @inheritdoc IEnergyTrading
    function fees() external view returns (address feeRecipient, uint256 micro) {
        return (_feeRecipient, _fees);
    }

    /// @inheritdoc IEnergyTrading
    function accountOf(address account) external view returns (Account memory) {
        PackedAccount word = _accounts[account];
        return Account({
            cashMicro: word.cash(),
            debtMicro: word.debt(),
            epoch: word.epoch(),
            settledThrough: uint64(word.settledThrough()),
            increasedAt: uint64(word.increasedAt()),
            hasOwed: word.has(PackedAccounts.HAS_OWED)
        });
    }

    /// @inheritdoc IEnergyTrading
    function withdrawalOf(address account) external view returns (uint256 micro, uint64 readyAt) {
        Withdrawal memory withdrawal = _withdrawals[account];
        return (withdrawal.micro, withdrawal.readyAt);
    }

    /// @inheritdoc IEnergyTrading
    function refundOf(address account) external view returns (Refund memory) {
        return _refunds[account];
    }

    // INTERNAL

    function _slotOf(address account) internal pure returns (AccountSlot storage slot) {
        assembly ("memory-safe") {
            mstore(0, shr(96, shl(96, account)))
            mstore(32, _accounts.slot)
            slot.slot := keccak256(0, 64)
        }
    }

    /// @dev Adds to an account's cash what is owed to nobody; its debt is paid first. By hand, because the compiler
    /// would look for the word's place twice.
    function _credit(address account, uint256 micro) internal {
        uint256 slot;
        PackedAccount word;
        assembly ("memory-safe") {
            mstore(0, shr(96, shl(96, account)))
            mstore(32, _accounts.slot)
            slot := keccak256(0, 64)
            word := sload(slot)
        }
        word = _credited(account, word, micro);
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    /// @dev The account's word with `micro` more; whoever calls stores it. Only the grid's own word is written here,
    /// and that has no debt, so that a word the caller holds is never the one that changes.
    function _credited(address account, PackedAccount word, uint256 micro) internal returns (PackedAccount) {
        uint256 debt = word.debt();
        if (debt != 0) {
            uint256 repaid = micro < debt ? micro : debt;
            word = word.withDebt(debt - repaid);
            _accounts[grid] = _accounts[grid].credit(repaid);
            micro -= repaid;
            emit DebtPaid(account, repaid, debt - repaid);
        }
        return micro == 0 ? word : word.credit(micro);
    }

    /// @dev Gives an account back what an unwound clearing took, and keeps what its cash was without that: whoever
    /// unwinds must not make a growth of his own that silences the account. Cash is capped at what the record holds,
    /// and by what it was at every refund, so that nothing that came beside them counts.
    function _refund(address account, uint256 micro, uint256 operatorId, uint256 openedAt) internal {
        PackedAccount word = _accounts[account];
        (uint256 cash, uint256 increasedAt) = (word.cash(), word.increasedAt());
        if (cash > type(uint56).max) cash = type(uint56).max;
        uint256 kept = cash;
        Refund memory last = _refunds[account];
        if (last.unwoundAt == increasedAt) {
            increasedAt = last.formerIncreasedAt;
            bool same = last.operatorId == operatorId;
            if (same && last.openedAt < openedAt) openedAt = last.openedAt;
            uint256 before = same ? last.keptAndRefundedMicro : last.keptMicro;
            if (last.keptMicro < kept) kept = last.keptMicro;
            if (before < cash) cash = before;
        }
        cash += micro;
        if (cash > type(uint56).max) cash = type(uint56).max;
        // forge-lint: disable-start(unsafe-typecast) what was packed into fewer bits, and times
        _refunds[account] = Refund(
            uint16(operatorId),
            uint40(openedAt),
            uint40(block.timestamp),
            uint40(increasedAt),
            uint56(kept),
            uint56(cash)
        );
        // forge-lint: disable-end(unsafe-typecast)
        _credit(account, micro);
    }

    /// @dev Takes cash of an account; reverts where there is too little.
    function _debit(address account, uint256 micro) internal {
        _accounts[account] = _accounts[account].debit(micro);
    }

    function _addFees(uint256 micro) internal {
        if (micro != 0) _fees += micro.toUint96();
    }

    /// @dev The interval that runs now.
    function _present() internal view returns (uint256) {
        return Intervals.intervalOf(block.timestamp, _intervalSeconds);
    }

    function _deposit(uint256 micro, address account) private {
        if (micro == 0) revert NothingToMove();
        if (account != msg.sender && account != grid) revert NotYourAccount(msg.sender, account);
        _credit(account, micro);
        emit Deposited(account, msg.sender, micro);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), micro);
        // A token that keeps part of a transfer would leave the ledger with more than there is.
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != micro) revert WrongAmountReceived(received, micro);
    }
}
