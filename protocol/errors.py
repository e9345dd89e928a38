"""Errors of the protocol room. Each message says what was wrong, where, and the mend."""


class ProtocolError(Exception):
    """Base of everything this room refuses."""


class BadSignature(ProtocolError):
    """A signature that is malformed, not canonical (high s), or recovers no key."""


class MalformedRecord(ProtocolError):
    """Bytes or JSON that are not exactly one record of the stated version."""


class ConfigurationError(ProtocolError):
    """The surroundings do not fit: a missing key file, the wrong chain, a slow signature backend."""
