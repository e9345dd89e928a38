"""The model's homes as a source of signed readings, one step an interval."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog

from protocol.eip712 import Domain
from protocol.intervals import DAY_SECONDS
from protocol.reading import Reading
from simulation.errors import OutboxError
from simulation.homes.calendar import first_midnight, local_offset
from simulation.identities import Home
from simulation.model.community import Community
from simulation.model.households import Household
from simulation.model.state import decode_state
from simulation.publishing.feed import SignedStep
from simulation.publishing.outbox import Outgoing, Progress
from simulation.settings import HomesSettings

log = structlog.get_logger()


class HomesFeed:
    """The steps of a community after `progress`; see `simulation.publishing.feed.Feed`.

    Args:
        settings: of the homes.
        households: what they are, by number.
        homes: who they are, by number.
        domain: EIP-712 domain of the Registry.
        progress: where the outbox stands.

    Raises:
        OutboxError: the outbox was filled by other homes, another begin, or for another deployment.
        StateError: the kept state cannot be used.
    """

    name = "homes"

    def __init__(
        self,
        settings: HomesSettings,
        households: Sequence[Household],
        homes: Sequence[Home],
        domain: Domain,
        progress: Progress,
    ) -> None:
        self._homes = homes
        self._domain = domain
        self._interval_seconds = settings.interval_seconds
        self._offset = local_offset(settings)
        self._begin = first_midnight(settings)
        self._steps = (
            None if settings.days is None else settings.days * DAY_SECONDS // settings.interval_seconds
        )
        self._fingerprint = _fingerprint(settings, homes, domain)
        if progress.position and progress.fingerprint != self._fingerprint:
            raise OutboxError(
                "the outbox was filled by other homes, with another start, seed, zone or interval, or for "
                f"another deployment; set them back (as community.json in {settings.data_dir} says), or use "
                "another data directory"
            )
        self.community = Community(
            households,
            seed=settings.seed,
            first=self._begin,
            interval_seconds=settings.interval_seconds,
            offset_seconds=self._offset,
            state=decode_state(progress.state, len(homes)),
        )
        if self.community.state.intervals != progress.position:
            raise OutboxError(
                f"the outbox is {progress.position} intervals far and its homes "
                f"{self.community.state.intervals}; restore it from a backup"
            )
        self.issued = progress.position * len(homes)

    @property
    def end(self) -> int:
        """See `Feed`."""
        return self.community.next_begin

    def next_end(self) -> int | None:
        """See `Feed`."""
        if self._steps is not None and self.community.state.intervals >= self._steps:
            return None
        return self.community.next_end

    def take(self) -> SignedStep:
        """See `Feed`."""
        community = self.community
        end = community.next_end
        community.step()
        position = community.state.intervals
        outgoing = []
        for home, agent in zip(self._homes, community.homes, strict=True):
            meter = agent.meter
            reading = Reading(
                home.meter_id,
                position,
                end,
                self._interval_seconds,
                meter.import_wh,
                meter.export_wh,
                meter.generated_wh,
                0,
            )
            record = reading.sign(home.key, self._domain).record()
            outgoing.append(Outgoing(home.meter_id, position, record))
        if (end + self._offset) % DAY_SECONDS == 0:
            self._log_day()
        return SignedStep(end, outgoing, position, self._fingerprint, community.state.encode())

    def _log_day(self) -> None:
        state = self.community.state
        log.info(
            "pool_since_start",
            date=self._local(self.end - 1).date().isoformat(),
            pool_wh=state.pool_wh,
            grid_import_wh=state.grid_import_wh,
            grid_export_wh=state.grid_export_wh,
            charges_micro=sum(meter.charge_micro for meter in state.meters),
            payouts_micro=sum(meter.payout_micro for meter in state.meters),
            remainder_micro=state.remainder_micro,
        )

    def progress_words(self, clock: int, done: int, rate: float) -> str:
        """See `Feed`."""
        local = self._local(clock).strftime("%Y-%m-%d %H:%M local")
        clearing = self.community.grid.clearing
        pool = f", pool at {clearing.price_micro_per_kwh / 1e6:.3f} a kWh" if clearing else ""
        return f"{local}: {len(self._homes)} homes{pool}, {done:,} readings acknowledged, {rate:,.0f}/s"

    def total_words(self) -> str:
        """See `Feed`."""
        readings = self.community.state.intervals * len(self._homes)
        return f"{readings:,} readings of {len(self._homes)} homes"

    def _local(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, UTC) + timedelta(seconds=self._offset)


def _fingerprint(settings: HomesSettings, homes: Sequence[Home], domain: Domain) -> bytes:
    """Return a digest of all that must not change between two runs."""
    facts = [
        domain.separator.hex(),
        first_midnight(settings),
        local_offset(settings),
        settings.seed,
        settings.interval_seconds,
        [home.meter_id.hex() for home in homes],
    ]
    return hashlib.sha256(json.dumps(facts).encode()).digest()
