"""Fault 55 and the log: silent until it is asked for, told in fields, and never with what is secret."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

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
def test_fault_55_no_secret_is_logged(
    run: Running, serve: Serve, clock: FakeClock, records: Records, credential: Any
) -> None:
    """With every logger at DEBUG neither a record nor the error holds the credential that the server repeats."""
    script = in_turn(
        reflecting(503), page(FIRST, more=True), steps.reset, reflecting(429), page(SECOND), reflecting(401)
    )
    client = run.client(serve(script), clock=clock, **credential)
    condition = field("sub_id").eq(CELL)
    collect(run, client.reports.clicks("int1", filter=condition, page_size=2, **RANGE).by_page())
    with pytest.raises(Metrics24Error) as caught:
        run.result(client.request("listExports"))
    assert {"metrics24", "httpcore.http11"} <= {each.name for each in records.records}
    assert KEY not in records.text() + str(caught.value) + repr(caught.value)


def test_fault_55_our_log_holds_no_query_or_row(run: Running, serve: Serve, clock: FakeClock, records: Records) -> None:
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


@pytest.mark.parametrize(
    ("setting", "lines"),
    [
        ("", []),
        (
            "import logging\nlogging.basicConfig(level='INFO')\n",
            ["WARNING:metrics24:listExports: attempt 1 failed, and it was the last (error TransportError)"],
        ),
    ],
    ids=["silent", "basicConfig"],
)
def test_nothing_is_logged_unless_logging_is_set_up(setting: str, lines: list[str]) -> None:
    """A program sees no line of ours unless it sets logging up: then that a call was given up, and why."""
    program = [sys.executable, "-W", "error", "-c", setting + SILENT]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr.splitlines()) == ("failed\n", lines)
