"""Fault 29 against the sandbox, whichever way it reads the last day of a range."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour, EndDate
from support.running import Running, collect

_SMALL = SandboxOptions(
    now="2025-02-10T12:00:00", conversions_per_day=150, clicks_per_day=700, impressions_per_day=20, utc_offset=-210
)
KINDS = ("clicks", "conversions", "impressions")


@pytest.fixture(scope="module", params=["inclusive", "exclusive", "midnight"])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Give a sandbox for each reading of the last day."""
    end_date: EndDate = request.param
    with Sandbox(replace(_SMALL, behaviour=Behaviour(end_date=end_date))) as started:
        yield started


def rows_of(run: Running, box: Sandbox, kind: str) -> Callable[..., list[Any]]:
    """Give what reads a table from before its first day up to today."""
    client = run.client(box.base_url, api_key=box.api_key)

    def read(**options: Any) -> list[Any]:
        asked = {"start": "2025-02-06", "end": "2025-02-10", "page_size": 90, **options}
        return collect(run, getattr(client.reports, kind)(box.integrations[0], **asked).records())

    return read


@pytest.mark.parametrize("kind", KINDS)
def test_fault_29_the_sandbox_gives_the_same_rows_at_once(run: Running, box: Sandbox, kind: str) -> None:
    """Read eight at a time or one after the other, the sandbox's rows are the same, in the same order."""
    read = rows_of(run, box, kind)
    rows = read()
    assert len(rows) > 50
    assert read(parallel=8) == rows
    assert read(parallel=2) == rows


def test_fault_29_faults_on_the_way_change_nothing(run: Running, box: Sandbox) -> None:
    """Errors that are tried again cost time and no row."""
    read = rows_of(run, box, "clicks")
    rows = read()
    box.fail_next("getClickReport", "503,429@0,reset,503")
    assert read(parallel=8) == rows
