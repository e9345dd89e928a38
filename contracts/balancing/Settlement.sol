// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
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

    // SETTLEMENT

    /// @inheritdoc IGridBalancing
    function settle(uint64 interval, BalanceLeaf calldata leaf, bytes32[] calldata proof) external {
        _requireSettleable(interval);
        bytes32 hash = PackedBalances.leafOf(leaf);
        if (!MerkleProof.verifyCalldata(proof, _rootOf(interval), hash)) {
            revert BalanceNotInReport(interval, hash);
        }
        _settle(interval, leaf, true);
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
            _settle(interval, leaves[i], false);
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
        uint256 from = _countedFrom(_settledOf(account), interval);
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

    /// @dev The interval after which intervals count for the bound: a ring of them at most. Else whoever was not
    /// settled for long, or never, would hardly be bounded; what that leaves open is settled on later.
    function _countedFrom(PackedBalance balance, uint64 interval) private view returns (uint256 from) {
        from = balance.boundedFrom();
        if (interval > from + ringSize) from = interval - ringSize;
    }

    /// @dev All of an interval's energy at the highest price, rounded up.
    function _limitOf(address account) private view returns (uint256) {
        uint256 wh = registry.connectionWh(account) + registry.sellCapWh(account);
        return (wh * maxImbalancePriceMicroPerKwh + 999) / 1000;
    }

    /// @param strict Whether what cannot be settled reverts. In a batch it is left out: a race or one account's leaf
    /// must not stop the others.
    function _settle(uint64 interval, BalanceLeaf calldata leaf, bool strict) private {
        address account = leaf.account;
        if (account == address(this) || account == _delivery) {
            if (strict) revert IEnergyTrading.NoImbalanceOf(account);
            return;
        }
        if (!PackedBalances.fits(leaf)) {
            if (strict) revert BalanceTooLarge(account);
            return;
        }
        PackedBalance balance = _settledOf(account);
        uint256 from = _countedFrom(balance, interval);
        // Of the interval settled last, only a credit that the grid could not pay.
        if (interval < balance.through() || interval == from) {
            // forge-lint: disable-next-line(unsafe-typecast) an interval
            if (strict) revert AlreadySettled(account, uint64(balance.through()));
            return;
        }
        int256 delta = leaf.cumulativeMicro - balance.movedMicro();
        uint256 perInterval = _limitOf(account);
        uint256 limit = perInterval * (interval - from);
        int256 most = delta;
        if (SignedMath.abs(delta) > limit) {
            // forge-lint: disable-next-line(unsafe-typecast) less than the difference of two 80-bit sums
            most = delta < 0 ? -int256(limit) : int256(limit);
            emit SettlementLimited(account, interval, delta, limit);
        }
        // Written as if it moved, before the call; what a poor grid leaves open is corrected after it.
        PackedBalance settled = PackedBalances.pack(leaf, interval).leaving(interval, delta - most);
        _balances[account] = settled;
        // The escrow of whoever owes more than that waits on.
        uint64 through = delta < most ? IEnergyTrading(trading).accountOf(account).settledThrough : interval;
        (int256 moved,) = IEnergyTrading(trading).adjust(account, most, through);
        if (moved != most) {
            // Only a credit moves in part. What is left of it keeps the intervals that paid for nothing yet; rounded
            // up, so that no sequence of small payments passes the bound.
            // forge-lint: disable-next-line(unsafe-typecast) not below zero
            from += Math.ceilDiv(uint256(moved), perInterval);
            _balances[account] = settled.leaving(from, most - moved);
        }
        emit Settled(account, interval, delta, moved, leaf.promisedWh, leaf.deliveredWh);
    }
}
