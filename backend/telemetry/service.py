"""Telemetry as a service: waits for database and broker, then writes what it hears in batches."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
import structlog

from backend.store import DatabaseUnavailable, migrate
from backend.telemetry import store
from backend.telemetry.intake import Batch, Intake
from backend.telemetry.settings import TelemetrySettings
from backend.telemetry.store import Connection
from protocol.mqtt import BrokerLink, BrokerUnavailable, connect
from protocol.topics import CLOCK_TOPIC, HOMES_STATUS_TOPIC, STATES_FILTER, STATUSES_FILTER

_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 5.0
_BEAT_SECONDS: Final = 5.0
_DAY: Final = 86_400
_log = structlog.get_logger()


class _NotYet(Exception):
    """Something is not as it must be yet; the message says what."""


async def serve(
    settings: TelemetrySettings, *, ready: Callable[[], None], status: Callable[[str], None]
) -> None:
    """Take meters' states into the database until cancelled.

    Args:
        settings: where broker and database are, and the bounds.
        ready: called once, when states are taken.
        status: told in words when the state changes.

    Raises:
        ConfigurationError: the broker's URL is none, or the broker refuses the credentials.
    """
    service = _Service(settings, status)
    wait = _FIRST_WAIT
    announced = False

    def announce() -> None:
        nonlocal announced, wait
        wait = _FIRST_WAIT
        if not announced:
            announced = True
            ready()

    while True:
        try:
            await service.work(announce)
        except (_NotYet, DatabaseUnavailable) as reason:
            words = str(reason)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            words = "waiting for the database"
        except BrokerUnavailable as reason:
            words = f"waiting for the broker: {reason}"
        status(words)
        _log.warning("waiting", reason=words, seconds=wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


class _Service:
    """What outlives a lost connection: the states that wait, and the counts."""

    def __init__(self, settings: TelemetrySettings, status: Callable[[str], None]) -> None:
        self._settings = settings
        self._status = status
        self._intake = Intake(settings)
        self._started_at = datetime.now(UTC)
        self._days: set[int] = set()
        self._last_beat = 0.0

    async def work(self, announce: Callable[[], None]) -> None:
        """Take and write states until a connection is lost."""
        settings = self._settings
        # Alembic is synchronous and waits for locks
        await asyncio.to_thread(migrate, settings.database_url)
        connection: Connection
        async with await psycopg.AsyncConnection.connect(
            settings.database_url,
            autocommit=True,
            application_name="zuva telemetry",
            connect_timeout=5,
            keepalives_idle=10,
        ) as connection:
            if not await store.take_lock(connection):
                raise _NotYet("waiting: another telemetry service works on this database")
            await store.enrol(connection)
            self._intake.admit(await store.known_meters(connection))
            counts = await store.days(connection)
            self._days = set(counts)
            self._intake.restore(await store.heard_clock(connection), counts, int(time.time()))
            while True:
                # a new subscription brings the retained messages of meters that were not known before
                await self._listen(connection, announce)

    async def _listen(self, connection: Connection, announce: Callable[[], None]) -> None:
        """Take and write states until new meters are registered."""
        topics = (CLOCK_TOPIC, HOMES_STATUS_TOPIC, STATUSES_FILTER, STATES_FILTER)
        subscriptions = [(topic, 0) for topic in topics]
        self._intake.begin_session()
        async with connect(
            self._settings.broker_url,
            "zuva-telemetry",
            subscriptions,
            self._hear,
            on_retained=self._hear_retained,
        ) as link:
            # what was said before the connection stands for as long as hearing it again may take
            self._intake.begin_silence(time.monotonic())
            self._status(f"listening to {self._intake.meters} meters")
            announce()
            looked = time.monotonic()
            while True:
                await self._pause(link)
                await self._write(connection)
                if time.monotonic() - looked >= self._settings.meters_seconds:
                    looked = time.monotonic()
                    if await store.enrol(connection):
                        self._intake.admit(await store.known_meters(connection))
                        return

    def _hear(self, topic: str, payload: bytes) -> None:
        self._intake.hear(topic, payload, wall=int(time.time()), monotonic=time.monotonic())

    def _hear_retained(self, topic: str, payload: bytes) -> None:
        self._intake.hear(topic, payload, wall=int(time.time()), monotonic=time.monotonic(), retained=True)

    async def _pause(self, link: BrokerLink) -> None:
        await asyncio.sleep(self._settings.batch_seconds)
        link.check()

    async def _write(self, connection: Connection) -> None:
        now = time.monotonic()
        self._intake.pass_time(int(time.time()), now)
        batch = self._intake.batch()
        if not batch and now - self._last_beat < _BEAT_SECONDS:
            return
        self._last_beat = now
        await self._keep_days(connection)
        # days that went may have taken waiting states with them
        batch = self._intake.batch()
        for day in sorted({state.time // _DAY for _, state in batch.history} - self._days):
            await store.make_day(connection, day)
            self._days.add(day)
        await store.write(connection, batch, self._account(batch))
        self._intake.written(batch)

    async def _keep_days(self, connection: Connection) -> None:
        """Drop the days that are older than the retention.

        By what the chain and this machine say: anybody may publish a clock, and what is dropped is gone.
        """
        if len(self._days) <= self._settings.retention_days:
            return
        indexed = await store.indexed_time(connection)
        if indexed is None:
            return
        oldest = min(indexed, int(time.time())) // _DAY - self._settings.retention_days
        for day in [day for day in self._days if day < oldest]:
            await store.drop_day(connection, day)
            self._days.discard(day)
            self._intake.forget_day(day)
            _log.info("old telemetry dropped", day=day)

    def _account(self, batch: Batch) -> dict[str, Any]:
        return {
            "started_at": self._started_at,
            "clock": self._intake.clock,
            "clock_moved": self._intake.clock_moved,
            "taken": self._intake.taken,
            "stored": self._intake.stored + len(batch.history),
            "dropped": {reason.value: count for reason, count in self._intake.dropped.items()},
        }
