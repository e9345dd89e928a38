// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TestDollar} from "contracts/TestDollar.sol";

/// @notice A token that does what no settlement currency should.
contract HostileDollar is TestDollar {
    bytes32 public answer;

    uint256 private _kept;
    bool private _lies;
    bool private _fails;
    address private _target;
    bytes private _call;

    function keep(uint256 micro) external {
        _kept = micro;
    }

    function lie() external {
        _lies = true;
    }

    function fail() external {
        _fails = true;
    }

    /// @dev The next transfer makes this call and remembers the first word of its answer.
    function callBack(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    function transfer(address to, uint256 micro) public override returns (bool) {
        bool done = super.transfer(to, micro);
        _callBack();
        return done;
    }

    function transferFrom(address from, address to, uint256 micro) public override returns (bool) {
        if (_fails) return false;
        if (_lies) return true;
        bool done = super.transferFrom(from, to, micro);
        if (_kept != 0) _burn(to, _kept < micro ? _kept : micro);
        _callBack();
        return done;
    }

    function _callBack() private {
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        (, bytes memory data) = target.call(_call);
        answer = bytes32(data);
    }
}
