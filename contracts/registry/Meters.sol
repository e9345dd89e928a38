// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRegistry, Meter, MeterAttributes, MeterReading, Registration} from "../interfaces/IRegistry.sol";
import {IReports} from "../interfaces/IReports.sol";
import {Intervals} from "../libraries/Intervals.sol";
import {Messages} from "../libraries/Messages.sol";
import {MeterSignatures} from "../libraries/MeterSignatures.sol";
import {PackedMeter} from "../libraries/PackedMeters.sol";
import {Accounts} from "./Accounts.sol";
import {Roles} from "./Roles.sol";

/// @title Meters
/// @notice Meters, their keys, and the CO2 factors of their sources.
abstract contract Meters is Roles, Accounts, EIP712 {
    using Messages for MeterReading;
    using Messages for Registration;

    // CONSTANTS

    /// @dev Seconds. A rotation farther ahead would keep the key from being changed again.
    uint256 private constant MAX_ROTATION_AHEAD = 7 days;
    uint8 private constant MAX_KIND = 3;
    uint8 private constant MAX_SOURCE = 5;
    uint8 private constant MAX_CATEGORY = 2;

    // STORAGE

    /// @inheritdoc IRegistry
    mapping(uint8 source => uint32) public co2GramsPerMWh;

    mapping(bytes32 meterId => Meter) private _meters;

    struct FormerKey {
        address key;
        uint32 from;
    }

    mapping(bytes32 meterId => mapping(uint256 rotation => FormerKey)) private _formerKeys;

    // GOVERNOR

    /// @inheritdoc IRegistry
    function setCo2Factor(uint8 source, uint32 gramsPerMWh) external onlyGovernor delayed {
        if (source > MAX_SOURCE) revert BadAttributes();
        co2GramsPerMWh[source] = gramsPerMWh;
        emit Co2FactorSet(source, gramsPerMWh);
    }

    /// @inheritdoc IRegistry
    function registerMeter(
        Registration calldata r,
        MeterAttributes calldata a,
        string calldata name,
        bytes calldata deviceSignature
    ) external onlyGovernor {
        if (r.account == address(0)) revert ZeroAddress();
        if (a.kind > MAX_KIND || a.source > MAX_SOURCE || a.category > MAX_CATEGORY) revert BadAttributes();
        if (_meters[r.meterId].account != address(0)) revert MeterAlreadyRegistered(r.meterId);
        address key = MeterSignatures.signerOf(registrationDigest(r), deviceSignature);
        if (key == address(0)) revert BadSignature();
        if (r.meterId != keccak256(abi.encode(key, r.nonce))) revert MeterIdMismatch(r.meterId, key);

        _meters[r.meterId] = Meter({
            account: r.account,
            kind: a.kind,
            source: a.source,
            category: a.category,
            simulated: a.simulated,
            suspended: false,
            frozenThrough: 0,
            key: key,
            keyFrom: 0,
            rotations: 0,
            feeder: a.feeder,
            generationCapacityW: a.generationCapacityW,
            connectionCapacityW: a.connectionCapacityW,
            timestamp: r.timestamp,
            importWh: r.importWh,
            exportWh: r.exportWh,
            generatedWh: r.generatedWh
        });
        _addMeter(r.account, a.generationCapacityW, a.connectionCapacityW);
        emit MeterRegistered(
            r.meterId, r.account, key, a, r.timestamp, r.importWh, r.exportWh, r.generatedWh, name
        );
    }

    /// @inheritdoc IRegistry
    function reinstateMeter(bytes32 meterId) external onlyGovernor {
        _registered(meterId).suspended = false;
        emit MeterReinstated(meterId);
    }

    // GOVERNOR AND OTHERS

    /// @inheritdoc IRegistry
    function setMeterMetadata(bytes32 meterId, bytes32 metadataHash) external {
        if (msg.sender != meterAccount(meterId) && msg.sender != governor) {
            revert NotMeterAccount(meterId, msg.sender);
        }
        emit MeterMetadataSet(meterId, metadataHash);
    }

    /// @inheritdoc IRegistry
    function rotateKey(bytes32 meterId, address key, uint64 validFromInterval, bytes calldata signature)
        external
    {
        Meter storage m = _registered(meterId);
        if (key == address(0)) revert ZeroAddress();
        uint256 present = Intervals.intervalOf(block.timestamp, intervalSeconds);
        uint256 latest = present + MAX_ROTATION_AHEAD / intervalSeconds;
        bool pending = m.keyFrom > present;
        if (msg.sender == governor && signature.length == 0) {
            // No later than what it replaces: who follows the events then drops that by its interval.
            if (pending) latest = m.keyFrom;
        } else {
            if (pending) revert RotationPending(meterId, m.keyFrom);
            address signer =
                MeterSignatures.signerOf(keyRotationDigest(meterId, key, validFromInterval), signature);
            if (signer != m.key) revert BadSignature();
        }
        // A key that came into force already could disown readings that were judged.
        if (validFromInterval <= present) revert KeyTooEarly(validFromInterval, present + 1);
        if (validFromInterval > latest) revert KeyTooLate(validFromInterval, latest);

        if (!pending) {
            _formerKeys[meterId][m.rotations] = FormerKey(m.key, m.keyFrom);
            m.rotations += 1;
        }
        m.key = key;
        m.keyFrom = SafeCast.toUint32(validFromInterval);
        emit KeyRotated(meterId, key, validFromInterval);
    }

    /// @inheritdoc IRegistry
    function suspendMeter(bytes32 meterId) external {
        if (msg.sender != governor && !isReporter[msg.sender]) revert NotReporter(msg.sender);
        _registered(meterId).suspended = true;
        emit MeterSuspended(meterId);
    }

    /// @inheritdoc IRegistry
    function freezeMeter(bytes32 meterId, uint64 interval, uint64 newest, uint64 signedAt) external {
        if (!isReporter[msg.sender]) revert NotReporter(msg.sender);
        Meter storage m = _registered(meterId);
        // Else the same evidence could suspend a reinstated meter again and again.
        if (interval <= m.frozenThrough) revert IReports.AlreadyFrozen(meterId, m.frozenThrough);
        if (m.keyFrom != 0) {
            uint256 keyFrom = _keyInForceFrom(meterId, m);
            if (Intervals.intervalOf(signedAt, intervalSeconds) < keyFrom) {
                m.frozenThrough = SafeCast.toUint32(Math.max(interval, Math.min(newest, keyFrom - 1)));
                return;
            }
        }
        (m.suspended, m.frozenThrough) = (true, SafeCast.toUint32(newest));
        emit MeterSuspended(meterId);
    }

    // VIEWS

    /// @inheritdoc IRegistry
    function meter(bytes32 meterId) external view returns (Meter memory) {
        return _registered(meterId);
    }

    /// @inheritdoc IRegistry
    function meterAccount(bytes32 meterId) public view returns (address) {
        return _registered(meterId).account;
    }

    /// @inheritdoc IRegistry
    function isRegistered(bytes32 meterId) external view returns (bool) {
        return _meters[meterId].account != address(0);
    }

    /// @inheritdoc IRegistry
    function certification(bytes32 meterId) external view returns (PackedMeter packed) {
        if (paused) revert ContractsPaused();
        Meter storage m = _registered(meterId);
        assembly ("memory-safe") {
            packed := sload(m.slot)
        }
    }

    /// @inheritdoc IRegistry
    function opening(bytes32 meterId) external view returns (uint64 timestamp, uint64 generatedWh) {
        Meter storage m = _registered(meterId);
        return (m.timestamp, m.generatedWh);
    }

    /// @inheritdoc IRegistry
    function frozenThrough(bytes32 meterId) external view returns (uint64) {
        return _registered(meterId).frozenThrough;
    }

    /// @inheritdoc IRegistry
    function keyAt(bytes32 meterId, uint64 interval) public view returns (address) {
        Meter storage m = _registered(meterId);
        if (interval >= m.keyFrom) return m.key;
        for (uint256 i = m.rotations; i > 0; --i) {
            FormerKey memory former = _formerKeys[meterId][i - 1];
            if (interval >= former.from) return former.key;
        }
        return address(0); // unreachable: the first key is valid from interval 0
    }

    /// @inheritdoc IRegistry
    function isSignedByMeter(MeterReading calldata reading, bytes calldata signature)
        external
        view
        returns (bool)
    {
        // forge-lint: disable-next-line(unsafe-typecast) a quotient of a uint64
        uint64 interval = uint64(Intervals.intervalOf(reading.timestamp, intervalSeconds));
        address signer = MeterSignatures.signerOf(readingDigest(reading), signature);
        return signer != address(0) && signer == keyAt(reading.meterId, interval);
    }

    /// @inheritdoc IRegistry
    function readingDigest(MeterReading calldata reading) public view returns (bytes32) {
        return _hashTypedDataV4(reading.hash());
    }

    /// @inheritdoc IRegistry
    function registrationDigest(Registration calldata registration) public view returns (bytes32) {
        return _hashTypedDataV4(registration.hash());
    }

    /// @inheritdoc IRegistry
    function keyRotationDigest(bytes32 meterId, address key, uint64 validFromInterval)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(Messages.keyRotation(meterId, key, validFromInterval));
    }

    /// @inheritdoc IRegistry
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // INTERNAL

    /// @dev The interval from which on the meter's present key counts.
    function _keyInForceFrom(bytes32 meterId, Meter storage m) private view returns (uint256 keyFrom) {
        keyFrom = m.keyFrom;
        // At most one rotation is pending; what it will replace is in force.
        if (keyFrom > Intervals.intervalOf(block.timestamp, intervalSeconds)) {
            keyFrom = _formerKeys[meterId][m.rotations - 1].from;
        }
    }

    function _registered(bytes32 meterId) private view returns (Meter storage m) {
        m = _meters[meterId];
        if (m.account == address(0)) revert MeterUnknown(meterId);
    }
}
