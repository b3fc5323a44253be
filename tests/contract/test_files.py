"""Cassettes that are missing, stale or strange are told from good ones, with a word on what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contract import cassettes
from contract.scenarios import LIVE, SCENARIOS
from spec.document import document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the cassettes, to be spoilt."""
    return shutil.copytree(cassettes.FOLDER, tmp_path / "cassettes")


def test_every_scenario_has_a_cassette_for_this_specification() -> None:
    """There is a cassette with its result for each scenario, none besides, and all are for the spec as it is."""
    found = cassettes.problems(LIVE)
    assert found == [], "\n".join(found)


def test_deleting_any_cassette_is_told_with_the_remedy(folder: Path) -> None:
    """Whichever cassette is deleted, that and nothing else is said, and what to run."""
    for name in SCENARIOS:
        kept = (folder / f"{name}.yaml").rename(folder / "aside")
        assert cassettes.problems(LIVE, folder) == [f"{name}.yaml is missing: run `make record`"]
        kept.rename(folder / f"{name}.yaml")


@pytest.mark.parametrize("changed", sorted(document()["paths"]))
def test_changing_any_path_of_the_spec_is_told_with_the_remedy(changed: str, tmp_path: Path) -> None:
    """Whichever path of the spec is changed, every cassette is said to be stale, and what to run."""
    spec = tmp_path / "spec.yaml"
    text = cassettes.SPEC.read_text("utf-8")
    spec.write_text(text.replace(f"\n  {changed}:", f"\n  {changed}-corrected:"), encoding="utf-8")
    found = cassettes.problems(LIVE, cassettes.FOLDER, spec)
    assert len(found) >= len(SCENARIOS)
    assert all("was recorded for another openapi/spec.yaml: run `make regenerate`" in each for each in found)
    assert sum(each.endswith("then run `make record`") for each in found) == len(SCENARIOS)


def test_a_missing_result_is_told(folder: Path) -> None:
    """A cassette without its result beside it is named."""
    (folder / "clicks.json").unlink()
    assert cassettes.problems(LIVE, folder) == ["clicks.yaml has no result beside it: run `make record`"]


def test_a_cassette_without_a_header_is_told(folder: Path) -> None:
    """A cassette that does not say where it comes from is named."""
    path = folder / "clicks.yaml"
    path.write_text(path.read_text("utf-8").partition("interactions:")[2], encoding="utf-8")
    assert cassettes.problems(LIVE, folder) == [
        "clicks.yaml has no header that says where it comes from: run `make record`"
    ]


def test_a_cassette_that_belongs_to_no_scenario_is_told(folder: Path) -> None:
    """A cassette that no scenario plays any more is named."""
    for suffix in (".yaml", ".json"):
        shutil.copy(folder / f"clicks{suffix}", folder / f"forgotten{suffix}")
    assert cassettes.problems(LIVE, folder) == ["forgotten.yaml belongs to no scenario: delete it"]


def test_a_stale_live_cassette_names_its_own_remedy(folder: Path) -> None:
    """A live cassette for another spec says that it wants a key, and where that is described."""
    path = folder / "live" / "clicks.yaml"
    path.parent.mkdir(exist_ok=True)
    text = (folder / "clicks.yaml").read_text("utf-8")
    path.write_text(text.replace("kind: sandbox", "kind: live").replace("# spec: ", "# spec: 0"), encoding="utf-8")
    path.with_suffix(".json").write_text("[]")
    [found] = [each for each in cassettes.problems(LIVE, folder) if each.startswith("live/clicks.yaml")]
    assert "run `make record LIVE=1` with the options of docs/contract.md, or delete the file" in found


def test_a_cassette_in_the_wrong_folder_is_told(folder: Path) -> None:
    """A conversation with the sandbox does not pass for one with the live API."""
    (folder / "live").mkdir(exist_ok=True)
    for suffix in (".yaml", ".json"):
        shutil.copy(folder / f"clicks{suffix}", folder / "live" / f"clicks{suffix}")
    assert any("recorded from the sandbox, which is not where" in each for each in cassettes.problems(LIVE, folder))
