"""What a service tells its supervisor, by the sd_notify protocol: works under `zuva up` and under systemd."""

import os
import socket

import structlog

_log = structlog.get_logger()


class Notifier:
    """Sends READY=1 and STATUS=... to the socket NOTIFY_SOCKET names; without one the log has the words."""

    def __init__(self, address: str | None = None) -> None:
        address = address if address is not None else os.environ.get("NOTIFY_SOCKET")
        # A leading @ means Linux's abstract namespace, written as a null byte in the address.
        self._address = f"\0{address[1:]}" if address and address.startswith("@") else address
        self._last_status = ""

    def ready(self) -> None:
        """Say that the service serves."""
        self._send("READY=1")

    def status(self, words: str) -> None:
        """Say in one line what the service is doing; repeats are not sent."""
        line = " ".join(words.split())
        if line != self._last_status:
            self._last_status = line
            if self._address:
                self._send(f"STATUS={line}")
            else:
                _log.info(line)

    def last_words(self, words: str) -> None:
        """Say why the service ends, which its log has already."""
        self._send(f"STATUS={' '.join(words.split())}")

    def stopping(self) -> None:
        """Say that the service is on its way out."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            try:
                channel.sendto(message.encode(), self._address)
            except OSError:
                # The supervisor is gone or slow; the service goes on without it.
                return
