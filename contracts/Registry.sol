// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Accounts} from "./registry/Accounts.sol";
import {Governance} from "./registry/Governance.sol";
import {Meters} from "./registry/Meters.sol";

/// @title Registry
/// @notice Who may do what: roles, oracle quorum, accounts, meters and their keys, CO2 factors.
contract Registry is Meters {
    // CONSTRUCTOR

    /// @param governor_ First governor.
    /// @param guardian_ First guardian.
    /// @param intervalSeconds_ Length of a settlement interval; it divides a day.
    /// @param delaySeconds_ Delay of the governor's changes; zero for none.
    constructor(address governor_, address guardian_, uint64 intervalSeconds_, uint64 delaySeconds_)
        EIP712("Zuva", "1")
        Governance(governor_, guardian_, delaySeconds_)
        Accounts(intervalSeconds_)
    {}
}
