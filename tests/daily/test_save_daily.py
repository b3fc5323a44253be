"""`rows.save_daily`: which rows a day's file has, and what is reported."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
from pyarrow import parquet

from daily.days import DAYS, days_of, of_day
from files.round_trip import files_in, read_csv, read_json_lines
from metrics24 import (
    AsyncClient,
    DailyFile,
    DailyFiles,
    Forbidden,
    PaginationError,
    Progress,
    ResponseError,
    UsageError,
    field,
)
from metrics24.files.writers import FileWriter
from support.running import Running, make_client
from support.scripted import Serve, in_turn
from support.steps import respond_json
from support.tables import Table, ids, page, row

EVERY = [*of_day(4, 3), *of_day(3, 130), *of_day(2, 120), *of_day(1, 110)]


def test_each_day_has_a_file(run: Running, serve: Serve, tmp_path: Path) -> None:
    """Each file has the rows of its day; the result, `on_saved` and `on_progress` say what was saved."""
    saved: list[DailyFile] = []
    progress: list[Progress] = []
    folder = tmp_path / "new" / "clicks"
    rows = run.client(serve(Table(EVERY))).reports.clicks("int1", **DAYS)
    files = run.result(rows.save_daily(str(folder), format="jsonl", on_saved=saved.append, on_progress=progress.append))
    assert days_of(folder) == {f"2025-02-0{day}": ids(of_day(day, 100 + 10 * day)) for day in (1, 2, 3)}
    assert isinstance(files, DailyFiles)
    assert (files.folder, files.created, files.rows, files.misfits) == (folder, True, 360, 0)
    assert [file.day for file in files.days] == [date(2025, 2, day) for day in (1, 2, 3)]
    assert saved == [*reversed(files.days)]
    path = folder / "clicks-2025-02-03.jsonl"
    assert saved[0] == DailyFile(date(2025, 2, 3), path, False, True, 130, path.stat().st_size, 0)
    assert [step.rows for step in progress] == [97, 197, 297, 360]
    assert (progress[-1].newest, progress[-1].oldest) == ("2025-02-03 10:00:00", "2025-02-01 10:00:00")


@pytest.mark.parametrize("parallel", [1, 3])
def test_days_one_by_one_are_the_days_at_once(run: Running, serve: Serve, tmp_path: Path, parallel: int) -> None:
    """A day saved alone gives the file that it has when it is saved among others, also by parallel requests."""
    reports = run.client(serve(Table(EVERY))).reports
    run.result(reports.clicks("int1", **DAYS).save_daily(tmp_path / "all", format="jsonl", parallel=parallel))
    for number in (1, 2, 3):
        day = f"2025-02-0{number}"
        run.result(reports.clicks("int1", start=day, end=day).save_daily(tmp_path / "alone", format="jsonl"))
    assert files_in(tmp_path / "alone") == files_in(tmp_path / "all")
    assert days_of(tmp_path / "alone") == days_of(tmp_path / "all")


def test_each_format_has_the_same_rows(run: Running, serve: Serve, tmp_path: Path) -> None:
    """Parquet, CSV and JSON Lines files of a day have the same rows, filter and columns as one file would."""
    server = serve(Table(EVERY))
    rows = run.client(server).reports.impressions("int1", **DAYS, filter=field("status").eq("approved"), page_size=70)
    for name in ("parquet", "csv", "jsonl"):
        run.result(rows.save_daily(tmp_path, format=name, columns="spec"))
    path = tmp_path / "impressions-2025-02-02"
    found = ids(read_json_lines(path.with_suffix(".jsonl")))
    header, *lines = read_csv(path.with_suffix(".csv"))
    table = parquet.read_table(path.with_suffix(".parquet"))
    assert found == ids(of_day(2, 120))
    assert [line[header.index("real_tx_id")] for line in lines] == found == table["real_tx_id"].to_pylist()
    assert header == table.column_names
    assert "planet" not in header
    assert {request.parameter("filter[status]") for request in server.requests} == {"approved"}
    assert {request.parameter("page[size]") for request in server.requests} == {"70"}


def test_a_day_without_rows_has_a_file(run: Running, serve: Serve, tmp_path: Path) -> None:
    """A day without rows gets an empty file with the columns."""
    rows = run.client(serve(Table(of_day(3, 2)))).reports.clicks("int1", **DAYS)
    files = run.result(rows.save_daily(tmp_path))
    empty = parquet.read_table(files.days[0].path)
    assert (empty.num_rows, files.days[0].rows) == (0, 0)
    assert {"real_tx_id", "request_time", "_extra"} <= {*empty.column_names}


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_file_is_the_same_as_of_its_rows_alone(run: Running, serve: Serve, tmp_path: Path, suffix: Any) -> None:
    """Long days with fields of their own have the columns of their own rows, and not those of the day before."""
    days = {3: of_day(3, 1500, third="x"), 2: of_day(2, 1250, second=2), 1: of_day(1, 1100, third=1)}
    every = run.client(serve(Table([each for rows in days.values() for each in rows])))
    run.result(every.reports.clicks("int1", **DAYS).save_daily(tmp_path, format=suffix))
    for number, its_rows in days.items():
        alone = tmp_path / f"{number}.{suffix}"
        run.result(run.client(serve(Table(its_rows))).reports.clicks("int1", **DAYS).save(alone))
        path = tmp_path / f"clicks-2025-02-0{number}.{suffix}"
        if suffix == "parquet":
            assert parquet.read_table(path).equals(parquet.read_table(alone))
        else:
            assert path.read_bytes() == alone.read_bytes()


def test_values_without_a_column_are_counted(run: Running, serve: Serve, tmp_path: Path) -> None:
    """`misfits` says how many values of a day, and of all, stand in the column ``_extra``."""
    rows = run.client(serve(Table([*of_day(3, 2, planet="x"), *of_day(1, 1, planet=1)]))).reports.clicks("int1", **DAYS)
    files = run.result(rows.save_daily(tmp_path, columns="spec"))
    extra = 2  # the planet, and a click's time of conversion
    assert ([file.misfits for file in files.days], files.misfits) == ([extra, 0, 2 * extra], 3 * extra)


@pytest.mark.parametrize("time", [None, "", "yesterday", "2025-02-30 10:00:00", "01/02/2025"])
@pytest.mark.parametrize(("kind", "column"), [("clicks", "request_time"), ("conversions", "conversion_time")])
def test_a_row_of_no_day_is_refused(
    run: Running, serve: Serve, tmp_path: Path, *, kind: str, column: str, time: str | None
) -> None:
    """A row whose documented time cannot be read is an error that names the column, and its day has no file."""
    server = serve(in_turn(page([*of_day(3, 50), {**row(1), column: time}])))
    rows = getattr(run.client(server).reports, kind)("int1", **DAYS)
    with pytest.raises(ResponseError, match=f"A row has no {column} that begins with a day") as caught:
        run.result(rows.save_daily(tmp_path))
    assert caught.value.path == f"$.data.data[*].{column}"
    assert files_in(tmp_path) == []


def test_rows_of_one_page_may_be_out_of_order(run: Running, serve: Serve, tmp_path: Path) -> None:
    """Rows around midnight that changed places on a page, or from one page to the next, stand with their days."""
    third, second, first = of_day(3, 100), of_day(2, 100), of_day(1, 100)
    pages = [third[:99] + second[:1], third[99:] + second[2:], second[1:2] + first]
    server = serve(in_turn(*(page(rows, more=rows is not pages[-1]) for rows in pages)))
    run.result(run.client(server).reports.clicks("int1", **DAYS).save_daily(tmp_path, format="jsonl"))
    assert {day: set(found) for day, found in days_of(tmp_path).items()} == {
        "2025-02-01": {*ids(first)},
        "2025-02-02": {*ids(second)},
        "2025-02-03": {*ids(third)},
    }


def test_rows_that_come_too_late_are_an_error(run: Running, serve: Serve, tmp_path: Path) -> None:
    """A row of a day whose file is there already is an error, and the file, which lacks it, is removed."""
    pages = [of_day(3, 50), of_day(2, 50), of_day(1, 50), of_day(3, 60)[:10]]
    server = serve(in_turn(*(page(rows, more=True) for rows in pages)))
    with pytest.raises(PaginationError, match="A row of 2025-02-03 came after a whole page of older rows"):
        run.result(run.client(server).reports.clicks("int1", **DAYS).save_daily(tmp_path, format="jsonl"))
    assert list(days_of(tmp_path)) == ["2025-02-02"]


def test_older_rows_end_the_reading(run: Running, serve: Serve, tmp_path: Path) -> None:
    """The server is not asked for the rows of all the days before the first one."""
    server = serve(Table([*of_day(2, 150), *of_day(1, 3000)]))
    rows = run.client(server).reports.clicks("int1", start="2025-02-02", end="2025-02-02")
    run.result(rows.save_daily(tmp_path, format="jsonl"))
    assert days_of(tmp_path) == {"2025-02-02": ids(of_day(2, 150))}
    assert server.hits <= 4


@pytest.mark.parametrize("error", [Forbidden, ZeroDivisionError], ids=["refused", "raised"])
def test_days_before_an_error_stay_and_are_known(
    run: Running, serve: Serve, tmp_path: Path, error: type[Exception]
) -> None:
    """`on_saved` has named each day that is there when the server refuses, or when a callback raises."""
    pages = [page(of_day(3, 60) + of_day(2, 40), more=True), page(of_day(1, 100), more=True)]
    server = serve(in_turn(*pages, respond_json({"error": "no"}, status=403)))
    saved: list[DailyFile] = []

    def stop(progress: Progress) -> None:
        if error is ZeroDivisionError and progress.rows == 200:
            raise error

    rows = run.client(server).reports.clicks("int1", **DAYS)
    with pytest.raises(error):
        run.result(rows.save_daily(tmp_path, format="jsonl", on_saved=saved.append, on_progress=stop))
    assert [(str(file.day), file.rows) for file in saved] == [("2025-02-03", 60), ("2025-02-02", 40)]
    assert days_of(tmp_path) == {"2025-02-02": ids(of_day(2, 40)), "2025-02-03": ids(of_day(3, 60))}
    assert len(files_in(tmp_path)) == 3


@pytest.mark.parametrize(
    ("asked", "options", "complaint"),
    [
        ({"limit": 0}, {}, "limit does not go with save_daily"),
        ({"after": "A"}, {}, "after does not go with save_daily"),
        ({"before": "A"}, {}, "before does not go with save_daily"),
        ({"end": "2999-01-01"}, {}, r"The last day \(2999-01-01\) has not begun"),
        ({}, {"format": "xlsx"}, "format is one of 'parquet', 'csv', 'jsonl', not 'xlsx'"),
        ({}, {"refresh_last": -1}, "refresh_last must be a number of days, 0 or more, not -1"),
        ({}, {"refresh_last": True}, "refresh_last must be a number of days, 0 or more, not True"),
        ({}, {"timezone": "UTC+3"}, "timezone='UTC[+]3' is no time zone that is known here"),
        ({}, {"timezone": 3}, "timezone=3 is no time zone"),
        ({}, {"columns": "all"}, "columns is 'spec' or left out, not 'all'"),
        ({}, {"spreadsheet_safe": True}, "spreadsheet_safe is for .csv files"),
        ({}, {"parallel": 0}, "parallel must be a whole number, 1 to 32, not 0"),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Running, serve: Serve, tmp_path: Path, *, asked: dict[str, Any], options: dict[str, Any], complaint: str
) -> None:
    """Arguments that contradict save_daily are refused before anything is sent or written."""
    server = serve(Table(EVERY))
    rows = run.client(server).reports.clicks("int1", **{**DAYS, **asked})
    with pytest.raises(UsageError, match=complaint):
        run.result(rows.save_daily(tmp_path / "new", **options))
    assert (server.hits, files_in(tmp_path)) == (0, [])


def test_a_folder_that_cannot_be_one_is_refused(run: Running, serve: Serve, tmp_path: Path) -> None:
    """A folder below a file is refused before anything is sent, and so are lists, which have no days."""
    (tmp_path / "taken").write_text("")
    client = run.client(serve(Table(EVERY)))
    with pytest.raises(UsageError, match="taken/rows cannot be made a folder"):
        run.result(client.reports.clicks("int1", **DAYS).save_daily(tmp_path / "taken" / "rows"))
    with pytest.raises(UsageError, match="save_daily is for the rows of reports"):
        run.result(client.exports.list().save_daily(tmp_path / "exports"))


def test_a_save_that_is_cancelled_leaves_nothing_unfinished(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled while a thread writes, a save waits for that page, and no later day is begun."""
    writing, go_on = Event(), Event()
    write = FileWriter.write

    def slowly(self: FileWriter, rows: Any) -> None:
        writing.set()
        go_on.wait(10)
        write(self, rows)

    monkeypatch.setattr(FileWriter, "write", slowly)

    async def cancel(rows: Any) -> None:
        task = asyncio.ensure_future(rows.save_daily(tmp_path, format="jsonl"))
        await asyncio.to_thread(writing.wait, 10)
        task.cancel()
        Timer(0.1, go_on.set).start()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def run() -> None:
        async with make_client(AsyncClient, serve(Table(EVERY)), None, {}) as client:
            await cancel(client.reports.clicks("int1", **DAYS))

    asyncio.run(run())
    assert files_in(tmp_path) == []
