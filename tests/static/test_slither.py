"""Slither's detectors over the contracts: what is of high or medium impact is explained here, or mended.

Slither reads syntax trees, so the compiler makes nothing else for it: no optimizer, no code.
"""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from protocol.ledger import compiler
from protocol.ledger.artefacts import ROOT

TRIAGE = Path(__file__).with_name("slither.toml")
REMAPPING = "@openzeppelin/=node_modules/@openzeppelin/"
NO_CODE = {"object": "", "sourceMap": "", "linkReferences": {}, "opcodes": "", "immutableReferences": {}}


def write_syntax_trees(target: Path) -> None:
    """Write what Slither takes for a build of Foundry's."""
    os.environ["SOLCX_BINARY_PATH"] = str(ROOT / "scripts" / "solc")
    import solcx

    settings = compiler.SETTINGS | {
        "remappings": [REMAPPING],
        "outputSelection": {"*": {"*": ["abi", "evm.methodIdentifiers", "userdoc", "devdoc"], "": ["ast"]}},
    }
    sources = {unit: {"content": text} for unit, text in compiler.sources_of(ROOT).items()}
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    solcx.set_solc_version(compiler.VERSION, silent=True)
    output = solcx.compile_standard(request, base_path=ROOT)
    for unit in output["contracts"].values():
        for made in unit.values():
            made["evm"] |= {"bytecode": NO_CODE, "deployedBytecode": NO_CODE}
    target.mkdir(parents=True)
    build = {"id": "syntax", "solcVersion": compiler.VERSION, "input": request, "output": output}
    (target / "syntax.json").write_text(json.dumps(build))


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """What Slither finds: detector and place."""
    folder = tmp_path_factory.mktemp("slither")
    write_syntax_trees(folder / "build-info")
    report = folder / "report.json"
    command = [
        str(Path(sys.executable).with_name("slither")), ".",
        "--compile-force-framework", "foundry", "--ignore-compile",
        "--foundry-build-info-directory", str(folder / "build-info"),
        "--filter-paths", "node_modules",
        "--exclude-informational", "--exclude-optimization", "--exclude-low",
        "--config-file", str(folder / "none.json"), "--triage-database", str(folder / "none.db.json"),
        "--fail-none", "--json", str(report),
    ]  # fmt: skip
    (folder / "none.json").write_text("{}")
    forge = next((ROOT / "node_modules" / "@foundry-rs").glob("forge-*/bin/forge*"))
    environment = os.environ | {"PATH": f"{forge.parent}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert report.is_file(), ran.stderr[-4000:]
    answer = json.loads(report.read_text())
    assert answer["success"], answer["error"]
    found = answer["results"].get("detectors", [])
    return {(each["check"], each["description"].split(" (contracts/")[0].strip()) for each in found}


def explained(found: tuple[str, str], entries: dict[tuple[str, str], str]) -> tuple[str, str] | None:
    """The entry that explains a finding; the place * is for a detector whose premise does not hold here."""
    return next((key for key in (found, (found[0], "*")) if key in entries), None)


def triaged() -> dict[tuple[str, str], str]:
    entries = tomllib.loads(TRIAGE.read_text()).get("finding", [])
    return {(entry["detector"], entry["where"]): entry["reason"] for entry in entries}


def test_nothing_that_slither_finds_is_unexplained(findings: set[tuple[str, str]]) -> None:
    unexplained = sorted(found for found in findings if explained(found, triaged()) is None)
    assert not unexplained, f"mend the contract, or explain in {TRIAGE.name}: {unexplained}"


def test_no_explanation_outlives_what_it_explains(findings: set[tuple[str, str]]) -> None:
    stale = sorted(set(triaged()) - {explained(found, triaged()) for found in findings})
    assert not stale, f"remove from {TRIAGE.name}: {stale}"
    assert all(len(reason.split()) > 3 for reason in triaged().values())
