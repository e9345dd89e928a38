"""Errors of the indexer, by what to do about them."""

from protocol.errors import ConfigurationError


class IndexerError(Exception):
    """Base of the indexer's own errors."""


class CursorMoved(IndexerError):
    """Another indexer moved the cursor: read it again and go on from there."""


class ChainChanged(IndexerError):
    """The chain was reorganised while a window was read: find the fork and go on from there."""


class WindowTooLarge(IndexerError):
    """The node refused a range of logs: ask for fewer blocks."""


class UnexpectedAbi(IndexerError, ConfigurationError):
    """A compiled contract does not fit the tables, or not the logs of the deployed one."""


class ForkTooDeep(IndexerError, ConfigurationError):
    """No stored block is on the chain any more; the message says what to do."""
