"""Faults 43, 44 and 59: where the file of an export may stand, and what is left when it cannot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from metrics24 import AmbiguousWrite, Metrics24Error, SaveError, TransportError, UnexpectedAnswerWarning, UsageError
from support import programs, steps
from support.account import IDENTITY, Fetching, Stage, leftovers, operation_of, record
from support.scripted import Serve
from support.storage import LARGE, constant, csv_file, cut

HALF = len(LARGE) // 2
SMALL = csv_file(100)


def refused(fetch: Fetching, target: Path | str, *, overwrite: bool = False) -> Metrics24Error:
    """Save where nothing can be saved; storage must not be asked."""
    job = fetch.job()
    calls = [*fetch.stage.account.calls]
    with pytest.raises((UsageError, SaveError)) as caught:
        fetch.run.result(job.save(target, overwrite=overwrite))
    assert (fetch.stage.account.calls, fetch.stage.bucket.hits) == (calls, 0)
    return caught.value


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_fault_43_a_full_disk_keeps_what_arrived(serve: Serve, tmp_path: Path, mode: str) -> None:
    """Fault 43: on a full disk the target is untouched and the part kept; with room again the rest is fetched."""
    stage, target = Stage(serve), tmp_path / "clicks.csv"
    target.write_text("old")
    said = programs.output("downloading", mode, stage.api.base_url, str(target), "overwrite", f"full={HALF}")
    assert said[0].startswith(f"SaveError: {target} could not be written (File too large)")
    assert "make room" in said[0]
    assert target.read_text() == "old"
    kept = (tmp_path / "clicks.csv.part").read_bytes()
    assert LARGE[: len(kept)] == kept
    assert HALF - 16_384 < len(kept) <= HALF
    said = programs.output("downloading", mode, stage.api.base_url, str(target), "overwrite")
    assert (said, target.read_bytes()) == ([f"saved {len(LARGE)}"], LARGE)
    assert (stage.storage.asked, leftovers(tmp_path)) == ([0, len(kept)], ["clicks.csv"])


def test_fault_43_a_disk_without_room_for_a_byte_leaves_nothing(serve: Serve, tmp_path: Path) -> None:
    """Fault 43: where nothing at all can be written there is a clear error and no litter."""
    stage = Stage(serve)
    said = programs.output("downloading", "async", stage.api.base_url, str(tmp_path / "clicks.csv"), "full=0")
    assert said[0].startswith("SaveError: ")
    assert leftovers(tmp_path) == []


def test_fault_44_a_target_that_exists_is_refused(fetch: Fetching) -> None:
    """Fault 44: without overwrite a file stays as it is, and the export is named and not fetched; with it, replaced."""
    fetch.target.write_text("old")
    said = str(refused(fetch, fetch.target))
    assert "overwrite=True" in said
    assert said.endswith(f". The export is kept: exports.resume('{IDENTITY}') takes it up again.")
    assert (fetch.target.read_text(), leftovers(fetch.target.parent)) == ("old", ["clicks.csv"])
    assert fetch.saved(overwrite=True) == LARGE


def test_a_target_that_could_not_be_what_it_says_is_refused(fetch: Fetching) -> None:
    """CSV does not land in a file that is named like another format, and what is no path is a UsageError."""
    targets: list[Any] = [fetch.target.with_name("clicks.JSONL"), fetch.target.with_name("clicks.csv.gz"), None, 5]
    for target in targets:
        refused(fetch, target)
    assert leftovers(fetch.target.parent) == []


def test_fault_44_a_target_that_appears_meanwhile_is_left_alone(fetch: Fetching) -> None:
    """Fault 44: a file that another program puts there during the download stays, and nothing is fetched twice."""

    def interfere(_: object) -> None:
        fetch.target.write_text("mine")

    with pytest.raises(SaveError, match="appeared"):
        fetch.run.result(fetch.job().save(fetch.target, on_progress=interfere))
    assert fetch.target.read_text() == "mine"
    assert fetch.saved(overwrite=True) == LARGE
    assert fetch.stage.storage.asked == [0, len(LARGE)]


PLACES = ["folder", "missing/clicks.csv", "to_folder", "fifo", "nul\0.csv", "n" * 250 + ".csv"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_fault_44_a_place_where_no_file_can_be_is_refused(fetch: Fetching, overwrite: bool) -> None:
    """Fault 44: folders, pipes and impossible names are refused before any fetch; links are replaced."""
    folder, links = fetch.target.parent, ["dangling.csv", "link.csv"]
    make_places(folder)
    before = leftovers(folder)
    for place in PLACES if overwrite else [*PLACES, *links]:
        refused(fetch, folder / place, overwrite=overwrite)
    assert leftovers(folder) == before
    for place in links if overwrite else ():  # the link is replaced, not what it leads to
        assert fetch.run.result(fetch.job().save(folder / place, overwrite=True)).bytes == len(LARGE)
        assert (not (folder / place).is_symlink(), (folder / "aim.csv").read_text()) == (True, "mine")


def make_places(folder: Path) -> None:
    """Make the places where no file can be."""
    (folder / "folder").mkdir()
    (folder / "aim.csv").write_text("mine")
    (folder / "dangling.csv").symlink_to(folder / "nowhere")
    (folder / "link.csv").symlink_to(folder / "aim.csv")
    (folder / "to_folder").symlink_to(folder / "folder")
    os.mkfifo(folder / "fifo")


@pytest.mark.parametrize("overwrite", [False, True])
def test_fault_44_places_of_the_system_are_refused(fetch: Fetching, overwrite: bool) -> None:
    """Fault 44: devices and folders that take no files are an error of ours before anything is fetched."""
    for place in ("/dev/null", "/proc/clicks.csv", "/", "", ".", "..", "/dev/null/clicks.csv"):
        refused(fetch, place, overwrite=overwrite)


def test_fault_44_a_name_too_long_for_its_part_is_refused_at_once(fetch: Fetching) -> None:
    """Fault 44: a name that leaves no room for `.part` and its label is refused before the export is waited for."""
    for length in (246, 250, 251, 255, 256, 300):
        refused(fetch, fetch.target.with_name("n" * length))
    assert leftovers(fetch.target.parent) == []


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "a\0b", "..", "C:\\evil", "ä?#%2e&="])
def test_fault_59_a_servers_file_name_is_never_a_path(fetch: Fetching, name: str) -> None:
    """Fault 59: whatever the server calls its file is asked for by that name, and written where the user says."""
    fetch.stage.account.export = record(artifact_name=name)
    assert fetch.saved() == LARGE
    asked = [request.query for request in fetch.stage.api.requests if request.query]
    assert [value for pairs in asked for _, value in pairs] == [name]


@pytest.mark.parametrize("name", [None, 7])
def test_fault_59_a_file_name_that_is_none_is_looked_for_elsewhere(fetch: Fetching, name: Any) -> None:
    """Fault 59: where one name is no text the other serves."""
    fetch.stage.account.export = record(artifact_name=name, artifact={"name": "clicks.csv"})
    if not name:
        assert fetch.saved() == LARGE
        return
    with pytest.warns(UnexpectedAnswerWarning):
        assert fetch.saved() == LARGE


@pytest.mark.parametrize("identity", ["..", "../../x", "a?b#c"])
def test_fault_59_a_servers_id_bends_no_url(fetch: Fetching, identity: str) -> None:
    """Fault 59: an id that could bend a URL is refused when the export begins, and not taken over when it is read."""
    fetch.stage.account.say_next("downloadClicks", steps.respond_json(record(id=identity, status="PENDING")))
    client = fetch.run.client(fetch.stage.api, clock=fetch.clock)
    with pytest.raises(AmbiguousWrite):
        fetch.run.result(client.exports.start("clicks", "int1", fields=["a"]))
    fetch.stage.account.export = record(id=identity)
    job = fetch.run.result(fetch.job().refresh())
    assert job.id == IDENTITY
    paths = {(operation_of(request), request.path) for request in fetch.stage.api.requests}
    assert [name for name, _ in sorted(paths)] == ["downloadClicks", "getExport", "listExports"]


def test_a_label_that_is_nonsense_is_not_believed(fetch: Fetching) -> None:
    """A part whose label is broken, of another export or absurd is fetched from zero."""
    labels = ["", "[" * 100_000, "7", '{"export": "other", "etag": "\\"v1\\""}', '{"export": "exp_1", "etag": 7}']
    labels += ['{"export": "exp_1", "etag": "\\"a\\r\\nX-Evil: 1\\""}', '{"export": "exp_1", "etag": "\\u00e9"}']
    for label in labels:
        fetch.part.write_bytes(b"nonsense")
        fetch.part.with_name("clicks.csv.part.json").write_text(label)
        assert fetch.saved() == LARGE
        fetch.target.unlink()
    assert fetch.stage.storage.asked == [0] * len(labels)


def test_a_part_of_another_file_is_not_mixed_with_this_one(fetch: Fetching) -> None:
    """The rest of one export is not taken for the beginning of another to the same path."""
    fetch.stage.storage.fail_next(cut(HALF), *[constant(steps.reset)] * 5)
    fetch.failed(TransportError)
    fetch.stage.account.export = record(id="exp_2")
    fetch.stage.storage.content = SMALL
    assert fetch.saved() == SMALL
