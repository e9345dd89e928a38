"""The command `zuva`: what a user types, and the one line they get when something is wrong."""

import importlib
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

import protocol.errors
from zuva import community, configuration, nodes
from zuva.errors import ConfigurationError, ZuvaError
from zuva.logs import configure_logging
from zuva.running import (
    alone,
    build_settings,
    exit_code_of,
    note_traceback,
    print_error,
    run_service,
    words_of_unexpected,
)

_EPILOG = (
    "Settings come from the environment or zuva.toml: key = value in section \\[oracle] is ZUVA_ORACLE_KEY. "
    "Exit codes: 0 done or stopped as asked, 1 failed (trying again may help), "
    "2 wrong configuration or use (the line says what to mend), 3 nothing runs there (status)."
)

app = typer.Typer(
    name="zuva",
    help="Solar energy from the panel to the payout, on one machine with one command.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_ALL, _ONE, _TOOLS = "A whole community", "One service at a time", "Checks and measurements"

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="Data directory: keys, chain, database, logs.", show_default=False
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file; default ./zuva.toml.", show_default=False),
]


@app.command(rich_help_panel=_ALL)
def up(
    homes: Annotated[
        int | None, typer.Option(metavar="N", help="How many homes; simulated: 20.", show_default=False)
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            metavar="D", help="Stop publishing after so many days; default: go on.", show_default=False
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Local date the homes begin at; default: a week ago.", show_default=False
        ),
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(
            metavar="P",
            help="Community seconds per second: 1 real time, 0 as fast as it goes; simulated: 3600 until "
            "they have caught up with the clock, then real time.",
            show_default=False,
        ),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Replay measured homes, a CSV of home,slot_start,load_wh,pv_wh, instead of simulating.",
            show_default=False,
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="Time zone of homes and page; default Africa/Harare.", show_default=False
        ),
    ] = None,
    open_port: Annotated[
        bool, typer.Option("--open-port", help="Where a port is taken, use a free one instead of stopping.")
    ] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Start everything, run homes through it, and show one table; Ctrl-C stops and loses nothing.

    The first run makes a new community in the data directory; the next one goes on where it stopped.
    """
    from zuva.homes_source import Choice
    from zuva.lifecycle import up as bring_up

    configuration.load_environment(config)
    if replay is not None:
        os.environ["ZUVA_REPLAY_FILE"] = str(replay.resolve())
    file = os.environ.get("ZUVA_REPLAY_FILE")
    if file:
        os.environ.setdefault("ZUVA_COMMUNITY_SOURCE", "replay")
        if data is None and "ZUVA_DATA_DIR" not in os.environ:
            data = community.replay_data_dir(Path(file), zone or os.environ.get("ZUVA_REPLAY_ZONE"))
    choice = Choice(homes, days, start, pace, zone)
    bring_up(_data_dir(data, _the_default), Console(), choice, move_ports=open_port)


@app.command(rich_help_panel=_ALL)
def down(data: Data = None, config: Config = None) -> None:
    """Stop a running community in order and wait until it has stopped."""
    from zuva import lifecycle

    configuration.load_environment(config)
    lifecycle.down(_data_dir(data, lifecycle.the_running_one), Console())


@app.command(rich_help_panel=_ALL)
def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Show services, lags and disk use. Exit code: 0 all services ready, 1 not yet, 3 nothing runs there."""
    from zuva import lifecycle

    configuration.load_environment(config)
    directory = _establish_one(_data_dir(data, lifecycle.the_running_one))
    raise typer.Exit(lifecycle.status(directory, Console(), as_json=as_json))


@app.command(rich_help_panel=_TOOLS)
def audit(data: Data = None, config: Config = None) -> None:
    """Recompute every root from the signed readings and compare with the chain. Exit code 1: a difference."""
    from zuva.lifecycle import the_running_one

    configuration.load_environment(config)
    directory = _establish_one(_data_dir(data, the_running_one))
    # Where nobody watches, a progress display that counts as interactive leaves no empty line behind.
    console = Console(force_interactive=True)
    raise typer.Exit(int(_module("zuva.audit", "audit").run(directory, console)))


@app.command(rich_help_panel=_TOOLS)
def contracts(
    descriptors: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also write wallets' clear-signing descriptors here.", show_default=False
        ),
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Show the contracts, who may do what and by which rules, after checking that the chain has it so."""
    from zuva import contracts as deployed
    from zuva.lifecycle import the_running_one

    configuration.load_environment(config)
    directory = _establish_one(_data_dir(data, the_running_one))
    deployed.show(directory, Console(), descriptors)


@app.command(rich_help_panel=_ALL)
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup to make; nothing may be there.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Put a community, running or not, into one file, and check it. It holds all keys: keep it safe."""
    from zuva.commands_operation import make_backup
    from zuva.lifecycle import the_running_one

    configuration.load_environment(config)
    make_backup(_data_dir(data, the_running_one), file.absolute(), Console())


@app.command(rich_help_panel=_ALL)
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup that `zuva backup` made.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a new data directory from a backup; `zuva up` goes on with it."""
    from zuva.commands_operation import restore_backup

    configuration.load_environment(config)
    restore_backup(file.absolute(), _data_dir(data, _the_default), Console())


@app.command(rich_help_panel=_TOOLS)
def bench(
    name: Annotated[str, typer.Argument(help="A file of benchmarks/, without .py; or all.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Write the bench's snapshot anew.")] = False,
) -> None:
    """Measure a claim on this machine, beside its peer where there is one."""
    if not name.replace("_", "").isalnum():
        raise ConfigurationError(
            f"bench {name!r}: a name has letters, digits and underscores; see benchmarks/"
        )
    configure_logging("bench", "warning")  # nothing but the figures is printed
    module = _module(f"benchmarks.{name}", f"bench {name}")
    measure = getattr(module, "update" if update else "run", None)
    if update and measure is None:
        raise ConfigurationError(f"bench {name}: it has no snapshot to write; leave --update out")
    if not callable(measure):
        raise ConfigurationError(f"bench {name}: benchmarks/{name}.py measures nothing by itself; try `all`")
    result: dict[str, Any] = measure()
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    console = Console()
    for figure in result.get("figures", []):
        console.print(f"{figure['key']:<44} {figure['value']:>14,} {figure['unit']}", highlight=False)


@app.command(rich_help_panel=_ONE)
def chain(data: Data = None, config: Config = None) -> None:
    """The local EVM chain: anvil behind a JSON-RPC front with a journal that survives kill -9."""
    from zuva.chain.service import serve

    _serve("chain", serve, data, config)


@app.command(rich_help_panel=_ONE)
def db(data: Data = None, config: Config = None) -> None:
    """The embedded PostgreSQL server, on a Unix socket in the data directory."""
    from zuva.database.service import serve

    _serve("db", serve, data, config)


@app.command(rich_help_panel=_ONE)
def broker(data: Data = None, config: Config = None) -> None:
    """The embedded MQTT broker: mosquitto when installed, else aedes."""
    from zuva.broker.service import serve

    _serve("broker", serve, data, config)


@app.command(rich_help_panel=_ONE)
def oracle(
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Which of the community's nodes.", show_default=False),
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """One oracle node: verifies and stores readings, reports their roots, mints certificates."""
    from zuva.oracle_node import serve

    _prepare(data, config)
    node = nodes.find(name or os.environ.get("ZUVA_ORACLE_NAME"))
    configuration.put_defaults(nodes.variables_of(node, nodes.oracle_nodes()))
    _run(node.name, serve, "oracle")


@app.command(rich_help_panel=_ONE)
def indexer(data: Data = None, config: Config = None) -> None:
    """Mirrors the chain's events into PostgreSQL."""
    from backend.indexer.service import serve

    _serve("indexer", serve, data, config)


@app.command(rich_help_panel=_ONE)
def telemetry(data: Data = None, config: Config = None) -> None:
    """Takes the meters' fast values from the broker into PostgreSQL."""
    from backend.telemetry.service import serve

    _serve("telemetry", serve, data, config)


@app.command(rich_help_panel=_ONE)
def api(data: Data = None, config: Config = None) -> None:
    """The HTTP API under /v1 and the page at /."""
    from zuva.api import serve

    page = Path(__file__).resolve().parents[1] / "web" / "dist"
    _serve("api", partial(serve, static_dir=page) if page.is_dir() else serve, data, config)


@app.command(name="homes", rich_help_panel=_ONE)
def homes_service(data: Data = None, config: Config = None) -> None:
    """Simulated homes: panels, loads and habits; publishes their signed readings and telemetry."""
    from simulation.homes.service import serve

    _serve("homes", serve, data, config)


@app.command(rich_help_panel=_ONE)
def replay(data: Data = None, config: Config = None) -> None:
    """Publishes measured homes' signed readings as fast as the oracle acknowledges them."""
    from simulation.replay.service import serve

    _serve("replay", serve, data, config)


@app.command(rich_help_panel=_ONE)
def provision(data: Data = None, config: Config = None) -> None:
    """Makes keys, deploys contracts, registers and enrols the homes; does only what is missing."""
    from zuva.provisioning import serve

    _serve("provision", serve, data, config, section="community")


def _serve(name: str, serve: Any, data: Path | None, config: Path | None, section: str = "") -> None:  # noqa: ANN401
    _prepare(data, config)
    _run(name, serve, section or name)


def _prepare(data: Path | None, config: Path | None) -> None:
    configuration.load_environment(config)
    _establish_one(_data_dir(data, _the_default))


def _run(name: str, serve: Any, section: str) -> NoReturn:  # noqa: ANN401
    settings = build_settings(configuration.settings_class(section))
    raise typer.Exit(run_service(name, serve, settings, Path(os.environ["ZUVA_DATA_DIR"])))


def _establish_one(directory: Path) -> Path:
    """Read what a data directory's community began with and where its services are."""
    configuration.put_defaults(community.read(directory), str(directory / community.FILE_NAME))
    community.put_moved_ports(directory)
    community.put_service_urls(directory)
    nodes.put_node_variables()
    return directory


def _data_dir(given: Path | None, default: Callable[[], Path]) -> Path:
    """Return the data directory of this command, and let all that follows know it."""
    from_environment = os.environ.get("ZUVA_DATA_DIR")
    directory = (given or (Path(from_environment) if from_environment else default())).resolve()
    os.environ["ZUVA_DATA_DIR"] = str(directory)
    return directory


def _the_default() -> Path:
    return community.DEFAULT_DATA_DIR


def _module(name: str, what: str) -> Any:  # noqa: ANN401 - the module's functions are its own matter
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise ConfigurationError(f"{what}: this installation has no module {name}") from None


def run() -> None:
    """Run the command line; whatever goes wrong ends in one line and an exit code."""
    try:
        app()
    except (ZuvaError, protocol.errors.ProtocolError) as error:
        print_error(str(error))
        sys.exit(exit_code_of(error))
    except Exception as error:  # noqa: BLE001 - the user gets one line, the log the traceback
        error = alone(error)
        if isinstance(error, ZuvaError | protocol.errors.ProtocolError):
            print_error(str(error))
        else:
            print_error(
                words_of_unexpected(error, note_traceback(_data_dir(None, _the_default), "zuva", error))
            )
        sys.exit(exit_code_of(error))
