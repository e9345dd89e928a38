// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRegistry, Role} from "./interfaces/IRegistry.sol";

/// @title Governed
/// @notice A contract whose rules the registry's governor sets, announced first where the deployment has a delay.
abstract contract Governed {
    // IMMUTABLES

    /// @notice The registry this contract obeys.
    IRegistry public immutable registry;

    // CONSTRUCTOR

    constructor(IRegistry registry_) {
        registry = registry_;
    }

    // MODIFIERS

    modifier onlyGovernor() {
        _onlyGovernor();
        _;
    }

    /// @dev Nothing where there is no delay or no oracle set yet.
    modifier delayed() {
        registry.consumeSchedule(msg.data);
        _;
    }

    // INTERNAL

    function _onlyGovernor() internal view {
        if (msg.sender != registry.governor()) revert IRegistry.NotGovernor(msg.sender);
    }

    /// @dev Reverts unless the caller is the account that the meter belongs to.
    function _onlyMeterAccount(bytes32 meterId) internal view {
        if (msg.sender != registry.meterAccount(meterId)) {
            revert IRegistry.NotMeterAccount(meterId, msg.sender);
        }
    }

    /// @dev The same, and the governor may too.
    function _onlyMeterAccountOrGovernor(bytes32 meterId) internal view {
        // Asked first, so that nothing is said of an unknown meter.
        address account = registry.meterAccount(meterId);
        if (msg.sender != account && msg.sender != registry.governor()) {
            revert IRegistry.NotMeterAccount(meterId, msg.sender);
        }
    }

    /// @dev Reverts unless the governor gave the caller the role.
    function _onlyRole(Role role) internal view {
        if (!registry.hasRole(role, msg.sender)) revert IRegistry.RoleMissing(role, msg.sender);
    }
}
