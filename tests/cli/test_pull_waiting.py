"""Pulls that wait, and what is said of it: an export that does not come, and days that are very uneven."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Metrics24, Serve
from cli.lanes import PULL, Promising
from files.round_trip import read_json_lines
from metrics24 import Client
from metrics24._core.parallel import Rest, tell
from metrics24.cli.options import Range
from metrics24.cli.pull import Lanes, Pulling, pull, rest_told
from support.account import record
from support.answers import json_answer
from support.clock import FakeClock
from support.days import FIRST, Days, at, numbered
from support.scripted import Exchange, Received, Step

RANGE = ("--integration", "int1", "--start", "2025-02-01", "--end", "2025-02-04")
TOLD = "The days are very uneven: 1 of 4 have most rows, and what is left of them takes about "
ADVICE = " --via export may be faster.\n"


def test_auto_waits_no_longer_than_pages_would_take(serve: Serve, tmp_path: Path) -> None:
    """An export that is not ready when pages would be done is left alone, and pages are taken."""
    api, clock = Promising(serve), FakeClock()
    for operation in ("downloadClicks", "getExport"):
        api.account.say_next(operation, json_answer(record(status="PENDING", artifact_name=None)))
    context = pull.make_context("pull", [*PULL[1:], "--via", "auto", "--quiet", "-o", str(tmp_path / "rows.jsonl")])
    pulling = Pulling(context, context.params, Range(FIRST, FIRST + timedelta(days=59), ""))
    with Client._on_clock(clock, api_key="k", base_url=api.api.base_url) as client:
        pulled = Lanes(pulling, client).auto()
    assert pulled.export_id is None
    assert [row["real_tx_id"] for row in read_json_lines(pulled.saved.path)] == api.names()
    assert 60 <= sum(clock.slept) <= 3_700


class Uneven:
    """The script of a report of four days, of which the third has nearly all rows; its pages take their time.

    A page of one row takes 50 ms, and it looks as if there were some 2,000.
    """

    def __init__(self) -> None:
        few = [at(each, 86_000) for each in (0, 1, 3)]
        many = [at(2, 86_000) - timedelta(seconds=50 * number) for number in range(40)]
        self.table = Days(numbered(sorted([*few, *many])))

    def __call__(self, request: Received) -> Step:
        """Answer one request."""
        step = self.table(request)

        def slowly(exchange: Exchange) -> None:
            exchange.pause(0.05)
            step(exchange)

        return slowly


@pytest.mark.parametrize(("options", "advice"), [((), ADVICE), (("--unordered",), ADVICE), (("--via", "auto"), "\n")])
def test_a_pull_of_uneven_days_says_how_long_the_rest_takes(
    metrics24: Metrics24, serve: Serve, options: tuple[str, ...], advice: str
) -> None:
    """With --parallel the rest is told in one line, with the other way to have it unless that was weighed already."""
    address = ("--base-url", serve(Uneven()).base_url, "--page-size", "1", "--parallel", "4")
    ended = metrics24("pull", "clicks", *RANGE, *address, *options, "-o", "rows.csv")
    lines = [line + "\n" for line in ended.err.splitlines() if line.startswith(TOLD)]
    assert ended.code == 0
    (line,) = lines
    assert line.endswith(f" min, since the pages of a day come one after the other.{advice}")


@pytest.mark.parametrize("options", [("--quiet",), ("--json",)])
def test_nothing_is_said_where_nobody_reads(metrics24: Metrics24, serve: Serve, options: tuple[str, ...]) -> None:
    """With --quiet and --json the rest is not told."""
    address = ("--base-url", serve(Uneven()).base_url, "--page-size", "1", "--parallel", "4")
    ended = metrics24("pull", "clicks", *RANGE, *address, *options, "-o", "rows.csv")
    assert (ended.code, ended.err) == (0, "")


def test_other_records_are_not_shown_and_the_logger_is_as_before() -> None:
    """Only what tells of a rest is said, and afterwards the logger has its level and handlers back."""
    logger = logging.getLogger("metrics24")
    before: Any = (logger.level, list(logger.handlers))
    said: list[str] = []
    with rest_told(said.append, " Advice."):
        logger.info("Something else")
        tell(Rest(2, 3_600.0), "getClickReport", 9)
    assert said == [
        "The days are very uneven: 2 of 9 have most rows, and what is left of them takes about 60 min, since the pages "
        "of a day come one after the other. Advice."
    ]
    assert (logger.level, logger.handlers) == before
