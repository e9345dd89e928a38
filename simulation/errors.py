"""Errors of the simulation room. Each message says what was wrong, where, and the mend."""

from protocol.errors import ConfigurationError, ProtocolError


class MeasurementError(ConfigurationError):
    """Measured data that cannot be replayed: a bad file, a bad line, an empty selection."""


class SeedError(ConfigurationError):
    """The seed file of the homes' keys is damaged, unreadable, or open to other users."""


class OutboxError(ConfigurationError):
    """The queue of unacknowledged readings cannot be used."""


class OutboxNotWritable(ProtocolError):
    """The queue's disk is full, locked or failing; trying again later may help."""


class StateError(ConfigurationError):
    """The state that the simulated homes kept cannot be used."""
