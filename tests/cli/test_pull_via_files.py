"""`metrics24 pull --via` when the CSV of an export lacks columns, is set apart oddly, or has huge cells."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from cli.conftest import Metrics24, Serve
from cli.lanes import DOCUMENTED, PULL, ROWS, Promising, csv_of
from files.round_trip import files_in, read_json_lines
from support.account import IDENTITY
from support.answers import json_answer

EXPORT = (*PULL, "--via", "export", "-o", "rows.jsonl")
FEW = ("real_tx_id", "request_time")
LACKED = [*(name for name in DOCUMENTED if name not in FEW), "planet"]


@pytest.fixture
def api(serve: Serve) -> Promising:
    """A report with a column that nobody knows, and an export of it."""
    return Promising(serve, planet="Mars")


def names(path: Path) -> list[object]:
    """The ids of the rows in a file."""
    return [row["real_tx_id"] for row in read_json_lines(path)]


def test_columns_that_an_export_lacks_are_named(metrics24: Metrics24, api: Promising, desk: Path) -> None:
    """With --via export the file is kept, and the columns of the report table that stay empty are told."""
    api.storage.content = csv_of(api.table, FEW)
    ended = metrics24(*EXPORT, *api.address)
    assert f"The export has no {', '.join(LACKED)}: these columns are empty.\n" in ended.err
    assert (ended.code, names(desk / "rows.jsonl")) == (0, api.names())


@pytest.mark.parametrize(("columns", "lacked"), [(FEW, LACKED), ((*DOCUMENTED, "planet"), [])], ids=["few", "all"])
def test_programs_are_told_the_columns_that_an_export_lacks(
    metrics24: Metrics24, api: Promising, columns: tuple[str, ...], lacked: list[str]
) -> None:
    """The summary of --via export has `missing`, which is empty where the export has all columns."""
    api.storage.content = csv_of(api.table, columns)
    ended = metrics24(*EXPORT, "--json", *api.address)
    facts = json.loads(ended.out)
    assert (ended.code, ended.err, facts["missing"], facts["rows"]) == (0, "", lacked, ROWS)
    assert facts["as_text"] == []


@pytest.mark.parametrize("late", [False, True])
def test_a_delimiter_that_is_none_ends_an_export(
    metrics24: Metrics24, api: Promising, desk: Path, *, late: bool
) -> None:
    """Two characters between cells are code 7, before a download if they are told by then, and how to have the CSV."""
    api.storage.content = csv_of(api.table, delimiter="||")
    if late:
        api.account.say_next("downloadClicks", json_answer(dict(api.account.export)))
    api.account.export["format"] = {"delimiter": "||"}
    ended = metrics24(*EXPORT, *api.address)
    assert ended.code == 7
    assert f"The server says that '||' separates the cells of export {IDENTITY}" in ended.err
    kept = f"rows.jsonl.{sha256(IDENTITY.encode()).hexdigest()[:8]}.csv"
    assert files_in(desk) == ([kept] if late else [])
    assert (f"What was downloaded is kept in {kept}." in ended.err) is late
    assert metrics24("exports", "resume", IDENTITY, *api.address, "-o", "rows.csv").code == 0
    assert ((desk / "rows.csv").read_bytes(), api.asked()) == (api.storage.content, 1)


def test_a_cell_of_an_export_may_be_large(metrics24: Metrics24, serve: Serve, desk: Path) -> None:
    """A cell of more than 128 KiB, at which Python's reader stops by itself, is laid out like any other."""
    api = Promising(serve, planet="x" * 200_000)
    api.storage.content = csv_of(api.table, (*DOCUMENTED, "planet"))
    assert metrics24(*EXPORT, *api.address).code == 0
    assert [len(row["planet"]) for row in read_json_lines(desk / "rows.jsonl")] == [200_000] * ROWS
