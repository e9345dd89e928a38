"""The receiving end of sd_notify: one datagram socket per service, in a private directory."""

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from zuva.processes import cannot_write

_LONGEST_DIRECTORY = 85
"""A socket address holds 107 bytes; the rest is for the service's name."""


class Notice(NamedTuple):
    """What a service said: whether it is ready now, and its status words, if it gave any."""

    ready: bool
    status: str | None


def parse_notice(datagram: bytes) -> Notice:
    """Read one sd_notify datagram; unknown assignments and broken text are passed over."""
    ready, status = False, None
    for line in datagram.decode(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key == "READY" and value == "1":
            ready = True
        elif key == "STATUS":
            status = value[:500]
    return Notice(ready, status)


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[Notice], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, _address: object) -> None:
        self._heard(parse_notice(data))


class Listening:
    """The sockets of all services of one supervisor."""

    def __init__(self, run: Path) -> None:
        wanted = run / "notify"
        try:
            if len(os.fsencode(wanted)) <= _LONGEST_DIRECTORY:
                shutil.rmtree(wanted, ignore_errors=True)  # a killed supervisor's
                wanted.mkdir(mode=0o700, parents=True)
            else:
                wanted = Path(tempfile.mkdtemp(prefix="zuva-n-"))
        except OSError as error:
            raise cannot_write(wanted, error) from error
        self._directory = wanted
        self._transports: list[asyncio.BaseTransport] = []

    async def open(self, name: str, heard: Callable[[Notice], None]) -> str:
        """Listen for one service; return the value of its NOTIFY_SOCKET."""
        address = str(self._directory / name)
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        channel.setblocking(False)
        channel.bind(address)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Receiver(heard), sock=channel
        )
        self._transports.append(transport)
        return address

    def close(self) -> None:
        """Stop listening and remove the sockets."""
        for transport in self._transports:
            transport.close()
        shutil.rmtree(self._directory, ignore_errors=True)
