// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Claim, IEnergyProduction} from "./interfaces/IEnergyProduction.sol";
import {IRegistry, MeterReading, Role} from "./interfaces/IRegistry.sol";
import {Certificates} from "./libraries/Certificates.sol";
import {Intervals} from "./libraries/Intervals.sol";
import {Messages} from "./libraries/Messages.sol";
import {PackedClaim, PackedClaims} from "./libraries/PackedClaims.sol";
import {PackedMeter} from "./libraries/PackedMeters.sol";
import {Reports} from "./Reports.sol";

/// @title EnergyProduction
/// @notice Certificates for generated energy.
contract EnergyProduction is IEnergyProduction, Reports, ERC1155 {
    using Messages for Claim;
    using SafeCast for uint256;

    // STORAGE

    struct Totals {
        uint128 minted;
        uint128 retired;
    }

    mapping(bytes32 meterId => PackedClaim) private _claimed;
    mapping(uint256 id => Totals) private _totals;

    // CONSTRUCTOR

    /// @param registry_ The registry this contract obeys.
    /// @param ringSize_ How many intervals the ring holds.
    /// @param finalitySeconds_ Seconds between a report and the moment claims from it are taken.
    /// @param uri_ Where the certificates' metadata is, with {id} in it; may be empty.
    constructor(IRegistry registry_, uint32 ringSize_, uint32 finalitySeconds_, string memory uri_)
        Reports(registry_, ringSize_, finalitySeconds_)
        ERC1155(uri_)
    {}

    // CERTIFICATES

    /// @inheritdoc IEnergyProduction
    function mint(
        uint64 interval,
        Claim[] calldata claims,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external {
        _requireFinal(interval);
        if (!_proves(_rootOf(interval), claims, proof, proofFlags)) revert ClaimsNotInReport(interval);
        uint256[] memory ids = new uint256[](1);
        uint256[] memory amounts = new uint256[](1);
        for (uint256 i; i < claims.length; ++i) {
            _claim(interval, claims[i], ids, amounts);
        }
    }

    /// @inheritdoc IEnergyProduction
    function retire(uint256 id, uint256 wh, address beneficiary, string calldata reason) external {
        if (wh == 0) revert NothingToRetire();
        uint256[] memory ids = new uint256[](1);
        uint256[] memory amounts = new uint256[](1);
        ids[0] = id;
        amounts[0] = wh;
        _update(msg.sender, address(0), ids, amounts);
        _totals[id].retired += wh.toUint128();
        uint256 factor = Certificates.isSimulated(id) ? 0 : registry.co2GramsPerMWh(Certificates.sourceOf(id));
        emit Retired(msg.sender, id, wh, beneficiary, reason, wh * factor / 1e6);
    }

    /// @inheritdoc IEnergyProduction
    function resetClaim(bytes32 meterId, uint64 seq, uint64 timestamp) external onlyGovernor {
        PackedClaim state = _claimed[meterId];
        if (state.seq() == 0 || state.interval() > registry.frozenThrough(meterId)) {
            revert ClaimNotDisputed(meterId);
        }
        // A seq of zero would bring the opening registers back, and with them all Wh since.
        if (seq == 0 || seq > state.seq() || timestamp > state.timestamp()) {
            revert ClaimNotBefore(meterId, seq, timestamp);
        }
        _claimed[meterId] = PackedClaims.pack(state.wh(), seq, timestamp, state.interval());
        emit ClaimReset(meterId, seq, timestamp);
    }

    // DISPUTES

    /// @inheritdoc IEnergyProduction
    function dispute(
        uint64 interval,
        Claim calldata leaf,
        bytes32[] calldata proof,
        MeterReading calldata reading,
        bytes calldata signature
    ) external {
        bytes32 hash = leaf.leaf();
        uint256 signers = _requireContradictable(interval, leaf.meterId, hash, proof, reading, signature);
        uint8 kind = _kindOf(leaf.seq, leaf.timestamp, reading);
        if (!_contradicts(leaf, reading)) revert NoContradiction(leaf.meterId);
        _freeze(interval, hash, reading, signers, kind);
    }

    // RECORDS

    /// @inheritdoc IEnergyProduction
    function commitForecast(bytes32 meterId, uint64 fromInterval, uint32 count, bytes32 forecastHash)
        external
    {
        _onlyMeterAccount(meterId);
        uint256 present = _intervalAt(block.timestamp);
        if (fromInterval <= present) revert ForecastTooLate(fromInterval, present);
        if (count == 0) revert EmptyForecast();
        emit ForecastCommitted(meterId, fromInterval, count, forecastHash);
    }

    /// @inheritdoc IEnergyProduction
    function recordEquipment(bytes32 meterId, bytes32 specHash, string calldata uri_) external {
        _onlyMeterAccountOrGovernor(meterId);
        emit EquipmentRecorded(meterId, specHash, uri_);
    }

    /// @inheritdoc IEnergyProduction
    function recordMaintenance(bytes32 meterId, uint64 from, uint64 to, uint16 code, string calldata note)
        external
    {
        _onlyMeterAccountOrGovernor(meterId);
        if (from > to) revert BadPeriod(from, to);
        emit MaintenanceRecorded(meterId, from, to, code, note);
    }

    /// @inheritdoc IEnergyProduction
    function recordPowerQuality(uint32 feeder, uint64 interval, bytes32 specHash) external {
        _onlyRole(Role.GridOperator);
        uint256 end = _endOf(interval);
        if (block.timestamp < end) revert IntervalNotEnded(interval, end);
        emit PowerQualityRecorded(feeder, interval, specHash);
    }

    // VIEWS

    /// @inheritdoc IEnergyProduction
    function claimOf(bytes32 meterId) external view returns (uint64 claimedWh, uint64 seq, uint64 timestamp) {
        PackedClaim state = _claimedOf(meterId);
        return (state.wh(), state.seq(), state.timestamp());
    }

    /// @inheritdoc IEnergyProduction
    function totalMinted(uint256 id) external view returns (uint256) {
        return _totals[id].minted;
    }

    /// @inheritdoc IEnergyProduction
    function totalRetired(uint256 id) external view returns (uint256) {
        return _totals[id].retired;
    }

    /// @inheritdoc IEnergyProduction
    function totalSupply(uint256 id) external view returns (uint256) {
        return _totals[id].minted - _totals[id].retired;
    }

    // INTERNAL

    /// @dev A multiproof without flags has one leaf; then the proof may also be a plain one, which is cheaper.
    function _proves(
        bytes32 root,
        Claim[] calldata claims,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) private pure returns (bool) {
        if (claims.length == 1 && proofFlags.length == 0) {
            return MerkleProof.verifyCalldata(proof, root, claims[0].leaf());
        }
        bytes32[] memory leaves = new bytes32[](claims.length);
        for (uint256 i; i < claims.length; ++i) {
            leaves[i] = claims[i].leaf();
        }
        return MerkleProof.multiProofVerifyCalldata(proof, proofFlags, root, leaves);
    }

    /// @dev The arrays are the caller's, so that a batch allocates them once.
    function _claim(uint64 interval, Claim calldata claim, uint256[] memory ids, uint256[] memory amounts)
        private
    {
        PackedMeter meter = registry.certification(claim.meterId); // reverts while paused
        // Skipped, not reverted: a race or one meter's fault must not stop the others of a batch.
        if (meter.suspended() || interval <= meter.frozenThrough()) return;
        // Read once: every reading of a narrow field of calldata checks its width again.
        (uint64 seq, uint64 timestamp, uint64 generatedWh) = (claim.seq, claim.timestamp, claim.generatedWh);
        if (timestamp > _endOf(interval)) return; // no honest leaf is from its report's future
        PackedClaim state = _claimedOf(claim.meterId);
        if (seq <= state.seq() || timestamp < state.timestamp() || generatedWh < state.wh()) return;

        uint256 wh = generatedWh - state.wh();
        uint256 day = wh == 0
            ? Intervals.dayOf(timestamp)
            : _vintage(interval, state, seq, timestamp, claim.meterId, meter);
        uint256 id = Certificates.idOf(meter.simulated(), meter.source(), day);
        address account = meter.account();
        _claimed[claim.meterId] = PackedClaims.pack(generatedWh, seq, timestamp, interval);
        if (wh != 0) {
            // forge-lint: disable-next-line(unsafe-typecast) a difference of two uint64
            _totals[id].minted += uint128(wh);
            ids[0] = id;
            amounts[0] = wh;
            // Not _mint: a receiving contract is not asked, so it cannot refuse and stop a batch.
            _update(address(0), account, ids, amounts);
        }
        // forge-lint: disable-next-line(unsafe-typecast) a difference of two uint64
        emit Minted(claim.meterId, interval, id, account, uint64(wh), generatedWh, seq, timestamp);
    }

    /// @dev The day of energy between the state and the claim; the unknown day where no reading can tell it.
    function _vintage(
        uint64 interval,
        PackedClaim state,
        uint64 seq,
        uint64 timestamp,
        bytes32 meterId,
        PackedMeter meter
    ) private view returns (uint256) {
        uint256 day = Intervals.dayOf(timestamp);
        if (state.timestamp() >= day * Intervals.DAY) return day;
        bool nothingBetween = seq == state.seq() + 1;
        bool chosen = msg.sender == meter.account();
        bool frozen = state.interval() <= meter.frozenThrough();
        // Half a ring is the time in which anybody can close the days; before its end nobody else may blur them.
        bool leftRing = state.interval() + ringSize <= head() && interval + ringSize / 2 <= head();
        if (nothingBetween || chosen || frozen || leftRing) return Certificates.UNKNOWN_DAY;
        revert DayNotClosed(meterId, Intervals.dayOf(state.timestamp()));
    }

    function _claimedOf(bytes32 meterId) private view returns (PackedClaim state) {
        state = _claimed[meterId];
        if (state.seq() == 0) {
            (uint64 timestamp, uint64 wh) = registry.opening(meterId);
            // forge-lint: disable-next-line(unsafe-typecast) a quotient of a uint64
            state = PackedClaims.pack(wh, 0, timestamp, uint64(_intervalAt(timestamp)));
        }
    }

    function _contradicts(Claim calldata leaf, MeterReading calldata reading) private pure returns (bool) {
        if (leaf.seq == reading.seq) {
            return leaf.generatedWh != reading.generatedWh || leaf.timestamp != reading.timestamp
                || leaf.flags != reading.flags;
        }
        return _ordersContradict(leaf.seq, leaf.generatedWh, reading.seq, reading.generatedWh)
            || _ordersContradict(leaf.seq, leaf.timestamp, reading.seq, reading.timestamp);
    }
}
