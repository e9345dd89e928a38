"""A neighbour buys with a signed order and the seller collects; who was left out of a clearing complains."""

import os
from typing import Any

import pytest
from brownie import accounts
from conftest import FEE_BPS, FEEDER, INTERVAL_SECONDS, PENALTY_MICRO, RING, Community, events

from protocol.book import Book, BookEntry
from protocol.keys import SigningKey
from protocol.ledger.rpc import octets
from protocol.market_id import spot
from protocol.order import Order, Side

MARKET = spot(FEEDER).id
PRICE = 120_000


class Neighbours:
    """A seller with panels, a buyer with money, and the clearing operator with his bond."""

    def __init__(self, community: Community) -> None:
        self.community = community
        # The chain's own accounts are unlocked there, and Brownie has no keys of theirs to sign orders with.
        self.seller, self.buyer = (accounts.add(os.urandom(32).hex()) for _ in range(2))
        community.home(self.seller)
        community.funded(self.buyer, 10_000_000)
        community.funded(community.operator, 2 * PENALTY_MICRO)
        community.trading.bond(2 * PENALTY_MICRO, {"from": community.operator})
        self.salt = 0

    def order(self, account: Any, side: Side, cap_wh: int, limit: int, interval: int) -> Order:
        self.salt += 1
        epoch = self.community.trading.accountOf(account)[2]
        return Order(
            octets(account.address), MARKET, side, cap_wh, limit, interval, 24, 0, False, epoch, self.salt
        )  # fmt: skip

    def fill(self, order: Order, wh: int, signer: Any) -> tuple[Any, ...]:
        key = SigningKey(octets(signer.private_key))
        fill = order.fill(wh, order.sign(key, self.community.book.domain("EnergyTrading")))
        return ("0x" + fill.account.hex(), fill.terms, fill.salt, fill.r, fill.vs)

    def clear(self, interval: int, fills: list[Any], price: int = PRICE, root: bytes = bytes(32)) -> Any:
        return self.community.trading.clear(
            MARKET, interval, price, root, fills, [], {"from": self.community.operator}
        )


@pytest.fixture(scope="module")
def neighbours(community: Community) -> Neighbours:
    return Neighbours(community)


@pytest.fixture
def ended(community: Community) -> int:
    """An interval that just ended."""
    t = community.present
    community.wait_until((t + 1) * INTERVAL_SECONDS + 1)
    return t


def test_a_neighbour_buys_and_the_seller_collects(
    community: Community, neighbours: Neighbours, ended: int, refused
) -> None:
    seller, buyer = neighbours.seller, neighbours.buyer
    bid = neighbours.order(buyer, Side.BUY, 2_000, 150_000, ended)
    offer = neighbours.order(seller, Side.SELL, 5_000, 90_000, ended)
    before = community.cash(buyer)
    cleared = neighbours.clear(
        ended, [neighbours.fill(bid, 1_501, buyer), neighbours.fill(offer, 1_501, seller)]
    )
    assert events(cleared, "Cleared")
    gross = 1_501 * PRICE // 1_000
    net = gross - -(-gross * FEE_BPS // 10_000)
    assert before - community.cash(buyer) == -(-1_501 * PRICE // 1_000)
    assert community.trading.positionOf(MARKET, ended, seller)[2] == net

    # The proceeds wait for the settlement of the interval, or half a ring when the oracles are silent.
    with refused("NotSettled"):
        community.trading.collect(MARKET, [ended], seller, {"from": seller})
    community.wait_until((ended + RING // 2 + 1) * INTERVAL_SECONDS + 1)
    community.trading.collect(MARKET, [ended], seller, {"from": community.stranger})
    assert community.cash(seller) == net
    with refused("NothingToCollect"):
        community.trading.collect(MARKET, [ended], seller, {"from": seller})

    # Cash is money.
    community.trading.requestWithdrawal(net, {"from": seller})
    community.trading.withdraw(seller, {"from": seller})
    assert community.dollar.balanceOf(seller) == net


def test_a_signed_limit_and_cap_are_kept(
    community: Community, neighbours: Neighbours, ended: int, refused
) -> None:
    seller, buyer = neighbours.seller, neighbours.buyer
    bid = neighbours.order(buyer, Side.BUY, 1_000, 110_000, ended)
    offer = neighbours.order(seller, Side.SELL, 5_000, 90_000, ended)

    def both(wh: int, price: int) -> Any:
        fills = [neighbours.fill(bid, wh, buyer), neighbours.fill(offer, wh, seller)]
        return neighbours.clear(ended, fills, price)

    with refused("LimitNotMet"):
        both(1_000, 110_001)
    with refused("OverCap"):
        both(1_001, 110_000)
    with refused("BadOrderSignature"):
        forged = [neighbours.fill(bid, 1_000, seller), neighbours.fill(offer, 1_000, seller)]
        neighbours.clear(ended, forged, 110_000)
    with refused("NotClearingOperator"):
        community.trading.clear(MARKET, ended, 110_000, bytes(32), [], [], {"from": community.stranger})

    # Who cancels everything is in no clearing any more.
    community.trading.cancelAll({"from": buyer})
    with refused("WrongEpoch"):
        both(1_000, 110_000)


def test_an_order_left_short_is_complained_of(
    community: Community, neighbours: Neighbours, ended: int, refused
) -> None:
    seller, buyer = neighbours.seller, neighbours.buyer
    bid = neighbours.order(buyer, Side.BUY, 2_000, 150_000, ended)
    offer = neighbours.order(seller, Side.SELL, 2_000, 90_000, ended)
    left_short = BookEntry(octets(buyer.address), Side.BUY, 2_000, 150_000)
    book = Book([left_short, BookEntry(octets(seller.address), Side.SELL, 2_000, 90_000)])
    fills = [neighbours.fill(bid, 500, buyer), neighbours.fill(offer, 500, seller)]
    neighbours.clear(ended, fills, root=book.root)

    entry = (buyer.address, int(Side.BUY), 2_000, 150_000)
    with refused("EntryNotInBook"):
        larger = (*entry[:2], 2_001, entry[3])
        community.trading.complain(MARKET, ended, larger, book.proof(left_short), {"from": buyer})

    before, bond = community.cash(buyer), community.trading.bondOf(community.operator)[1]
    slashed = community.trading.complain(MARKET, ended, entry, book.proof(left_short), {"from": buyer})
    assert events(slashed, "Slashed")[0]["micro"] == PENALTY_MICRO
    assert community.cash(buyer) - before == PENALTY_MICRO
    assert bond - community.trading.bondOf(community.operator)[1] == PENALTY_MICRO

    # Once, and the operator clears no more until the governor readmits him.
    with refused(""):
        community.trading.complain(MARKET, ended, entry, book.proof(left_short), {"from": buyer})
    community.wait_until((ended + 2) * INTERVAL_SECONDS + 1)
    with refused("OperatorBarred"):
        neighbours.clear(ended + 1, [])
    community.trading.readmit(community.operator, {"from": community.governor})
