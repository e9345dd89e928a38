// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IEnergyTrading} from "../interfaces/IEnergyTrading.sol";
import {Markets} from "../libraries/Markets.sol";
import {PackedAccount} from "../libraries/PackedAccounts.sol";
import {PackedClearing, PackedClearings} from "../libraries/PackedClearings.sol";
import {PackedPosition} from "../libraries/PackedPositions.sol";
import {Clearing} from "./Clearing.sol";

/// @title Escrow
/// @notice Proceeds wait until the interval they were earned in is settled for the seller.
abstract contract Escrow is Clearing {
    using Markets for bytes32;

    // ESCROW

    /// @inheritdoc IEnergyTrading
    function collect(bytes32 market, uint64[] calldata ts, address account) external {
        if (market.isBundled()) revert PaidByDelivery(market);
        PackedAccount word = _accounts[account];
        uint256 through = word.settledThrough();
        uint256 present = _present();
        uint256 micro;
        for (uint256 i; i < ts.length; ++i) {
            uint64 t = ts[i];
            // Silent oracles lock nobody's money.
            if (t > through && uint256(t) + ringSize / 2 >= present) revert NotSettled(account, t);
            micro += _takeEscrow(_lane(market, t), market, t, account);
        }
        if (micro == 0) revert NothingToCollect(market, account);
        _accounts[account] = _credited(account, word, micro);
        emit Collected(market, account, ts, micro);
    }

    // INTERNAL

    /// @dev Empties a position's escrow. Only an open clearing's is refused: whatever another interval's clearing has
    /// replaced in the lane was closed before.
    function _takeEscrow(Lane storage lane, bytes32 market, uint64 t, address account)
        private
        returns (uint256 micro)
    {
        PackedPosition position = lane.positions[account].word;
        if (!position.isOf(t)) return 0;
        PackedClearing clearing = lane.clearing;
        if (clearing.isOf(t) && clearing.state() == PackedClearings.OPEN) {
            revert ClearingStillOpen(market, t);
        }
        micro = position.escrow();
        if (micro != 0) lane.positions[account].word = position.release(micro);
    }
}
