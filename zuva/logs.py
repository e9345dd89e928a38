"""Structured logs: one JSON object per line on stderr."""

import logging
import os
import sys
from typing import Final

import structlog

from zuva.errors import ConfigurationError

_LEVELS: Final = ("debug", "info", "warning", "error")


def chosen_level() -> str:
    """Return the level that ZUVA_LOG_LEVEL chooses.

    Raises:
        ConfigurationError: It names none.
    """
    level = os.environ.get("ZUVA_LOG_LEVEL", "info")
    if level.lower() not in _LEVELS:
        raise ConfigurationError(
            f"setting ZUVA_LOG_LEVEL is {level!r}; set it to one of {', '.join(_LEVELS)}"
        )
    return level.lower()


def configure_logging(service: str, level: str = "info") -> None:
    """Make every structlog and standard log record one JSON line on stderr, stamped in UTC.

    Args:
        service: The name put into every line.
        level: The lowest level written: debug, info, warning, error.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(default=str),
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries speak up only when something is wrong; our own events go through structlog.
    root.setLevel(max(threshold, logging.WARNING))
