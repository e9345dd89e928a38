"""`zuva up`, `down` and `status`: one supervisor a data directory."""

import asyncio
import json
import os
import signal
import time
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from zuva import configuration, health, nodes, plan
from zuva.community import DEFAULT_DATA_DIR, intended, keep, put_service_urls, write_moved_ports
from zuva.errors import ConfigurationError, ZuvaError
from zuva.homes_source import Choice
from zuva.logs import chosen_level
from zuva.processes import FileLock, cannot_write, is_locked
from zuva.running import build_settings
from zuva.supervisor import record
from zuva.supervisor.metrics import served
from zuva.supervisor.policy import Spec, State
from zuva.supervisor.settings import SupervisorSettings
from zuva.supervisor.supervisor import Supervisor
from zuva.supervisor.table import Display, print_lags, print_services

EXIT_NOT_READY = 1
EXIT_NOT_RUNNING = 3
_STOP_SECONDS = 90


def up(data_dir: Path, console: Console, choice: Choice, *, move_ports: bool) -> None:
    """Run every service of a data directory until Ctrl-C or SIGTERM.

    Raises:
        ConfigurationError: Already running, a port taken, data that do not fit, or a service that refuses.
    """
    run = data_dir / "run"
    # All that can be refused is refused before anything is made.
    beginning = intended(data_dir, choice)
    before = dict(os.environ)
    embedded = put_service_urls(data_dir)
    nodes.put_node_variables()
    _check_settings()
    with FileLock(run / "zuva.pid", f"the community of {data_dir}"):
        _clean_leftovers(run, console)
        moved = plan.settle_ports(plan.ports(embedded), move=move_ports)
        write_moved_ports(data_dir, moved)
        if moved:
            # The URLs follow the ports that were moved.
            for name in ("ZUVA_CHAIN_URL", "ZUVA_BROKER_URL"):
                if name not in before:
                    os.environ.pop(name, None)
            put_service_urls(data_dir)
        keep(data_dir, beginning)
        console.print(f"data in {data_dir}", highlight=False, soft_wrap=True)
        with Display(console) as display:
            asyncio.run(_supervise(data_dir, plan.services(embedded), display))


def _check_settings() -> None:
    chosen_level()
    nodes.check_shared()
    for section in configuration.SETTINGS:
        build_settings(configuration.settings_class(section))
    nodes.check_each()


async def _supervise(data_dir: Path, specs: list[Spec], display: Display) -> None:
    settings = build_settings(SupervisorSettings)
    supervisor = Supervisor(
        specs,
        data_dir,
        dict(os.environ),
        display.show,
        url=f"{_api_url()}/",
        rotation=settings.rotation,
    )
    loop = asyncio.get_running_loop()
    for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(asked, supervisor.stop)
    with served(settings, supervisor.record, lambda: health.disk_figures(data_dir)):
        await supervisor.run()


def _api_url() -> str:
    from backend.api.settings import ApiSettings

    api = build_settings(ApiSettings)
    host = f"[{api.host}]" if ":" in api.host else api.host
    return f"http://{host}:{api.port}"


def _clean_leftovers(run: Path, console: Console) -> None:
    left = record.read(run / "status.json")
    if left is not None and (names := record.stop_leftovers(left)):
        console.print(f"stopped what a killed supervisor left: {', '.join(names)}", highlight=False)
    try:
        (run / "status.json").unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise cannot_write(run / "status.json", error) from error


def is_running(data_dir: Path) -> bool:
    """Say whether a supervisor holds this data directory; a stale pid file does not count."""
    return is_locked(data_dir / "run" / "zuva.pid")


def the_running_one() -> Path:
    """Return the data directory meant without --data: the only running one under .zuva, else the default.

    Raises:
        ConfigurationError: Several run there.
    """
    found = sorted(
        path.parent.parent for path in Path(".zuva").glob("*/run/zuva.pid") if is_running(path.parent.parent)
    )
    if len(found) > 1:
        raise ConfigurationError(
            f"{len(found)} communities run: {', '.join(map(str, found))}; say which one with --data"
        )
    return found[0] if found else DEFAULT_DATA_DIR


def down(data_dir: Path, console: Console) -> None:
    """Stop the community of a data directory and wait until it has stopped.

    Raises:
        ZuvaError: When it does not stop in time.
    """
    run = data_dir / "run"
    if not is_running(data_dir):
        _clean_leftovers(run, console)
        console.print(f"nothing runs in {data_dir}", highlight=False, soft_wrap=True)
        return
    text = (run / "zuva.pid").read_text().strip()
    pid = int(text) if text.isdigit() else 0
    if pid > 1:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while is_running(data_dir):
        if time.monotonic() > deadline:
            raise ZuvaError(
                f"the community of {data_dir} (pid {pid}) did not stop in {_STOP_SECONDS} s; "
                f"see {data_dir}/logs"
            )
        time.sleep(0.1)
    console.print(f"stopped the community of {data_dir}", highlight=False, soft_wrap=True)


def status(data_dir: Path, console: Console, *, as_json: bool) -> int:
    """Show the services of a data directory; return the exit code of `zuva status`."""
    alive = is_running(data_dir)
    current = record.read(data_dir / "run" / "status.json") if alive else None
    if current is not None:
        current = replace(current, services=tuple(map(_as_it_is, current.services)))
    found = _look(data_dir, current) if current is not None else None
    if as_json:
        content = {"data_dir": str(data_dir), "running": alive} | (asdict(current) if current else {})
        content |= {"health": found.as_json()} if found else {}
        console.print_json(json.dumps(content))
    elif current is None:
        console.print(f"nothing runs in {data_dir}; start it with `zuva up`", highlight=False, soft_wrap=True)
    else:
        print_services(console, current.services)
        if found is not None:
            console.print()
            print_lags(console, [*((lag.service, lag.words) for lag in found.lags), ("disk", _disk(found))])
        if current.url:
            console.print(f"open {current.url}", highlight=False, soft_wrap=True)
    if current is None:
        return EXIT_NOT_RUNNING
    good = {State.READY.value, State.DONE.value}
    return 0 if all(service.state in good for service in current.services) else EXIT_NOT_READY


def _look(data_dir: Path, current: record.Record) -> health.Health:
    urls = {node.name: node.url for node in nodes.oracle_nodes()}
    return asyncio.run(health.look(current.url, urls, data_dir))


def _disk(found: health.Health) -> str:
    sizes = sorted(found.disk_bytes.items(), key=lambda part: -part[1])
    parts = ", ".join(f"{name} {health.words_of_bytes(size)}" for name, size in sizes[:4])
    return f"{health.words_of_bytes(sum(found.disk_bytes.values()))} ({parts})"


def _as_it_is(service: record.ServiceRecord) -> record.ServiceRecord:
    """Correct a record that was written before the process ended, or could not be written since."""
    if service.pid is None or record.is_alive(service.pid, service.born):
        return service
    return replace(service, state="ended", pid=None, status=f"process {service.pid} is gone")
