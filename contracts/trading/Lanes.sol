// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {ClearingState, ClearingView, IEnergyTrading, Position} from "../interfaces/IEnergyTrading.sol";
import {PackedBook, PackedClearing, PackedClearings} from "../libraries/PackedClearings.sol";
import {PackedPosition} from "../libraries/PackedPositions.sol";
import {Orders} from "./Orders.sol";

/// @title Lanes
/// @notice Where clearings and positions are kept.
abstract contract Lanes is Orders {
    // STORAGE

    /// @dev A struct, so that its place is found once to read and to write it.
    struct PositionSlot {
        PackedPosition word;
    }

    /// @dev One lane for each market and place of the ring; intervals a whole ring apart share it.
    struct Lane {
        PackedClearing clearing;
        PackedBook book;
        mapping(address account => PositionSlot) positions;
    }

    mapping(bytes32 marketAndPlace => Lane) private _lanes;

    // VIEWS

    /// @inheritdoc IEnergyTrading
    function positionOf(bytes32 market, uint64 t, address account) external view returns (Position memory) {
        PackedPosition position = _position(market, t, account);
        return Position({
            soldWh: position.sold(),
            boughtWh: position.bought(),
            escrowMicro: position.escrow(),
            paidMicro: position.paid()
        });
    }

    /// @inheritdoc IEnergyTrading
    function clearingOf(bytes32 market, uint64 t) external view returns (ClearingView memory) {
        Lane storage lane = _lane(market, t);
        (PackedClearing clearing, PackedBook book) = (lane.clearing, lane.book);
        if (!clearing.isOf(t) || clearing.state() == PackedClearings.NONE) {
            (clearing, book) = (PackedClearing.wrap(0), PackedBook.wrap(0));
        }
        return ClearingView({
            state: ClearingState(clearing.state()),
            priceMicroPerKwh: clearing.price(),
            heldMicro: clearing.held(),
            surplusWh: clearing.surplus(),
            positions: clearing.positions(),
            // forge-lint: disable-next-line(unsafe-typecast) 36 bits
            openedAt: uint64(clearing.openedAt()),
            operatorId: book.operatorId(),
            bookRoot: bytes32(PackedBook.unwrap(book) & ~uint256(type(uint16).max))
        });
    }

    // INTERNAL

    function _lane(bytes32 market, uint64 t) internal view returns (Lane storage) {
        return _lanes[Hashes.efficientKeccak256(market, bytes32(uint256(t % ringSize)))];
    }

    /// @dev The account's position in (market, t); zero where it has none, or a later one.
    function _position(bytes32 market, uint64 t, address account)
        internal
        view
        returns (PackedPosition position)
    {
        position = _lane(market, t).positions[account].word;
        if (!position.isOf(t)) position = PackedPosition.wrap(0);
    }

    function _setPosition(bytes32 market, address account, PackedPosition position) internal {
        _lane(market, position.interval()).positions[account].word = position;
    }

    /// @dev The closed clearing of (market, t) in its lane; reverts where there is none.
    function _requireClosed(Lane storage lane, bytes32 market, uint64 t)
        internal
        view
        returns (PackedClearing clearing)
    {
        clearing = lane.clearing;
        if (!clearing.isClosedOf(t)) revert ClearingNotClosed(market, t);
    }

    /// @dev The id of a clearing operator whose bond covers a penalty; reverts for anybody else.
    function _requireBonded(address operator) internal view virtual returns (uint16 operatorId);

    /// @dev The id of whoever bonded once, from 1 on; zero for anybody else.
    function _operatorIdOf(address operator) internal view virtual returns (uint16);

    /// @dev Called before a bundled market's lane leaves interval `former` behind; reverts while that is not delivered.
    function _requireDelivered(bytes32 market, uint64 former) internal virtual;

    /// @dev Called when fills of a bundled market raised, or an unwinding lowered, what is bought in (market, t).
    function _bundleBought(bytes32 market, uint64 t, int256 deltaWh) internal virtual;
}
