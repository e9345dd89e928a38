"""Puts a node together from its store and the chain."""

import asyncio

from oracle.adoption import Adoption
from oracle.attempts import Attempts
from oracle.backlog import Backlog
from oracle.chain_reports import ChainReports
from oracle.community_clock import CommunityClock
from oracle.intake import Intake
from oracle.judge import Judge
from oracle.keeper import Keeper
from oracle.keeping import Keeping
from oracle.meter_secrets import MeterSecrets
from oracle.metrics import Metrics
from oracle.node import Node
from oracle.peers.client import Peers
from oracle.quorum.catching_up import CatchingUp
from oracle.quorum.disputes import Disputes
from oracle.quorum.proposer import Proposer
from oracle.quorum.set_aside import SetAside
from oracle.quorum.settlement import Settlement
from oracle.quorum.signing import ReportSigner
from oracle.quorum.voter import Voter
from oracle.registry_watch import RegistryWatch
from oracle.reporting import Reporting
from oracle.settings import OracleSettings
from oracle.store.repository import OracleStore
from oracle.submitter import Submitter
from oracle.voiding import Voiding
from protocol.keys import SigningKey, load_key
from protocol.ledger.address_book import AddressBook
from protocol.ledger.rpc import Rpc
from protocol.ledger.transactions import Sender


async def assemble(
    settings: OracleSettings,
    key: SigningKey,
    book: AddressBook,
    rpc: Rpc,
    store: OracleStore,
    peers: Peers,
    metrics: Metrics,
) -> Node:
    """Return a node that takes up where its store left off.

    Args:
        settings: the node's settings.
        key: the node's key.
        book: where the contracts are.
        rpc: the chain.
        store: the node's store.
        peers: the other nodes.
        metrics: counts.

    Raises:
        ConfigurationError: a key is missing.
        RpcUnreachable: no chain answers.
    """
    domain = book.domain("Registry")
    clock = CommunityClock(stepped=settings.clock == "stepped")
    clock.resume(await store.clock())
    secrets = MeterSecrets(settings.enrolment_dir, key)
    secrets.refresh()
    watch = RegistryWatch(rpc, book)
    await watch.refresh()
    set_aside = SetAside(store.faults, watch, domain, book.interval_seconds, secrets)
    backlog = Backlog(watch.meters, set_aside, book.interval_seconds)
    set_aside.backlog = backlog
    backlog.ruled_out_to = set_aside.ruled_out_to
    await set_aside.load()
    settlement = Settlement(ChainReports(rpc, book), store.data_sets, backlog, watch.meters)
    await settlement.load()
    await settlement.refresh()

    latest = await store.latest(watch.meters)
    judge = Judge(
        domain,
        book.interval_seconds,
        watch.meters,
        secrets,
        latest,
        lambda: clock.now() + settings.clock_tolerance_seconds,
        backlog.reported,
    )
    attempts = Attempts()
    node = Node(
        settings.name, key, domain, clock, settings.grace_seconds, backlog, secrets, watch, settlement,
        set_aside, peers, store.faults, attempts, metrics,
    )  # fmt: skip
    intake_lock = asyncio.Lock()
    node.intake = Intake(
        settings.name, key, domain, judge, store, node.look_again, clock, node.take_stored, intake_lock
    )
    node.adoption = Adoption(judge, store, backlog, watch.meters, set_aside, node.look_again, intake_lock)
    settlement.adoption = node.adoption
    node.voiding = Voiding(store, backlog, judge, watch.meters, domain, intake_lock)
    await node.voiding.look()
    signer = ReportSigner(key, book)
    patience = settings.dispute_rounds * settings.round_seconds
    disputes = Disputes(patience, lambda: settlement.production_head)
    node.voter = Voter(
        signer,
        backlog,
        settlement,
        node.adoption,
        set_aside,
        secrets,
        disputes,
        node.last_due,
        node.note,
    )
    submitter = Submitter(Sender(rpc, key, book.chain_id), book, clock.block_time)
    node.reporting = Reporting(
        key.address,
        settings.round_seconds,
        settlement,
        Proposer(
            signer, backlog, settlement, node.adoption, set_aside, secrets, disputes, submitter, peers,
            watch, node.last_due, metrics,
        ),
        CatchingUp(
            settlement, backlog, peers, node.is_other_oracle, watch.meters, secrets, domain, node.look_again,
            node.note,
        ),
        submitter,
        watch,
        peers,
        attempts,
        metrics,
        node.tell_peers,
    )  # fmt: skip
    keeper = None
    if settings.mint:
        sender = Sender(rpc, load_key(settings.keeper_key_path), book.chain_id)
        keeper = Keeper(rpc, sender, book, store.data_sets, watch.meters, settings.claims_per_mint)
    node.keeping = Keeping(key.address, keeper, settlement, peers, attempts, metrics, node.reporting.reported)
    return node
