"""The command `zuva`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zuva.running import build_settings, run_service

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False
)
DataDir = Annotated[Path | None, typer.Option("--data", help="The data directory.")]


@app.command()
def db(data: DataDir = None) -> None:
    """Run the embedded PostgreSQL server."""
    from zuva.database.service import serve
    from zuva.database.settings import DatabaseSettings

    settings = build_settings(DatabaseSettings, **({"data_dir": data} if data else {}))
    raise typer.Exit(run_service("db", serve, settings, settings.data_dir))


@app.command()
def broker(data: DataDir = None) -> None:
    """Run the embedded MQTT broker."""
    from zuva.broker.service import serve
    from zuva.broker.settings import BrokerSettings

    settings = build_settings(BrokerSettings, **({"data_dir": data} if data else {}))
    raise typer.Exit(run_service("broker", serve, settings, settings.data_dir))


@app.command()
def chain(data: DataDir = None) -> None:
    """Run the local chain."""
    from zuva.chain.service import serve
    from zuva.chain.settings import ChainSettings

    settings = build_settings(ChainSettings, **({"data_dir": data} if data else {}))
    raise typer.Exit(run_service("chain", serve, settings, settings.data_dir))


def main() -> None:
    """Run the command line."""
    app()
