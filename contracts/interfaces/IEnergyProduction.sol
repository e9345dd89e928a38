// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MeterReading} from "./IRegistry.sol";
import {IReports} from "./IReports.sol";

/// @notice A leaf of the production tree: a meter's generation register at a time.
struct Claim {
    bytes32 meterId;
    uint64 seq;
    /// @dev Unix seconds.
    uint64 timestamp;
    uint32 flags;
    /// @dev Generation register, Wh.
    uint64 generatedWh;
}

/// @title IEnergyProduction
/// @notice Certificates for generated energy: ERC-1155, one unit is one Wh, the id is simulated, source and UTC day.
interface IEnergyProduction is IReports {
    // EVENTS

    /// @notice A meter's claim moved to `claimedWh` at (`seq`, `timestamp`) and `wh` were minted to its account.
    /// `wh` is zero when only the time moved.
    event Minted(
        bytes32 indexed meterId,
        uint64 indexed interval,
        uint256 indexed id,
        address account,
        uint64 wh,
        uint64 claimedWh,
        uint64 seq,
        uint64 timestamp
    );
    /// @notice Certificates were taken out of circulation for good, in favour of `beneficiary`.
    event Retired(
        address indexed account,
        uint256 indexed id,
        uint256 wh,
        address indexed beneficiary,
        string reason,
        uint256 co2Grams
    );

    /// @notice The governor set what was claimed for a disputed meter back to (`seq`, `timestamp`); the Wh stay.
    event ClaimReset(bytes32 indexed meterId, uint64 seq, uint64 timestamp);

    /// @notice An account committed to a forecast of a meter's generation in `count` intervals, to be scored later.
    /// With several for an interval, the order of the events says which came first.
    event ForecastCommitted(
        bytes32 indexed meterId, uint64 indexed fromInterval, uint32 count, bytes32 forecastHash
    );
    /// @notice What a meter's plant is made of: a document at `uri` with the hash `specHash`.
    event EquipmentRecorded(bytes32 indexed meterId, bytes32 specHash, string uri);
    /// @notice A meter's plant is or was under maintenance from `from` to `to` (unix seconds).
    event MaintenanceRecorded(bytes32 indexed meterId, uint64 from, uint64 to, uint16 code, string note);
    /// @notice The grid operator's record of a feeder's power quality in an interval has this hash. With several for an
    /// interval, the first event stands.
    event PowerQualityRecorded(uint32 indexed feeder, uint64 indexed interval, bytes32 specHash);

    // ERRORS

    error ClaimsNotInReport(uint64 interval);
    error DayNotClosed(bytes32 meterId, uint256 day);
    error ClaimNotDisputed(bytes32 meterId);
    error ClaimNotBefore(bytes32 meterId, uint64 seq, uint64 timestamp);
    error NothingToRetire();
    error ForecastTooLate(uint64 fromInterval, uint256 presentInterval);
    error EmptyForecast();
    error BadPeriod(uint64 from, uint64 to);

    // FUNCTIONS

    /// @notice Mints what leaves of a final report prove beyond what was claimed, to each meter's account. Anyone may
    /// call. A claim that proves nothing new, of a suspended meter, or with a time after the report's interval, is
    /// skipped. A claim from one UTC day to another has no certain vintage. It is refused (DayNotClosed) unless no
    /// reading lies between, or the meter's account itself calls, or the report of the claim before was frozen by a
    /// dispute, or that report has left the ring and this one is at least half a ring old; then the vintage is the
    /// unknown day.
    /// @param interval The report the leaves belong to.
    /// @param claims The leaves, in the order the multiproof needs.
    /// @param proof Multiproof hashes.
    /// @param proofFlags Multiproof flags: true takes the next leaf or computed node, false the next proof hash.
    /// Without flags the proof of a single claim is a plain Merkle proof.
    function mint(
        uint64 interval,
        Claim[] calldata claims,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external;

    /// @notice Takes the caller's certificates out of circulation for good.
    /// @param id Token id.
    /// @param wh How much, Wh.
    /// @param beneficiary In whose favour.
    /// @param reason Why; kept in the event only.
    function retire(uint256 id, uint256 wh, address beneficiary, string calldata reason) external;

    /// @notice Freezes a leaf that a reading signed by the same meter contradicts: the same sequence number with
    /// other values, or an order of sequence numbers against the order of registers or times. Once a leaf's interval
    /// is frozen for the meter, it cannot be disputed again. Orders are compared between readings of one key only,
    /// and a key contradicts no leaf of a later key's time. A key that was rotated out stops no meter: it freezes leaves
    /// of reports before the present key's time, and those up to the contradicted one, and does not suspend.
    function dispute(
        uint64 interval,
        Claim calldata leaf,
        bytes32[] calldata proof,
        MeterReading calldata reading,
        bytes calldata signature
    ) external;

    /// @notice Sets the sequence number and time claimed for a meter back, after a wrong leaf moved them where no
    /// honest leaf follows. Governor only, and only while the claim comes from a report frozen by a dispute. The
    /// claimed Wh stay, so nothing is minted twice.
    /// @param seq At least 1 and not above the claimed one.
    /// @param timestamp Unix seconds, not after the claimed time.
    function resetClaim(bytes32 meterId, uint64 seq, uint64 timestamp) external;

    // RECORDS

    /// @notice Commits to a forecast of a meter's generation, for intervals that have not begun. The meter's account.
    /// @param forecastHash Hash of the forecast and a salt, told when it is scored.
    function commitForecast(bytes32 meterId, uint64 fromInterval, uint32 count, bytes32 forecastHash) external;

    /// @notice Records what a meter's plant is made of. The meter's account or the governor.
    function recordEquipment(bytes32 meterId, bytes32 specHash, string calldata uri) external;

    /// @notice Records maintenance of a meter's plant, planned or done. The meter's account or the governor.
    /// @param from Unix seconds.
    /// @param to Unix seconds, not before `from`.
    /// @param code What was done, by the community's list.
    function recordMaintenance(bytes32 meterId, uint64 from, uint64 to, uint16 code, string calldata note)
        external;

    /// @notice Records the hash of a feeder's power quality in an ended interval. Grid operators.
    function recordPowerQuality(uint32 feeder, uint64 interval, bytes32 specHash) external;

    // VIEWS

    /// @notice What was claimed for a meter so far; starts from its opening registers.
    function claimOf(bytes32 meterId) external view returns (uint64 claimedWh, uint64 seq, uint64 timestamp);

    function totalMinted(uint256 id) external view returns (uint256);

    function totalRetired(uint256 id) external view returns (uint256);

    function totalSupply(uint256 id) external view returns (uint256);
}
