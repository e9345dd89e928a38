// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Bond, IClearingCourt} from "../interfaces/IClearingCourt.sol";
import {Role} from "../interfaces/IRegistry.sol";
import {PackedBond} from "../libraries/PackedBonds.sol";
import {PackedBook, PackedClearing} from "../libraries/PackedClearings.sol";
import {Escrow} from "./Escrow.sol";

/// @title Bonds
/// @notice What clearing operators stake for the correctness of their clearings.
abstract contract Bonds is IClearingCourt, Escrow {
    // STORAGE

    /// @dev A struct, so that its place is found once to read and to write it.
    struct BondSlot {
        PackedBond word;
    }

    mapping(address operator => uint16) private _operatorIds;
    mapping(uint16 operatorId => BondSlot) private _bonds;
    /// @inheritdoc IClearingCourt
    mapping(uint16 operatorId => address) public operatorOf;
    uint16 private _operators;

    // BONDS

    /// @inheritdoc IClearingCourt
    function bond(uint256 micro) external {
        // Ids are few: strangers must not use them up.
        _onlyRole(Role.ClearingOperator);
        uint16 id = _operatorIds[msg.sender];
        if (id == 0) id = _admit(msg.sender);
        PackedBond word = _bonds[id].word;
        uint256 total = word.bond() + micro;
        _bonds[id].word = word.withBond(total).withUnbondableFrom(0);
        _debit(msg.sender, micro);
        emit Bonded(msg.sender, id, micro, total);
    }

    /// @inheritdoc IClearingCourt
    function requestUnbond() external {
        uint16 id = _bondedId(msg.sender);
        // A complaint is possible until exactly `complaintSeconds` after a clearing opened, now at the latest.
        uint256 from = block.timestamp + complaintSeconds + 1;
        _bonds[id].word = _bonds[id].word.withUnbondableFrom(from);
        // forge-lint: disable-next-line(unsafe-typecast) block time and a uint32
        emit UnbondingRequested(id, uint64(from));
    }

    /// @inheritdoc IClearingCourt
    function unbond() external {
        uint16 id = _bondedId(msg.sender);
        PackedBond word = _bonds[id].word;
        uint256 from = word.unbondableFrom();
        if (from == 0) revert UnbondingNotRequested(id);
        if (block.timestamp < from) revert UnbondingTooEarly(from);
        uint256 micro = word.bond();
        if (micro == 0) revert NothingBonded(id);
        _bonds[id].word = word.withBond(0);
        _credit(msg.sender, micro);
        emit Unbonded(id, micro);
    }

    /// @inheritdoc IClearingCourt
    function readmit(address operator) external onlyGovernor {
        uint16 id = _operatorIds[operator];
        PackedBond word = _bonds[id].word;
        if (!word.barred()) revert OperatorNotBarred(operator);
        _bonds[id].word = word.admitted();
        emit Readmitted(id);
    }

    // VIEWS

    /// @inheritdoc IClearingCourt
    function bondOf(address operator) external view returns (Bond memory) {
        uint16 id = _operatorIds[operator];
        PackedBond word = _bonds[id].word;
        // forge-lint: disable-next-line(unsafe-typecast) 40 bits
        return Bond(id, word.bond(), uint64(word.unbondableFrom()), word.barred());
    }

    // INTERNAL

    /// @dev The id of an operator who may open, fill and close.
    function _requireBonded(address operator) internal view override returns (uint16 id) {
        id = _bondedId(operator);
        PackedBond word = _bonds[id].word;
        if (word.barred()) revert OperatorBarred(id);
        if (word.unbondableFrom() != 0) revert OperatorUnbonding(id);
        if (word.bond() < penaltyMicro) revert BondTooSmall(id, word.bond(), penaltyMicro);
    }

    function _operatorIdOf(address operator) internal view override returns (uint16) {
        return _operatorIds[operator];
    }

    /// @dev A clearing whose operator can still be complained about.
    function _accused(Lane storage lane, bytes32 market, uint64 t)
        internal
        view
        returns (PackedClearing clearing, PackedBook book)
    {
        clearing = _requireClosed(lane, market, t);
        book = lane.book;
        if (book.operatorId() == 0) revert AlreadySlashed(market, t);
        unchecked {
            uint256 until = clearing.openedAt() + complaintSeconds; // 36 and 32 bits
            if (block.timestamp > until) revert ComplaintTooLate(until);
        }
    }

    /// @dev Gives a complainant a penalty out of a bond, or what is left of it, bars the operator and takes his name
    /// off the clearing. Emptying that word pays for half of the rest.
    function _slash(Lane storage lane, bytes32 market, uint64 t, uint16 id, address complainant) internal {
        lane.book = PackedBook.wrap(0);
        BondSlot storage slot = _bonds[id];
        PackedBond word = slot.word;
        uint256 micro = word.bond();
        if (micro > penaltyMicro) micro = penaltyMicro;
        slot.word = word.slashed(micro);
        _credit(complainant, micro);
        emit Slashed(market, t, complainant, micro);
    }

    function _bondedId(address operator) private view returns (uint16 id) {
        id = _operatorIds[operator];
        if (id == 0) revert NotBonded(operator);
    }

    function _admit(address operator) private returns (uint16 id) {
        if (_operators == type(uint16).max) revert TooManyOperators();
        id = ++_operators;
        _operatorIds[operator] = id;
        operatorOf[id] = operator;
    }
}
