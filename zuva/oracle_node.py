"""`zuva oracle`: one oracle node with its HTTP for peers and operators."""

from collections.abc import Callable
from functools import partial
from typing import Final

import oracle.service
from oracle.settings import OracleSettings
from zuva.http import serve_http

# peers keep one or two each, operators and monitoring a few
CONNECTIONS: Final = 256
HEADER_BYTES: Final = 8_192


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
    listen = partial(
        serve_http, setting="ZUVA_ORACLE_PORT", connections=CONNECTIONS, header_bytes=HEADER_BYTES
    )
    await oracle.service.serve(settings, ready=ready, status=status, listen=listen)
