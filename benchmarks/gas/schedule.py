"""The EVM's price list (Prague), and the least that a piece of work can cost by it.

A floor counts what the rule itself demands: the transaction with the calldata it was really sent with, the
storage it must read and write, the signatures, hashes and logs. What a contract adds to that is its own.
"""

from dataclasses import dataclass
from typing import Final

TRANSACTION: Final = 21_000
ZERO_BYTE: Final = 4
OTHER_BYTE: Final = 16
FLOOR_ZERO_BYTE: Final = 10
"""EIP-7623: a transaction costs at least this much for a zero byte of calldata."""
FLOOR_OTHER_BYTE: Final = 40
COLD_SLOT: Final = 2_100
COLD_ACCOUNT: Final = 2_600
FIRST_WRITE: Final = 22_100
"""A cold slot from zero to something."""
UPDATE: Final = 5_000
"""A cold slot from something to something else."""
CLEAR_REFUND: Final = 4_800
"""Given back for a slot that is set to zero, at most a fifth of what the transaction took."""
ECRECOVER: Final = 3_000
LOG: Final = 375
LOG_TOPIC: Final = 375
LOG_BYTE: Final = 8
KECCAK: Final = 30
KECCAK_WORD: Final = 6
CREATE: Final = 32_000
CODE_BYTE: Final = 200
INIT_CODE_WORD: Final = 2
WORD: Final = 32


@dataclass(frozen=True, slots=True)
class Work:
    """What a transaction must do.

    Attributes:
        contracts: contracts called beside the one that is sent to.
        reads: cold slots read and not written.
        first_writes: cold slots written from zero.
        updates: cold slots written again.
        clears: cold slots set to zero.
        signatures: secp256k1 signatures recovered.
        pairs: hashes of two words, such as the levels of a Merkle proof.
        hashed_words: words hashed in longer messages, one hash for every five words or fewer.
        topics: topics of all logs, the event's own included; one log for each four or fewer.
        log_bytes: data of all logs.
    """

    contracts: int = 0
    reads: int = 0
    first_writes: int = 0
    updates: int = 0
    clears: int = 0
    signatures: int = 0
    pairs: int = 0
    hashed_words: int = 0
    topics: int = 0
    log_bytes: int = 0

    def times(self, count: int) -> "Work":
        """Return the work done `count` times over."""
        return Work(*(getattr(self, name) * count for name in self.__slots__))

    def plus(self, other: "Work") -> "Work":
        """Return both works together."""
        return Work(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def gas(self) -> int:
        """Its price, without the transaction around it."""
        return (
            self.contracts * COLD_ACCOUNT
            + self.reads * COLD_SLOT
            + self.first_writes * FIRST_WRITE
            + (self.updates + self.clears) * UPDATE
            + self.signatures * ECRECOVER
            + self.pairs * (KECCAK + 2 * KECCAK_WORD)
            + -(-self.hashed_words // 5) * KECCAK
            + self.hashed_words * KECCAK_WORD
            + -(-self.topics // 4) * LOG
            + self.topics * LOG_TOPIC
            + self.log_bytes * LOG_BYTE
        )


def floor(calldata: bytes, work: Work) -> int:
    """Return the least gas of a transaction with this calldata that does this work."""
    zeros = calldata.count(0)
    others = len(calldata) - zeros
    executed = TRANSACTION + zeros * ZERO_BYTE + others * OTHER_BYTE + work.gas
    executed -= min(work.clears * CLEAR_REFUND, executed // 5)
    return max(executed, TRANSACTION + zeros * FLOOR_ZERO_BYTE + others * FLOOR_OTHER_BYTE)


def creation_floor(init_code: bytes, code_bytes: int) -> int:
    """Return the least gas of a transaction that creates a contract of `code_bytes` bytes of code."""
    zeros = init_code.count(0)
    sent = zeros * ZERO_BYTE + (len(init_code) - zeros) * OTHER_BYTE
    words = -(-len(init_code) // WORD)
    return TRANSACTION + CREATE + sent + words * INIT_CODE_WORD + code_bytes * CODE_BYTE
