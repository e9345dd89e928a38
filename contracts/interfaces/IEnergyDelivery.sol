// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IBundles} from "./IBundles.sol";
import {IClearingCourt} from "./IClearingCourt.sol";
import {ConsumptionLeaf, IEnergyConsumption} from "./IEnergyConsumption.sol";
import {Order} from "./IEnergyTrading.sol";

/// @notice What one meter of an account gave in an interval.
/// @dev A leaf that the rules of `complainOversold` do not ask for may be left empty.
struct MeterEvidence {
    bytes32 meterId;
    /// @dev Stamped exactly at the interval's beginning, in the report of the interval before.
    ConsumptionLeaf atStart;
    bytes32[] startProof;
    /// @dev Stamped exactly at the interval's end, in its own report.
    ConsumptionLeaf atEnd;
    bytes32[] endProof;
}

/// @notice The forward market in which an account's posted offers must not be left out.
struct HomeMarket {
    bytes32 market;
    /// @dev The first interval it holds for.
    uint64 fromInterval;
}

/// @notice Escrow that a buyer disputes.
struct Dispute {
    address buyer;
    address seller;
    uint256 micro;
    /// @dev Unix seconds.
    uint64 openedAt;
}

/// @title IEnergyDelivery
/// @notice What comes after a clearing: complaints that need posted orders or metered energy for evidence, disputes of
/// buyers with sellers, and the delivery of certificates. It has an account of EnergyTrading's ledger; disputed money
/// and what goes back to buyers of a bundle is its cash there.
/// @dev An indexer of EnergyTrading's escrow needs this contract's events, too: `Delivered`, `Reclaimed` and
/// `DisputeOpened` say what left a position's escrow, `Taken` and `DisputeClosed` to whom it went.
interface IEnergyDelivery is IBundles {
    // EVENTS

    /// @notice Operators keep an account's sell cap free for its offers in that market, from an interval on.
    event HomeMarketSet(address indexed account, bytes32 indexed market, uint64 fromInterval);
    /// @notice A buyer disputes what a seller gets in (market, t).
    event DisputeOpened(
        bytes32 indexed id,
        bytes32 indexed market,
        uint64 indexed t,
        address buyer,
        address seller,
        uint256 micro
    );
    /// @notice Disputed money was paid out: by the arbiter's word, or to the seller because nobody spoke.
    event DisputeClosed(bytes32 indexed id, uint256 toBuyerMicro, uint256 toSellerMicro);

    // ERRORS

    error NotEntrusted(address delivery);
    error ComplaintNotInMarket(bytes32 market);
    error PostedTooLate(uint256 postedAt, uint256 openedAt);
    error OrderMayNotHaveStood(address account);
    error MayHaveOwed(address account);
    error MayHaveLackedCash(address account, uint256 cashMicro, uint256 costMicro);
    error SellCapChanged(address account, uint256 changedAt);
    error CorridorChanged(uint256 changedAt);
    error PriceAtItsEnd(uint256 priceMicroPerKwh);
    error NotHomeMarket(address account, bytes32 market, uint64 t);

    error MetersMissing(address account, uint256 given, uint256 registered);
    error MetersNotSorted(bytes32 meterId);
    error MeterOfOtherAccount(bytes32 meterId, address account);
    error LeafOfOtherMeter(bytes32 meterId, bytes32 leafMeterId);
    error LeafAtOtherTime(bytes32 meterId, uint256 timestamp, uint256 expected);
    error LeafNotProven(bytes32 meterId, uint64 interval);
    error RegistersFell(bytes32 meterId);
    error MarketsNotSorted(bytes32 market);
    error OtherOperator(bytes32 market, uint64 t);
    error NotOversold(uint256 soldWh, uint256 exportedWh);
    error MarketsMissing();
    error NothingSold(bytes32 market, uint64 t, address account);
    error NotOverCap(uint256 soldWh, uint256 sellCapWh);

    error OwnSale(address account);
    error AlreadyDisputed(bytes32 id);
    error NothingToDispute(address buyer, address seller);
    error DisputeUnknown(bytes32 id);
    error ShareTooLarge(uint256 toBuyerMicro, uint256 micro);
    error ReleaseTooEarly(uint256 releasableFrom);
    error ResolvedTooLate(uint256 until);

    // COMPLAINTS

    /// @notice Names the forward market in which the caller's posted offers must not be left out. What one may sell in
    /// an interval is one sell cap for all markets, and an operator must know which of them goes before: he fills the
    /// account elsewhere only with what its home market left. It holds from the first interval on of which nothing can
    /// have been cleared before operators saw it, half a ring ahead; the former one ends at once.
    function setHomeMarket(bytes32 market) external;

    /// @notice Proves that a posted order strictly inside the money was left out. Where the account's state when the
    /// clearing opened cannot be told from its present one, the complaint is refused.
    ///
    /// Of the order: posted a notice before the clearing opened, its epoch the account's own since it was posted, not
    /// cancelled for that clearing. Pair markets are excepted, where an account's order could have no counterpart but
    /// itself. The price was not at an end of a corridor, where limits cannot be met by price, and no corridor was set
    /// since. Of a buyer: his cash did not grow since and he announced no withdrawal since, and what he has beyond an
    /// announced withdrawal, and paid here, still pays for all he asked for at the next higher price: whoever could not
    /// pay there is no reason not to go there. Where his cash grew last by a refund from an unwound clearing, what he had
    /// without it counts; and with it where the accused refunded what he had filled in this clearing or in one opened
    /// later. Of a seller: in his home market only, and so not on the spot market, where only metered energy is sold;
    /// his sell cap did not change since, he never owed the grid or his cash did not grow since; and less than half of
    /// what he could sell was sold: a price moves in whole micro-units, so buyers' cash may end between two prices,
    /// and sellers carry that.
    function complainOmitted(uint64 t, Order calldata order) external;

    /// @notice Proves that more was sold for an account on spot markets of one operator than its meters gave.
    ///
    /// Evidence is needed for all the account's meters, which the registry counts. A meter that was opened at or
    /// after the interval's end gave nothing in it: neither is a leaf asked for, nor does a meter that is added later
    /// hide what was sold before. One that was opened within the interval gave what it shows beyond its opening
    /// register. Of all others the registers at both ends are compared, as final reports hold them. A reading that
    /// was missing, late, or frozen by a dispute, proves nothing, and the complaint with it.
    /// @param account The seller.
    /// @param others Further spot markets whose clearings of `t` the same operator answers for; ascending. What was
    /// sold there counts, so that nothing is sold twice. Only the clearing of `market` is slashed.
    /// @param meters Evidence in ascending order of meter ids.
    function complainOversold(
        bytes32 market,
        uint64 t,
        address account,
        bytes32[] calldata others,
        MeterEvidence[] calldata meters
    ) external;

    /// @notice Proves that one operator sold more for an account on forward and pair markets than its sell cap. A fill
    /// keeps each position within it, and only this complaint all of an operator's positions together; for what several
    /// operators sold together nobody answers. The cap did not change since a notice before the first of the clearings
    /// opened. The one that opened last is slashed; of several the last of the list.
    /// @param markets Where the operator sold for the account in interval `t`; ascending.
    function complainOverCap(uint64 t, address account, bytes32[] calldata markets) external;

    // DISPUTES

    /// @notice Puts aside what the caller, a buyer in (market, t), paid there, out of the escrow of one seller, or
    /// all of that where it is less. Once for each position of a buyer: he can stop no more of others' money than he
    /// spent, and for no longer than fourteen days. Bundled markets pay on delivery and know no disputes.
    /// @return id keccak256(abi.encode(market, t, buyer)).
    function openDispute(bytes32 market, uint64 t, address seller) external returns (bytes32 id);

    /// @notice Splits disputed money between buyer and seller. Arbiter only, and within fourteen days.
    function resolveDispute(bytes32 id, uint256 toBuyerMicro) external;

    /// @notice Gives disputed money to the seller, fourteen days after the dispute was opened. By anyone.
    function releaseDispute(bytes32 id) external;

    // VIEWS

    /// @notice The ledger and its clearings.
    function trading() external view returns (IClearingCourt);

    /// @notice Whose leaves prove what was metered.
    function consumption() external view returns (IEnergyConsumption);

    /// @notice An account's home market; all zero where it named none.
    function homeMarketOf(address account) external view returns (HomeMarket memory);

    /// @notice All zero where there is no such dispute; `micro` is zero when it is closed.
    function disputeOf(bytes32 id) external view returns (Dispute memory);
}
