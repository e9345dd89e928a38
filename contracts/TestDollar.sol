// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title TestDollar
/// @notice A settlement currency for local chains: whoever wants some makes it.
contract TestDollar is ERC20Permit {
    constructor() ERC20("Zuva Test Dollar", "zUSD") ERC20Permit("Zuva Test Dollar") {}

    /// @notice Makes `micro` micro-units for an account.
    function mint(address to, uint256 micro) external {
        _mint(to, micro);
    }

    /// @notice A micro-unit is the smallest.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
