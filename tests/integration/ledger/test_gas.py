"""What the calls of every interval cost, whole transactions with their calldata."""

import os

import pytest

from protocol.keys import SigningKey
from protocol.leaf import production_leaf
from protocol.ledger.deployment import deploy
from protocol.merkle import MerkleTree
from protocol.report import Report
from tests.integration.conftest import Community
from tests.integration.ledger.test_certificates import OPENED, PRODUCTION, Home, ask, call, register

pytestmark = pytest.mark.asyncio

FIRST = OPENED // 3600 + 1
STRANGERS = [os.urandom(32) for _ in range(999)]


@pytest.fixture
async def five_oracles(community: Community) -> Community:
    """Five oracles of which three must sign, and a ring of two so that its slots are soon used again."""
    keys = tuple(sorted((SigningKey.generate() for _ in range(5)), key=lambda key: key.address))
    book = await deploy(
        community.governor,
        interval_seconds=3600,
        ring_size=2,
        finality_seconds=0,
        oracles=[key.address for key in keys],
        quorum=3,
        guardian=keys[0].address,
    )
    return Community(community.url, community.rpc, book, community.governor, community.keeper, keys, keys[0])


async def post(community: Community, interval: int, tree: MerkleTree, count: int) -> int:
    (link,) = await ask(community, PRODUCTION, "link")
    message = Report(interval, tree.root, os.urandom(32), 250_000, count).following(link)
    digest = message.digest(community.book.domain(PRODUCTION))
    await community.at((interval + 1) * 3600)
    signatures = [key.sign(digest) for key in community.oracle_keys[:3]]
    return (await call(community, PRODUCTION, "report", message, signatures)).gas_used


async def mint(community: Community, interval: int, tree: MerkleTree, readings: list) -> int:
    by_leaf = {production_leaf(each.reading): each.reading for each in readings}
    if len(by_leaf) == 1:
        arguments = (list(by_leaf.values()), tree.proof(next(iter(by_leaf))), [])
    else:
        proof = tree.multiproof(by_leaf)
        arguments = ([by_leaf[leaf] for leaf in proof.leaves], proof.proof, proof.flags)
    receipt = await call(community, PRODUCTION, "mint", interval, *arguments)
    assert len(receipt.logs) == 2 * len(readings)
    return receipt.gas_used


async def test_an_interval_costs_what_the_budget_allows(five_oracles: Community) -> None:
    homes = [Home(five_oracles, nonce) for nonce in range(100)]
    for home in homes:
        await register(five_oracles, home)
    reports, mints, batches = [], [], []
    for step in range(4):
        interval = FIRST + step
        end = (interval + 1) * 3600
        readings = [home.reading(step + 1, end, 2_000 + 700 * step) for home in homes]
        leaves = [production_leaf(each.reading) for each in readings]
        large = MerkleTree([leaves[0], *STRANGERS])
        if step % 2 == 0:
            reports.append(await post(five_oracles, interval, large, 1000))
            mints.append(await mint(five_oracles, interval, large, readings[:1]))
        else:
            reports.append(await post(five_oracles, interval, MerkleTree(leaves), 100))
            batches.append(await mint(five_oracles, interval, MerkleTree(leaves), readings))
    print("report 3 of 5", reports, "mint 1 of 1000", mints, "mint 100", [each / 100 for each in batches])
    assert reports[-1] <= 71_000
    assert mints[-1] <= 70_500
    assert batches[-1] / 100 <= 26_000
