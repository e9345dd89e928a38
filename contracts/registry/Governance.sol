// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";

/// @title Governance
/// @notice The governor, whose changes of the rules wait where the deployment has a delay, and the guardian.
abstract contract Governance is IRegistry {
    // CONSTANTS

    /// @dev Seconds. An announcement that everybody has forgotten must not come true.
    uint256 private constant STANDS_FOR = 14 days;

    // IMMUTABLES

    /// @inheritdoc IRegistry
    uint64 public immutable delaySeconds;

    // STORAGE

    /// @inheritdoc IRegistry
    address public governor;
    /// @inheritdoc IRegistry
    address public guardian;
    /// @dev Beside the guardian in one slot, read by every report and mint.
    bool public paused;
    /// @inheritdoc IRegistry
    uint8 public quorum;

    struct Proposal {
        address governor;
        uint64 acceptableFrom;
    }

    /// @inheritdoc IRegistry
    Proposal public proposedGovernor;

    /// @inheritdoc IRegistry
    mapping(bytes32 callHash => uint64) public scheduledAt;

    // CONSTRUCTOR

    constructor(address governor_, address guardian_, uint64 delaySeconds_) {
        if (governor_ == address(0)) revert ZeroAddress();
        delaySeconds = delaySeconds_;
        governor = governor_;
        guardian = guardian_;
        emit GovernorSet(governor_);
        emit GuardianSet(guardian_);
    }

    // MODIFIERS

    modifier onlyGovernor() {
        _onlyGovernor();
        _;
    }

    modifier delayed() {
        _consume(address(this), msg.data);
        _;
    }

    // GOVERNOR

    /// @inheritdoc IRegistry
    function proposeGovernor(address governor_) external onlyGovernor {
        uint64 acceptableFrom = _afterDelay();
        proposedGovernor = Proposal(governor_, acceptableFrom);
        emit GovernorProposed(governor_, acceptableFrom);
    }

    /// @inheritdoc IRegistry
    function acceptGovernor() external {
        Proposal memory proposal = proposedGovernor;
        if (msg.sender != proposal.governor) revert NotProposedGovernor(msg.sender);
        if (block.timestamp < proposal.acceptableFrom) revert TooEarly(proposal.acceptableFrom);
        delete proposedGovernor;
        governor = msg.sender;
        emit GovernorSet(msg.sender);
    }

    /// @inheritdoc IRegistry
    function schedule(address target, bytes calldata call) external onlyGovernor {
        bytes32 callHash = keccak256(abi.encode(target, call));
        uint64 readyAt = _afterDelay();
        scheduledAt[callHash] = readyAt;
        emit CallScheduled(callHash, target, readyAt, call);
    }

    /// @inheritdoc IRegistry
    function unschedule(bytes32 callHash) external {
        if (msg.sender != governor && msg.sender != guardian) revert NotGuardian(msg.sender);
        if (scheduledAt[callHash] == 0) revert NotScheduled(callHash);
        delete scheduledAt[callHash];
        emit CallUnscheduled(callHash);
    }

    /// @inheritdoc IRegistry
    function setGuardian(address guardian_) external onlyGovernor {
        guardian = guardian_;
        emit GuardianSet(guardian_);
    }

    /// @inheritdoc IRegistry
    function setPaused(bool paused_) external {
        if (msg.sender != governor) {
            if (msg.sender != guardian) revert NotGuardian(msg.sender);
            if (!paused_) revert NotGovernor(msg.sender);
        }
        paused = paused_;
        emit PausedSet(paused_);
    }

    // GOVERNED CONTRACTS

    /// @inheritdoc IRegistry
    function consumeSchedule(bytes calldata call) external {
        _consume(msg.sender, call);
    }

    // INTERNAL

    function _onlyGovernor() internal view {
        if (msg.sender != governor) revert NotGovernor(msg.sender);
    }

    /// @dev Before the first oracle set nothing can be reported, so there is nothing to protect yet.
    function _consume(address target, bytes calldata call) private {
        if (delaySeconds == 0 || quorum == 0) return;
        bytes32 callHash = keccak256(abi.encode(target, call));
        uint64 readyAt = scheduledAt[callHash];
        if (readyAt == 0) revert NotScheduled(callHash);
        if (block.timestamp < readyAt) revert TooEarly(readyAt);
        uint256 expiresAt = readyAt + STANDS_FOR;
        if (block.timestamp > expiresAt) revert ScheduleExpired(callHash, expiresAt);
        delete scheduledAt[callHash];
    }

    function _afterDelay() private view returns (uint64) {
        return SafeCast.toUint64(block.timestamp + delaySeconds);
    }
}
