"""Set-up of a fresh clone with nothing but Python and make: `make up` and `make test` run this first.

Standard library only, because on Debian python3 may lack venv and pip. Every step prints its name, what
became of it and how long it took; a step whose inputs did not change is skipped; a failure is one line with
its log and the mend.
"""

from __future__ import annotations  # so that an older Python can load this and say what is needed

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from package_index import (
    DEFAULT_INDEX,
    certificates,
    configured_index,
    fetch,
    platform_tag,
    redacted,
    version_of,
    wheels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BROWNIE_VENV = ROOT / ".venv-brownie"
TOOLS = ROOT / ".venv-tools"
LOGS = ROOT / "build" / "logs"
OLDEST_UV = (0, 8, 0)
WANTED_UV = "0.13.8"


class Failure(Exception):
    """A step that failed: what, and the mend."""


class Step(NamedTuple):
    """One step of the set-up."""

    name: str
    inputs: Iterable[Path]
    salt: str
    stamp: Path
    outputs: tuple[Path, ...]
    run: Callable[[Path], None]


def fingerprint(paths: Iterable[Path], salt: str) -> str:
    """Return a hash over files, folders and a salt."""
    digest = hashlib.sha256(salt.encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "node_modules" not in file.parts and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def perform(step: Step) -> None:
    """Run a step unless its inputs are those of its last success and its outputs are there."""
    label = f"  {step.name:<34}"
    wanted = fingerprint(step.inputs, step.salt)
    if (
        all(output.exists() for output in step.outputs)
        and step.stamp.is_file()
        and step.stamp.read_text().strip() == wanted
    ):
        print(f"{label} unchanged", flush=True)
        return
    print(f"{label} ...", end="" if sys.stdout.isatty() else "\n", flush=True)
    began = time.monotonic()
    log = LOGS / f"setup-{step.name.split()[0].lower()}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    step.run(log)
    step.stamp.parent.mkdir(parents=True, exist_ok=True)
    step.stamp.write_text(wanted + "\n")
    start = "\r" if sys.stdout.isatty() else ""
    print(f"{start}{label} done in {time.monotonic() - began:.1f} s", flush=True)


def run(log: Path, mend: str, command: list[str], environment: dict[str, str]) -> None:
    """Run a program with its output in `log`; raise `Failure` with its last line and the mend."""
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        try:
            code = subprocess.call(command, cwd=str(ROOT), stdout=output, stderr=output, env=environment)
        except OSError as error:
            raise Failure(f"{command[0]} does not start ({error.strerror}); {mend}") from None
    if code != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        told = next(
            (line.strip() for line in reversed(lines) if re.search(r"(?i)error|fail", line)), lines[-1]
        )
        raise Failure(f"{told[:240]} (exit code {code}, log {log.relative_to(ROOT)}); {mend}")


def fit_uv() -> str | None:
    """Return a uv that is there already, on PATH or from an earlier set-up."""
    for candidate in (shutil.which("uv"), str(TOOLS / "uv")):
        if candidate and Path(candidate).is_file():
            try:
                answer = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
            except OSError:
                continue
            if answer.returncode == 0 and version_of(answer.stdout) >= OLDEST_UV:
                return candidate
    return None


def fetch_uv(log: Path) -> None:
    """Download uv's wheel from the configured index, verify it, and unpack the one program in it."""
    index = configured_index()
    mend = "check the network and the index (PIP_INDEX_URL, UV_DEFAULT_INDEX), or install uv yourself"
    try:
        offered = [wheel for wheel in wheels(index, "uv") if re.search(platform_tag(), wheel.name)]
    except (OSError, ValueError, KeyError) as error:
        raise Failure(
            f"the package index {redacted(index)} does not answer for uv ({error}); {mend}"
        ) from None
    fit = [wheel for wheel in offered if version_of(wheel.name) >= OLDEST_UV]
    if not fit:
        raise Failure(f"{redacted(index)} has no uv for {platform.machine()} {sys.platform}; {mend}")
    wanted = [wheel for wheel in fit if wheel.name.startswith(f"uv-{WANTED_UV}-")]
    wheel = wanted[0] if wanted else max(fit, key=lambda each: version_of(each.name))
    log.write_text(f"{wheel.name} from {redacted(wheel.url)}\n")
    try:
        body, _, _ = fetch(wheel.url)
    except (OSError, ValueError) as error:
        raise Failure(f"{wheel.name} cannot be fetched ({error}); {mend}") from None
    if not wheel.sha256 or hashlib.sha256(body).hexdigest() != wheel.sha256:
        raise Failure(f"{wheel.name} has not the checksum that {redacted(index)} states; {mend}")
    TOOLS.mkdir(exist_ok=True)
    (TOOLS / ".gitignore").write_text("*\n")
    archive = TOOLS / wheel.name
    archive.write_bytes(body)
    with zipfile.ZipFile(archive) as content:
        program = next(name for name in content.namelist() if name.endswith(("/scripts/uv", "/bin/uv")))
        partial = TOOLS / "uv.new"
        partial.write_bytes(content.read(program))
    partial.chmod(0o755)
    partial.replace(TOOLS / "uv")
    archive.unlink()


def environment() -> dict[str, str]:
    """Return the environment of the steps: our own programs first, one set of certificates for all."""
    result = dict(os.environ)
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT", "CONDA_PREFIX"):
        result.pop(name, None)
    result["PATH"] = f"{VENV / 'bin'}{os.pathsep}{result.get('PATH', os.defpath)}"
    trusted = certificates()
    if trusted:
        result.setdefault("SSL_CERT_FILE", trusted)
        result.setdefault("NODE_EXTRA_CA_CERTS", trusted)
    return result


def python_packages(uv: str, venv: Path, group: str | None) -> Callable[[Path], None]:
    """Return what installs the locked Python packages, with those of a group, into an environment."""
    groups = ["--group", group] if group else []
    mend = "check the network and disk space and run the command again"

    def install(log: Path) -> None:
        index = configured_index()
        sync = [uv, "sync", "--inexact", "--python", sys.executable, *groups]
        if index == DEFAULT_INDEX:
            run(log, mend, [*sync, "--locked"], environment() | {"UV_PROJECT_ENVIRONMENT": str(venv)})
            return
        # The lock names PyPI's own addresses; from another index the same files come by name and hash.
        requirements = LOGS.parent / f"requirements{venv.name.removeprefix('.venv')}.txt"
        export = [uv, "export", "--frozen", "--no-emit-project", "--output-file", str(requirements), *groups]
        run(log, mend, export, environment())
        from_index = {**environment(), "UV_DEFAULT_INDEX": index}
        if not (venv / "bin" / "python").exists():
            run(log, mend, [uv, "venv", "--python", sys.executable, str(venv)], from_index)
        target = ["--python", str(venv / "bin" / "python")]
        run(
            log,
            mend,
            [uv, "pip", "install", "--require-hashes", "-r", str(requirements), *target],
            from_index,
        )
        run(log, mend, [uv, "pip", "install", "--no-deps", "--editable", str(ROOT), *target], from_index)

    return install


def npm_packages(log: Path) -> None:
    """Install the locked npm packages; their install scripts do not run, since nothing needs them."""
    command = [str(VENV / "bin" / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run(log, "check the network and npm's registry setting and run the command again", command, environment())


def compile_contracts(log: Path) -> None:
    """Compile the contracts."""
    command = [str(VENV / "bin" / "python"), "-m", "protocol.ledger.compiler"]
    run(log, "mend the contract named there", command, environment())


def build_page(log: Path) -> None:
    """Build the web page."""
    command = [str(VENV / "bin" / "npm"), "run", "build", "-w", "web"]
    run(log, "mend the file named there", command, environment())


def steps(uv: str, *, dev: bool) -> list[Step]:
    """Return the steps after uv, in order."""
    python = ".".join(map(str, sys.version_info[:2]))
    with_dev = VENV / ".zuva" / "python-dev"
    web = ROOT / "web"
    lock = ROOT / "package-lock.json"
    locked = [ROOT / "pyproject.toml", ROOT / "uv.lock"]
    manifests = [ROOT / "package.json", lock, web / "package.json"]
    page = [
        web / name
        for name in ("src", "public", "index.html", "vite.config.ts", "svelte.config.js", "package.json")
    ]
    contracts = [
        ROOT / "contracts",
        ROOT / "scripts" / "solc",
        ROOT / "protocol" / "ledger" / "compiler.py",
        lock,
    ]
    # Packages with the development tools hold those without, too.
    is_there = with_dev.is_file() and with_dev.read_text().strip() == fingerprint(locked, python)
    stamp = with_dev if dev or is_there else VENV / ".zuva" / "python"
    node_modules, build, dist = ROOT / "node_modules", ROOT / "build", web / "dist"
    packages = Step(
        "Python packages",
        locked,
        python,
        stamp,
        (VENV / "bin" / "zuva", VENV / "bin" / "node"),
        python_packages(uv, VENV, "dev" if dev else None),
    )
    # Its pinned packages are not those of the tests, so it has an environment of its own.
    brownie = Step(
        "Brownie packages",
        locked,
        python,
        BROWNIE_VENV / ".zuva" / "python",
        (BROWNIE_VENV / "bin" / "brownie",),
        python_packages(uv, BROWNIE_VENV, "brownie"),
    )
    return [
        packages,
        *([brownie] if dev else []),
        Step("npm packages", manifests, "", node_modules / ".zuva-stamp", (node_modules,), npm_packages),
        Step(
            "Contracts", contracts, "", build / ".contracts-stamp", (build / "contracts",), compile_contracts
        ),
        Step("Web page", [*page, lock], "", dist / ".zuva-stamp", (dist / "index.html",), build_page),
    ]


def find_chromium() -> str | None:
    """Return a Chromium or Chrome on PATH."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for found in map(shutil.which, names) if found), None)


def install_chromium(log: Path) -> None:
    """Install Chromium from the distribution."""
    mend = "install Chromium yourself (Debian: apt-get install chromium)"
    quiet = {**environment(), "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    try:
        run(log, mend, install, quiet)
    except Failure:
        run(log, mend, ["apt-get", "update"], quiet)
        run(log, mend, install, quiet)


def browser() -> None:
    """Make sure the browser tests have a browser, or say what to install."""
    label = f"  {'Chromium':<34}"
    if find_chromium():
        print(f"{label} unchanged", flush=True)
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"{label} absent: browser tests need it (Debian: apt-get install chromium)", flush=True)
        return
    print(f"{label} installing", flush=True)
    try:
        install_chromium(LOGS / "setup-chromium.log")
    except Failure as failure:
        print(f"{label} not installed, browser tests cannot run: {failure}", flush=True)


def main() -> int:
    """Set up what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Set up this clone.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    options = parser.parse_args()
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = platform.python_version()
        print(
            f"set-up: Python 3.11, 3.12 or 3.13 is needed, this is {found}; run make PYTHON=python3.12",
            file=sys.stderr,
        )
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in LOGS.glob("setup-*.log"):
        log.unlink()
    began = time.monotonic()
    print("set-up", flush=True)
    try:
        uv = fit_uv()
        if uv is None:
            perform(Step("uv", [], WANTED_UV, TOOLS / ".stamp", (TOOLS / "uv",), fetch_uv))
            uv = str(TOOLS / "uv")
        for step in steps(uv, dev=options.dev):
            perform(step)
        if options.dev:
            browser()
    except Failure as failure:
        print(f"\nset-up failed: {failure}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nset-up failed: {error}; check disk space and permissions in {ROOT}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up interrupted; run the command again and it goes on", file=sys.stderr)
        return 130
    print(f"set-up done in {time.monotonic() - began:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
