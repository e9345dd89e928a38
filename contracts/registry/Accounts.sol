// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {AccountRecord, IRegistry, ProfileStatus} from "../interfaces/IRegistry.sol";
import {Governance} from "./Governance.sol";

/// @title Accounts
/// @notice What is known of an account: the sums over its meters, its sell cap, its profile.
abstract contract Accounts is Governance {
    // CONSTANTS

    /// @dev Wh of a capacity in an interval: W * seconds / 3600, and 5 % more, as the oracle nodes accept.
    uint256 private constant TOLERANCE = 105;
    uint256 private constant TOLERANCE_BASE = 360_000;

    // IMMUTABLES

    /// @inheritdoc IRegistry
    uint64 public immutable intervalSeconds;

    // STORAGE

    mapping(address account => AccountRecord) private _accounts;

    // CONSTRUCTOR

    constructor(uint64 intervalSeconds_) {
        if (intervalSeconds_ == 0 || 1 days % intervalSeconds_ != 0) revert BadInterval(intervalSeconds_);
        intervalSeconds = intervalSeconds_;
    }

    // GOVERNOR

    /// @inheritdoc IRegistry
    function setSellCap(address account, uint64 capWh) external onlyGovernor {
        AccountRecord storage a = _accounts[account];
        (a.sellCapWh, a.sellCapSet) = (capWh, true);
        _noteSellCap(a);
        emit SellCapSet(account, capWh);
    }

    /// @inheritdoc IRegistry
    function clearSellCap(address account) external onlyGovernor {
        AccountRecord storage a = _accounts[account];
        (a.sellCapWh, a.sellCapSet) = (0, false);
        _noteSellCap(a);
        emit SellCapCleared(account);
    }

    /// @inheritdoc IRegistry
    function approveProfile(address account, bool approved) external onlyGovernor {
        AccountRecord storage a = _accounts[account];
        if (a.profile != ProfileStatus.Requested) revert ProfileNotRequested(account);
        a.profile = approved ? ProfileStatus.Approved : ProfileStatus.Rejected;
        emit ProfileDecided(account, approved);
    }

    // ACCOUNTS

    /// @inheritdoc IRegistry
    function requestProfile(
        bool producer,
        bool consumer,
        uint32 capacityW,
        bytes32 locationHash,
        bytes32 metadataHash
    ) external {
        if (!producer && !consumer) revert EmptyProfile();
        AccountRecord storage a = _accounts[msg.sender];
        // Else a request could change between the governor's look at it and his answer.
        if (a.profile == ProfileStatus.Requested) revert ProfilePending(msg.sender);
        (a.producer, a.consumer, a.profile) = (producer, consumer, ProfileStatus.Requested);
        emit ProfileRequested(msg.sender, producer, consumer, capacityW, locationHash, metadataHash);
    }

    // VIEWS

    /// @inheritdoc IRegistry
    function accountOf(address account) external view returns (AccountRecord memory) {
        return _accounts[account];
    }

    /// @inheritdoc IRegistry
    function meterCountOf(address account) external view returns (uint256) {
        return _accounts[account].meters;
    }

    /// @inheritdoc IRegistry
    function sellCapWh(address account) public view returns (uint256) {
        AccountRecord storage a = _accounts[account];
        return a.sellCapSet ? a.sellCapWh : _perInterval(a.generationCapacityW);
    }

    /// @inheritdoc IRegistry
    function sellCapsWh(address[] calldata accounts) external view returns (uint256[] memory capsWh) {
        capsWh = new uint256[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            capsWh[i] = sellCapWh(accounts[i]);
        }
    }

    /// @inheritdoc IRegistry
    function connectionWh(address account) external view returns (uint256) {
        return _perInterval(_accounts[account].connectionCapacityW);
    }

    // INTERNAL

    /// @dev Adds a new meter to the sums of its account.
    function _addMeter(address account, uint32 generationCapacityW, uint32 connectionCapacityW) internal {
        AccountRecord storage a = _accounts[account];
        a.generationCapacityW += generationCapacityW;
        a.connectionCapacityW += connectionCapacityW;
        a.meters += 1;
        _noteSellCap(a);
    }

    function _noteSellCap(AccountRecord storage a) private {
        // forge-lint: disable-next-line(unsafe-typecast) until the year 2106
        a.sellCapChangedAt = uint32(block.timestamp);
    }

    function _perInterval(uint256 capacityW) private view returns (uint256) {
        return capacityW * intervalSeconds * TOLERANCE / TOLERANCE_BASE;
    }
}
