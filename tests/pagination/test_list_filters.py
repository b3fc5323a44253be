"""Fault 66 for lists, against the sandbox: documented filters find what they name, and an ignored one is reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from metrics24 import Client, Filter, FilterError, FilterIgnoredWarning, export_filter, field
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from support.running import Running, collect

SHOP = "acmeshop01"
ROWS_A_DAY = 40


def started(filters: Any) -> Sandbox:
    """Make a sandbox that finishes exports at once, and applies filters or ignores them."""
    options = SandboxOptions(
        preloaded=False,
        now="2025-03-01T12:00:00Z",
        clicks_per_day=ROWS_A_DAY,
        conversions_per_day=ROWS_A_DAY,
        impressions_per_day=ROWS_A_DAY,
        variation=0,
        behaviour=Behaviour(filters=filters, pending=0, running=0),
    )
    return Sandbox(options)


@pytest.fixture(scope="module", params=["apply", "ignore"])
def stocked(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, list[str]]]:
    """A sandbox and its exports' ids: a week of clicks, the same week of conversions, and the last day's clicks."""
    days = {"start": "2025-02-01", "end": "2025-02-07", "fields": ["real_tx_id"]}
    with started(request.param) as box, Client(api_key=box.api_key, base_url=box.base_url) as client:
        jobs = [
            client.exports.start("clicks", SHOP, **days),  # type: ignore[arg-type]
            client.exports.start("conversions", SHOP, **days),  # type: ignore[arg-type]
            client.exports.start("clicks", SHOP, **{**days, "start": "2025-02-07"}),  # type: ignore[arg-type]
        ]
        yield box, [job.id for job in jobs]


@pytest.fixture
def sandbox(stocked: tuple[Sandbox, list[str]]) -> Sandbox:
    """The sandbox alone."""
    return stocked[0]


def spelled(value: object) -> str:
    """Name a test by what its filter looks like on the wire."""
    return "&".join("=".join(pair) for pair in value.params()) if isinstance(value, Filter) else str(value)


FOUND: list[tuple[Filter, set[int], int]] = [
    (export_filter(type="click_logs"), {0, 2}, 1),
    (export_filter(status="ERROR"), set(), 3),
    (export_filter(start_date="2025-02-01", end_date="2025-02-07"), {0, 1}, 1),
    (export_filter(end_date="2025-02-07"), {0, 1, 2}, 0),
    (export_filter(results_meta_total_gte=2 * ROWS_A_DAY), {0, 1}, 1),
    (export_filter(results_meta_total_lte=2 * ROWS_A_DAY, type="click_logs"), {2}, 2),
    (export_filter(type="click_logs") & field("integration").any_of("x", SHOP), {0, 2}, 1),
    (field("type").op("like", "conv%"), {1}, 0),
]


@pytest.mark.parametrize(("condition", "wanted", "contradicting"), FOUND, ids=spelled)
def test_fault_66_a_documented_filter_holds_or_its_breach_is_told(
    run: Running, stocked: tuple[Sandbox, list[str]], *, condition: Filter, wanted: set[int], contradicting: int
) -> None:
    """Filters find the exports they mean; a server that ignores them gives all, with one warning and the number."""
    sandbox, ids = stocked
    listing = run.client(sandbox.base_url, api_key=sandbox.api_key).exports.list(filter=condition, page_size=1)
    if sandbox.options.behaviour.filters == "apply":
        assert {ids.index(each.id) for each in collect(run, listing)} == wanted
    elif contradicting:
        with pytest.warns(FilterIgnoredWarning, match=rf"\b{contradicting} of 3\b") as warned:
            assert len(collect(run, listing)) == 3
        assert len(warned) == 1
    else:
        assert len(collect(run, listing)) == 3


def test_lists_of_values_are_sent_as_repeated_keys(run: Running, sandbox: Sandbox) -> None:
    """Each of several values is a parameter of its own, under the documented name."""
    client = run.client(sandbox.base_url, api_key=sandbox.api_key)
    collect(run, client.exports.list(filter=export_filter(offer_ids=["o1", "o&2"], publishers="p=1")))
    sent = [(name, value) for name, value in parse_qsl(sandbox.requests[-1].query) if name.startswith("filter")]
    assert [value for _, value in sent] == ["o1", "o&2", "p=1"]
    assert len(dict(sent)) == 2


def test_a_wrong_name_sends_nothing(run: Running, sandbox: Sandbox) -> None:
    """An unknown documented filter is refused before any request."""
    before = len(sandbox.requests)
    client = run.client(sandbox.base_url, api_key=sandbox.api_key)
    with pytest.raises(FilterError, match="known are"):
        client.exports.list(filter=export_filter(state="ERROR"))  # type: ignore[call-arg]
    assert len(sandbox.requests) == before
