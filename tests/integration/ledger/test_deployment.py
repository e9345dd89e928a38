"""Deploying, and telling the right chain and contracts from others."""

import asyncio
import json
from pathlib import Path

import pytest

from protocol.errors import ConfigurationError
from protocol.keys import SigningKey, address_text
from protocol.ledger import address_book
from protocol.ledger.artefacts import CONTRACTS
from protocol.ledger.bindings import contract
from protocol.ledger.deployment import deploy
from protocol.ledger.end_state import SIZE_LIMIT, verify_deployment
from protocol.ledger.errors import (
    ForeignContracts,
    RpcError,
    TransactionReverted,
    UnverifiedDeployment,
    WrongChain,
)
from protocol.ledger.market_rules import Corridor, MarketRules, Role, Thresholds
from protocol.ledger.rpc import Rpc, hexed
from protocol.ledger.transactions import Receipt, Sender, read
from tests.integration.conftest import CHAIN_ID, Community, running_anvil
from tests.integration.ledger.in_process import EthTesterRpc

GUARDIAN = bytes.fromhex("60" * 20)


async def ask(rpc, book, name: str, function: str, *arguments: object) -> tuple:
    entry = contract(name).functions[function]
    return entry.decode(await read(rpc, book.address(name), entry.encode(*arguments)))


async def test_the_book_names_every_contract_and_survives_the_disk(
    community: Community, tmp_path: Path
) -> None:
    path = tmp_path / "day" / "address-book.json"
    community.book.save(path)
    loaded = address_book.load(path)
    assert loaded == community.book
    assert tuple(loaded.contracts) == CONTRACTS
    assert json.loads(path.read_text())["contracts"]["Registry"]["address"] == address_text(
        loaded.address("Registry")
    )
    await loaded.verify(community.rpc)
    separator = await ask(community.rpc, loaded, "Registry", "domainSeparator")
    assert separator == (loaded.domain("Registry").separator,)


async def test_roles_quorum_and_parameters_are_as_asked(community: Community) -> None:
    rpc, book = community.rpc, community.book
    assert await ask(rpc, book, "Registry", "governor") == (community.governor.address,)
    assert await ask(rpc, book, "Registry", "oracles") == ([key.address for key in community.oracle_keys],)
    assert await ask(rpc, book, "Registry", "quorum") == (2,)
    for name in ("EnergyProduction", "EnergyConsumption"):
        assert await ask(rpc, book, "Registry", "isReporter", book.address(name)) == (True,)
    assert await ask(rpc, book, "Registry", "isReporter", book.address("GridBalancing")) == (False,)
    for name in ("EnergyProduction", "EnergyConsumption", "GridBalancing", "EnergyTrading"):
        assert await ask(rpc, book, name, "ringSize") == (96,)
        assert await ask(rpc, book, name, "registry") == (book.address("Registry"),)


async def test_the_same_contracts_run_in_process(artefacts: None) -> None:
    rpc = EthTesterRpc()
    book = await deploy(
        rpc.sender(),
        interval_seconds=900,
        ring_size=4,
        finality_seconds=60,
        oracles=[SigningKey.generate().address],
        quorum=1,
        guardian=GUARDIAN,
    )
    await book.verify(rpc)
    assert await ask(rpc, book, "EnergyProduction", "finalitySeconds") == (60,)
    assert await ask(rpc, book, "Registry", "guardian") == (GUARDIAN,)
    assert await ask(rpc, book, "Registry", "co2GramsPerMWh", 0) == (900_000,)


async def test_another_governor_is_proposed_not_set(artefacts: None, rpc: Rpc, funded) -> None:
    sender = await funded()
    book = await deploy(
        sender,
        interval_seconds=900,
        ring_size=4,
        finality_seconds=0,
        oracles=[GUARDIAN],
        quorum=1,
        guardian=GUARDIAN,
        governor=GUARDIAN,
        delay_seconds=3600,
    )
    assert await ask(rpc, book, "Registry", "governor") == (sender.address,)
    assert (await ask(rpc, book, "Registry", "proposedGovernor"))[0] == GUARDIAN
    change = contract("Registry").functions["setCo2Factor"].encode(0, 1)
    with pytest.raises(TransactionReverted, match="not scheduled"):
        await sender.transact(book.address("Registry"), change)


async def test_a_currency_and_roles_are_as_asked(community: Community, funded) -> None:
    token = community.book.address("TestDollar")
    operators = [SigningKey.generate().address for _ in range(2)]
    book = await deploy(
        await funded(),
        interval_seconds=1800,
        ring_size=48,
        finality_seconds=60,
        oracles=[GUARDIAN],
        quorum=1,
        guardian=GUARDIAN,
        delay_seconds=3600,
        token=token,
        market=MarketRules(notice_seconds=1800, fee_bps=50, corridor=Corridor(1_000, 400_000)),
        roles={Role.CLEARING_OPERATOR: operators, Role.ARBITER: [GUARDIAN]},
    )
    assert tuple(book.contracts) == CONTRACTS[1:]
    state = await verify_deployment(community.rpc, book)
    assert state.token == token
    assert state.roles == {
        Role.CLEARING_OPERATOR: tuple(sorted(operators)),
        Role.GRID_OPERATOR: (),
        Role.ARBITER: (GUARDIAN,),
    }
    assert (state.notice_seconds, state.complaint_seconds) == (1800, 24 * 1800)
    assert (state.rules["feeBps"], state.rules["floorPriceMicroPerKwh"]) == (50, 1_000)
    assert state.rules["capPriceMicroPerKwh"] == 400_000
    assert state.thresholds["frequencyAlertLow"] == 49_500
    words = dict(state.lines())
    assert words["roles"].endswith(f"grid operator none, arbiter {address_text(GUARDIAN)}")
    assert words["proposed governor"] == "none"
    assert words["reporters"] == "EnergyProduction EnergyConsumption"


async def test_every_contract_knows_the_others_and_fits_a_block_chain(community: Community) -> None:
    state = await verify_deployment(community.rpc, community.book)
    assert tuple(state.sizes) == CONTRACTS
    assert max(state.sizes.values()) <= SIZE_LIMIT
    assert await ask(community.rpc, community.book, "EnergyTrading", "grid") == (
        community.book.address("GridBalancing"),
    )
    assert await ask(community.rpc, community.book, "EnergyTrading", "delivery") == (
        community.book.address("EnergyDelivery"),
    )


async def test_another_state_than_expected_is_named(community: Community) -> None:
    rpc, book = community.rpc, community.book
    with pytest.raises(UnverifiedDeployment, match=r"quorum is 2 on the chain, expected was 3"):
        await verify_deployment(rpc, book, {"quorum": 3})
    role = contract("Registry").functions["setRole"].encode(Role.ARBITER, GUARDIAN, True)
    await community.governor.transact(book.address("Registry"), role)
    with pytest.raises(
        UnverifiedDeployment, match=f"arbiter {address_text(GUARDIAN)} on the chain, expected"
    ):
        await verify_deployment(rpc, book, {"roles": dict.fromkeys(Role, ())})
    with pytest.raises(UnverifiedDeployment, match="intervals have 3600 s, in the address book 900 s"):
        await verify_deployment(rpc, book.model_copy(update={"interval_seconds": 900}))


class Misheard:
    """A deployer that sends one number in place of another, wherever it stands."""

    def __init__(self, sender: Sender, said: int, sent: int) -> None:
        self.rpc, self.address = sender.rpc, sender.address
        self.sender, self.said, self.sent = sender, said.to_bytes(32), sent.to_bytes(32)

    async def transact(self, to: bytes | None, data: bytes) -> Receipt:
        return await self.sender.transact(to, data.replace(self.said, self.sent))


@pytest.mark.parametrize(
    ("said", "sent", "words"),
    [
        (1_801, 1_802, r"notice seconds is 1802 on the chain, expected was 1801"),
        (3_601, 3_602, r"complaint seconds is 3602 on the chain, expected was 3601"),
        (7_000_001, 7_000_002, r"penalty micro is 7000002 on the chain, expected was 7000001"),
        (1_013, 1_014, r"silent intervals is 1014 on the chain, expected was 1013"),
        (53, 54, r"rules is .*feeBps 54.* expected was .*feeBps 53"),
        (1_003, 1_004, r"rules is floorPriceMicroPerKwh 1004"),
        (400_007, 400_008, r"rules is .*capPriceMicroPerKwh 400008"),
        (1_005, 1_006, r"rules is .*islandFloorPriceMicroPerKwh 1006"),
        (500_007, 500_008, r"rules is .*islandCapPriceMicroPerKwh 500008"),
        (1_000_003, 1_000_004, r"max imbalance price is 1000004"),
        (49_501, 49_502, r"thresholds is .*frequencyAlertLow 49502"),
        (2_439, 2_440, r"thresholds is .*voltageAlertHigh 2440"),
        (900_001, 900_002, r"co2 grams per mwh is 0 900002, .* expected was 0 900001, 1 0"),
    ],
)
async def test_what_came_out_otherwise_than_asked_is_named(
    artefacts: None, funded, said: int, sent: int, words: str
) -> None:
    rules = MarketRules(
        notice_seconds=1_801,
        complaint_seconds=3_601,
        penalty_micro=7_000_001,
        fee_bps=53,
        corridor=Corridor(1_003, 400_007),
        island_corridor=Corridor(1_005, 500_007),
        max_imbalance_price=1_000_003,
        thresholds=Thresholds(frequency_alert_low=49_501, voltage_alert_high=2_439),
        silent_intervals=1_013,
    )
    with pytest.raises(UnverifiedDeployment, match=words):
        await deploy(
            Misheard(await funded(), said, sent),
            interval_seconds=3600,
            ring_size=96,
            finality_seconds=0,
            oracles=[GUARDIAN],
            quorum=1,
            guardian=GUARDIAN,
            co2_grams_per_mwh={0: 900_001},
            market=rules,
        )


async def test_a_contract_of_another_deployment_is_named(community: Community, funded) -> None:
    other = await deploy(
        await funded(),
        interval_seconds=3600,
        ring_size=96,
        finality_seconds=0,
        oracles=[GUARDIAN],
        quorum=1,
        guardian=GUARDIAN,
    )
    for name, wrong in (
        ("Registry", "the registry of EnergyProduction is"),
        ("GridBalancing", "the registry of GridBalancing is"),
        ("EnergyTrading", "the registry of EnergyTrading is"),
    ):
        mixed = community.book.contracts | {name: other.contracts[name]}
        book = community.book.model_copy(update={"contracts": mixed})
        with pytest.raises(UnverifiedDeployment, match=wrong):
            await verify_deployment(community.rpc, book)


async def test_impossible_parameters_are_refused_with_the_reason(artefacts: None, funded) -> None:
    sender = await funded()
    with pytest.raises(TransactionReverted, match=r"bad interval \(interval seconds 7000\)"):
        await deploy(
            sender,
            interval_seconds=7000,
            ring_size=4,
            finality_seconds=0,
            oracles=[GUARDIAN],
            quorum=1,
            guardian=GUARDIAN,
        )


async def test_a_chain_of_another_id_is_refused(community: Community) -> None:
    with running_anvil(chain_id=1001) as url:
        async with Rpc(url) as other:
            with pytest.raises(WrongChain, match="belongs to chain 31337, but the chain in use is 1001"):
                await community.book.verify(other)


async def test_a_chain_that_began_otherwise_is_refused(community: Community) -> None:
    with running_anvil(time_of_genesis=1_600_000_000) as url:
        async with Rpc(url) as other:
            with pytest.raises(WrongChain, match="began with another block"):
                await community.book.verify(other)


async def test_other_code_at_an_address_is_refused(community: Community) -> None:
    registry = community.book.address("Registry")
    for code, found in ((b"\x00", "other code"), (b"", "no contract")):
        await community.rpc.call("anvil_setCode", address_text(registry), hexed(code))
        with pytest.raises(ForeignContracts, match=f"{found} is at .* expects Registry"):
            await community.book.verify(community.rpc)


async def test_many_transactions_of_one_key_keep_their_order(rpc: Rpc, funded) -> None:
    sender = await funded()
    sent = await asyncio.gather(*(sender.send(GUARDIAN, b"", gas=21_000, value=i) for i in range(30)))
    receipts = [await sender.wait(each) for each in sent]
    assert len({receipt.transaction_hash for receipt in receipts}) == 30
    assert int(await rpc.call("eth_getBalance", address_text(GUARDIAN), "latest"), 16) == sum(range(30))


async def test_a_sender_goes_on_after_its_account_was_used_elsewhere(rpc: Rpc, funded) -> None:
    sender = await funded()
    await sender.transact(GUARDIAN, b"", gas=21_000)
    key = SigningKey(sender._secret)
    await Sender(rpc, key, CHAIN_ID).transact(GUARDIAN, b"", gas=21_000)
    receipt = await sender.transact(GUARDIAN, b"", gas=21_000)
    assert receipt.gas_used == 21_000


async def test_an_empty_purse_is_named(rpc: Rpc) -> None:
    poor = Sender(rpc, SigningKey.generate(), CHAIN_ID)
    with pytest.raises(RpcError, match=r"(?i)insufficient funds"):
        await poor.send(GUARDIAN, b"", gas=21_000, value=1)


async def test_a_stepped_chain_takes_the_time_before_the_transaction(rpc: Rpc, funded) -> None:
    sender = await funded()
    receipt = await sender.transact(GUARDIAN, b"", gas=21_000, at=1_800_000_000)
    block = await rpc.call("eth_getBlockByNumber", hexed(receipt.block_number), False)
    assert int(block["timestamp"], 16) == 1_800_000_000


async def test_a_batch_answers_in_order_and_refuses_as_a_whole(rpc: Rpc) -> None:
    assert await rpc.batch([("eth_chainId", ()), ("eth_blockNumber", ())]) == ["0x7a69", "0x0"]
    assert await rpc.batch([]) == []
    with pytest.raises(RpcError, match="nonsense"):
        await rpc.batch([("eth_chainId", ()), ("nonsense", ())])


def test_a_missing_or_damaged_book_says_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not deployed yet"):
        address_book.load(tmp_path / "address-book.json")
    (tmp_path / "address-book.json").write_text('{"chainId": 1}')
    with pytest.raises(ConfigurationError, match="damaged at genesisHash"):
        address_book.load(tmp_path / "address-book.json")
