"""Errors of speaking with peers."""

from protocol.errors import ProtocolError


class PeerUnavailable(ProtocolError):
    """The peer cannot be reached, is silent, or cannot answer at the moment."""


class PeerMisbehaved(ProtocolError):
    """What answers is not signed by an oracle node, or is not an answer."""


class PeerTooEager(ProtocolError):
    """The peer asks more before it has its answers."""
