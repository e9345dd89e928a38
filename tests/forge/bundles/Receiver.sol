// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {EnergyDelivery} from "../support/Contracts.sol";

/// @notice A contract that uses the moment in which it receives certificates.
contract Receiver {
    enum Deed {
        Refuse,
        TakeAgain,
        TakeAnothers,
        Deliver,
        Withdraw
    }

    error Refused();

    EnergyDelivery private immutable _delivery;
    bytes32 private immutable _market;
    uint64 private immutable _t;
    Deed private immutable _deed;

    address private _other;
    bool public tried;
    bool public succeeded;

    constructor(EnergyDelivery delivery, bytes32 market, uint64 t, Deed deed) {
        (_delivery, _market, _t, _deed) = (delivery, market, t, deed);
    }

    function setOther(address other) external {
        _other = other;
    }

    function onERC1155BatchReceived(address, address, uint256[] calldata, uint256[] calldata, bytes calldata)
        external
        returns (bytes4)
    {
        return _received(this.onERC1155BatchReceived.selector);
    }

    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external returns (bytes4) {
        return _received(this.onERC1155Received.selector);
    }

    function _received(bytes4 answer) private returns (bytes4) {
        if (_deed == Deed.Refuse) revert Refused();
        bytes memory call;
        address target = address(_delivery);
        if (_deed == Deed.TakeAgain) {
            call = abi.encodeCall(_delivery.take, (_market, _t, address(this), address(this)));
        } else if (_deed == Deed.TakeAnothers) {
            call = abi.encodeCall(_delivery.take, (_market, _t, _other, _other));
        } else if (_deed == Deed.Deliver) {
            uint256[] memory empty;
            call = abi.encodeCall(_delivery.deliver, (_market, _t, address(this), empty, empty));
        } else {
            target = address(_delivery.trading());
            call = abi.encodeWithSignature("withdraw(address)", address(this));
        }
        tried = true;
        (succeeded,) = target.call(call);
        return answer;
    }
}
