"""Run Brownie on a chain of its own: `python scripts/with_brownie.py test`, `... run deploy`.

Brownie keeps its networks and accounts in the home directory, has a fixed port in them, and takes anything
that answers there for its chain. So every run has a home of its own under build/, a network file that names a
free port, and an anvil there that ends with the run. `ZUVA_BROWNIE_URL` names another chain instead.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BROWNIE: Final = ROOT / ".venv-brownie" / "bin" / "brownie"
GENESIS_TIME: Final = 1_700_006_400
"""Unix seconds of the chain's first block; a UTC midnight."""
GAS_LIMIT: Final = 16_000_000
"""Of every transaction; Brownie would take a block's, which is more than one transaction may have."""
_PATIENCE_SECONDS: Final = 20.0


class CannotRun(Exception):
    """What is missing, and the mend."""


@contextlib.contextmanager
def chain(folder: Path) -> Iterator[str]:
    """Run anvil on a free port; yield its address and kill it by its process."""
    programs = sorted((ROOT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    if not programs:
        raise CannotRun("anvil is not installed; run: make setup-dev")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(programs[0]),
        *("--host", "127.0.0.1", "--port", str(port), "--silent", "--enable-tx-gas-limit"),
        *("--timestamp", str(GENESIS_TIME), "--block-base-fee-per-gas", "0", "--cache-path", str(folder)),
    ]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotRun(f"anvil did not start (exit code {process.poll()})")
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def home_settings() -> str:
    """Return settings for every project, which Brownie reads from the home directory.

    In the project's own file a section `networks` stops Brownie 1.22 with an error of types.
    """
    return json.dumps({"networks": {"development": {"gas_limit": GAS_LIMIT}}}, indent=1) + "\n"


def network_file(url: str) -> str:
    """Return Brownie's list of networks with this one in it; JSON is YAML too."""
    network = {
        "name": "Zuva's own anvil",
        "id": "development",
        "cmd": "anvil",
        "host": url,
        "timeout": 60,
        "cmd_settings": {},
    }
    return json.dumps({"live": [], "development": [network]}, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Run Brownie with these arguments; return its exit code."""
    if not BROWNIE.is_file():
        raise CannotRun("Brownie is not installed; run: make setup-dev")
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brownie-home-", dir=build)))
        url = os.environ.get("ZUVA_BROWNIE_URL") or stack.enter_context(chain(home))
        (home / ".brownie").mkdir()
        (home / ".brownie" / "network-config.yaml").write_text(network_file(url))
        (home / "brownie-config.yaml").write_text(home_settings())
        for folder in ("brownie", "brownie-interfaces", "brownie-reports"):
            (build / folder).mkdir(exist_ok=True)  # else Brownie takes the checkout for no project of its own
        environment = os.environ | {
            "HOME": str(home),
            "SOLCX_BINARY_PATH": str(ROOT / "scripts" / "solc"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",  # of Brownie's own code
        }
        return subprocess.call([str(BROWNIE), *arguments], cwd=ROOT, env=environment)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotRun as failure:
        print(f"brownie: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
