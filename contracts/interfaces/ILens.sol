// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Bundle} from "./IBundles.sol";
import {Dispute} from "./IEnergyDelivery.sol";
import {Account, ClearingView, Order} from "./IEnergyTrading.sol";
import {
    Balance,
    Condition,
    Enrolment,
    Envelope,
    GridState,
    Interconnection,
    Storage,
    Thresholds
} from "./IGridBalancing.sol";
import {AccountRecord, Meter} from "./IRegistry.sol";

/// @notice What clears together.
struct MarketInterval {
    bytes32 market;
    uint64 t;
}

/// @notice Everything a wallet shows about an account.
struct AccountOverview {
    Account account;
    /// @dev Announced and not yet withdrawn, micro-units, and from when (unix seconds) it may be.
    uint256 withdrawalMicro;
    uint64 withdrawableFrom;
    /// @dev The epoch that counts in clearings opened before `formerEpochUntil` (unix seconds); both 0 for none.
    uint32 formerEpoch;
    uint64 formerEpochUntil;
    /// @dev Escrow of the asked intervals that `collect` would pay now, and that which waits, micro-units. The
    /// account's debt is paid first of what it collects: only the rest becomes cash.
    uint256 claimableMicro;
    uint256 waitingMicro;
    AccountRecord record;
    /// @dev The most it may sell in an interval, and that can pass its connections, Wh.
    uint256 sellCapWh;
    uint256 connectionWh;
    /// @dev What was settled of it with the grid.
    Balance balance;
}

/// @notice Why an order cannot be filled in an interval, the first that applies; None when it can.
enum Obstacle {
    None,
    /// @dev It does not fit its market, or no clearing can carry it.
    Malformed,
    OutsideWindow,
    Cancelled,
    WrongEpoch,
    /// @dev The market of the interval opens later, or is over.
    TooEarly,
    TooLate,
    /// @dev Another clearing has the interval behind it.
    AlreadyCleared,
    /// @dev Its clearing stands open for so long that it can only be unwound.
    OpenTooLong,
    /// @dev The clearing of an earlier interval in the same place of the ring stands open.
    SlotBusy,
    /// @dev Not everything sold in the bundle of an earlier interval in the same place of the ring is delivered.
    NotDelivered,
    /// @dev The guardian's pause, or the failsafe.
    Paused,
    Stopped,
    /// @dev No price within the corridor meets its limit.
    OutsideCorridor,
    InDebt,
    /// @dev The position is at its cap, or at the account's sell cap.
    Full,
    OverSellCap,
    /// @dev Not even one Wh is paid for at the limit.
    NoCash
}

/// @notice What is left of an order in one interval.
struct IntervalStatus {
    uint64 t;
    /// @dev Wh that can still be filled: within cap and sell cap, and by the cash beyond announced withdrawals.
    uint256 remainingWh;
    Obstacle obstacle;
}

/// @notice Where an order stands.
struct OrderStatus {
    bytes32 digest;
    /// @dev Unix seconds; 0 when it was not posted.
    uint64 postedAt;
    /// @dev Unix seconds from which clearings that open do not count it; 0 when it is not cancelled.
    uint64 cancelledFrom;
    IntervalStatus[] intervals;
}

/// @notice Everything about a meter.
struct MeterOverview {
    Meter meter;
    /// @dev The key it signs with now.
    address key;
    uint64 frozenThrough;
    /// @dev Register up to which certificates were minted, with its reading's number and time.
    uint64 claimedWh;
    uint64 claimedSeq;
    uint64 claimedAt;
    Enrolment enrolment;
    Storage storageUnit;
}

/// @notice Everything about a market in an interval.
struct ClearingOverview {
    ClearingView clearing;
    address operator;
    /// @dev The corridor that holds now.
    uint48 floorPriceMicroPerKwh;
    uint48 capPriceMicroPerKwh;
    uint16 feeBps;
    /// @dev Why it cannot be cleared now; None when it can.
    Obstacle obstacle;
    /// @dev Unix seconds through which its operator can be complained about; 0 while no clearing of it is closed.
    uint64 complaintsUntil;
}

/// @notice Everything about the grid.
struct GridOverview {
    GridState state;
    Condition condition;
    Thresholds thresholds;
    bool paused;
    bool stopped;
    bool island;
    /// @dev Whether `failsafe` would stop clearing.
    bool silent;
    uint64 presentInterval;
    uint64 productionHead;
    uint64 consumptionHead;
    uint64 balancingHead;
    /// @dev Whether the arbiter voided the newest balancing report.
    bool balancingVoided;
    /// @dev What the grid's account can pay, micro-units.
    uint256 cashMicro;
    uint48 maxImbalancePriceMicroPerKwh;
}

/// @notice Everything about a feeder.
struct FeederOverview {
    Envelope envelope;
    Interconnection interconnection;
    uint256 reducibleW;
}

/// @notice What an account has to do with the bundle of a market in an interval.
struct BundleOverview {
    Bundle bundle;
    /// @dev Wh the account sold and has not delivered yet.
    uint256 owedWh;
    /// @dev Wh the account bought.
    uint256 boughtWh;
}

/// @notice Certificates of one id.
struct CertificateOverview {
    uint256 id;
    uint8 source;
    bool simulated;
    /// @dev Days since 1970, or type(uint32).max where the day is unknown.
    uint32 day;
    /// @dev Wh of the account.
    uint256 balanceWh;
    uint256 supplyWh;
    uint256 retiredWh;
}

/// @title ILens
/// @notice What a wallet and an indexer ask of all contracts at once. Holds no state and has no power. What stands in
/// the way of a clearing is looked for up to four rings back.
interface ILens {
    error TooManyIntervals(uint256 asked, uint256 most);

    /// @notice An account, and its escrow in the named markets and intervals.
    function accountOverview(address account, MarketInterval[] calldata escrows)
        external
        view
        returns (AccountOverview memory);

    /// @notice What is left of an order in the intervals from `first` on.
    /// @param count At most `MAX_INTERVALS`.
    function orderStatus(Order calldata order, uint64 first, uint32 count)
        external
        view
        returns (OrderStatus memory);

    function meterOverview(bytes32 meterId) external view returns (MeterOverview memory);

    function clearingOverview(bytes32 market, uint64 t) external view returns (ClearingOverview memory);

    function gridOverview() external view returns (GridOverview memory);

    function feederOverview(uint32 feeder) external view returns (FeederOverview memory);

    /// @notice The bundle of a market in an interval, and an account's part in it.
    function bundleOverview(bytes32 market, uint64 t, address account)
        external
        view
        returns (BundleOverview memory);

    /// @notice What a buyer disputes in (market, t): all zero where he never did; `micro` is zero when it is closed.
    function disputeOverview(bytes32 market, uint64 t, address buyer)
        external
        view
        returns (bytes32 id, Dispute memory dispute);

    /// @notice Certificates of an account, in the order asked for.
    function certificates(address account, uint256[] calldata ids)
        external
        view
        returns (CertificateOverview[] memory);

    /// @notice Intervals of one question.
    function MAX_INTERVALS() external view returns (uint256);
}
