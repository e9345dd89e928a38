"""What a node reads from a chain that forks between two questions."""

from typing import Any

from oracle.chain_reports import Block, ChainReports, Changes
from oracle.standing import CONTRACT_OF, Side
from protocol.ledger.address_book import AddressBook, DeployedContract
from protocol.ledger.bindings import contract
from protocol.ledger.rpc import hexed

BOOK = AddressBook.model_construct(
    deployment_block=1,
    contracts={
        name: DeployedContract.model_construct(address=bytes([number]) * 20)
        for number, name in enumerate(CONTRACT_OF.values(), 1)
    },
)
NOTHING = dict.fromkeys(Side, 0)


class ForkingChain:
    """A chain of ten blocks, each a number and a fork; the reports are in block 5 of any fork."""

    def __init__(self, *forks: int) -> None:
        self.forks = list(forks)
        self.heads = NOTHING
        self.reported: list[int] = []

    @property
    def fork(self) -> int:
        """The fork that the next question sees; the last one stays."""
        return self.forks.pop(0) if len(self.forks) > 1 else self.forks[0]

    async def batch(self, calls: list[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        fork = self.fork
        return [self._answer(method, arguments, fork) for method, arguments in calls]

    async def call(self, method: str, *arguments: Any) -> Any:
        return self._answer(method, arguments, self.fork)

    def _answer(self, method: str, arguments: tuple[Any, ...], fork: int) -> Any:
        if method == "eth_getBlockByNumber":
            number = 10 if arguments[0] == "latest" else int(arguments[0], 16)
            return {"number": hexed(number), "hash": hexed(block(number, fork).hash)}
        if method == "eth_call":
            return hexed(self.heads[Side.PRODUCTION].to_bytes(32))
        assert method == "eth_getLogs"
        first, last = (int(arguments[0][name], 16) for name in ("fromBlock", "toBlock"))
        return [log_of(interval, fork) for interval in self.reported if first <= 5 <= last]


def block(number: int, fork: int) -> Block:
    return Block(number, bytes([fork, number]) * 16)


def log_of(interval: int, fork: int) -> dict[str, Any]:
    words = [b"\x01" * 32, b"\x02" * 32, *((n).to_bytes(32) for n in (100, 1, 1))]
    return {
        "address": hexed(BOOK.address(CONTRACT_OF[Side.PRODUCTION])),
        "topics": [
            hexed(contract("EnergyProduction").events["Reported"].topic),
            hexed(interval.to_bytes(32)),
        ],
        "data": hexed(b"".join(words)),
        "blockNumber": hexed(5),
        "blockHash": hexed(block(5, fork).hash),
        "logIndex": "0x0",
        "transactionHash": hexed(bytes(32)),
    }


async def look(chain: ForkingChain, heads: dict[Side, int]) -> Changes | None:
    return await ChainReports(chain, BOOK).since(block(4, 1), heads, list)


async def test_new_reports_are_found() -> None:
    chain = ForkingChain(1)
    chain.reported = [7, 8]
    changes = await look(chain, NOTHING)
    assert changes is not None
    assert [each.report.interval for each in changes.found] == [7, 8]
    assert (changes.read_to, changes.undone_after) == (block(10, 1), None)


async def test_reports_of_a_fork_that_comes_between_the_questions_are_left_for_the_next_look() -> None:
    chain = ForkingChain(1, 2)
    chain.reported = [7]
    assert await look(chain, NOTHING) is None


async def test_reports_that_are_known_already_have_everything_read_again() -> None:
    chain = ForkingChain(1)
    chain.reported = [7]
    chain.heads = {Side.PRODUCTION: 7, Side.CONSUMPTION: 7}
    changes = await look(chain, {Side.PRODUCTION: 7, Side.CONSUMPTION: 0})
    assert changes is not None
    assert ([each.report.interval for each in changes.found], changes.undone_after) == ([7], -1)
