"""The address book of one deployment: which chain, which contracts, and the hashes of their code."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError
from pydantic.alias_generators import to_camel

from protocol.eip712 import Domain
from protocol.errors import ConfigurationError
from protocol.keccak import keccak256
from protocol.keys import address_text
from protocol.ledger.errors import ForeignContracts, WrongChain
from protocol.ledger.rpc import JsonRpc, hexed, octets, quantity


def _from_hex(value: object) -> object:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value


HexBytes = Annotated[
    bytes, BeforeValidator(_from_hex), PlainSerializer(lambda value: "0x" + value.hex(), return_type=str)
]
AddressBytes = Annotated[bytes, BeforeValidator(_from_hex), PlainSerializer(address_text, return_type=str)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class DeployedContract(_Entry):
    """Where a contract is, and the Keccak-256 of its runtime code."""

    address: AddressBytes
    code_hash: HexBytes


class AddressBook(_Entry):
    """One deployment.

    Attributes:
        chain_id: EIP-155 chain id.
        genesis_hash: hash of block 0, which tells two local chains of one id apart.
        interval_seconds: length of a settlement interval, fixed in the contracts.
        deployment_block: the block of the first contract; nothing of ours is earlier.
        contracts: the contracts by name.
    """

    chain_id: int
    genesis_hash: HexBytes
    interval_seconds: int
    deployment_block: int
    contracts: dict[str, DeployedContract]

    def address(self, name: str) -> bytes:
        """Return the 20-byte address of a contract.

        Raises:
            ConfigurationError: the book does not have it.
        """
        if name not in self.contracts:
            known = ", ".join(self.contracts)
            raise ConfigurationError(f"the address book has no contract {name}, only {known}")
        return self.contracts[name].address

    def domain(self, name: str) -> Domain:
        """Return the EIP-712 domain whose verifying contract is `name`."""
        return Domain(self.chain_id, self.address(name))

    def save(self, path: Path) -> None:
        """Write the book so that a crash leaves either the old one or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with part.open("w") as file:
            file.write(self.model_dump_json(by_alias=True, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    async def verify(self, rpc: JsonRpc) -> None:
        """Check that the chain is the book's and that the contracts are the ones deployed.

        Raises:
            WrongChain: another chain id or another genesis block.
            ForeignContracts: other code, or none, at an address of the book.
        """
        chain_id = quantity(await rpc.call("eth_chainId"))
        if chain_id != self.chain_id:
            raise WrongChain(
                f"the address book belongs to chain {self.chain_id}, but the chain in use is {chain_id}; "
                "set ZUVA_CHAIN_URL to the right chain, or ZUVA_DATA_DIR to this chain's data"
            )
        genesis = octets((await rpc.call("eth_getBlockByNumber", "0x0", False))["hash"])
        if genesis != self.genesis_hash:
            raise WrongChain(
                f"the chain in use has id {chain_id} as the address book says, but began with another block "
                f"({hexed(genesis)[:10]}.. instead of {hexed(self.genesis_hash)[:10]}..); "
                "bring back that chain's journal, or start anew in another ZUVA_DATA_DIR"
            )
        for name, entry in self.contracts.items():
            code = octets(await rpc.call("eth_getCode", address_text(entry.address), "latest"))
            if keccak256(code) != entry.code_hash:
                found = "other code" if code else "no contract"
                raise ForeignContracts(
                    f"{found} is at {address_text(entry.address)}, where the address book expects {name}; "
                    "the book is of another deployment: use the one that was written with these contracts"
                )


def load(path: Path) -> AddressBook:
    """Read an address book.

    Raises:
        ConfigurationError: it is not there or damaged.
    """
    try:
        return AddressBook.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"no address book at {path}: the contracts are not deployed yet; "
            "run `zuva up`, or set ZUVA_DATA_DIR"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigurationError(
            f"the address book {path} is damaged at {where}: {first['msg']}; restore it from a backup"
        ) from error
