"""`metrics24 pull --via export` when an export is refused, fails, is cut or interrupted: what is said of it."""

import json
import shlex
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from cli.commands import Shell, interrupt
from cli.conftest import Metrics24, Serve
from exports.report_with_export import DOCUMENTED, ROWS, ReportWithExport, csv_of
from files.round_trip import files_in, read_json_lines
from support.account import IDENTITY, record
from support.steps import reset, respond_json

PENDING = respond_json(record(status="PENDING", artifact_name=None))
RANGE = ("--integration", "int1", "--start", "2025-02-01", "--end", "2025-02-04")
PULL = ("pull", "clicks", *RANGE, "--via", "export", "-o", "rows.jsonl")


@pytest.fixture
def api(serve: Serve) -> ReportWithExport:
    """A report of 14 rows, and an export of them."""
    return ReportWithExport(serve)


def names(path: Path) -> list[object]:
    """The ids of the rows in a file."""
    return [row["real_tx_id"] for row in read_json_lines(path)]


@pytest.mark.parametrize("status", ["ERROR", "CANCELED"])
def test_an_export_that_fails_ends_the_pull(
    metrics24: Metrics24, api: ReportWithExport, desk: Path, status: str
) -> None:
    """--via export ends with code 10 and the export's id; there is nothing to go on with."""
    api.account.export |= {"status": status}
    ended = metrics24(*PULL, "--json", "--base-url", api.api.base_url)
    error = json.loads(ended.err)["error"]
    assert (ended.code, error["export_id"], error["resume"]) == (10, IDENTITY, None)
    assert files_in(desk) == []


def test_an_answer_that_is_lost_leaves_it_unknown(metrics24: Metrics24, api: ReportWithExport) -> None:
    """--via export whose request has no answer ends with code 14 and says where to look."""
    api.account.exports = []
    api.account.say_next("downloadClicks", reset)
    ended = metrics24(*PULL, "--base-url", api.api.base_url)
    assert ended.code == 14
    assert "The export may or may not have been asked for" in ended.err


def test_an_export_that_is_cut_is_not_the_table(metrics24: Metrics24, api: ReportWithExport, desk: Path) -> None:
    """An export with as many rows as one may have lacks some: no file, code 7, and how to split the days."""
    api.account.export |= {"results_meta": {"total": 5_000_000}}
    draft = desk / f"rows.jsonl.{sha256(IDENTITY.encode()).hexdigest()[:8]}.csv"
    draft.write_bytes(csv_of(api.table))
    ended = metrics24(*PULL, "--base-url", api.api.base_url)
    assert (ended.code, files_in(desk)) == (7, [draft.name])
    assert "Save by pages, or fewer days at once; a plan of exports splits a range." in ended.err
    assert f"kept in {draft.name}. metrics24 exports resume {IDENTITY} -o FILE.csv saves its CSV" in ended.err
    assert f"The export is {IDENTITY}." in ended.err


def test_a_filter_that_is_ignored_is_told(metrics24: Metrics24, api: ReportWithExport) -> None:
    """Rows of an export that contradict the filter are counted in a warning."""
    ended = metrics24(*PULL, "--filter", "real_tx_id=r3", "--base-url", api.api.base_url)
    assert f"The server seems to ignore the filter: {ROWS - 1} of {ROWS} rows contradict it" in ended.err


@pytest.mark.parametrize("as_json", [False, True])
def test_columns_that_an_export_lacks_are_named(
    metrics24: Metrics24, api: ReportWithExport, desk: Path, *, as_json: bool
) -> None:
    """The columns of the report table that stay empty are named on stderr, or in the summary for programs."""
    api.storage.content = csv_of(api.table, ("real_tx_id", "request_time"))
    lacked = [name for name in DOCUMENTED if name not in ("real_tx_id", "request_time")]
    ended = metrics24(*PULL, *(["--json"] if as_json else []), "--base-url", api.api.base_url)
    assert (ended.code, names(desk / "rows.jsonl")) == (0, api.names())
    if as_json:
        facts = json.loads(ended.out)
        assert (ended.err, facts["missing"], facts["as_text"], facts["rows"]) == ("", lacked, [], ROWS)
    else:
        assert f"The export has no {', '.join(lacked)}: these columns are empty.\n" in ended.err


@pytest.mark.parametrize(
    ("options", "advised"), [((), True), (("--limit", "12"), False), (("--quiet",), False), (("--json",), False)]
)
def test_a_long_pull_by_pages_says_that_an_export_may_be_faster(
    metrics24: Metrics24, api: ReportWithExport, *, options: tuple[str, ...], advised: bool
) -> None:
    """If pages take more than ten minutes one line names the other way, unless an export cannot do it."""
    years = ("pull", "clicks", "--integration", "int1", "--start", "2015-02-01", "--end", "2025-02-04")
    ended = metrics24(*years, *options, "--page-size", "1", "--base-url", api.api.base_url, "-o", "rows.csv")
    assert ended.code == 0
    assert ended.err.count("; --via export may be faster.\n") == advised
    assert ended.err.startswith("The pages will take about ") == advised


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_fault_64_an_interrupt_while_waiting_says_how_to_go_on(
    shell: Shell, metrics24: Metrics24, api: ReportWithExport, desk: Path, number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM name the export and a command that takes it up again instead of asking for another."""
    api.account.say_next("downloadClicks", PENDING)
    with shell.start(*PULL, "--base-url", api.api.base_url) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == f"Export {IDENTITY}: PENDING\n"
        ended = interrupt(process, number)
    assert ended.code == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert f"The export {IDENTITY} goes on at the server" in ended.err
    command = shlex.split(ended.err.rpartition("Go on with: ")[2])
    assert command[:2] == ["metrics24", "pull"]
    assert command[command.index("--reuse") + 1] == "86400"
    assert files_in(desk) == []
    assert metrics24(*command[1:]).code == 0
    assert names(desk / "rows.jsonl") == api.names()
