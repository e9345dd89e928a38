"""The compiler runs when something changed, and says in words what is wrong."""

import shutil
from pathlib import Path

import pytest

from protocol.ledger import compiler
from protocol.ledger.artefacts import CONTRACTS, ROOT, load_artefact
from protocol.ledger.errors import CompilationFailed

SMALL = (
    "// SPDX-License-Identifier: MIT\npragma solidity 0.8.34;\ncontract {name} {{ uint256 public value; }}\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with three small contracts and the real toolchain."""
    (tmp_path / "contracts").mkdir()
    for name in CONTRACTS:
        (tmp_path / "contracts" / f"{name}.sol").write_text(SMALL.format(name=name))
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    shutil.copytree(ROOT / "scripts" / "solc", tmp_path / "scripts" / "solc")
    return tmp_path


def test_unchanged_sources_are_not_compiled_again(project: Path, tmp_path: Path) -> None:
    target = tmp_path / "build"
    assert compiler.build(project, target)
    assert not compiler.build(project, target)
    before = load_artefact("Registry", target).deployed_bytecode
    source = project / "contracts" / "Registry.sol"
    source.write_text(source.read_text().replace("uint256", "int128"))
    assert compiler.build(project, target)
    assert load_artefact("Registry", target).deployed_bytecode != before
    (target / "EnergyProduction.json").unlink()
    assert compiler.build(project, target)


def test_a_mistake_is_shown_with_its_place(project: Path, tmp_path: Path) -> None:
    (project / "contracts" / "Registry.sol").write_text(SMALL.format(name="Registry") + "contract Broken {")
    with pytest.raises(CompilationFailed, match=r"contracts/Registry\.sol:4"):
        compiler.build(project, tmp_path / "build")


def test_a_missing_toolchain_says_the_mend(project: Path, tmp_path: Path) -> None:
    (project / "node_modules").unlink()
    with pytest.raises(CompilationFailed, match=r"npm package solc is not installed .* run: make setup"):
        compiler.build(project, tmp_path / "build")


def test_a_checkout_without_contracts_is_named(tmp_path: Path) -> None:
    with pytest.raises(CompilationFailed, match="no contracts are in"):
        compiler.build(tmp_path, tmp_path / "build")
