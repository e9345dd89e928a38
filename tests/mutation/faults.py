"""Seeded faults: each breaks one rule of the contracts, and the tests named with it must then fail.

`make test-deep` plants them; `python -m tests.mutation.faults` writes the table docs/contracts-mutations.md.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol.ledger import compiler

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path(__file__).with_name("faults.toml")
TABLE: Final = ROOT / "docs" / "contracts-mutations.md"
_COPIED: Final = ("contracts", "tests/forge", "protocol/vectors", "scripts/solc", "foundry.toml")
_LINKED: Final = ("node_modules", ".venv")
_SECONDS: Final = 800
_HEAD: Final = """# Seeded faults

Each line is a fault that `make test-deep` plants into a copy of the contracts, one at a time. The tests named
beside it then have to fail; a fault that no test notices fails the run. The list is
`tests/mutation/faults.toml`, and `python -m tests.mutation.faults` makes this table from it.

| fault | in | noticed by |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One seeded fault.

    Attributes:
        name: what goes wrong, in words.
        file: the file in the repository.
        find: text that stands in it exactly once.
        replace: what stands there instead.
        tests: path of the forge tests that must notice, a glob below tests/forge.
    """

    name: str
    file: str
    find: str
    replace: str
    tests: str

    def mutated(self) -> str:
        """Return the file's text with the fault in it.

        Raises:
            ValueError: the text to replace is not there exactly once.
        """
        text = (ROOT / self.file).read_text()
        if text.count(self.find) != 1:
            raise ValueError(f"{self.name}: {text.count(self.find)} places in {self.file}: {self.find}")
        return text.replace(self.find, self.replace)


def faults() -> list[Fault]:
    """Return all faults in the order of the list."""
    return [Fault(**entry) for entry in tomllib.loads(LIST.read_text())["fault"]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of tests ended.

    Attributes:
        passed: how many tests passed.
        failed: names of those that failed.
    """

    passed: int
    failed: tuple[str, ...]


class Copy:
    """A copy of the contracts and their tests to plant faults in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _COPIED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        for name in _LINKED:
            (folder / name).symlink_to(ROOT / name)

    def run(self, tests: str) -> Outcome:
        """Compile what changed and run tests.

        Raises:
            AssertionError: the contracts do not compile, or no test was run.
        """
        compiler.build(self.folder, self.folder / "build" / "contracts")
        forge = next((ROOT / "node_modules" / "@foundry-rs").glob("forge-*/bin/forge*"))
        command = [str(forge), "test", "--root", str(self.folder), "--json", "--match-path", tests]
        environment = os.environ | {"FOUNDRY_PROFILE": "default", "NO_COLOR": "1"}
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        line = next((each for each in ran.stdout.splitlines() if each.startswith("{")), None)
        assert line is not None, f"no tests were run: {ran.stdout[-2000:]}{ran.stderr[-2000:]}"
        results = [
            (name, result["status"])
            for suite in json.loads(line).values()
            for name, result in suite["test_results"].items()
        ]
        assert results, f"no tests are at {tests}"
        failed = tuple(name for name, status in results if status == "Failure")
        return Outcome(len(results) - len(failed), failed)

    def run_with(self, fault: Fault) -> Outcome:
        """Plant a fault, run its tests, and take it out again."""
        target = self.folder / fault.file
        try:
            target.write_text(fault.mutated())
            return self.run(fault.tests)
        finally:
            shutil.copy2(ROOT / fault.file, target)


def table() -> str:
    """Return the table of all faults."""
    rows = [f"| {each.name} | `{each.file}` | `{each.tests}` |\n" for each in faults()]
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    TABLE.write_text(table())
    sys.stdout.write(f"{TABLE.relative_to(ROOT)}: {len(faults())} faults\n")
