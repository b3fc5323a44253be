"""Whatever a server does: nothing lost, nothing doubled, no loop, no deadline passed, and a typed end."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from metrics24._core.effects import Request
from metrics24._core.pagination import Paginator
from metrics24._core.retry import RateLimiter, send
from metrics24.errors import Metrics24Error, RequestTimeout, ResponseError, TransportError
from support.fake_driver import READ, WRITE, FakeDriver, Outcome, page, params, policy, raw

STATUSES = [200, 204, 302, 400, 401, 404, 408, 418, 429, 500, 503, 520, 599]
HEADERS = st.sampled_from(["0", "1", "30", "1e9", "-1", "nan", "x", "Sat, 01 Mar 2025 12:20:00 GMT"])
ANSWERS = st.builds(
    lambda status, after: raw(status, headers=[] if after is None else [("Retry-After", after)]),
    st.sampled_from(STATUSES),
    st.none() | HEADERS,
)
FAULTS = st.builds(
    lambda kind, sent: kind("x", sent=sent), st.sampled_from([TransportError, RequestTimeout]), st.booleans()
)
OUTCOMES = st.lists(ANSWERS | FAULTS | st.builds(lambda: ResponseError("x")), min_size=1, max_size=12)
ROWS = list(range(30, 0, -1))


def cycled(outcomes: list[Outcome], hits: list[Request]) -> Any:
    """Give the outcomes over and over, and note what was asked."""

    def script(request: Request) -> Outcome:
        hits.append(request)
        return outcomes[(len(hits) - 1) % len(outcomes)]

    return script


@given(
    outcomes=OUTCOMES,
    write=st.booleans(),
    attempts=st.integers(1, 30),
    deadline=st.floats(0.01, 300),
    taking=st.floats(0, 100),
    rate=st.none() | st.floats(0.001, 10),
)
def test_a_call_ends_in_time_with_a_result_or_an_error_of_ours(
    *, outcomes: list[Outcome], write: bool, attempts: int, deadline: float, taking: float, rate: float | None
) -> None:
    """Any answers and faults end within attempts and deadline, and a write is sent again only if it did not happen."""
    hits: list[Request] = []
    driver = FakeDriver(cycled(outcomes, hits), taking=taking)
    rules = policy(attempts=attempts, deadline=deadline, rate_limiter=RateLimiter(rate))
    try:
        assert 200 <= driver.run(send(WRITE if write else READ, rules)).status_code < 300
    except Metrics24Error:
        assert hits
    assert len(hits) <= attempts
    assert driver.now - 1000 <= deadline + 0.002
    for outcome in outcomes[: len(hits) - 1] if write else ():
        assert (isinstance(outcome, TransportError) and not outcome.sent) or getattr(outcome, "status_code", 0) == 429


class Whimsical:
    """A server with thirty rows that now and then misbehaves in its paging."""

    def __init__(self, whims: list[str]) -> None:
        self._whims = iter(whims)

    def __call__(self, request: Request) -> Outcome:
        asked = dict(request.params)
        after = asked.get("page[after]")
        place = 0 if after is None else ROWS.index(int(after)) + 1
        size = int(asked["page[size]"])
        rows, more = ROWS[place : place + size], place + size < len(ROWS)
        whims: dict[str, Outcome] = {
            "": page(rows, more=more),
            "fault": raw(503),
            "gone": raw(404),
            "short": page(rows[:2], more=more or len(rows) > 2),
            "empty": page([], more=True),
            "ignore": page(ROWS[:size], more=True),
            "back": page([], more=True, end=ROWS[place - 2] if place > 1 else None),
            "repeat": page(rows, more=True, end=after),
            "cursorless": page(rows, more=more, end=None),
        }
        return whims[next(self._whims, "")]


WHIMS = st.lists(
    st.sampled_from(["", "", "", "fault", "short", "empty", "ignore", "back", "repeat", "cursorless", "gone"]),
    max_size=12,
)


@given(
    whims=WHIMS, size=st.integers(1, 9), limit=st.none() | st.integers(0, 40), before=st.none() | st.sampled_from(ROWS)
)
@example(whims=["", "back"], size=4, limit=None, before=None)
def test_a_paginator_delivers_the_table_or_says_where_it_stopped(
    whims: list[str], size: int, limit: int | None, before: int | None
) -> None:
    """The rows delivered are always the head of the table, once each, and all of it unless an error is raised."""
    asked = params(page_size=size, limit=limit, before=None if before is None else str(before))
    driver, seen = FakeDriver(Whimsical(whims)), list[int]()
    whole = ROWS[: None if before is None else ROWS.index(before)][:limit]
    paginator = Paginator(asked, policy(attempts=3), {})
    try:
        while not paginator.done:
            seen += [int(row["real_tx_id"]) for row in driver.run(paginator.next_page()).rows]
    except Metrics24Error:
        assert seen == whole[: len(seen)]
    else:
        assert seen == whole
    assert len(driver.calls) <= len(ROWS) + 3 * len(whims) + 3
