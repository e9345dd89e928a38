// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155MetadataURI} from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IClearingCourt} from "contracts/interfaces/IClearingCourt.sol";
import {IEnergyConsumption} from "contracts/interfaces/IEnergyConsumption.sol";
import {IEnergyDelivery} from "contracts/interfaces/IEnergyDelivery.sol";
import {IEnergyProduction} from "contracts/interfaces/IEnergyProduction.sol";
import {IGridBalancing} from "contracts/interfaces/IGridBalancing.sol";
import {ILens} from "contracts/interfaces/ILens.sol";
import {IRegistry} from "contracts/interfaces/IRegistry.sol";
import {Vm} from "./Vm.sol";

// The contracts as their artefacts are deployed. Tests know interfaces only: so they run against the very bytecode
// that everybody deploys, and are compiled in seconds, without the contracts and without their optimizer.

interface Registry is IRegistry {}

interface EnergyProduction is IEnergyProduction, IERC1155MetadataURI {}

interface EnergyConsumption is IEnergyConsumption {}

interface EnergyTrading is IClearingCourt {
    function MAX_FEE_BPS() external view returns (uint16);
    function registry() external view returns (IRegistry);
}

interface EnergyDelivery is IEnergyDelivery {}

interface GridBalancing is IGridBalancing {
    function registry() external view returns (IRegistry);
}

interface Lens is ILens {}

interface TestDollar is IERC20Metadata, IERC20Permit {
    function mint(address to, uint256 micro) external;
}

/// @notice Deploys `name` from build/contracts; a constructor's revert is passed on.
function deployContract(string memory name, bytes memory arguments) returns (address created) {
    Vm vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    string memory artefact = vm.readFile(string.concat("build/contracts/", name, ".json"));
    bytes memory code = bytes.concat(vm.parseJsonBytes(artefact, ".bytecode"), arguments);
    assembly ("memory-safe") {
        created := create(0, add(code, 32), mload(code))
        if iszero(created) {
            let error_ := mload(0x40)
            returndatacopy(error_, 0, returndatasize())
            revert(error_, returndatasize())
        }
    }
}
