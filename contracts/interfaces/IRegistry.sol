// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PackedMeter} from "../libraries/PackedMeters.sol";

/// @notice One signed statement of a meter: its cumulative registers at a time. Signed by the meter's key.
struct MeterReading {
    /// @dev keccak256(abi.encode(first key, registration nonce)).
    bytes32 meterId;
    /// @dev Rises strictly from reading to reading, from 1 on; gaps are legal.
    uint64 seq;
    /// @dev Unix seconds.
    uint64 timestamp;
    uint32 periodSeconds;
    /// @dev Registers in Wh; they never fall.
    uint64 importWh;
    uint64 exportWh;
    uint64 generatedWh;
    uint32 flags;
}

/// @notice A meter's first statement: who owns it and what its registers show. Signed by the meter's first key.
struct Registration {
    bytes32 meterId;
    /// @dev Receives the certificates.
    address account;
    uint64 nonce;
    /// @dev Unix seconds at which the opening registers were read.
    uint64 timestamp;
    uint64 importWh;
    uint64 exportWh;
    uint64 generatedWh;
}

/// @notice What the governor states about a meter.
struct MeterAttributes {
    /// @dev Generation 0, load 1, storage 2, feeder 3.
    uint8 kind;
    /// @dev Solar 0, wind 1, hydro 2, biomass 3, storage 4, grid 5.
    uint8 source;
    /// @dev Residential 0, commercial 1, industrial 2.
    uint8 category;
    uint32 generationCapacityW;
    uint32 connectionCapacityW;
    uint32 feeder;
    bool simulated;
    /// @dev Of a document about the meter (make, calibration, place); kept in the event only.
    bytes32 metadataHash;
}

/// @notice A registered meter, as stored.
struct Meter {
    // First slot: everything a mint needs, see PackedMeter.
    address account;
    uint8 kind;
    uint8 source;
    uint8 category;
    bool simulated;
    bool suspended;
    /// @dev Leaves of reports up to this interval are frozen by a dispute.
    uint32 frozenThrough;
    // Second slot: everything a dispute needs.
    address key;
    uint32 keyFrom;
    uint16 rotations;
    uint32 feeder;
    // Third slot.
    uint32 generationCapacityW;
    uint32 connectionCapacityW;
    // Fourth slot: opening registers.
    uint64 timestamp;
    uint64 importWh;
    uint64 exportWh;
    uint64 generatedWh;
}

/// @notice What the governor lets an account do in other contracts.
enum Role {
    /// @dev Clears markets.
    ClearingOperator,
    /// @dev States the condition of the grid, calls for demand response and sets envelopes.
    GridOperator,
    /// @dev Splits what is disputed, and voids a balance report before it is final.
    Arbiter
}

/// @notice Where an account's request to be known as producer or consumer stands.
enum ProfileStatus {
    None,
    Requested,
    Approved,
    Rejected
}

/// @notice What is known of an account, in one slot.
struct AccountRecord {
    /// @dev Sums over its meters, suspended ones included.
    uint48 generationCapacityW;
    uint48 connectionCapacityW;
    uint32 meters;
    /// @dev The governor's, if set.
    uint64 sellCapWh;
    bool sellCapSet;
    /// @dev As last requested; they mean something once the profile is approved.
    bool producer;
    bool consumer;
    ProfileStatus profile;
    /// @dev Unix seconds at which what it may sell last changed: by the governor's word or by a meter.
    uint32 sellCapChangedAt;
}

/// @title IRegistry
/// @notice Who may do what: roles, oracle quorum, accounts, meters and their keys, CO2 factors.
interface IRegistry {
    // EVENTS

    /// @notice A new governor was proposed; it may accept from `acceptableFrom` (unix seconds) on.
    event GovernorProposed(address indexed governor, uint64 acceptableFrom);
    /// @notice The governor changed.
    event GovernorSet(address indexed governor);
    /// @notice The guardian changed.
    event GuardianSet(address indexed guardian);
    /// @notice Reports, mints, clearing and settlement were stopped or allowed again.
    event PausedSet(bool paused);
    /// @notice A delayed call to `target` was announced; it may be made from `readyAt` (unix seconds) on.
    event CallScheduled(bytes32 indexed callHash, address indexed target, uint64 readyAt, bytes call);
    /// @notice A delayed call was taken back.
    event CallUnscheduled(bytes32 indexed callHash);
    /// @notice The oracle set or its quorum changed. Bit i of every signers bitmap stands for `oracles[i]`.
    event OraclesSet(address[] oracles, uint8 quorum);
    /// @notice A contract was allowed, or forbidden, to suspend meters upon disputes.
    event ReporterSet(address indexed reporter, bool allowed);
    /// @notice An account was given a role, or lost it.
    event RoleSet(Role indexed role, address indexed account, bool allowed);
    /// @notice The governor limited what an account may sell in an interval.
    event SellCapSet(address indexed account, uint64 capWh);
    /// @notice An account's sell cap follows from its generation capacity again.
    event SellCapCleared(address indexed account);
    /// @notice An account asks to be known as producer, consumer or both.
    event ProfileRequested(
        address indexed account,
        bool producer,
        bool consumer,
        uint32 capacityW,
        bytes32 locationHash,
        bytes32 metadataHash
    );
    /// @notice The governor answered an account's request.
    event ProfileDecided(address indexed account, bool approved);
    /// @notice The CO2 factor of a source changed.
    event Co2FactorSet(uint8 indexed source, uint32 gramsPerMWh);
    /// @notice A meter was registered with its opening registers.
    event MeterRegistered(
        bytes32 indexed meterId,
        address indexed account,
        address key,
        MeterAttributes attributes,
        uint64 timestamp,
        uint64 importWh,
        uint64 exportWh,
        uint64 generatedWh,
        string name
    );
    /// @notice Another document describes the meter.
    event MeterMetadataSet(bytes32 indexed meterId, bytes32 metadataHash);
    /// @notice A meter signs with `key` from `validFromInterval` on, whatever was said of that time before.
    event KeyRotated(bytes32 indexed meterId, address key, uint64 validFromInterval);
    /// @notice A meter's readings are not taken and not certified until it is reinstated.
    event MeterSuspended(bytes32 indexed meterId);
    /// @notice A suspended meter is active again.
    event MeterReinstated(bytes32 indexed meterId);

    // ERRORS

    error NotGovernor(address caller);
    error NotProposedGovernor(address caller);
    error NotGuardian(address caller);
    error NotReporter(address caller);
    error RoleMissing(Role role, address caller);
    error NotMeterAccount(bytes32 meterId, address caller);
    error ZeroAddress();
    error TooEarly(uint256 readyAt);
    error NotScheduled(bytes32 callHash);
    error ScheduleExpired(bytes32 callHash, uint256 expiresAt);
    error ContractsPaused();
    error BadInterval(uint64 intervalSeconds);
    error BadQuorum(uint256 quorum, uint256 oracles);
    error OraclesNotSorted(address oracle);
    error BelowQuorum(uint256 signatures, uint256 quorum);
    error NotOracle(address signer);
    error SignersNotSorted(address signer);
    error BadSignature();
    error EmptyProfile();
    error ProfilePending(address account);
    error ProfileNotRequested(address account);
    error MeterUnknown(bytes32 meterId);
    error MeterAlreadyRegistered(bytes32 meterId);
    error MeterIdMismatch(bytes32 meterId, address signer);
    error BadAttributes();
    error KeyTooEarly(uint64 validFromInterval, uint256 earliest);
    error KeyTooLate(uint64 validFromInterval, uint256 latest);
    error RotationPending(bytes32 meterId, uint64 validFromInterval);

    // GOVERNOR

    /// @notice Proposes a new governor, who accepts after the delay of this deployment.
    function proposeGovernor(address governor) external;

    /// @notice Completes the change of governor; called by the proposed one.
    function acceptGovernor() external;

    /// @notice Announces a delayed call where the deployment has a delay: to `setOracles`, `setReporter`, `setRole` or
    /// `setCo2Factor` here, or to another contract that obeys this registry. It stands for one call with these
    /// arguments, under the hash keccak256(abi.encode(target, call)), and expires 14 days after it could first be made.
    /// Not delayed are the calls that keep a community going or only stop things: `setGuardian`, `setPaused`,
    /// `setSellCap`, `clearSellCap`, `approveProfile`, `registerMeter`, `setMeterMetadata`, `rotateKey`,
    /// `suspendMeter`, `reinstateMeter`, `unschedule` here, `resetClaim` of EnergyProduction and `readmit` of
    /// EnergyTrading.
    /// @param target The contract that will be called.
    /// @param call The calldata of the call.
    function schedule(address target, bytes calldata call) external;

    /// @notice Takes an announced call back. Governor or guardian.
    function unschedule(bytes32 callHash) external;

    /// @notice Sets who may pause.
    function setGuardian(address guardian) external;

    /// @notice Stops or allows reports, mints, clearing and settlement, at once. The guardian may only stop.
    function setPaused(bool paused) external;

    /// @notice Replaces the oracle set. Delayed once a set exists.
    /// @param oracles Strictly ascending addresses, 1 to 31.
    /// @param quorum How many of them must sign, 1 to their number.
    function setOracles(address[] calldata oracles, uint8 quorum) external;

    /// @notice Allows or forbids a contract to suspend meters upon disputes. Delayed once an oracle set exists.
    function setReporter(address reporter, bool allowed) external;

    /// @notice Gives an account a role or takes it. Delayed once an oracle set exists.
    function setRole(Role role, address account, bool allowed) external;

    /// @notice Limits what an account may sell in an interval, whatever its generation capacity.
    function setSellCap(address account, uint64 capWh) external;

    /// @notice Lets an account's sell cap follow from its generation capacity again.
    function clearSellCap(address account) external;

    /// @notice Answers an account's request. Nothing here depends on a profile: a meter may belong to an account
    /// without one.
    function approveProfile(address account, bool approved) external;

    /// @notice Sets the grams of CO2 one MWh of a source avoids. Delayed once an oracle set exists.
    function setCo2Factor(uint8 source, uint32 gramsPerMWh) external;

    /// @notice Registers a meter.
    /// @param r The meter's own statement.
    /// @param a The governor's statement about it.
    /// @param name A label for people; kept in the event only.
    /// @param deviceSignature Signature of `r` by the meter's first key, as of a reading in `isSignedByMeter`.
    function registerMeter(
        Registration calldata r,
        MeterAttributes calldata a,
        string calldata name,
        bytes calldata deviceSignature
    ) external;

    /// @notice Makes a suspended meter active again. Leaves frozen before stay frozen.
    function reinstateMeter(bytes32 meterId) external;

    // GOVERNED CONTRACTS

    /// @notice Uses up the announcement of a call to the caller; reverts unless the governor announced it long enough
    /// ago. Does nothing where there is no delay, or no oracle set yet.
    /// @param call The calldata the caller was called with.
    function consumeSchedule(bytes calldata call) external;

    // ACCOUNTS

    /// @notice Asks the governor to know the caller as producer, consumer or both. A request stands as it is until it
    /// is answered; a new one takes the place of the answer.
    /// @param capacityW What the account generates or draws at most, W.
    /// @param locationHash Of where it is; what is hashed is told to the governor alone.
    /// @param metadataHash Of anything else the governor shall know.
    function requestProfile(
        bool producer,
        bool consumer,
        uint32 capacityW,
        bytes32 locationHash,
        bytes32 metadataHash
    ) external;

    // GOVERNOR AND OTHERS

    /// @notice Names another document about a meter, by its hash. The meter's account or the governor.
    function setMeterMetadata(bytes32 meterId, bytes32 metadataHash) external;

    /// @notice Gives a meter a new key from an interval on: the next one at the earliest, so that readings already
    /// accepted stay signed, and a week ahead at the latest. One rotation can be pending; the governor may replace
    /// it by one that is in force no later. So a rotation undoes every other one of its interval or a later one.
    /// @param signature Signature of KeyRotation by the present key; empty when the governor decides.
    function rotateKey(bytes32 meterId, address key, uint64 validFromInterval, bytes calldata signature)
        external;

    /// @notice Suspends a meter. Governor or a reporter.
    function suspendMeter(bytes32 meterId) external;

    /// @notice Suspends a meter and freezes its leaves in reports up to `newest`, because a reading contradicts one of
    /// them. If a key signed the reading that is no longer in force, it may be in anybody's hands: then the meter is
    /// not suspended, and only the leaves of reports before the present key's time are frozen, and those up to the
    /// contradicted one. Reverts with AlreadyFrozen of IReports when that one is frozen. Reporters only.
    /// @param interval The report of the leaf that is contradicted.
    /// @param newest The newest report, that one or a later one.
    /// @param signedAt Unix seconds, the reading's time.
    function freezeMeter(bytes32 meterId, uint64 interval, uint64 newest, uint64 signedAt) external;

    // VIEWS

    /// @notice Length of an interval in seconds, fixed for this deployment.
    function intervalSeconds() external view returns (uint64);

    /// @notice Seconds between announcing a governor's change and making it.
    function delaySeconds() external view returns (uint64);

    function governor() external view returns (address);

    function guardian() external view returns (address);

    function proposedGovernor() external view returns (address governor, uint64 acceptableFrom);

    function paused() external view returns (bool);

    function quorum() external view returns (uint8);

    function oracles() external view returns (address[] memory);

    function isReporter(address reporter) external view returns (bool);

    function hasRole(Role role, address account) external view returns (bool);

    /// @notice What is known of an account; zeros for an unknown one.
    function accountOf(address account) external view returns (AccountRecord memory);

    /// @notice How many meters an account has, suspended ones included.
    function meterCountOf(address account) external view returns (uint256);

    /// @notice The most an account may sell in an interval, Wh: what the governor said, else what its meters can
    /// generate and 5 % more.
    function sellCapWh(address account) external view returns (uint256);

    /// @notice The same of many accounts.
    function sellCapsWh(address[] calldata accounts) external view returns (uint256[] memory capsWh);

    /// @notice The most that can pass an account's connections in an interval, Wh, and 5 % more.
    function connectionWh(address account) external view returns (uint256);

    /// @notice Unix seconds from which an announced call may be made, for 14 days; 0 when it was not announced.
    function scheduledAt(bytes32 callHash) external view returns (uint64);

    /// @notice Grams of CO2 one MWh of a source avoids.
    function co2GramsPerMWh(uint8 source) external view returns (uint32);

    /// @notice Checks that a quorum signed `digest` and that nothing is paused.
    /// @param signatures 65-byte signatures in ascending order of their signers' addresses.
    /// @return signers Bitmap of the oracles that signed.
    function check(bytes32 digest, bytes[] calldata signatures) external view returns (uint256 signers);

    function meter(bytes32 meterId) external view returns (Meter memory);

    /// @notice The account a meter belongs to; reverts for an unknown meter.
    function meterAccount(bytes32 meterId) external view returns (address);

    function isRegistered(bytes32 meterId) external view returns (bool);

    /// @notice What a mint needs to know about a meter; reverts for an unknown one and while paused.
    function certification(bytes32 meterId) external view returns (PackedMeter);

    /// @notice Opening generation register and its time.
    function opening(bytes32 meterId) external view returns (uint64 timestamp, uint64 generatedWh);

    /// @notice The last interval in which a dispute froze the meter's leaves; 0 when none did.
    function frozenThrough(bytes32 meterId) external view returns (uint64);

    /// @notice The key a meter signs with in an interval.
    function keyAt(bytes32 meterId, uint64 interval) external view returns (address);

    /// @notice Whether the meter's key at the reading's interval signed the reading.
    /// @param signature 65 bytes r ‖ s ‖ v of a secp256k1 key, whose address the key is; or 128 bytes x ‖ y ‖ r ‖ s of
    /// a P-256 key, which is known by the last 20 bytes of keccak256(0x01 ‖ x ‖ y).
    function isSignedByMeter(MeterReading calldata reading, bytes calldata signature)
        external
        view
        returns (bool);

    /// @notice EIP-712 digest of a reading.
    function readingDigest(MeterReading calldata reading) external view returns (bytes32);

    /// @notice EIP-712 digest of a registration.
    function registrationDigest(Registration calldata registration) external view returns (bytes32);

    /// @notice EIP-712 digest of a key rotation.
    function keyRotationDigest(bytes32 meterId, address key, uint64 validFromInterval)
        external
        view
        returns (bytes32);

    function domainSeparator() external view returns (bytes32);
}
