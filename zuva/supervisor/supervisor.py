"""The supervisor: starts services in order, restarts crashed ones, stops all in reverse order."""

import asyncio
import contextlib
import os
import subprocess
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zuva.errors import ConfigurationError
from zuva.processes import make_directory
from zuva.supervisor import process as processes
from zuva.supervisor import record
from zuva.supervisor.listening import Listening, Notice
from zuva.supervisor.logfile import Rotation, last_words, shorten
from zuva.supervisor.policy import (
    Again,
    BackOff,
    Finished,
    Refusal,
    Restarts,
    Spec,
    State,
    may_start,
    stop_waves,
    words_of_exit,
)

_EXIT_FAILED = 1
_LOG_LOOK_SECONDS = 2.0


@dataclass
class Service:
    """One service as it is now."""

    spec: Spec
    restarts: Restarts
    log: Path
    state: State = State.WAITING
    status: str = ""
    since: float = field(default_factory=time.time)
    process: Process | None = None
    born: int | None = None

    @property
    def pid(self) -> int | None:
        """Return the pid while the process runs."""
        return self.process.pid if self.process is not None and self.process.returncode is None else None


class Supervisor:
    """Runs the services of one data directory.

    Args:
        specs: What to run.
        data_dir: Where logs/ and run/ are.
        environment: Of every service; what its spec adds stands over it.
        changed: Called with the whole record whenever a service's state or words changed.
        url: Where the page is, once the service `api` is ready.
        back_off: Between restarts.
        rotation: Of the services' logs.
    """

    def __init__(
        self,
        specs: Sequence[Spec],
        data_dir: Path,
        environment: Mapping[str, str],
        changed: Callable[[record.Record], None],
        url: str | None = None,
        back_off: BackOff | None = None,
        rotation: Rotation | None = None,
    ) -> None:
        self._waves = stop_waves(specs)
        self._data_dir = data_dir
        self._environment = environment
        self._changed = changed
        self.url = url
        logs = data_dir / "logs"
        make_directory(logs)
        logs.chmod(0o700)  # a log may name homes and addresses
        self._rotation = rotation or Rotation()
        make_directory(data_dir / "run")
        self.services = {
            spec.name: Service(spec, Restarts(spec, back_off or BackOff()), logs / f"{spec.name}.log")
            for spec in specs
        }
        self._once_ready: set[str] = set()
        self._progress = asyncio.Condition()
        self._hurry = asyncio.Event()
        self._stop = asyncio.Event()
        self._refused: Service | None = None
        self._waking: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Begin to stop; asked a second time, kill what has not stopped yet."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self) -> None:
        """Run until `stop` is called.

        Raises:
            ConfigurationError: A service refused its configuration before everything had started.
            Exception: Whatever ended the care for a service; every service has been stopped then.
        """
        listening = Listening(self._data_dir / "run")
        keepers: list[asyncio.Task[None]] = []
        shortening = asyncio.create_task(self._shorten_logs())
        try:
            for name, service in self.services.items():
                address = await listening.open(name, lambda notice, s=service: self._heard(s, notice))  # type: ignore[misc]
                keepers.append(asyncio.create_task(self._keep(service, address)))
                keepers[-1].add_done_callback(self._stop_if_failed)
            await self._stop.wait()
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await self._stop_all()
            shortening.cancel()
            await asyncio.gather(shortening, return_exceptions=True)
            listening.close()
        if self._refused is not None:
            raise ConfigurationError(f"{self._refused.status} (log: {self._refused.log})")
        for keeper in keepers:
            if not keeper.cancelled() and (error := keeper.exception()) is not None:
                raise error

    async def _shorten_logs(self) -> None:
        while True:
            await asyncio.sleep(_LOG_LOOK_SECONDS)
            for service in self.services.values():
                with contextlib.suppress(OSError):  # a full disk: the log stays as it is, and is tried again
                    # Here and not in a thread, so that no service opens its log in between.
                    shorten(service.log, self._rotation)

    def _stop_if_failed(self, keeper: "asyncio.Task[None]") -> None:
        if not keeper.cancelled() and keeper.exception() is not None:
            self._stop.set()

    async def _keep(self, service: Service, address: str) -> None:
        states = self.services
        async with self._progress:
            await self._progress.wait_for(
                lambda: may_start(
                    service.spec, {name: each.state for name, each in states.items()}, self._once_ready
                )
            )
        while True:
            began = time.monotonic()
            code = await self._run_once(service, address)
            decision = service.restarts.ended(code, time.monotonic() - began)
            match decision:
                case Finished():
                    await self._set(service, State.DONE, service.status)
                    return
                case Refusal():
                    words = service.status or last_words(service.log)
                    await self._set(service, State.REFUSED, words)
                    if not self._all_started():
                        self._refused = service
                        self.stop()
                    return
                case Again(delay):
                    why = service.status if code == _EXIT_FAILED and service.status else words_of_exit(code)
                    await self._set(service, State.BACKING_OFF, f"{why}; again in {delay:.1f} s")
                    await asyncio.sleep(delay)

    def _all_started(self) -> bool:
        return all(name in self._once_ready for name, s in self.services.items() if not s.spec.one_shot)

    async def _run_once(self, service: Service, address: str) -> int:
        environment = {**self._environment, **service.spec.environment, "NOTIFY_SOCKET": address}
        try:
            service.process = await processes.start(service.spec, service.log, self._rotation, environment)
        except (OSError, subprocess.SubprocessError) as error:
            # A full disk or process table may be mended while we wait, so it is a crash like others.
            service.status = f"cannot be started: {error}"
            return _EXIT_FAILED
        service.born = record.born(service.process.pid)
        await self._set(service, State.STARTING, "")
        return await service.process.wait()

    def _heard(self, service: Service, notice: Notice) -> None:
        state = service.state
        if notice.ready and state is State.STARTING:
            state, service.status = State.READY, ""  # what it was waiting for is over
        if notice.status is not None:
            service.status = notice.status
        waking = asyncio.ensure_future(self._set(service, state, service.status))
        self._waking.add(waking)
        waking.add_done_callback(self._waking.discard)

    async def _set(self, service: Service, state: State, status: str) -> None:
        if state is not service.state:
            service.since = time.time()
        service.state, service.status = state, status
        if state in {State.READY, State.DONE}:
            self._once_ready.add(service.spec.name)
        own = self.record()
        with contextlib.suppress(OSError):  # a full disk costs others the view, not us the service
            record.write(self._data_dir / "run" / "status.json", own)
        self._changed(own)
        async with self._progress:
            self._progress.notify_all()

    async def _stop_all(self) -> None:
        for wave in self._waves:
            await asyncio.gather(*(self._stop_one(self.services[name]) for name in wave))

    async def _stop_one(self, service: Service) -> None:
        if service.process is not None and service.process.returncode is None:
            await self._set(service, State.STOPPING, service.status)
            by_itself = await processes.stop(service.process, service.spec.stop_seconds, self._hurry)
            await self._set(service, State.STOPPED, "" if by_itself else "killed")
        elif service.state not in {State.DONE, State.REFUSED}:
            await self._set(service, State.STOPPED, service.status)

    def is_ready(self, name: str) -> bool:
        """Say whether a service is ready now."""
        return name in self.services and self.services[name].state is State.READY

    def record(self) -> record.Record:
        """Return all services as others see them."""
        services = tuple(
            record.ServiceRecord(
                name, s.state.value, s.pid, s.born if s.pid else None, s.since, s.restarts.total, s.status
            )
            for name, s in self.services.items()
        )
        url = self.url if self.is_ready("api") else None
        return record.Record(os.getpid(), record.born(os.getpid()), url, services)
