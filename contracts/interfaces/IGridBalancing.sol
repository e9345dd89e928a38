// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IClearingRules} from "./IClearingRules.sol";
import {IReports} from "./IReports.sol";

/// @notice A leaf of the balancing tree: an account's sums since the deployment, by the public settlement rule.
struct BalanceLeaf {
    address account;
    /// @dev Imbalance money, micro-units; above zero the grid owes the account, below zero the account owes.
    int256 cumulativeMicro;
    /// @dev Energy the account sold, Wh.
    uint64 promisedWh;
    /// @dev Of it the energy it exported in the same interval, Wh.
    uint64 deliveredWh;
}

/// @notice What was settled of an account so far.
struct Balance {
    /// @dev The last interval that was settled.
    uint32 through;
    /// @dev The first interval that counts for the bound is the next one; below `through` while the grid owes a credit
    /// that it could not pay.
    uint32 boundedFrom;
    /// @dev Imbalance money that moved, micro-units.
    int80 movedMicro;
    uint56 promisedWh;
    uint56 deliveredWh;
}

/// @notice How the grid stands. Island: it runs apart from the main grid, whatever its measures are.
enum Condition {
    Normal,
    Alert,
    Emergency,
    Island
}

/// @notice What the grid operator measured in an interval. A largest value of zero says: not measured.
struct GridState {
    uint32 interval;
    /// @dev mHz.
    uint16 frequencyMin;
    uint16 frequencyMean;
    uint16 frequencyMax;
    /// @dev dV.
    uint24 voltageMin;
    uint24 voltageMax;
    uint40 supplyW;
    uint40 demandW;
    uint40 storageWh;
    bool islanded;
}

/// @notice Between the alert values (both included) the grid is normal; outside of the emergency values it is in
/// emergency. Four zeros say that a measure is not judged.
struct Thresholds {
    /// @dev mHz.
    uint16 frequencyEmergencyLow;
    uint16 frequencyAlertLow;
    uint16 frequencyAlertHigh;
    uint16 frequencyEmergencyHigh;
    /// @dev dV.
    uint24 voltageEmergencyLow;
    uint24 voltageAlertLow;
    uint24 voltageAlertHigh;
    uint24 voltageEmergencyHigh;
}

/// @notice What every connection of a feeder may give to the grid and take from it.
struct Envelope {
    uint32 exportLimitW;
    uint32 importLimitW;
    /// @dev Unix seconds, included; 0 for the feeder's default, which has no end.
    uint40 validUntil;
    /// @dev Whether anything is set at all; an edge controller then knows nothing and keeps its own rule.
    bool known;
}

/// @notice What a feeder may exchange with the main grid.
struct Interconnection {
    uint32 importLimitW;
    uint32 exportLimitW;
    bool known;
}

/// @notice A meter that takes part in demand response.
struct Enrolment {
    uint32 reducibleW;
    uint32 feeder;
}

/// @notice A storage unit that takes dispatch commands.
struct Storage {
    uint64 capacityWh;
    uint32 chargeW;
    uint32 dischargeW;
}

/// @title IGridBalancing
/// @notice What is settled with the grid: imbalance money, the grid's state, demand response, storage, envelopes.
interface IGridBalancing is IReports, IClearingRules {
    // EVENTS

    /// @notice An account was settled through an interval: `deltaMicro` was due and `movedMicro` of it moved, as far
    /// as the bound allows. A credit moves as far as the grid's account can pay; a debit into debt where cash is
    /// short.
    event Settled(
        address indexed account,
        uint64 indexed interval,
        int256 deltaMicro,
        int256 movedMicro,
        uint64 promisedWh,
        uint64 deliveredWh
    );
    /// @notice More was due than the bound lets move at once: `dueMicro` (below zero: from the account), of which
    /// `limitMicro` may move. The rest is settled in later intervals; the escrow of whoever owes it waits for that.
    event SettlementLimited(
        address indexed account, uint64 indexed interval, int256 dueMicro, uint256 limitMicro
    );
    /// @notice The arbiter voided a report before it was final: nothing is settled from it.
    event ReportVoided(uint64 indexed interval);
    /// @notice The highest price at which imbalance energy can have been settled changed.
    event MaxImbalancePriceSet(uint48 microPerKwh);
    /// @notice The grid operator stated how the grid stands.
    event GridStateSet(uint32 indexed interval, Condition indexed condition, GridState state);
    /// @notice The values that tell a normal state from an alert and an emergency changed.
    event ThresholdsSet(Thresholds thresholds);
    /// @notice The oracles were silent for too long: clearing stops until a fresh report stands.
    event FailsafeTripped(uint64 present, uint64 head);
    /// @notice A fresh report stands: clearing goes on.
    event Resumed(uint64 present, uint64 head);
    /// @notice A meter takes part in demand response from now on, or with another power; 0 W: no longer.
    event Enrolled(bytes32 indexed meterId, uint32 indexed feeder, uint32 reducibleW);
    /// @notice The enrolled meters of a feeder are asked to draw `reduceWh` less in all, from `fromInterval` on for
    /// `count` intervals.
    event ResponseCalled(
        uint256 indexed id,
        uint32 indexed feeder,
        uint64 indexed fromInterval,
        uint32 count,
        uint64 reduceWh,
        uint64 priceMicroPerKwh
    );
    /// @notice A storage unit takes dispatch commands from now on, or with other limits; all zero: no longer.
    event StorageRegistered(bytes32 indexed meterId, uint64 capacityWh, uint32 chargeW, uint32 dischargeW);
    /// @notice A storage unit is to run at `powerW`: above zero it discharges, below zero it charges.
    event Dispatched(
        uint256 indexed id,
        bytes32 indexed meterId,
        uint64 indexed fromInterval,
        uint32 count,
        int32 powerW,
        uint64 priceMicroPerKwh
    );
    /// @notice A feeder's envelope holds through `validUntil` (unix seconds).
    event EnvelopeSet(uint32 indexed feeder, uint32 exportLimitW, uint32 importLimitW, uint40 validUntil);
    /// @notice What holds on a feeder whenever no envelope does.
    event DefaultEnvelopeSet(uint32 indexed feeder, uint32 exportLimitW, uint32 importLimitW);
    /// @notice A feeder's limits of exchange with the main grid changed.
    event InterconnectionSet(uint32 indexed feeder, uint32 importLimitW, uint32 exportLimitW);

    // ERRORS

    error TradingOfOtherGrid(address trading);
    error ReportIsVoided(uint64 interval);
    error ReportAlreadyFinal(uint64 interval, uint256 finalFrom);
    error BalanceNotInReport(uint64 interval, bytes32 leaf);
    error BalancesNotInReport(uint64 interval);
    error AlreadySettled(address account, uint64 through);
    error BalanceTooLarge(address account);
    error StateOfTheFuture(uint64 interval, uint64 present);
    error StateNotNewer(uint64 interval, uint64 latest);
    error StateOutOfOrder();
    error ThresholdsOutOfOrder();
    error NotSilent(uint64 present, uint64 head);
    error StillSilent(uint64 present, uint64 head);
    error AlreadyStopped();
    error NotStopped();
    error BadSilentIntervals(uint32 silentIntervals);
    error NotMetersAccount(bytes32 meterId, address caller);
    error NotStorage(bytes32 meterId);
    error NotEnrolled(bytes32 meterId);
    error FeederMeter(bytes32 meterId);
    error StorageUnknown(bytes32 meterId);
    error NothingAsked();
    error PowerAboveLimit(uint256 powerW, uint256 limitW);
    error EnergyAboveLimit(uint256 wh, uint256 limitWh);
    error PriceAboveLimit(uint256 microPerKwh, uint256 limitMicroPerKwh);
    error IntervalBegun(uint64 fromInterval, uint64 present);
    error BadCount(uint32 count);
    error EnvelopeEnded(uint40 validUntil);

    // SETTLEMENT

    /// @notice Settles an account through an interval by its leaf of that interval's final report: the difference to
    /// what moved so far moves between its cash and the grid's. Anyone may call. No more moves than the account's
    /// connections and sell cap allow at the highest imbalance price in the intervals since it was last settled, of
    /// which a ring counts at most (SettlementLimited): a lie can be no larger. The rest stays due and is settled by
    /// later reports; a cap binds each position and not their sum, and registers may return after a gap of
    /// readings, so that what is true may be beyond it. A credit the grid's account cannot pay yet stays due too: the
    /// same leaf may be settled again while intervals count for it, and later reports settle what is left.
    /// @param interval The report the leaf belongs to.
    /// @param leaf The account's leaf.
    /// @param proof Its Merkle proof.
    function settle(uint64 interval, BalanceLeaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice Settles many accounts with one proof. A leaf is skipped, and stops no other, when its account is settled
    /// already, is the grid's own or the delivery contract's, or when its sums do not fit.
    /// @param proof Multiproof hashes.
    /// @param proofFlags Multiproof flags: true takes the next leaf or computed node, false the next proof hash.
    function settleMany(
        uint64 interval,
        BalanceLeaf[] calldata leaves,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external;

    /// @notice Voids a report that is not final yet. The cumulative sums of a later one settle its interval too.
    /// Arbiter only.
    function voidReport(uint64 interval) external;

    /// @notice Sets the highest price of imbalance energy, which bounds every settlement and every reward. Nothing
    /// but sums of zero can be settled before it is set. Governor only, delayed.
    function setMaxImbalancePrice(uint48 microPerKwh) external;

    // GRID STATE

    /// @notice States how the grid stands; the condition follows from the published thresholds. Of the present
    /// interval or an earlier one, but not earlier than the latest. Grid operators only.
    function setState(GridState calldata state) external;

    /// @notice Sets what tells a normal state from an alert and an emergency; the latest state is judged anew.
    /// Governor only, delayed.
    function setThresholds(Thresholds calldata thresholds) external;

    /// @notice Stops clearing when neither energy contract had a report for `silentIntervals`. Anyone may call;
    /// deposits, withdrawals, cancellations and collections go on.
    function failsafe() external;

    /// @notice Lets clearing go on once a fresh report stands. Anyone may call.
    function resume() external;

    // DEMAND RESPONSE AND STORAGE

    /// @notice Offers to draw `reducibleW` less when called; again with another power replaces it. The meter's
    /// account only.
    function enrol(bytes32 meterId, uint32 reducibleW) external;

    /// @notice Takes part in demand response no longer; calls made already stand. The meter's account only.
    function withdrawEnrolment(bytes32 meterId) external;

    /// @notice Asks the enrolled meters of a feeder to draw less. Who did is found by the baseline rule and paid
    /// through the balancing leaf. Grid operators only.
    /// @param fromInterval The first interval, which must not have begun.
    /// @param count How many intervals, 1 to `MAX_CALL_INTERVALS`.
    /// @param reduceWh In all of them; at most what the enrolled powers can give.
    /// @param priceMicroPerKwh Reward, at most the highest imbalance price.
    function callResponse(
        uint32 feeder,
        uint64 fromInterval,
        uint32 count,
        uint64 reduceWh,
        uint64 priceMicroPerKwh
    ) external returns (uint256 id);

    /// @notice Offers a storage unit for dispatch, or with other limits; all zero takes it back. The account of a
    /// storage meter only; the powers are at most its connection's.
    function registerStorage(bytes32 meterId, uint64 capacityWh, uint32 chargeW, uint32 dischargeW) external;

    /// @notice Commands a storage unit within its limits. Grid operators only.
    /// @param fromInterval The first interval, which must not have begun.
    /// @param count How many intervals, 1 to `MAX_CALL_INTERVALS`; the energy in all is at most the capacity.
    /// @param powerW Above zero discharges, below zero charges.
    /// @param priceMicroPerKwh Reward, at most the highest imbalance price.
    function dispatch(
        bytes32 meterId,
        uint64 fromInterval,
        uint32 count,
        int32 powerW,
        uint64 priceMicroPerKwh
    ) external returns (uint256 id);

    // ENVELOPES

    /// @notice Sets what every connection of a feeder may give and take, for a time. Grid operators only.
    /// @param validUntil Unix seconds, included; afterwards the feeder's default holds.
    function setEnvelope(uint32 feeder, uint32 exportLimitW, uint32 importLimitW, uint40 validUntil) external;

    /// @notice Sets what holds on a feeder whenever no envelope does. Grid operators only.
    function setDefaultEnvelope(uint32 feeder, uint32 exportLimitW, uint32 importLimitW) external;

    /// @notice Sets what a feeder may exchange with the main grid. Grid operators only.
    function setInterconnection(uint32 feeder, uint32 importLimitW, uint32 exportLimitW) external;

    // VIEWS

    /// @notice The latest state and its condition; interval 0 when none was stated.
    function gridState() external view returns (GridState memory state, Condition condition);

    function thresholds() external view returns (Thresholds memory);

    /// @notice What was settled of an account so far.
    function balanceOf(address account) external view returns (Balance memory);

    /// @notice The most that can move to or from an account at an interval's settlement, micro-units.
    function imbalanceLimit(address account, uint64 interval) external view returns (uint256 limitMicro);

    /// @notice Whether the arbiter voided the interval's report. `isFinal` does not say: what settles is final and not
    /// voided.
    function isVoided(uint64 interval) external view returns (bool);

    function maxImbalancePriceMicroPerKwh() external view returns (uint48);

    /// @notice The interval before the first one that can be settled: the last that ended before the deployment.
    function startInterval() external view returns (uint64);

    /// @notice How many intervals without a report stop clearing, two at least.
    function silentIntervals() external view returns (uint32);

    /// @notice A meter's enrolment; 0 W when it takes no part.
    function enrolmentOf(bytes32 meterId) external view returns (Enrolment memory);

    /// @notice Power that the enrolled meters of a feeder can reduce together, W.
    function reducibleW(uint32 feeder) external view returns (uint256);

    /// @notice A storage unit's limits; all zero when it takes no dispatch.
    function storageOf(bytes32 meterId) external view returns (Storage memory);

    /// @notice The envelope that holds on a feeder now: the set one, or the default once that ended.
    function envelopeOf(uint32 feeder) external view returns (Envelope memory);

    function interconnectionOf(uint32 feeder) external view returns (Interconnection memory);

    /// @notice The longest demand-response call or dispatch command, intervals.
    function MAX_CALL_INTERVALS() external view returns (uint32);

    /// @notice EnergyTrading, EnergyProduction and EnergyConsumption of this deployment.
    function trading() external view returns (address);
    function production() external view returns (address);
    function consumption() external view returns (address);
}
