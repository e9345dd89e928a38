"""Compile the contracts to build/contracts, and only when something changed.

py-solc-x calls the npm package behind `scripts/solc/solc-v0.8.34`; nothing is downloaded.
Run as `python -m protocol.ledger.compiler`.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from protocol.ledger.artefacts import BUILD, CONTRACTS, ROOT, load_artefact
from protocol.ledger.errors import CompilationFailed

VERSION = "0.8.34"
SETTINGS: dict[str, Any] = {
    "evmVersion": "prague",
    "viaIR": True,
    "optimizer": {"enabled": True, "runs": 800},
    "metadata": {"bytecodeHash": "none"},
    "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}},
}


def build(root: Path = ROOT, target: Path = BUILD) -> bool:
    """Compile every contract unless the artefacts in `target` already fit the sources.

    Returns:
        Whether the compiler ran.

    Raises:
        CompilationFailed: the sources do not compile, or the toolchain is not installed.
    """
    sources = sources_of(root)
    fingerprint = _fingerprint(root, sources)
    stamp = target / "fingerprint"
    if _read(stamp) == fingerprint and all((target / f"{name}.json").is_file() for name in CONTRACTS):
        return False
    output = _compile(root, sources)
    target.mkdir(parents=True, exist_ok=True)
    for unit in sources:
        for name, compiled in output["contracts"].get(unit, {}).items():
            evm = compiled["evm"]
            artefact = {
                "contractName": name,
                "sourceName": unit,
                "compiler": VERSION,
                "abi": compiled["abi"],
                "bytecode": "0x" + evm["bytecode"]["object"],
                "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
            }
            _write(target / f"{name}.json", json.dumps(artefact, indent=1) + "\n")
    _write(stamp, fingerprint)
    load_artefact.cache_clear()
    return True


def sources_of(root: Path) -> dict[str, str]:
    """Return the text of every contract below `root`, by its path there.

    Raises:
        CompilationFailed: there is none.
    """
    folder = root / "contracts"
    files = sorted(folder.rglob("*.sol"))
    if not files:
        raise CompilationFailed(f"no contracts are in {folder}; restore the checkout")
    return {file.relative_to(root).as_posix(): file.read_text() for file in files}


def _fingerprint(root: Path, sources: dict[str, str]) -> str:
    """Hash everything the artefacts depend on: sources, settings, compiler and the locked libraries."""
    lock = _read(root / "package-lock.json") or "{}"
    packages = json.loads(lock).get("packages", {})
    locked = {
        name: packages.get(f"node_modules/{name}", {}).get("integrity")
        for name in ("solc", "@openzeppelin/contracts")
    }
    whole = json.dumps([VERSION, SETTINGS, locked, sources], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _compile(root: Path, sources: dict[str, str]) -> dict[str, Any]:
    for package in ("solc", "@openzeppelin/contracts"):
        if not (root / "node_modules" / package / "package.json").is_file():
            raise CompilationFailed(f"the npm package {package} is not installed in {root}; run: make setup")
    # py-solc-x looks for its compilers where this variable says, at import as well
    os.environ["SOLCX_BINARY_PATH"] = str(root / "scripts" / "solc")
    import solcx
    from solcx.exceptions import SolcError

    request = {
        "language": "Solidity",
        "sources": {unit: {"content": text} for unit, text in sources.items()},
        "settings": SETTINGS,
    }
    try:
        solcx.set_solc_version(VERSION, silent=True)
        output: dict[str, Any] = solcx.compile_standard(request, base_path=root)
    except (SolcError, OSError, ValueError) as error:
        words = str(error).strip().splitlines()
        raise CompilationFailed("the contracts do not compile: " + "\n".join(words[:20])) from error
    return output


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text)
    part.replace(path)


def main() -> int:
    """Compile and say what happened; the exit code is 2 when the mend is the user's."""
    try:
        ran = build()
    except CompilationFailed as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("contracts compiled\n" if ran else "contracts unchanged\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
