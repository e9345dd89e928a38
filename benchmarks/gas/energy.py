"""What reports, mints and disputes cost: 100 homes, and trees of 1,000 meters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.gas import schedule
from benchmarks.gas.measure import Measure
from benchmarks.gas.schedule import Work
from benchmarks.gas.stage import BEGINS, FIRST, INTERVAL_SECONDS, RING, Sent, Stage, key
from protocol.keccak import keccak256
from protocol.keys import SigningKey
from protocol.leaf import production_leaf
from protocol.merkle import MerkleTree
from protocol.reading import Reading, SignedReading
from protocol.registration import Category, Kind, MeterAttributes, Registration, Source, meter_id_of
from protocol.report import Report

HOMES: Final = 100
METERS: Final = 1_000
PRODUCTION: Final = "EnergyProduction"
KEEPER: Final = key("keeper").address
_LEVELS: Final = (METERS - 1).bit_length()

# 3 of 5: the registry's quorum, three oracles; link, root and meta written; one event
REPORT_WORK: Final = Work(
    contracts=1, reads=4, updates=3, signatures=3, pairs=1, hashed_words=7, topics=2, log_bytes=160
)
# registry's pause and the meter in two slots; root and meta; claim and balance written; the leaf and its
# proof; the events of the claim and of the token
MINT_WORK: Final = Work(
    contracts=1, reads=5, updates=2, pairs=_LEVELS + 1, hashed_words=6, topics=8, log_bytes=64 + 160
)
# of which in a batch root, meta and pause are read once, and a claim has one hash of the tree
CLAIM_WORK: Final = Work(reads=2, updates=2, pairs=2, hashed_words=6, topics=8, log_bytes=64 + 160)
BATCH_WORK: Final = Work(contracts=1, reads=3)
# the meter's key and state, root and meta; the meter is frozen; the reading, the leaf, its proof; two events
DISPUTE_WORK: Final = Work(
    contracts=1,
    reads=4,
    updates=1,
    signatures=1,
    pairs=_LEVELS + 1,
    hashed_words=15,
    topics=5,
    log_bytes=96,
)


@dataclass(frozen=True, slots=True)
class Home:
    """A meter and its account."""

    meter: SigningKey
    account: SigningKey
    meter_id: bytes
    nonce: int

    def reading(self, stage: Stage, seq: int, timestamp: int, generated_wh: int) -> SignedReading:
        """Return what the meter signs of its registers."""
        plain = Reading(self.meter_id, seq, timestamp, INTERVAL_SECONDS, 10, 20, generated_wh, 0)
        return plain.sign(self.meter, stage.domain("Registry"))


def homes() -> list[Home]:
    """Return the homes, the same in every run."""
    return [
        Home(key("meter", i), key("account", i), meter_id_of(key("meter", i).address, i + 1), i + 1)
        for i in range(HOMES)
    ]


async def register(stage: Stage, governor: bytes, all_homes: Sequence[Home]) -> None:
    """Register every home's meter."""
    attributes = MeterAttributes(Kind.GENERATION, Source.SOLAR, Category.RESIDENTIAL, 5_000, 10_000, 1, False)
    calls = []
    for home in all_homes:
        statement = Registration(
            home.meter_id, home.account.address, home.nonce, BEGINS, 10, 20, 1_000
        )  # fmt: skip
        signature = statement.sign(home.meter, stage.domain("Registry"))
        arguments = (statement, attributes, f"home {home.nonce}", signature)
        calls.append((governor, "Registry", "registerMeter", arguments))
    await stage.send_all(calls)


async def report(stage: Stage, name: str, interval: int, tree: MerkleTree, total_wh: int) -> Sent:
    """Post the report of an interval at its end, with three signatures."""
    link = await stage.ask(name, "link")
    data_hash = keccak256(b"data set" + interval.to_bytes(8, "big"))
    message = Report(interval, tree.root, data_hash, total_wh, len(tree)).following(link)
    digest = message.digest(stage.domain(name))
    signatures = [each.sign(digest) for each in stage.oracles[:3]]
    await stage.at((interval + 1) * INTERVAL_SECONDS)
    return await stage.send(KEEPER, name, "report", message, signatures)


async def measure(stage: Stage, all_homes: Sequence[Home]) -> list[Measure]:
    """Go round the ring twice and measure the last round's calls; takes the intervals up to `AFTER`."""
    strangers = [keccak256(b"stranger" + i.to_bytes(4, "big")) for i in range(METERS - 1)]
    posted = single = batch = Sent(0, b"")
    readings: list[SignedReading] = []
    tree = MerkleTree(strangers)
    for step in range(2 * RING):
        interval = FIRST + step
        end = (interval + 1) * INTERVAL_SECONDS
        readings = [home.reading(stage, step + 1, end, 2_000 + 700 * step) for home in all_homes]
        leaves = [production_leaf(each.reading) for each in readings]
        if step % 2 == 0:
            tree = MerkleTree(leaves)
            await report(stage, PRODUCTION, interval, tree, 70_000)
            proof = tree.multiproof(leaves)
            by_leaf = dict(zip(leaves, readings, strict=True))
            claims = [by_leaf[leaf].reading for leaf in proof.leaves]
            batch = await stage.send(
                KEEPER, PRODUCTION, "mint", interval, claims, list(proof.proof), list(proof.flags)
            )
        else:
            tree = MerkleTree([*leaves[:1], *strangers])
            posted = await report(stage, PRODUCTION, interval, tree, 250_000)
            proof_of_one = list(tree.proof(leaves[0]))
            single = await stage.send(
                KEEPER, PRODUCTION, "mint", interval, [readings[0].reading], proof_of_one, []
            )

    last = readings[0].reading
    contradiction = all_homes[0].reading(stage, last.seq, last.timestamp, last.generated_wh - 500)
    disputed = await stage.send(
        KEEPER,
        PRODUCTION,
        "dispute",
        FIRST + 2 * RING - 1,
        last,
        list(tree.proof(production_leaf(last))),
        contradiction.reading,
        contradiction.signature,
    )
    batch_work = BATCH_WORK.plus(CLAIM_WORK.times(HOMES))
    return [
        Measure("report_3of5_steady", posted.gas, schedule.floor(posted.data, REPORT_WORK)),
        Measure("dispute", disputed.gas, schedule.floor(disputed.data, DISPUTE_WORK)),
        Measure("mint_update_1k", single.gas, schedule.floor(single.data, MINT_WORK)),
        Measure("mint_keeper_100", batch.gas / HOMES, schedule.floor(batch.data, batch_work) / HOMES),
    ]


AFTER: Final = FIRST + 2 * RING
"""The first interval that `measure` leaves to others."""
