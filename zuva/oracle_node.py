"""`zuva oracle`: one oracle node with its HTTP for peers and operators."""

from collections.abc import Callable
from functools import partial

import oracle.service
from oracle.settings import OracleSettings
from zuva.http import serve_http


async def serve(
    settings: OracleSettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Run one oracle node until cancelled.

    Args:
        settings: the node's settings.
        ready: called when the node takes readings and requests.
        status: told in words when the state changes.

    Raises:
        PortTaken: the port is taken or may not be used.
        ConfigurationError: missing key, wrong chain, foreign contracts, a second node on the same schema.
    """
    listen = partial(serve_http, setting="ZUVA_ORACLE_PORT")
    await oracle.service.serve(settings, ready=ready, status=status, listen=listen)
