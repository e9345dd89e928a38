// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IRegistry, Role} from "../interfaces/IRegistry.sol";
import {Governance} from "./Governance.sol";

/// @title Roles
/// @notice The oracle set and its quorum, reporters, and the roles that other contracts ask about.
abstract contract Roles is Governance {
    // CONSTANTS

    /// @dev A signers bitmap has 32 bits in a report's meta.
    uint256 private constant MAX_ORACLES = 31;

    // STORAGE

    address[] private _oracles;
    /// @dev The oracle's bit in a signers bitmap; zero for everybody else.
    mapping(address oracle => uint256) private _oracleBit;
    /// @inheritdoc IRegistry
    mapping(address reporter => bool) public isReporter;
    /// @inheritdoc IRegistry
    mapping(Role role => mapping(address account => bool)) public hasRole;

    // GOVERNOR

    /// @inheritdoc IRegistry
    function setOracles(address[] calldata oracles_, uint8 quorum_) external onlyGovernor delayed {
        uint256 count = oracles_.length;
        if (count > MAX_ORACLES || quorum_ == 0 || quorum_ > count) revert BadQuorum(quorum_, count);
        for (uint256 i; i < _oracles.length; ++i) {
            delete _oracleBit[_oracles[i]];
        }
        address previous;
        for (uint256 i; i < count; ++i) {
            if (oracles_[i] <= previous) revert OraclesNotSorted(oracles_[i]);
            previous = oracles_[i];
            _oracleBit[previous] = 1 << i;
        }
        _oracles = oracles_;
        quorum = quorum_;
        emit OraclesSet(oracles_, quorum_);
    }

    /// @inheritdoc IRegistry
    function setReporter(address reporter, bool allowed) external onlyGovernor delayed {
        isReporter[reporter] = allowed;
        emit ReporterSet(reporter, allowed);
    }

    /// @inheritdoc IRegistry
    function setRole(Role role, address account, bool allowed) external onlyGovernor delayed {
        hasRole[role][account] = allowed;
        emit RoleSet(role, account, allowed);
    }

    // VIEWS

    /// @inheritdoc IRegistry
    function oracles() external view returns (address[] memory) {
        return _oracles;
    }

    /// @inheritdoc IRegistry
    function check(bytes32 digest, bytes[] calldata signatures) external view returns (uint256 signers) {
        (bool stopped, uint256 required) = (paused, quorum); // one slot, read once
        if (stopped) revert ContractsPaused();
        uint256 count = signatures.length;
        if (required == 0 || count < required) revert BelowQuorum(count, required);
        address previous;
        for (uint256 i; i < count; ++i) {
            (address signer,,) = ECDSA.tryRecoverCalldata(digest, signatures[i]);
            if (signer <= previous) {
                if (signer == address(0)) revert BadSignature();
                revert SignersNotSorted(signer);
            }
            uint256 bit = _oracleBit[signer];
            if (bit == 0) revert NotOracle(signer);
            signers |= bit;
            previous = signer;
        }
    }
}
