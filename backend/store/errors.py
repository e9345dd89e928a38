"""Errors of the store. Each message says what was wrong and the mend."""

from protocol.errors import ConfigurationError


class StoreError(Exception):
    """Base of everything the store refuses."""


class DatabaseUnavailable(StoreError):
    """The database does not answer; whoever meets this waits and tries again."""


class ForeignDatabase(StoreError, ConfigurationError):
    """The database holds another deployment than the address book names."""
