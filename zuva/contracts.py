"""`zuva contracts`: a community's contracts as the chain has them, checked before they are shown."""

import asyncio
from pathlib import Path

from rich.console import Console

from protocol import clear_signing
from protocol.keys import address_text
from protocol.ledger import address_book
from protocol.ledger.address_book import AddressBook
from protocol.ledger.end_state import EndState, verify_deployment
from protocol.ledger.rpc import Rpc
from zuva.community_settings import CommunitySettings
from zuva.running import build_settings


def show(directory: Path, console: Console, descriptors: Path | None = None) -> None:
    """Print where the contracts of a data directory are and the verified state they are in.

    Args:
        directory: the data directory; its chain runs.
        console: where the lines go.
        descriptors: folder for the clear-signing descriptors of this deployment; None writes none.

    Raises:
        RpcUnreachable: the chain does not answer.
        ConfigurationError: nothing is deployed yet, or the chain has something else than it should.
    """
    settings = build_settings(CommunitySettings, data_dir=directory)
    book = address_book.load(directory / "address-book.json")
    state = asyncio.run(_read(settings.chain_url, book))
    lines = [
        f"{name:<20}{address_text(entry.address)}  {state.sizes[name]:,} bytes"
        for name, entry in book.contracts.items()
    ]
    lines += [f"{what:<20}{words}" for what, words in state.lines() if what != "sizes"]
    if descriptors is not None:
        clear_signing.write(descriptors, book)
        lines.append(f"descriptors for wallets are in {descriptors}")
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


async def _read(chain_url: str, book: AddressBook) -> EndState:
    async with Rpc(chain_url) as rpc:
        return await verify_deployment(rpc, book)
