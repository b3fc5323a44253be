"""Fault 55 and the log: silent until it is asked for, told in fields, and never with what is secret."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from metrics24 import Metrics24Error, Retrying, field
from support import steps
from support.clock import FakeClock
from support.running import KEY, RANGE, Running, collect
from support.scripted import Received, Serve, Step, in_turn
from support.tables import newest_first, page, row

CELL = "a-cell-of-a-row-7d21"
FIRST = [row(4, sub_id=CELL), row(3, sub_id=CELL)]
SECOND = newest_first(2, 1)
LOGGERS = ("metrics24", "httpx", "httpcore", "httpcore.http11", "httpcore.connection", "httpcore.proxy", "asyncio")
CREDENTIALS = [{"api_key": KEY}, {"token": KEY}, {"api_key": lambda: KEY}]
SILENT = """
import metrics24
client = metrics24.Client(api_key="k", base_url="http://127.0.0.1:9", retrying=metrics24.Retrying(attempts=1))
try:
    client.request("listExports")
except metrics24.TransportError:
    print("failed")
"""


class Records(logging.Handler):
    """Keeps every record with every field, as a handler that writes JSON would."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)
        self.records.append(record)

    def text(self, name: str = "") -> str:
        """Everything that the records of a logger, or of all, hold."""
        return "\n".join(repr(vars(each)) for each in self.records if each.name.startswith(name))


@pytest.fixture
def records() -> Iterator[Records]:
    """Every record of every logger that sending involves, at DEBUG."""
    handler = Records()
    loggers = [logging.getLogger(name) for name in ("", *LOGGERS)]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield handler
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def reflecting(status: int) -> Step:
    """Make a step that repeats the credential, the cursor and the query in its headers and body."""

    def step_for(request: Received) -> Step:
        sent = request.headers.get("api-key", request.headers.get("authorization", ""))
        return steps.respond_json({"error": f"{sent} {request.query}"}, status=status, headers=[("X-Request-Id", sent)])

    return lambda exchange: step_for(exchange.request)(exchange)


@pytest.mark.parametrize("credential", CREDENTIALS, ids=["api_key", "token", "callable"])
def test_fault_55_nothing_secret_is_logged_at_debug(
    run: Running, serve: Serve, clock: FakeClock, records: Records, credential: dict[str, object]
) -> None:
    """With every logger at DEBUG no record's text or fields hold the credential, though the server repeats it."""
    script = in_turn(
        reflecting(503), page(FIRST, more=True), steps.reset, reflecting(429), page(SECOND), reflecting(401)
    )
    client = run.client(serve(script), clock=clock, **credential)
    condition = field("sub_id").eq(CELL)
    collect(run, client.reports.clicks("int1", filter=condition, page_size=2, **RANGE).by_page())
    with pytest.raises(Metrics24Error):
        run.result(client.request("listExports"))
    assert {"metrics24", "httpcore.http11"} <= {each.name for each in records.records}
    assert KEY not in records.text()


def test_fault_55_our_log_tells_no_query_no_cursor_and_no_row(
    run: Running, serve: Serve, clock: FakeClock, records: Records
) -> None:
    """Records of `metrics24` hold neither the URL's query, nor a cursor, nor a cell, in text or fields."""
    server = serve(in_turn(page(FIRST, more=True), reflecting(503), page(SECOND)))
    client = run.client(server, clock=clock)
    condition = field("sub_id").eq(CELL)
    collect(run, client.reports.clicks("int1", filter=condition, page_size=2, **RANGE).by_page())
    told = records.text("metrics24")
    sent = {text for request in server.requests for pair in request.query for text in pair if len(text) > 3}
    assert condition.params()[0][0] in sent
    assert {FIRST[-1]["real_tx_id"], CELL} <= sent
    assert {text for text in sent if text in told} == set()
    assert "int1" not in told


def test_fault_55_a_query_that_fails_is_not_told_either(run: Running, clock: FakeClock, records: Records) -> None:
    """A host that cannot be reached is told by the error's type, without its address or what was asked of it."""
    client = run.client("http://127.0.0.1:9", clock=clock, retrying=Retrying(attempts=2))
    with pytest.raises(Metrics24Error):
        collect(run, client.reports.clicks("int1", after="cursor-9c4e", **RANGE))
    told = records.text("metrics24")
    assert told.count("'error': 'TransportError'") == 4
    assert "cursor-9c4e" not in told
    assert "127.0.0.1" not in told


def test_the_log_tells_what_became_of_each_attempt(
    run: Running, serve: Serve, clock: FakeClock, records: Records
) -> None:
    """Operation, method, attempt, status, time, request id and pause are fields of the records."""
    busy = steps.respond_json({}, status=429, headers=[("Retry-After", "3"), ("X-Request-Id", "r-77")])
    client = run.client(serve(in_turn(busy, page(FIRST))), clock=clock)
    collect(run, client.reports.clicks("int1", **RANGE))
    ours = [vars(each) for each in records.records if each.name == "metrics24"]
    assert [(each["levelname"], each["attempt"]) for each in ours] == [
        ("DEBUG", 1), ("DEBUG", 1), ("INFO", 1), ("DEBUG", 2), ("DEBUG", 2)
    ]  # fmt: skip
    assert {(each["operation"], each["method"]) for each in ours} == {("getClickReport", "GET")}
    assert (ours[1]["status"], ours[1]["request_id"], ours[2]["pause"]) == (429, "r-77", 3.0)
    assert (ours[4]["status"], ours[4]["seconds"]) == (200, 0.0)


def test_nothing_is_logged_unless_asked_for() -> None:
    """A program that sets up no logging sees no line of ours, not even when a call is given up."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", SILENT], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("failed\n", "")


def test_the_log_can_be_written_in_the_usual_way() -> None:
    """A program that calls logging.basicConfig at INFO sees that a call was given up, and why."""
    program = "import logging\nlogging.basicConfig(level='INFO')\n" + SILENT
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines() == [
        "WARNING:metrics24:listExports: attempt 1 failed, and it was the last (error TransportError)"
    ]
