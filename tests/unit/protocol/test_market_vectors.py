"""eth-account agrees with the vectors of orders, totals and changes of key; trees and sums are as stated."""

import pytest
from eth_account import Account

from protocol.balance import BalanceLeaf, Flow, Prices, settle, spread
from protocol.book import BookEntry, is_of_book
from protocol.category_totals import CATEGORY_TOTALS_TYPE
from protocol.eip712 import type_hash
from protocol.keccak import keccak256
from protocol.keys import address_bytes
from protocol.market_id import BadMarket, parse_market
from protocol.merkle import verify
from protocol.money import cost_up, fee_up, proceeds_down
from protocol.order import ORDER_TYPE, Side
from protocol.rotation import ROTATION_TYPE
from tests.unit.protocol.test_vectors import integers, load, typed_data, unhex


def fields_of(definition: str) -> list[tuple[str, str]]:
    """The fields of a struct type as (name, type)."""
    inside = definition[definition.index("(") + 1 : -1]
    return [(name, kind) for kind, name in (field.split(" ") for field in inside.split(","))]


def test_eth_account_recovers_the_account_of_every_order() -> None:
    vectors = load("orders")
    assert len(vectors["cases"]) == 6
    for case in vectors["cases"]:
        message = typed_data(vectors["domain"], "Order", fields_of(ORDER_TYPE), integers(case))
        assert message.body == unhex(case["structHash"])
        assert Account.recover_message(message, signature=case["signature"]) == case["signer"]
        assert case["signer"] == case["account"]


def test_every_fill_carries_the_terms_and_the_signature_of_its_order() -> None:
    for case in load("orders")["cases"]:
        fill, terms = case["fill"], int(case["fill"]["terms"], 16)
        widths = {"epoch": 32, "count": 32, "fromInterval": 32, "limitPriceMicroPerKwh": 48, "capWh": 64}
        for name, bits in widths.items():
            assert terms % (1 << bits) == int(case[name])
            terms >>= bits
        assert terms == case["side"] << 40 | int(fill["wh"])
        vs = int(fill["vs"], 16)
        s, v = vs & ~(1 << 255), 27 + (vs >> 255)
        assert unhex(fill["r"]) + s.to_bytes(32, "big") + bytes((v,)) == unhex(case["signature"])


def test_eth_account_recovers_the_signers_of_category_totals() -> None:
    vectors = load("category_totals")
    for case in vectors["cases"]:
        fields = fields_of(CATEGORY_TOTALS_TYPE)
        values = case | {"importWh": [int(wh) for wh in case["importWh"]]}
        message = typed_data(vectors["domain"], "CategoryTotals", fields, values)
        signers = [Account.recover_message(message, signature=s) for s in case["signatures"]]
        assert signers == case["signers"]


def test_eth_account_recovers_the_present_key_of_every_rotation() -> None:
    vectors = load("rotations")
    for case in vectors["cases"]:
        message = typed_data(vectors["domain"], "KeyRotation", fields_of(ROTATION_TYPE), case)
        assert Account.recover_message(message, signature=case["signature"]) == case["signer"]


def test_the_type_string_of_an_order_is_what_is_hashed() -> None:
    assert type_hash(ORDER_TYPE) == keccak256(ORDER_TYPE.encode())
    assert [name for name, _ in fields_of(ORDER_TYPE)][:3] == ["account", "market", "side"]


def test_every_market_is_read_from_its_id_and_no_other_is() -> None:
    vectors = load("orders")
    for case in vectors["markets"]:
        market = parse_market(unhex(case["market"]))
        assert market.id == unhex(case["market"])
        assert (int(market.kind), market.bundled, market.simulated) == (
            case["kind"],
            case["bundled"],
            case["simulated"],
        )
        assert (market.source_mask, market.feeder or 0) == (case["sourceMask"], case["feeder"])
    for wrong in vectors["wrongMarkets"]:
        with pytest.raises(BadMarket):
            parse_market(unhex(wrong["market"]))


def test_every_book_proves_its_entries_also_from_the_stored_part_of_its_root() -> None:
    vectors = load("books")
    entries = [
        BookEntry(
            address_bytes(case["account"]),
            Side(case["side"]),
            case["eligibleWh"],
            case["limitPriceMicroPerKwh"],
        )
        for case in vectors["entries"]
    ]
    assert [entry.leaf() for entry in entries] == [unhex(case["leaf"]) for case in vectors["entries"]]
    for book in vectors["books"]:
        for entry, proof in zip(entries, book["proofs"], strict=False):
            path = [unhex(node) for node in proof]
            assert verify(unhex(book["root"]), entry.leaf(), path)
            assert is_of_book(unhex(book["storedRoot"]), entry, path)


def test_values_are_rounded_as_stated() -> None:
    for case in integers_of("books", "values"):
        wh, price = case["wh"], case["priceMicroPerKwh"]
        assert (cost_up(wh, price), proceeds_down(wh, price)) == (case["costUp"], case["proceedsDown"])
        assert fee_up(case["proceedsDown"], 37) == case["feeUp"]


def integers_of(name: str, part: str) -> list[dict]:
    return [integers(case) for case in load(name)[part]]


def test_settled_intervals_and_their_sums_are_as_stated() -> None:
    vectors = load("balances")
    standing: dict[str, BalanceLeaf] = {}
    for case in vectors["cases"]:
        prices = Prices(case["importMicroPerKwh"], case["exportMicroPerKwh"])
        flows = [
            Flow(
                address_bytes(flow["account"]),
                flow["importWh"],
                flow["exportWh"],
                flow["soldWh"],
                flow["boughtWh"],
            )
            for flow in case["flows"]
        ]
        settlement = settle(flows, prices, case["exchangeWh"])
        moves = {move.account: move for move in settlement.accounts}
        for flow in case["flows"]:
            move = moves[address_bytes(flow["account"])]
            assert (move.imbalance_wh, move.money_micro) == (flow["imbalanceWh"], flow["moneyMicro"])
            assert (move.promised_wh, move.delivered_wh) == (flow["promisedWh"], flow["deliveredWh"])
            leaf = standing.get(flow["account"], BalanceLeaf(move.account))
            standing[flow["account"]] = leaf.after(move)
        grid = case["grid"]
        account = case["leaves"][-1]["account"]
        leaf = standing.get(account, BalanceLeaf(address_bytes(account)))
        standing[account] = leaf.after(settlement.grid.of(leaf.account))
        assert sum(each.cumulative_micro for each in standing.values()) == 0
        assert settlement.grid.imbalance_wh == grid["imbalanceWh"]
        assert settlement.grid.money_micro == grid["moneyMicro"]
        assert settlement.grid.losses_wh == grid["lossesWh"]
        for stated in case["leaves"]:
            leaf = standing.get(stated["account"], BalanceLeaf(address_bytes(stated["account"])))
            assert leaf.leaf() == unhex(stated["leaf"])
            assert verify(unhex(case["root"]), leaf.leaf(), [unhex(node) for node in stated["proof"]])
    for gap in vectors["gaps"]:
        assert list(spread(gap["growthWh"], len(gap["shares"]))) == gap["shares"]
