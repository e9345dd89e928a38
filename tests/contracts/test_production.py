"""A home's export is reported, certified and retired."""

from brownie import ZERO_ADDRESS, accounts
from conftest import INTERVAL_SECONDS, Community, events

from protocol.leaf import production_leaf

REASON = "a year of a school's light"


def test_generation_is_reported_certified_and_retired(community: Community, refused) -> None:
    alice = community.home(accounts[2])
    bob = community.home(accounts[3])
    t = community.present
    end = (t + 1) * INTERVAL_SECONDS
    readings = [alice.reading(1, end, given=900, made=1_500), bob.reading(1, end, given=100, made=700)]
    leaves = [production_leaf(each.reading) for each in readings]
    tree = community.report(community.production, t, leaves, 2_200, [each.record() for each in readings])
    assert community.production.isFinal(t)

    # Anyone may certify; the certificates go to the meter's account.
    claim = (alice.meter_id, 1, end, 0, readings[0].reading.generated_wh)
    minted = community.production.mint(t, [claim], tree.proof(leaves[0]), [], {"from": community.stranger})
    day = (end - 1) // 86_400
    assert community.production.balanceOf(alice.account, day) == 1_500
    assert community.production.balanceOf(bob.account, day) == 0
    assert events(minted, "Minted")[0]["wh"] == 1_500

    # The same leaf a second time proves nothing new.
    again = community.production.mint(t, [claim], tree.proof(leaves[0]), [], {"from": community.keeper})
    assert not events(again, "Minted")
    assert community.production.totalMinted(day) == 1_500

    # A figure that no oracle signed is refused.
    with refused("ClaimsNotInReport"):
        inflated = (*claim[:4], claim[4] + 1)
        community.production.mint(t, [inflated], tree.proof(leaves[0]), [], {"from": alice.account})

    # Certificates are sold, and retired by who bought them.
    community.production.safeTransferFrom(
        alice.account, accounts[5], day, 1_000, b"", {"from": alice.account}
    )
    retired = community.production.retire(day, 600, ZERO_ADDRESS, REASON, {"from": accounts[5]})
    told = events(retired, "Retired")[0]
    assert (told["wh"], told["reason"]) == (600, REASON)
    assert told["co2Grams"] == 600 * 900_000 // 1_000_000
    assert community.production.totalSupply(day) == 900
    assert community.production.totalRetired(day) == 600
    with refused("ERC1155InsufficientBalance"):
        community.production.retire(day, 401, ZERO_ADDRESS, REASON, {"from": accounts[5]})


def test_a_contradiction_signed_by_the_meter_stops_the_mint(community: Community, refused) -> None:
    home = community.home(accounts[4])
    t = community.present
    end = (t + 1) * INTERVAL_SECONDS
    honest = home.reading(1, end, made=500)
    lie = home.reading(1, end, made=9_000)
    other = community.home(accounts[6]).reading(1, end, made=10)
    leaves = [production_leaf(lie.reading), production_leaf(other.reading)]
    tree = community.report(community.production, t, leaves, 9_010)
    claim = (home.meter_id, 1, end, 0, lie.reading.generated_wh)
    contradiction = (
        home.meter_id, 1, end, INTERVAL_SECONDS, 0, 0, honest.reading.generated_wh, 0
    )  # fmt: skip
    proof = tree.proof(leaves[0])
    disputed = community.production.dispute(
        t, claim, proof, contradiction, honest.signature, {"from": community.stranger}
    )
    assert events(disputed, "Disputed")
    before = community.production.balanceOf(home.account, (end - 1) // 86_400)
    community.production.mint(t, [claim], proof, [], {"from": community.keeper})
    assert community.production.balanceOf(home.account, (end - 1) // 86_400) == before
    with refused("AlreadyFrozen"):
        community.production.dispute(
            t, claim, proof, contradiction, honest.signature, {"from": community.stranger}
        )


def test_one_node_alone_reports_nothing(community: Community, refused) -> None:
    community.oracle_keys, kept = community.oracle_keys[:1], community.oracle_keys
    try:
        with refused("BelowQuorum"):
            community.report(community.production, community.present, [bytes(31) + b"\1"], 1)
    finally:
        community.oracle_keys = kept
