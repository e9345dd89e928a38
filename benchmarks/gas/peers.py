"""What others' public code costs for the same job: published figures, or measured on their code before.

None is measured in the bench's own run, since their compilers are not among our packages; each name says so.
"""

from typing import Final, NamedTuple


class Peer(NamedTuple):
    """A published or earlier measured figure."""

    gas: int
    name: str


_ORIGIN: Final = (
    "energywebfoundation/origin, request and approval of one certificate; measured on its code, not now"
)
_LISK: Final = "devprosvn/REC-ONE_Lisk EnergyMarket, offer and purchase; measured on its code, not now"
_ZK: Final = (
    "JacobEberhardt/decentralized-energy-trading, zk netting of 100 households; published, read off its plot"
)

PEERS: Final = {
    "report_3of5_steady": Peer(22_000_000, _ZK),
    "mint_update_1k": Peer(576_000, _ORIGIN),
    "mint_keeper_100": Peer(
        513_000, "energywebfoundation/origin, one of a batch of 20; measured on its code, not now"
    ),
    "clear_per_trade_100": Peer(276_000, _LISK),
    "clear_per_trade_100_with_collection": Peer(
        667_000,
        "guibvieira/Microgrid-Blockchain-Project, bid and matching ask; measured on its code, not now",
    ),
}
