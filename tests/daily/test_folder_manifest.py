"""`rows.save_daily` into folders that have files already: days of other rows are not mixed with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from daily.days import of_day
from files.round_trip import files_in
from metrics24 import DailyFile, Filter, SaveError, UsageError, field
from metrics24.daily import filter_texts
from metrics24.files.atomic import AtomicFile
from support.running import Running
from support.scripted import Serve, in_turn
from support.steps import respond_json
from support.tables import Table

DAY: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-01"}
MANIFEST = ".metrics24-clicks.json"
APPROVED = field("status").eq("approved")
B = ["b:like=a%", "b=2"]
BOTH = field("request_time").gte("2025") & APPROVED


def save(run: Running, client: Any, folder: Path, integration: str = "int1", **options: Any) -> Any:
    """Save the first of February, with a filter if there is one among the options."""
    rows = client.reports.clicks(integration, **DAY, filter=options.pop("filter", None))
    return run.result(rows.save_daily(folder, **options))


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        ({}, {"integration": "int2"}, "of int1 without a filter; you request those of int2."),
        ({}, {"filter": APPROVED}, "of int1 without a filter; you request those with status=approved."),
        (
            {"filter": BOTH},
            {"filter": APPROVED},
            "of int1 with request_time>=2025, status=approved; you request those with status=approved.",
        ),
        (
            {"columns": "spec"},
            {"integration": "int2"},
            "of int1 without a filter with the columns of the spec alone; you request those of int2 with all columns.",
        ),
        (
            {"format": "csv", "spreadsheet_safe": True},
            {"format": "csv"},
            "of int1 without a filter made safe for spreadsheets; you request those not made safe for spreadsheets.",
        ),
        ({}, {"format": "csv", "filter": APPROVED}, "without a filter; you request those with status=approved."),
    ],
)
def test_days_of_other_rows_are_refused(
    run: Running, serve: Serve, tmp_path: Path, *, first: Any, second: Any, complaint: str
) -> None:
    """A folder with days of other rows is refused, says which, and nothing is asked for or changed."""
    server = serve(Table(of_day(1, 3)))
    client = run.client(server)
    save(run, client, tmp_path, **first)
    asked, files = server.hits, files_in(tmp_path)
    with pytest.raises(UsageError) as caught:
        save(run, client, tmp_path, **second)
    assert str(caught.value).startswith(f"{tmp_path} holds clicks of int1 ")
    assert str(caught.value).endswith(f"{complaint} Choose another folder.")
    assert (server.hits, files_in(tmp_path)) == (asked, files)
    assert save(run, client, tmp_path, **first).days[0].skipped


def test_other_days_and_equal_filters_are_the_same_rows(run: Running, serve: Serve, tmp_path: Path) -> None:
    """Options that do not change the rows of a day, and the order of a filter's conditions, do not matter."""
    client = run.client(serve(Table(of_day(1, 3))))
    save(run, client, tmp_path, filter=BOTH)
    same = APPROVED & field("request_time").op("gte", "2025")
    rows = client.reports.clicks("int1", start="2025-01-31", end="2025-02-01", filter=same, page_size=50)
    files = run.result(rows.save_daily(tmp_path, timezone="UTC", parallel=2))
    assert [file.skipped for file in files.days] == [False, True]


def test_kinds_and_formats_share_a_folder(run: Running, serve: Serve, tmp_path: Path) -> None:
    """Each kind has its own manifest, and what only CSV knows counts from the first CSV file on."""
    client = run.client(serve(Table(of_day(1, 3))))
    save(run, client, tmp_path)
    run.result(client.reports.conversions("int2", **DAY).save_daily(tmp_path))
    save(run, client, tmp_path, format="csv", spreadsheet_safe=True)
    save(run, client, tmp_path)
    with pytest.raises(UsageError):
        save(run, client, tmp_path, format="csv")
    assert json.loads((tmp_path / MANIFEST).read_text()) == {
        "integration": "int1",
        "filters": [],
        "columns": None,
        "spreadsheet_safe": True,
    }


def test_folders_of_older_versions_get_a_manifest(run: Running, serve: Serve, tmp_path: Path) -> None:
    """Files without a manifest are accepted and get that of the first call, even if nothing had to be read."""
    client = run.client(serve(Table(of_day(1, 3))))
    save(run, client, tmp_path)
    (tmp_path / MANIFEST).unlink()
    assert save(run, client, tmp_path).days[0].skipped
    with pytest.raises(UsageError):
        save(run, client, tmp_path, "int2")


def test_a_folder_that_is_only_read_is_enough(
    run: Running, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that cannot be written is no error if nothing has to be saved."""
    client = run.client(serve(Table(of_day(1, 3))))
    save(run, client, tmp_path)
    (tmp_path / MANIFEST).unlink()
    monkeypatch.setattr("metrics24.daily.AtomicFile", FullDisk)
    assert save(run, client, tmp_path).days[0].skipped
    assert files_in(tmp_path) == ["clicks-2025-02-01.parquet"]


def test_a_folder_without_days_is_free(run: Running, serve: Serve, tmp_path: Path) -> None:
    """A call that saved no day leaves no manifest, and a manifest whose files were all removed binds nobody."""
    with pytest.raises(Exception, match="401"):
        save(run, run.client(serve(in_turn(respond_json({}, status=401)))), tmp_path)
    assert files_in(tmp_path) == []
    client = run.client(serve(Table(of_day(1, 3))))
    save(run, client, tmp_path)
    (tmp_path / "clicks-2025-02-01.parquet").unlink()
    save(run, client, tmp_path, "int2")
    assert json.loads((tmp_path / MANIFEST).read_text())["integration"] == "int2"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_manifest_that_cannot_be_read_is_refused(run: Running, serve: Serve, tmp_path: Path, content: bytes) -> None:
    """A broken manifest is an error that says what to do, since a guess could mix days."""
    client = run.client(serve(Table(of_day(1, 3))))
    save(run, client, tmp_path)
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot be read, so it is not known which clicks .* holds\. Remove it "):
        save(run, client, tmp_path)


class FullDisk(AtomicFile):
    """A file on a disk that is full."""

    def commit(self) -> int:
        """Fail."""
        raise OSError(28, os.strerror(28))


def test_a_manifest_that_cannot_be_written_loses_no_day(
    run: Running, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call fails if the manifest cannot be written; the day's file is kept and reported."""
    monkeypatch.setattr("metrics24.daily.AtomicFile", FullDisk)
    saved: list[DailyFile] = []
    with pytest.raises(SaveError):
        save(run, run.client(serve(Table(of_day(1, 3)))), tmp_path, on_saved=saved.append)
    assert [(str(file.day), file.complete) for file in saved] == [("2025-02-01", True)]
    assert files_in(tmp_path) == ["clicks-2025-02-01.parquet"]


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (None, []),
        (
            field("b").op("like", "a%") & field("b").eq("2") & field("a").any_of("2", "1", "2"),
            ["a=1", "a=2", "b:like=a%", "b=2"],
        ),
        (field("c").lte(3) & field("c").gte("1") & field("a").op("eq", "1"), ["a=1", "c<=3", "c>=1"]),
    ],
)
def test_a_filter_is_written_in_one_way(given: Filter | None, texts: list[str]) -> None:
    """Each condition has one text, and the order and repetition of conditions are gone."""
    assert filter_texts(given) == texts
