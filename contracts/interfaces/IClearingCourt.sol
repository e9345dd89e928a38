// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyTrading} from "./IEnergyTrading.sol";

/// @notice What a clearing operator attests about one order when he opens a clearing. A leaf of the book is
/// keccak256(keccak256(abi.encode(account, side, eligibleWh, limitPriceMicroPerKwh))). Words as wide as they are
/// hashed need no check: what an operator attests is said against himself alone.
struct BookEntry {
    address account;
    /// @dev Buy 0, sell 1.
    uint256 side;
    /// @dev How far this order lets the account's position reach: within its cap, its sell cap, its cash.
    uint256 eligibleWh;
    /// @dev The order's limit, brought into the corridor: at its ends no order can be strictly better than the price.
    uint48 limitPriceMicroPerKwh;
}

/// @notice A clearing operator's stake.
struct Bond {
    /// @dev From 1 on; zero for whoever never bonded.
    uint16 operatorId;
    uint256 bondMicro;
    /// @dev Unix seconds from which it may be taken out; zero while that was not asked for.
    uint64 unbondableFrom;
    /// @dev Slashed, and not readmitted since.
    bool barred;
}

/// @title IClearingCourt
/// @notice Bonds of clearing operators, and the complaint that a clearing contradicts its own book. A complaint is
/// decided by proof alone: it takes `penaltyMicro` from the bond and gives it to whoever brought it. An operator is
/// slashed once for a clearing, and is barred by it: he opens nothing until the governor readmits him, so that whoever
/// complains about himself to save his bond loses his office. Complaints that need more than the book are brought to
/// EnergyDelivery, which asks for the same penalty here.
///
/// What an operator must do never to be slashed: attest in the book what he can fill when he opens, at limits brought
/// into the price corridor; take orders into it that were posted a notice before; choose a price at which nobody
/// strictly inside the money goes short, and where whole micro-units allow none, the lowest at which no buyer does who
/// could pay one micro-unit more; unwind what he opened and cannot fill as attested; spend a buyer's cash first where he
/// opened first; sell on spot markets no more than final reports show, and on all others together no more than the
/// seller's cap, his home market first. Nothing that others do after he opened makes him guilty.
interface IClearingCourt is IEnergyTrading {
    // EVENTS

    /// @notice An operator staked more.
    event Bonded(address indexed operator, uint16 indexed operatorId, uint256 micro, uint256 bondMicro);
    /// @notice An operator stopped to clear, to take his bond out from `unbondableFrom` (unix seconds) on.
    event UnbondingRequested(uint16 indexed operatorId, uint64 unbondableFrom);
    /// @notice An operator took his bond out.
    event Unbonded(uint16 indexed operatorId, uint256 micro);
    /// @notice The clearing of (market, t) was proved wrong; `micro` of its operator's bond went to the complainant.
    /// Nothing is indexed, because a topic costs more than a word.
    event Slashed(bytes32 market, uint64 t, address complainant, uint256 micro);
    /// @notice A slashed operator may clear again.
    event Readmitted(uint16 indexed operatorId);

    // ERRORS

    error NotDelivery(address caller);
    error TooManyOperators();
    error NotBonded(address account);
    error OperatorBarred(uint16 operatorId);
    error OperatorNotBarred(address operator);
    error OperatorUnbonding(uint16 operatorId);
    error BondTooSmall(uint16 operatorId, uint256 bondMicro, uint256 penaltyMicro);
    error UnbondingNotRequested(uint16 operatorId);
    error UnbondingTooEarly(uint256 unbondableFrom);
    error NothingBonded(uint16 operatorId);

    error AlreadySlashed(bytes32 market, uint64 t);
    error ComplaintTooLate(uint256 until);
    error EntryNotInBook(bytes32 market, uint64 t);
    error NotInTheMoney(uint256 limitPriceMicroPerKwh, uint256 priceMicroPerKwh);
    error NotShort(uint256 filledWh, uint256 eligibleWh);

    // BONDS

    /// @notice Stakes cash of the caller, who needs the role of a clearing operator. Takes back a request to unbond.
    function bond(uint256 micro) external;

    /// @notice Stops the caller from clearing, so that he may take his bond out once no complaint about his last
    /// clearing is possible any more. Complaints take from it until then.
    function requestUnbond() external;

    /// @notice Makes the caller's whole bond his cash.
    function unbond() external;

    /// @notice Lets a slashed operator clear again. Governor only.
    function readmit(address operator) external;

    // COMPLAINTS

    /// @notice Proves from the operator's own book that an order strictly inside the money was left short.
    /// Book and position say all: what the account did since the clearing opened, with its cash or its orders,
    /// changes nothing, because an operator who cannot fill what he attested unwinds instead of closing.
    function complain(bytes32 market, uint64 t, BookEntry calldata entry, bytes32[] calldata proof) external;

    // ENTRUSTED

    /// @notice Slashes the operator of (market, t) in favour of a complainant, as `complain` does. Only by the
    /// delivery contract.
    function slash(bytes32 market, uint64 t, address complainant) external;

    /// @notice Moves escrow of an account in the closed clearing of (market, t) into cash of `to`. Only by the
    /// delivery contract.
    function takeEscrow(bytes32 market, uint64 t, address account, uint256 micro, address to) external;

    /// @notice Moves cash of the delivery contract to an account. Only by the delivery contract.
    function pay(address to, uint256 micro) external;

    // VIEWS

    /// @notice Wh bought in (market, t) of a bundled market; zero in others.
    function bundledWh(bytes32 market, uint64 t) external view returns (uint256);

    function bondOf(address operator) external view returns (Bond memory);

    /// @notice Who has an operator id; zero for nobody.
    function operatorOf(uint16 operatorId) external view returns (address);
}
