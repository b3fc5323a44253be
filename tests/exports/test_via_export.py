"""`rows.save(path, via="export")`: a file like that of pages, made of an export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from exports.report_with_export import DOCUMENTED, ROWS, ReportWithExport, csv_of
from files.round_trip import files_in, read_csv, read_json_lines
from metrics24 import (
    AmbiguousWrite,
    DownloadProgress,
    ExportFailed,
    ExportTimeout,
    FilterIgnoredWarning,
    Forbidden,
    IntegrityError,
    Limits,
    Progress,
    TruncatedExportWarning,
    UsageError,
    Waiting,
    WaitProgress,
    field,
)
from support.account import IDENTITY, record
from support.clock import FakeClock
from support.running import Running
from support.scripted import Serve
from support.steps import reset, respond_json

RANGE: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-04"}
FEW = ("real_tx_id", "request_time")
PENDING = respond_json(record(status="PENDING", artifact_name=None))
Save = Callable[..., Any]


@pytest.fixture
def api(serve: Serve) -> ReportWithExport:
    """A report with a column that is not documented, and an export of it."""
    return ReportWithExport(serve, planet="Mars")


@pytest.fixture
def save(run: Running, api: ReportWithExport, tmp_path: Path, clock: FakeClock) -> Save:
    """Save the report's rows through an export to a file of this name."""

    def save(name: str = "rows.jsonl", *, asked: Any = None, **options: Any) -> Any:
        rows = run.client(api.api, clock=clock).reports.clicks("int1", **RANGE, **(asked or {}))
        return run.result(rows.save(tmp_path / name, **{"via": "export", **options}))

    return save


def names(path: Path) -> list[object]:
    """Give the ids of the rows in a file."""
    return [row["real_tx_id"] for row in read_json_lines(path)]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet"])
def test_an_export_makes_the_file_that_pages_make(save: Save, api: ReportWithExport, tmp_path: Path, name: str) -> None:
    """Columns, order and values are those of pages; one export is asked for, and no download is left behind."""
    api.storage.content = csv_of(api.table, (*DOCUMENTED, "planet"))
    saved = save(name)
    pages = save(f"pages-{name}", via="pages")
    assert (saved.path, saved.rows, saved.misfits) == (tmp_path / name, ROWS, 0)
    assert (saved.export_id, saved.missing, saved.as_text) == (IDENTITY, (), ())
    assert (pages.export_id, pages.missing, pages.as_text) == (None, (), ())
    if name == "rows.parquet":
        assert parquet.read_table(saved.path).equals(parquet.read_table(pages.path))
    else:
        read = read_csv if name == "rows.csv" else read_json_lines
        assert read(saved.path) == read(pages.path)
    assert files_in(tmp_path) == sorted([name, f"pages-{name}"])
    assert api.asked() == 1


def test_progress_is_that_of_rows_of_waiting_and_of_the_download(save: Save, api: ReportWithExport) -> None:
    """`on_progress` hears of the first rows, of the export with its id, of its bytes, and of the rows written."""
    api.account.say_next("downloadClicks", PENDING)
    steps: list[Any] = []
    save(on_progress=steps.append)
    kinds = list(dict.fromkeys(map(type, steps)))
    assert kinds == [Progress, WaitProgress, DownloadProgress]
    waiting = [step for step in steps if isinstance(step, WaitProgress)]
    assert {step.export_id for step in waiting} == {IDENTITY}
    assert (waiting[0].status, waiting[0].seconds, waiting[-1].status) == ("PENDING", 0, "COMPLETED")
    assert steps[-1] == Progress(rows=ROWS, page_rows=ROWS)


def test_a_cell_of_an_export_may_be_large(save: Save, api: ReportWithExport) -> None:
    """A cell of more than 128 KiB, at which Python's reader stops by itself, is converted like any other."""
    api.storage.content = csv_of(api.table, (*DOCUMENTED, "planet")).replace(b"Mars", b"x" * 200_000)
    assert {len(row["planet"]) for row in read_json_lines(save().path)} == {200_000}


def test_columns_that_differ_from_those_of_pages_are_named(save: Save, api: ReportWithExport) -> None:
    """The result names columns that stay empty and nested values that are text; columns="spec" has no others."""
    api.storage.content = csv_of(api.table, FEW)
    saved = save()
    assert list(saved.missing) == [*(name for name in DOCUMENTED if name not in FEW), "planet"]
    assert names(saved.path) == api.names()
    saved = save("rows.csv", columns="spec")
    assert "planet" not in saved.missing
    assert read_csv(saved.path)[0] == [*DOCUMENTED, "_extra"]
    api.storage.content = csv_of(api.table, (*FEW, "extra_parameters")).replace(b",\n", b",a=b\n")
    assert save("text.jsonl").as_text == ("extra_parameters",)


def test_a_filter_that_is_ignored_is_warned_of(save: Save) -> None:
    """Rows of an export that contradict the filter are counted in a warning."""
    with pytest.warns(FilterIgnoredWarning, match=f"{ROWS - 1} of {ROWS} rows contradict it"):
        save(asked={"filter": field("real_tx_id").eq("r3")})


def test_a_second_save_takes_up_the_export_and_its_download(save: Save, api: ReportWithExport, tmp_path: Path) -> None:
    """A save that failed over the file keeps the download, and one with reuse= asks for nothing again."""
    export = record(results_meta={"total": ROWS}, fields=[*DOCUMENTED, "planet"], start_date="2025-02-01")
    api.account.export |= export
    api.account.export["format"] = {"delimiter": "||"}
    api.account.say_next("downloadClicks", respond_json(dict(record())))
    with pytest.raises(IntegrityError, match=f"'||' separates the cells of export {IDENTITY}") as caught:
        save()
    [kept] = files_in(tmp_path)
    assert caught.value.__notes__ == [f"The download is kept in {tmp_path / kept}."]
    del api.account.export["format"]
    asked = list(api.storage.asked)
    save()
    assert (names(tmp_path / "rows.jsonl"), api.storage.asked) == (api.names(), asked)
    assert files_in(tmp_path) == ["rows.jsonl"]


@pytest.mark.parametrize("delimiter", [";", "||"])
def test_the_delimiter_is_the_one_that_the_server_names(
    save: Save, api: ReportWithExport, tmp_path: Path, delimiter: str
) -> None:
    """The character that the server names separates the cells; two are refused before anything is downloaded."""
    api.account.export["format"] = {"delimiter": delimiter}
    api.storage.content = csv_of(api.table, delimiter=delimiter)
    if delimiter == ";":
        assert names(save().path) == api.names()
        return
    with pytest.raises(IntegrityError, match="separates the cells"):
        save()
    assert (files_in(tmp_path), api.storage.asked) == ([], [])


def test_an_export_that_is_cut_is_not_the_table(run: Running, api: ReportWithExport, tmp_path: Path) -> None:
    """An export with as many rows as one may have lacks some: no file, and the download is kept."""
    client = run.client(api.api, limits=Limits(export_rows=ROWS))
    rows = client.reports.clicks("int1", **RANGE)
    with (
        pytest.warns(TruncatedExportWarning),
        pytest.raises(IntegrityError, match=f"has {ROWS} rows, which is the most that one may have") as caught,
    ):
        run.result(rows.save(tmp_path / "rows.jsonl", via="export"))
    [kept] = files_in(tmp_path)
    assert caught.value.__notes__ == [f"The download is kept in {tmp_path / kept}."]


@pytest.mark.parametrize(
    ("changes", "response", "error"),
    [
        ({"status": "ERROR", "artifact_name": None}, None, ExportFailed),
        ({"status": "PENDING", "artifact_name": None}, None, ExportTimeout),
        ({}, respond_json({}, status=403), Forbidden),
        ({}, reset, AmbiguousWrite),
    ],
)
def test_an_export_that_does_not_come_is_an_error(
    save: Save, api: ReportWithExport, tmp_path: Path, *, changes: dict[str, Any], response: Any, error: type[Exception]
) -> None:
    """An export that is refused, lost, fails, or is not ready in time is an error, and no file is left behind."""
    api.account.export |= changes
    if response:
        api.account.exports = []
        api.account.say_next("downloadClicks", response)
    with pytest.raises(error):
        save(waiting=Waiting(timeout=60))
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("asked", "options", "complaint"),
    [
        ({"limit": 3}, {}, "limit does not go with via='export'"),
        ({"after": "A"}, {}, "after does not go with via='export'"),
        ({"before": "A"}, {}, "before does not go with via='export'"),
        ({}, {"via": "auto"}, "via is 'pages' or 'export', not 'auto'"),
        ({}, {"via": "pages", "reuse": 60}, "reuse and waiting go with via='export' alone"),
        ({}, {"via": "pages", "waiting": Waiting()}, "reuse and waiting go with via='export' alone"),
        ({}, {"reuse": -1}, "reuse must be a number of seconds"),
        ({}, {"columns": "all"}, "columns is 'spec' or left out, not 'all'"),
        ({}, {"name": "rows.txt"}, "does not say its format"),
        ({}, {"name": "none/rows.csv"}, "does not exist"),
    ],
)
def test_what_makes_no_sense_is_refused(
    save: Save, api: ReportWithExport, *, asked: dict[str, Any], options: dict[str, Any], complaint: str
) -> None:
    """Arguments that an export cannot heed, and files that cannot be written, are refused before anything is sent."""
    with pytest.raises(UsageError, match=complaint):
        save(asked=asked, **options)
    assert (api.reports, api.asked()) == (0, 0)


def test_lists_have_no_export(run: Running, api: ReportWithExport, tmp_path: Path) -> None:
    """The items of a list are saved by pages alone."""
    with pytest.raises(UsageError, match="via='export' is for the rows of reports"):
        run.result(run.client(api.api).exports.list().save(tmp_path / "exports.csv", via="export"))
