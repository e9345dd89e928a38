// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {Governed} from "./Governed.sol";
import {IClearingCourt} from "./interfaces/IClearingCourt.sol";
import {IEnergyConsumption} from "./interfaces/IEnergyConsumption.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Bundles} from "./delivery/Bundles.sol";
import {Complaints} from "./delivery/Complaints.sol";
import {Disputes} from "./delivery/Disputes.sol";
import {Entrusted} from "./delivery/Entrusted.sol";

/// @title EnergyDelivery
/// @notice What comes after a clearing: whether it left somebody out or sold what was not there, what buyers dispute,
/// and the certificates that were sold with the energy.
contract EnergyDelivery is Complaints, Disputes, Bundles {
    // CONSTRUCTOR

    /// @param registry_ The registry this contract obeys.
    /// @param trading_ The ledger, which must name this contract as its delivery.
    /// @param certificates_ What bundled markets deliver.
    /// @param consumption_ Whose leaves prove what was metered.
    constructor(
        IRegistry registry_,
        IClearingCourt trading_,
        IERC1155 certificates_,
        IEnergyConsumption consumption_
    ) Governed(registry_) Entrusted(trading_) Complaints(consumption_) Bundles(certificates_) {}
}
