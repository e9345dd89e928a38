"""Errors of the command line and the embedded services.

Every message says what was wrong, where, and the mend, in one line; a user never sees a traceback.
"""


class ZuvaError(Exception):
    """A failure that a restart may cure; the command ends with exit code 1."""

    exit_code = 1


class ConfigurationError(ZuvaError):
    """The surroundings do not fit and will not by themselves; the command ends with exit code 2."""

    exit_code = 2


class AlreadyRunning(ConfigurationError):
    """Another process holds this data directory."""


class PortTaken(ConfigurationError):
    """Another program listens on a port that a service needs."""


class JournalDamaged(ConfigurationError):
    """The chain's journal has a broken line that is not its last one."""


class ServiceEnded(ZuvaError):
    """A program under one of our services ended by itself."""
