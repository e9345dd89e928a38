"""A consumer accepts a bill counted from what the oracles reported of his meter, and shows it to nobody."""

import os

from brownie import accounts
from conftest import INTERVAL_SECONDS, Community, events

from protocol.keccak import keccak256
from protocol.leaf import consumption_leaf, interval_salt

BILL = keccak256(b"bill of the month: 240 kWh")


def test_a_consumer_acknowledges_a_bill(community: Community, refused) -> None:
    alice, bob = community.home(accounts[2]), community.home(accounts[3])
    t = community.present
    end = (t + 1) * INTERVAL_SECONDS
    secret = os.urandom(32)
    leaves = [
        consumption_leaf(home.reading(1, end, drawn=drawn).reading, interval_salt(secret, t))
        for home, drawn in ((alice, 240_000), (bob, 90_000))
    ]
    tree = community.report(community.consumption, t, leaves, 330_000)

    accepted = community.consumption.acknowledge(
        alice.meter_id, t, leaves[0], tree.proof(leaves[0]), BILL, {"from": alice.account}
    )
    told = events(accepted, "BillAcknowledged")[0]
    assert bytes(told["billHash"]) == BILL
    # The registers are in nothing that was sent.
    assert (240_000).to_bytes(32, "big").hex() not in accepted.input

    # Nobody accepts in another's name, nor a leaf that was never reported.
    with refused("NotMeterAccount"):
        community.consumption.acknowledge(
            alice.meter_id, t, leaves[0], tree.proof(leaves[0]), BILL, {"from": bob.account}
        )
    guess = consumption_leaf(alice.reading(1, end, drawn=240_000).reading, bytes(32))
    with refused("LeafNotInReport"):
        community.consumption.acknowledge(
            alice.meter_id, t, guess, tree.proof(leaves[0]), BILL, {"from": alice.account}
        )
