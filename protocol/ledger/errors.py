"""Errors of talking to a chain. Each message says what was wrong, where, and the mend."""

from typing import Any

from protocol.errors import ConfigurationError, ProtocolError


class LedgerError(ProtocolError):
    """Base of everything that goes wrong between us and the chain."""


class RpcUnreachable(LedgerError):
    """Nothing answers at the chain's address, or not with JSON-RPC."""


class RpcError(LedgerError):
    """The chain answered a request with an error.

    Attributes:
        code: JSON-RPC error code.
        reason: the chain's own words.
        data: revert data or other detail, as the chain sent it.
    """

    def __init__(self, method: str, code: int, reason: str, data: object = None) -> None:
        super().__init__(f"the chain refused {method}: {reason} (code {code})")
        self.code = code
        self.reason = reason
        self.data = data


class TransactionReverted(LedgerError):
    """A contract refused a transaction.

    Attributes:
        name: name of the contract's error, `Error` for a plain reason, empty when unknown.
        arguments: the error's arguments by name.
        transaction_hash: the transaction, when it was mined.
    """

    def __init__(
        self, what: str, name: str, words: str, arguments: dict[str, Any], transaction_hash: bytes | None
    ) -> None:
        mined = f" in transaction 0x{transaction_hash.hex()}" if transaction_hash else ""
        super().__init__(f"{what} was refused by the contract{mined}: {words}")
        self.name = name
        self.arguments = arguments
        self.transaction_hash = transaction_hash


class TransactionLost(LedgerError):
    """A sent transaction was not mined in the time allowed."""


class WrongChain(ConfigurationError):
    """The chain at the address is not the one the address book belongs to."""


class ForeignContracts(ConfigurationError):
    """The chain is right but other code, or none, is at the addresses of the book."""


class UnverifiedDeployment(ConfigurationError):
    """The contracts at the addresses of the book do not make the deployment that was asked for."""


class ArtefactMissing(ConfigurationError):
    """A compiled contract is not there or cannot be read."""


class CompilationFailed(ConfigurationError):
    """The Solidity compiler refused the sources or could not be run."""
