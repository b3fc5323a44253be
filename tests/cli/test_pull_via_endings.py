"""`metrics24 pull --via` when an export is refused, fails, is cut or interrupted: what is done, and what is said."""

import json
import re
import shlex
import signal
from pathlib import Path

import pytest

from cli.commands import Shell, interrupt
from cli.conftest import Metrics24, Serve
from cli.lanes import PULL, ROWS, Promising, csv_of, refused, today
from files.round_trip import files_in, read_json_lines
from metrics24.cli.export_commands import download_of
from support.account import IDENTITY, record
from support.answers import json_answer, reset
from support.scripted import Step
from support.storage import SIGNATURE

PENDING = json_answer(record(status="PENDING", artifact_name=None))
AUTO = (*PULL, "--via", "auto", "-o", "rows.jsonl")
EXPORT = (*PULL, "--via", "export", "-o", "rows.jsonl")


@pytest.fixture
def api(serve: Serve) -> Promising:
    """A report that promises millions of rows and has 14, and an export of them."""
    return Promising(serve)


def names(path: Path) -> list[object]:
    """The ids of the rows in a file."""
    return [row["real_tx_id"] for row in read_json_lines(path)]


def test_the_promise_is_believed(metrics24: Metrics24, api: Promising, desk: Path) -> None:
    """By the first ten rows --via auto takes the export, and what was read by then stands in no file twice."""
    ended = metrics24(*AUTO, *api.address)
    assert ended.code == 0
    told = ended.err.splitlines()[0]
    assert re.fullmatch(
        r"By export: about 3,200,000 rows; \d+ min by an export, .+, instead of [\d.,]+ (min|h) by pages\.", told
    )
    assert names(desk / "rows.jsonl") == api.names()
    assert (files_in(desk), api.asked()) == (["rows.jsonl"], 1)
    assert api.reports in (20, 21)  # ten pages, as many again for the columns, and perhaps one ahead


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused, "The server answered downloadClicks with status 402"),
        (json_answer({}, status=403), "The server answered downloadClicks with status 403"),
        (json_answer({}, status=400), "The server answered downloadClicks with status 400"),
        (reset, "of 0 exports that are new since then, 0 are surely what was asked for"),
    ],
    ids=["quota", "forbidden", "bad request", "lost"],
)
def test_auto_goes_on_by_pages_where_the_export_is_refused(
    metrics24: Metrics24, api: Promising, desk: Path, answer: Step, words: str
) -> None:
    """The walk that was begun goes on, so that each row is read once and stands in the file once."""
    api.account.exports = []
    api.account.say_next("downloadClicks", answer)
    ended = metrics24(*AUTO, *api.address)
    assert ended.code == 0
    assert ended.err.endswith(f"{words}).\n")
    assert "\nBy pages after all: the export is not to be had (" in ended.err
    assert names(desk / "rows.jsonl") == api.names()
    assert files_in(desk) == ["rows.jsonl"]
    assert api.reports == ROWS + 10


def test_auto_asks_for_none_where_the_quota_is_used_up(metrics24: Metrics24, api: Promising, desk: Path) -> None:
    """With ten exports of today in the list pages are taken without asking for an eleventh."""
    api.account.exports = today(10)
    ended = metrics24(*AUTO, *api.address)
    assert ended.code == 0
    assert ended.err.endswith("; the day's 10 exports are used up.\n")
    assert names(desk / "rows.jsonl") == api.names()
    assert (api.asked(), api.reports) == (0, ROWS)


def test_auto_takes_pages_where_exports_cannot_be_listed(metrics24: Metrics24, api: Promising) -> None:
    """An account that may not see exports pulls by pages."""
    api.account.say_next("listExports", json_answer({}, status=403))
    ended = metrics24(*AUTO, *api.address)
    assert (ended.code, api.asked(), api.reports) == (0, 0, ROWS)
    assert "exports cannot be listed (" in ended.err


@pytest.mark.parametrize("more", [(), ("--parallel", "2")])
def test_a_cold_first_page_does_not_count_for_all(metrics24: Metrics24, api: Promising, more: tuple[str, ...]) -> None:
    """A first page that takes seconds does not make three million others seem as slow: hours, not weeks."""
    api.cold = 2.0
    told = metrics24(*AUTO, *more, *api.address).err.splitlines()[0]
    hours = re.search(r"instead of ([0-9.]+) h by pages\.$", told)
    assert hours is not None
    assert float(hours[1]) < 45  # with the first page in the mean it would be 89 h and more


def test_a_key_that_is_refused_ends_the_pull(metrics24: Metrics24, api: Promising, desk: Path) -> None:
    """What would end pages as well ends --via auto: code 3, and no file."""
    api.account.say_next("listExports", json_answer({}, status=401))
    ended = metrics24(*AUTO, *api.address)
    assert (ended.code, files_in(desk)) == (3, [])
    api.account.say_next("listExports", json_answer({"data": [], "meta": {"total_count": 0, "total_page": 1}}))
    api.account.say_next("downloadClicks", json_answer({}, status=401))
    assert metrics24(*AUTO, *api.address).code == 3


@pytest.mark.parametrize("more", [(), ("--parallel", "2")])
def test_auto_begins_again_where_the_export_fails(
    metrics24: Metrics24, api: Promising, desk: Path, more: tuple[str, ...]
) -> None:
    """An export that ends in an error leaves nothing behind, and all rows come by pages once."""
    api.account.export |= {"status": "ERROR", "error": "too expensive"}
    ended = metrics24(*AUTO, *more, *api.address)
    assert ended.code == 0
    assert f"By pages after all, from the first row: export {IDENTITY} failed (" in ended.err
    assert sorted(map(str, names(desk / "rows.jsonl"))) == sorted(map(str, api.names()))
    assert files_in(desk) == ["rows.jsonl"]


@pytest.mark.parametrize(
    "content", [b"TX,Time\na,b\n" * ROWS, b"real_tx_id,request_time\nr1,x\n"], ids=["columns", "rows"]
)
def test_auto_begins_again_where_the_file_is_no_good(
    metrics24: Metrics24, api: Promising, desk: Path, content: bytes
) -> None:
    """A file of other columns or of other rows than promised is removed, and pages are taken."""
    api.storage.content = content
    api.account.export |= {"results_meta": {"total": ROWS if b"real" in content else 2 * ROWS - 1}}
    ended = metrics24(*AUTO, *api.address)
    assert ended.code == 0
    assert "By pages after all, from the first row" in ended.err
    assert names(desk / "rows.jsonl") == api.names()
    assert files_in(desk) == ["rows.jsonl"]


def test_auto_needs_a_key_to_begin_again(metrics24: Metrics24, api: Promising, desk: Path) -> None:
    """A key that is refused while the export is waited for ends the pull: pages would be refused as well."""
    api.account.say_next("downloadClicks", PENDING)
    api.account.say_next("getExport", json_answer({}, status=401))
    ended = metrics24(*AUTO, *api.address)
    assert (ended.code, files_in(desk)) == (3, [])
    assert "By pages after all" not in ended.err


@pytest.mark.parametrize("status", ["ERROR", "CANCELED"])
def test_an_export_that_fails_ends_the_pull(metrics24: Metrics24, api: Promising, desk: Path, status: str) -> None:
    """--via export ends with code 10 and the export's id; there is nothing to go on with."""
    api.account.export |= {"status": status}
    ended = metrics24(*EXPORT, "--json", *api.address)
    error = json.loads(ended.err)["error"]
    assert (ended.code, error["export_id"], error["resume"]) == (10, IDENTITY, None)
    assert files_in(desk) == []


def test_an_answer_that_is_lost_leaves_it_unknown(metrics24: Metrics24, api: Promising) -> None:
    """--via export whose request has no answer ends with code 14 and says where to look."""
    api.account.exports = []
    api.account.say_next("downloadClicks", reset)
    ended = metrics24(*EXPORT, *api.address)
    assert ended.code == 14
    assert "Whether the export was asked for is unknown" in ended.err


def test_an_export_that_is_cut_is_not_the_table(metrics24: Metrics24, api: Promising, desk: Path) -> None:
    """An export with as many rows as one may have lacks some: no file, code 7, and how to split the days."""
    api.account.export |= {"results_meta": {"total": 5_000_000}}
    draft = download_of(desk / "rows.jsonl", IDENTITY)
    draft.write_bytes(csv_of(api.table))
    ended = metrics24(*EXPORT, *api.address)
    assert (ended.code, files_in(desk)) == (7, [draft.name])
    assert "exports plan splits a range" in ended.err
    assert f"kept in {draft.name}. The export is {IDENTITY}." in ended.err


def test_a_filter_that_is_ignored_is_told(metrics24: Metrics24, api: Promising) -> None:
    """Rows of an export that contradict the filter are counted in a warning."""
    ended = metrics24(*EXPORT, "--filter", "real_tx_id=r3", *api.address)
    assert f"The server seems to ignore the filter: {ROWS - 1} of {ROWS} rows contradict it" in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_fault_64_an_interrupt_while_waiting_says_how_to_go_on(
    shell: Shell, metrics24: Metrics24, api: Promising, desk: Path, number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM name the export and a command that takes it up again instead of asking for another."""
    api.account.say_next("downloadClicks", PENDING)
    with shell.start(*EXPORT, *api.address) as process:
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


def test_an_interrupt_of_auto_while_waiting_goes_on_with_the_export(shell: Shell, api: Promising) -> None:
    """The command to go on with takes the export, whatever the estimate would be the next time."""
    api.account.say_next("downloadClicks", PENDING)
    with shell.start(*AUTO, *api.address) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith(f"Export {IDENTITY}"):
            assert process.poll() is None
        ended = interrupt(process)
    assert ended.code == 130
    assert "--via export --reuse 86400 " in ended.err
    assert SIGNATURE not in ended.err


def test_an_interrupt_of_auto_by_pages_costs_what_pages_cost(shell: Shell, api: Promising, desk: Path) -> None:
    """Before an export is asked for, an interrupt says which rows are lost, and how to fetch only the older ones."""

    def hold(exchange: object) -> None:
        api.storage.hold(exchange)  # type: ignore[arg-type]  # an exchange like any other

    api.account.say_next("listExports", hold)
    with shell.start(*AUTO, *api.address) as process:
        assert api.storage.reached.wait(20)
        ended = interrupt(process)
    assert (ended.code, files_in(desk)) == (130, [])
    assert "10 rows" in ended.err
    assert "--via auto" in ended.err
