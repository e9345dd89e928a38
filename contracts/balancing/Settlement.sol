// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {IEnergyTrading} from "../interfaces/IEnergyTrading.sol";
import {Balance, BalanceLeaf, IGridBalancing} from "../interfaces/IGridBalancing.sol";
import {IRegistry, Role} from "../interfaces/IRegistry.sol";
import {PackedBalance, PackedBalances} from "../libraries/PackedBalances.sol";
import {GridBase} from "./GridBase.sol";

/// @title Settlement
/// @notice Moves imbalance money between the accounts and the grid, by the leaves of final reports.
abstract contract Settlement is GridBase {
    // STORAGE

    mapping(address account => PackedBalance) private _balances;
    mapping(uint64 interval => bool) private _voided;

    /// @dev What a leaf makes due.
    struct Due {
        PackedBalance balance;
        /// @dev Intervals whose bound is not used up.
        uint256 elapsed;
        /// @dev Most that can be due of one interval.
        uint256 limitMicro;
        int256 deltaMicro;
    }

    // SETTLEMENT

    /// @inheritdoc IGridBalancing
    function settle(uint64 interval, BalanceLeaf calldata leaf, bytes32[] calldata proof) external {
        _requireSettleable(interval);
        bytes32 hash = PackedBalances.leafOf(leaf);
        if (!MerkleProof.verifyCalldata(proof, _rootOf(interval), hash)) {
            revert BalanceNotInReport(interval, hash);
        }
        if (leaf.account == address(this)) revert GridIsNotSettled();
        PackedBalance balance = _settledOf(leaf.account);
        if (!_isOpen(balance, interval)) revert AlreadySettled(leaf.account, uint64(balance.through()));
        Due memory due = _due(interval, leaf, balance);
        if (!_isBounded(due)) {
            revert ImbalanceTooLarge(leaf.account, due.deltaMicro, due.limitMicro * due.elapsed);
        }
        _settle(interval, leaf, due);
    }

    /// @inheritdoc IGridBalancing
    function settleMany(
        uint64 interval,
        BalanceLeaf[] calldata leaves,
        bytes32[] calldata proof,
        bool[] calldata proofFlags
    ) external {
        _requireSettleable(interval);
        bytes32[] memory hashes = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            hashes[i] = PackedBalances.leafOf(leaves[i]);
        }
        if (!MerkleProof.multiProofVerifyCalldata(proof, proofFlags, _rootOf(interval), hashes)) {
            revert BalancesNotInReport(interval);
        }
        for (uint256 i; i < leaves.length; ++i) {
            BalanceLeaf calldata leaf = leaves[i];
            PackedBalance balance = _settledOf(leaf.account);
            // Skipped, not reverted: a race or one account's leaf must not stop the others of a batch.
            if (leaf.account == address(this) || !_isOpen(balance, interval)) continue;
            Due memory due = _due(interval, leaf, balance);
            if (_isBounded(due)) {
                _settle(interval, leaf, due);
            } else {
                emit SettlementRefused(leaf.account, interval, due.deltaMicro, due.limitMicro * due.elapsed);
            }
        }
    }

    /// @inheritdoc IGridBalancing
    function voidReport(uint64 interval) external onlyRole(Role.Arbiter) {
        uint256 finalFrom = _metaOf(interval).time() + finalitySeconds;
        if (block.timestamp >= finalFrom) revert ReportAlreadyFinal(interval, finalFrom);
        if (_voided[interval]) revert ReportIsVoided(interval);
        _voided[interval] = true;
        if (interval > _lastVoided) _lastVoided = interval;
        emit ReportVoided(interval);
    }

    /// @inheritdoc IGridBalancing
    function setMaxImbalancePrice(uint48 microPerKwh) external onlyGovernor delayed {
        maxImbalancePriceMicroPerKwh = microPerKwh;
        emit MaxImbalancePriceSet(microPerKwh);
    }

    // VIEWS

    /// @inheritdoc IGridBalancing
    function balanceOf(address account) external view returns (Balance memory) {
        return _settledOf(account).unpack();
    }

    /// @inheritdoc IGridBalancing
    function imbalanceLimit(address account, uint64 interval) external view returns (uint256) {
        uint256 from = _settledOf(account).boundedFrom();
        return interval > from ? (interval - from) * _limitOf(account) : 0;
    }

    /// @inheritdoc IGridBalancing
    function isVoided(uint64 interval) external view returns (bool) {
        return _voided[interval];
    }

    // INTERNAL

    /// @dev What a pause stops is what the oracles say, and money follows here from nothing else.
    function _requireSettleable(uint64 interval) private view {
        if (registry.paused()) revert IRegistry.ContractsPaused();
        _requireFinal(interval);
        if (interval <= _lastVoided && _voided[interval]) revert ReportIsVoided(interval);
    }

    /// @dev An account that was never settled stands where the deployment began.
    function _settledOf(address account) private view returns (PackedBalance balance) {
        balance = _balances[account];
        if (PackedBalance.unwrap(balance) == 0) {
            balance = PackedBalances.start(startInterval);
        }
    }

    /// @dev Of the interval settled last, only a credit that is still due.
    function _isOpen(PackedBalance balance, uint64 interval) private pure returns (bool) {
        (uint256 through, uint256 from) = (balance.through(), balance.boundedFrom());
        return interval > through || (interval == through && from < through);
    }

    function _due(uint64 interval, BalanceLeaf calldata leaf, PackedBalance balance)
        private
        view
        returns (Due memory due)
    {
        due.balance = balance;
        due.elapsed = interval - balance.boundedFrom();
        due.limitMicro = _limitOf(leaf.account);
        due.deltaMicro = leaf.cumulativeMicro - balance.movedMicro();
    }

    function _isBounded(Due memory due) private pure returns (bool) {
        return SignedMath.abs(due.deltaMicro) <= due.limitMicro * due.elapsed;
    }

    /// @dev All of an interval's energy at the highest price, rounded up.
    function _limitOf(address account) private view returns (uint256) {
        uint256 wh = registry.connectionWh(account) + registry.sellCapWh(account);
        return (wh * maxImbalancePriceMicroPerKwh + 999) / 1000;
    }

    function _settle(uint64 interval, BalanceLeaf calldata leaf, Due memory due) private {
        // Written as if all moved, before the call; what a poor grid leaves open is corrected after it.
        _balances[leaf.account] = PackedBalances.pack(leaf, interval, interval, leaf.cumulativeMicro);
        (int256 moved,) = IEnergyTrading(trading).adjust(leaf.account, due.deltaMicro, interval);
        if (moved != due.deltaMicro) {
            // The part that is due keeps the intervals it comes from, so that it is not too large later.
            // forge-lint: disable-next-line(unsafe-typecast) only credits move in part
            uint256 used = uint256(moved) / due.limitMicro;
            _balances[leaf.account] = PackedBalances.pack(
                leaf, interval, due.balance.boundedFrom() + used, due.balance.movedMicro() + moved
            );
        }
        emit Settled(leaf.account, interval, due.deltaMicro, moved, leaf.promisedWh, leaf.deliveredWh);
    }
}
