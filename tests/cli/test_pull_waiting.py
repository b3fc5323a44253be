"""Pulls that wait, and what is said of it: an export that does not come."""

from datetime import timedelta
from pathlib import Path

from cli.conftest import Serve
from cli.lanes import PULL, Promising
from files.round_trip import read_json_lines
from metrics24 import Client
from metrics24.cli.options import Range
from metrics24.cli.pull import Lanes, Pulling, pull
from support.account import record
from support.answers import json_answer
from support.clock import FakeClock
from support.days import FIRST


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
