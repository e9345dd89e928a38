"""Imbalance is settled with the grid; what somebody cannot pay becomes debt, and debt blocks his orders."""

from conftest import INTERVAL_SECONDS, PENALTY_MICRO, Community, events
from test_trading import MARKET, PRICE, Neighbours

from protocol.balance import BalanceLeaf
from protocol.ledger.rpc import octets
from protocol.merkle import MerkleTree
from protocol.order import Side

OWED_BY_BUYER = -900_000


def settle(community: Community, t: int, tree: MerkleTree, leaf: BalanceLeaf) -> object:
    fields = ("0x" + leaf.account.hex(), leaf.cumulative_micro, leaf.promised_wh, leaf.delivered_wh)
    return community.balancing.settle(t, fields, tree.proof(leaf.leaf()), {"from": community.stranger})


def test_imbalance_is_settled_and_debt_blocks_orders(community: Community, refused) -> None:
    neighbours = Neighbours(community)
    seller, buyer = neighbours.seller, neighbours.buyer
    community.home(buyer, generation_w=0)  # a connection bounds what can be due
    community.trading.requestWithdrawal(9_500_000, {"from": buyer})
    community.trading.withdraw(buyer, {"from": buyer})
    t = community.present
    leaves = {
        "seller": BalanceLeaf(octets(seller.address), 300_000, 1_500, 1_400),
        "buyer": BalanceLeaf(octets(buyer.address), OWED_BY_BUYER, 0, 0),
    }
    tree = community.report(community.balancing, t, [each.leaf() for each in leaves.values()], 1)

    # The grid's account is empty: a credit comes out of nothing else.
    settle(community, t, tree, leaves["seller"])
    assert community.cash(seller) == 0

    # The debit takes what is there; the rest is owed.
    taken = settle(community, t, tree, leaves["buyer"])
    assert events(taken, "Settled")[0]["movedMicro"] == OWED_BY_BUYER
    assert community.cash(buyer) == 0
    debt = community.trading.accountOf(buyer)[1]
    assert debt == -OWED_BY_BUYER - 500_000
    with refused("AlreadySettled"):
        settle(community, t, tree, leaves["buyer"])

    # With what the buyer paid, the seller's credit moves now.
    settle(community, t, tree, leaves["seller"])
    assert community.cash(seller) == 300_000
    assert [int(each) for each in tuple(community.balancing.balanceOf(seller))[3:]] == [1_500, 1_400]

    # No order of a debtor is filled, until his next deposit has paid the debt.
    ended = community.present
    community.wait_until((ended + 1) * INTERVAL_SECONDS + 1)
    bid = neighbours.order(buyer, Side.BUY, 1_000, PRICE, ended)
    offer = neighbours.order(seller, Side.SELL, 1_000, PRICE, ended)
    fills = [neighbours.fill(bid, 1_000, buyer), neighbours.fill(offer, 1_000, seller)]
    with refused("InDebt"):
        neighbours.clear(ended, fills)
    community.funded(buyer, debt + 120_000)
    assert community.trading.accountOf(buyer)[1] == 0
    neighbours.clear(ended, fills)
    assert community.cash(buyer) == 0

    # All the money that came in is somebody's.
    owned = sum(community.cash(each) for each in (seller, buyer, community.operator, community.balancing))
    escrow = community.trading.positionOf(MARKET, ended, seller)[2]
    fees = community.trading.fees()[1]
    assert community.dollar.balanceOf(community.trading) == owned + escrow + fees + 2 * PENALTY_MICRO
