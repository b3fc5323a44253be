"""Cassettes that are missing, stale or strange are told from good ones, with a word on what to do."""

import shutil
from collections.abc import Callable
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


def copied(folder: Path, target: str, change: Callable[[str], str] = str) -> None:
    """Copy the cassette of clicks and its result, with its text changed."""
    (folder / "live").mkdir(exist_ok=True)
    text = change((folder / "clicks.yaml").read_text("utf-8"))
    (folder / f"{target}.yaml").write_text(text, "utf-8")
    if target != "clicks":
        shutil.copy(folder / "clicks.json", folder / f"{target}.json")


def stale(text: str) -> str:
    """A live cassette for another specification."""
    return text.replace("kind: sandbox", "kind: live").replace("# spec: ", "# spec: 0")


STRANGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no result": (
        lambda folder: (folder / "clicks.json").unlink(),
        "clicks.yaml has no result beside it: run `make record`",
    ),
    "no header": (
        lambda folder: copied(folder, "clicks", lambda text: text.partition("interactions:")[2]),
        "clicks.yaml has no header that says where it comes from: run `make record`",
    ),
    "no scenario": (lambda folder: copied(folder, "forgotten"), "forgotten.yaml belongs to no scenario: delete it"),
    "stale and live": (
        lambda folder: copied(folder, "live/clicks", stale),
        "live/clicks.yaml was recorded for another openapi/spec.yaml: run `make regenerate` unless that is done, then "
        "run `make record LIVE=1` with the options of docs/contract.md, or delete the file",
    ),
    "the wrong folder": (
        lambda folder: copied(folder, "live/clicks"),
        "live/clicks.yaml was recorded from the sandbox, which is not where such cassettes are kept",
    ),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_strange_cassette_is_named_with_the_remedy(folder: Path, what: str) -> None:
    """A cassette without result, header or scenario, a stale one and one in the wrong folder are each named."""
    spoil, problem = STRANGE[what]
    spoil(folder)
    assert cassettes.problems(LIVE, folder) == [problem]
