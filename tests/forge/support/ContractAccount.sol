// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EnergyTrading} from "./Contracts.sol";

/// @notice A group that trades as one account; its signer signs for it until it is dissolved.
contract ContractAccount is IERC1271 {
    address private immutable _signer;
    bool private _dissolved;

    constructor(address signer) {
        _signer = signer;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bool valid = !_dissolved && ECDSA.recover(digest, signature) == _signer;
        return valid ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function dissolve() external {
        _dissolved = true;
    }

    function deposit(EnergyTrading trading, IERC20 token, uint256 micro) external {
        token.approve(address(trading), micro);
        trading.deposit(micro, address(this));
    }
}
