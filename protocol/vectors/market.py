"""Vectors of what the market and the balancing sign, prove and compute."""

from protocol.balance import BalanceLeaf, Flow, Prices, settle, spread
from protocol.book import STORED_ROOT_BYTES, Book, BookEntry
from protocol.category_totals import CategoryTotals
from protocol.eip712 import Domain
from protocol.keys import address_text
from protocol.market_id import Market, forward, mask_of, pair, spot
from protocol.merkle import MerkleTree
from protocol.money import cost_up, fee_up, proceeds_down
from protocol.order import Order, Side
from protocol.registration import Source
from protocol.vectors.samples import (
    BALANCING,
    CHAIN_ID,
    CONSUMPTION,
    TRADING,
    Vectors,
    account_key,
    domain_fields,
    hexed,
    oracle_keys,
)

_INTERVAL = 994_445
_MOST_WH = (1 << 64) - 1
_NO_MARKETS = {
    "no kind": bytes(32),
    "unknown kind": b"\x04" + bytes(31),
    "unknown flag": b"\x01\x04" + bytes(30),
    "bundled without sources": b"\x01\x01" + bytes(30),
    "sources without bundle": b"\x02\x00\x01" + bytes(29),
    "unknown source": b"\x02\x01\x40" + bytes(29),
    "bytes before the feeder": b"\x01\x00\x00\x01" + bytes(28),
}


def orders() -> Vectors:
    """Return the vectors of market ids and of signed orders."""
    domain = Domain(CHAIN_ID, TRADING)
    cases = []
    for i, (name, market) in enumerate(_markets().items()):
        order = Order(
            account=account_key(i).address,
            market=market.id,
            side=Side(i % 2),
            cap_wh=_MOST_WH if i == 1 else 1_500 * (i + 1),
            limit_price_micro_per_kwh=(1 << 48) - 1 if i == 1 else 120_000 + i,
            from_interval=(1 << 32) - 1 if i == 1 else _INTERVAL + i,
            count=(1 << 32) - 1 if i == 1 else 48,
            source_mask=market.source_mask,
            bundled=market.bundled,
            epoch=(1 << 32) - 1 if i == 1 else i,
            salt=(1 << 256) - 1 if i == 1 else i,
        )
        signature = order.sign(account_key(i), domain)
        fill = order.fill((1 << 40) - 1 if i == 1 else 700 + i, signature)
        cases.append(
            {
                "name": name,
                "account": address_text(order.account),
                "market": hexed(order.market),
                "side": int(order.side),
                "capWh": str(order.cap_wh),
                "limitPriceMicroPerKwh": str(order.limit_price_micro_per_kwh),
                "fromInterval": str(order.from_interval),
                "count": order.count,
                "sourceMask": order.source_mask,
                "bundled": order.bundled,
                "epoch": order.epoch,
                "salt": str(order.salt),
                "structHash": hexed(order.struct_hash()),
                "digest": hexed(order.digest(domain)),
                "signature": hexed(signature),
                "signer": address_text(order.account),
                "fill": {
                    "wh": str((1 << 40) - 1 if i == 1 else 700 + i),
                    "terms": hexed(fill.terms.to_bytes(32, "big")),
                    "r": hexed(fill.r),
                    "vs": hexed(fill.vs),
                },
            }
        )
    return {
        "domain": domain_fields(domain),
        "markets": [_market_fields(name, market) for name, market in _markets().items()],
        "wrongMarkets": [{"name": name, "market": hexed(market)} for name, market in _NO_MARKETS.items()],
        "cases": cases,
    }


def _markets() -> dict[str, Market]:
    one, other = account_key(0).address, account_key(1).address
    green = mask_of((Source.SOLAR, Source.WIND))
    return {
        "spot": spot(1),
        "forward of the last feeder": forward((1 << 32) - 1),
        "bundled spot": spot(7, bundled=True, source_mask=green),
        "bundled forward, simulated": forward(7, bundled=True, simulated=True, source_mask=mask_of(Source)),
        "pair": pair(one, other),
        "bundled pair": pair(other, one, bundled=True, source_mask=green),
    }


def _market_fields(name: str, market: Market) -> Vectors:
    one, other = account_key(0).address, account_key(1).address
    return {
        "name": name,
        "market": hexed(market.id),
        "kind": int(market.kind),
        "bundled": market.bundled,
        "simulated": market.simulated,
        "sourceMask": market.source_mask,
        "feeder": market.feeder or 0,
        "accounts": [address_text(one), address_text(other)],
    }


def books() -> Vectors:
    """Return the vectors of committed order books, of values rounded as trades are, and of their proofs."""
    entries = [
        BookEntry(account_key(i // 2).address, Side(i % 2), 1_000 * (i + 1), 100_000 + 7 * i)
        for i in range(6)
    ]
    trees = []
    for count in (1, 2, 5, 6):
        book = Book(entries[:count])
        trees.append(
            {
                "count": count,
                "root": hexed(book.root),
                "storedRoot": hexed(book.root[:STORED_ROOT_BYTES] + bytes(32 - STORED_ROOT_BYTES)),
                "proofs": [[hexed(node) for node in book.proof(entry)] for entry in entries[:count]],
            }
        )
    values = [(wh, price) for wh in (0, 1, 999, 1_000, 123_457, _MOST_WH) for price in (0, 1, 123_457)]
    return {
        "entries": [
            {
                "account": address_text(entry.account),
                "side": int(entry.side),
                "eligibleWh": entry.eligible_wh,
                "limitPriceMicroPerKwh": entry.limit_price_micro_per_kwh,
                "leaf": hexed(entry.leaf()),
            }
            for entry in entries
        ],
        "books": trees,
        "values": [
            {
                "wh": str(wh),
                "priceMicroPerKwh": price,
                "costUp": str(cost_up(wh, price)),
                "proceedsDown": str(proceeds_down(wh, price)),
                "feeUp": str(fee_up(proceeds_down(wh, price), 37)),
            }
            for wh, price in values
        ],
    }


def balances() -> Vectors:
    """Return the vectors of settled intervals, of the leaves they add up to, and of a gap's shares."""
    accounts = [account_key(i).address for i in range(4)]
    settled = [
        (Prices(180_000, 60_000), 4_321, [(0, 3_000, 2_500, 0), (1_733, 0, 0, 1_500), (997, 12, 0, 1_000)]),
        (Prices(180_001, 60_001), -903, [(0, 5_001, 5_000, 0), (3_999, 0, 0, 4_000), (1, 0, 0, 1_000)]),
        (Prices(333, 0), None, [(0, 0, 0, 0), (7, 0, 0, 0), (0, 7, 0, 0), (1, 1, 5, 5)]),
    ]
    standing = {account: BalanceLeaf(account) for account in (*accounts, BALANCING)}
    cases = []
    for prices, exchange_wh, quantities in settled:
        flows = [Flow(accounts[i], *quantity) for i, quantity in enumerate(quantities)]
        settlement = settle(flows, prices, exchange_wh)
        for move in (*settlement.accounts, settlement.grid.of(BALANCING)):
            standing[move.account] = standing[move.account].after(move)
        leaves = list(standing.values())
        tree = MerkleTree(leaf.leaf() for leaf in leaves)
        moves = {move.account: move for move in settlement.accounts}
        grid = settlement.grid
        cases.append(
            {
                "importMicroPerKwh": prices.import_micro_per_kwh,
                "exportMicroPerKwh": prices.export_micro_per_kwh,
                "exchangeWh": exchange_wh,
                "flows": [
                    {
                        "account": address_text(flow.account),
                        "importWh": flow.import_wh,
                        "exportWh": flow.export_wh,
                        "soldWh": flow.sold_wh,
                        "boughtWh": flow.bought_wh,
                        "imbalanceWh": moves[flow.account].imbalance_wh,
                        "moneyMicro": moves[flow.account].money_micro,
                        "promisedWh": moves[flow.account].promised_wh,
                        "deliveredWh": moves[flow.account].delivered_wh,
                    }
                    for flow in flows
                ],
                "grid": {
                    "imbalanceWh": grid.imbalance_wh,
                    "moneyMicro": grid.money_micro,
                    "lossesWh": grid.losses_wh,
                },
                "root": hexed(tree.root),
                "leaves": [
                    {
                        "account": address_text(leaf.account),
                        "cumulativeMicro": str(leaf.cumulative_micro),
                        "promisedWh": leaf.promised_wh,
                        "deliveredWh": leaf.delivered_wh,
                        "leaf": hexed(leaf.leaf()),
                        "proof": [hexed(node) for node in tree.proof(leaf.leaf())],
                    }
                    for leaf in leaves
                ],
            }
        )
    gaps = [(0, 1), (10, 1), (10, 3), (2, 5), (123_457, 96)]
    return {
        "cases": cases,
        "gaps": [{"growthWh": wh, "shares": list(spread(wh, intervals))} for wh, intervals in gaps],
    }


def category_totals() -> Vectors:
    """Return the vectors of category totals, signed by three of five oracles."""
    domain = Domain(CHAIN_ID, CONSUMPTION)
    oracles = oracle_keys(5)
    cases = []
    for totals in (
        CategoryTotals(_INTERVAL, (12_345, 0, 6_789), (5, 0, 7)),
        CategoryTotals(_INTERVAL + 1, (_MOST_WH, _MOST_WH, _MOST_WH), ((1 << 32) - 1,) * 3),
        CategoryTotals(_INTERVAL + 2, (0, 0, 0), (0, 0, 0)),
    ):
        digest = totals.digest(domain)
        cases.append(
            {
                "interval": totals.interval,
                "importWh": [str(wh) for wh in totals.import_wh],
                "meters": list(totals.meters),
                "digest": hexed(digest),
                "signers": [address_text(key.address) for key in oracles[1:4]],
                "signatures": [hexed(key.sign(digest)) for key in oracles[1:4]],
            }
        )
    return {"domain": domain_fields(domain), "cases": cases}
