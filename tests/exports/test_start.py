"""An export is asked for once, and one that exists is taken for it only if the server repeats all that was asked."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import httpx
import pytest

from exports.fake_exports import changed, export, listed, moment, params
from metrics24._core.effects import RawResponse
from metrics24._core.export_flows import every_export, find, request, start
from metrics24.errors import (
    AmbiguousWrite,
    BadRequest,
    Forbidden,
    Metrics24Error,
    RateLimited,
    RequestFailed,
    RequestTimeout,
    TransportError,
)
from metrics24.kinds import KINDS
from support.fake_driver import FakeDriver, Outcome, in_turn, policy, raw

HTML = RawResponse(201, httpx.Headers(), b"<html></html>")
LOST: dict[str, Any] = {
    "reset": lambda: TransportError("reset"),
    "timeout": lambda: RequestTimeout("late"),
    **{str(status): functools.partial(raw, status) for status in (408, 503, 504)},
    "a page": lambda: HTML,
    **{
        f"created {body}": functools.partial(raw, 201, body)
        for body in (None, {}, {"created_item_id": "e1"}, export(".."), export(""))
    },
}


def operations(driver: FakeDriver) -> list[str]:
    """Name the operations that were sent, in order."""
    return [call.request.operation for call in driver.calls]


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_one_request(kind: str) -> None:
    """Each kind has its operation, and without reuse nothing else is requested."""
    driver = FakeDriver(in_turn(raw(201, export("e7"))))
    assert driver.run(start(params(kind=kind), policy(), {}))["id"] == "e7"
    assert operations(driver) == [f"download{kind.title()}"]


def test_all_that_is_wanted_is_sent() -> None:
    """Names go as one text with commas, days as given; what is left out is not sent, and no names are empty text."""
    driver = FakeDriver(in_turn(*[raw(201, {"data": export()})] * 2))
    driver.run(request(params(extra_parameters=("a", "b"), delimiter=";"), policy(), {}))
    driver.run(request(params(start=None, end=None), policy(), {}))
    full, bare = [dict(call.request.params) for call in driver.calls]
    assert full == {
        "fields": "real_tx_id,status",
        "extra_parameters": "a,b",
        "start_date": "2025-02-01",
        "end_date": "2025-02-27",
        "delimiter": ";",
    }
    assert bare == {"fields": "real_tx_id,status", "extra_parameters": ""}


@pytest.mark.parametrize("fault", LOST)
def test_fault_35_a_lost_response_is_adopted(fault: str) -> None:
    """The one export that is new and repeats all that was asked is the result, and none is asked for again."""
    others = (export("old", created_at=moment(-60)), export("else", format__delimiter=";"), export(None))
    with warnings.catch_warnings(action="ignore"):
        driver = FakeDriver(in_turn(LOST[fault](), listed(*others, export("e1"))))
        assert driver.run(request(params(), policy(), {}))["id"] == "e1"
    assert operations(driver) == ["downloadClicks", "listExports"]


@pytest.mark.parametrize("fault", LOST)
def test_fault_35_a_lost_export_that_is_not_surely_there_is_ambiguous(fault: str) -> None:
    """If no new export is equal, or two are, the error shows the new ones and nothing is asked for again."""
    for found in ([], [export("a", format=None)], [export("a"), export("b")]):
        driver = FakeDriver(in_turn(LOST[fault](), listed(*found, export("old", created_at=moment(-60)))))
        with pytest.raises(AmbiguousWrite, match="new since then") as caught:
            driver.run(request(params(), policy(), {}))
        assert [each.id for each in caught.value.candidates] == [each["id"] for each in found]
        assert operations(driver) == ["downloadClicks", "listExports"]


@pytest.mark.parametrize("first", ["answered", "adopted"])
def test_fault_35_a_lost_response_is_not_taken_for_the_export_before(first: str) -> None:
    """An equal export that this client has asked for already is shown, and is no other call's result."""
    answers = [raw(201, export("e1"))] if first == "answered" else [raw(503), listed(export("e1"))]
    driver = FakeDriver(in_turn(*answers, raw(503), listed(export("e1"))))
    rules = policy()
    assert driver.run(request(params(), rules, {}))["id"] == "e1"
    with pytest.raises(AmbiguousWrite, match="0 are surely the requested one") as caught:
        driver.run(request(params(), rules, {}))
    assert [each.id for each in caught.value.candidates] == ["e1"]


@pytest.mark.parametrize(
    ("days", "created", "candidates"),
    [
        *[({}, each, []) for each in (..., None, "", "soon", "2030-01-01T00:00:00", 12)],
        ({"start": None}, moment(0), ["e1"]),
    ],
)
def test_fault_35_an_export_of_unknown_age_or_days_is_not_adopted(
    days: dict[str, None], created: object, candidates: list[str]
) -> None:
    """A creation time that is absent or unreadable may be older, and days that the server chose prove nothing."""
    with warnings.catch_warnings(action="ignore"):
        driver = FakeDriver(in_turn(raw(503), listed(export(created_at=created))))
        with pytest.raises(AmbiguousWrite) as caught:
            driver.run(request(params(**days), policy(), {}))
    assert [each.id for each in caught.value.candidates] == candidates


def test_fault_35_a_lost_response_is_ambiguous_where_the_list_cannot_be_read() -> None:
    """When the list is refused, the export's fate stays open."""
    with pytest.raises(AmbiguousWrite, match="could not be read either") as caught:
        FakeDriver(in_turn(raw(503), raw(403))).run(request(params(), policy(), {}))
    assert isinstance(caught.value.__cause__, Forbidden)


@pytest.mark.parametrize(
    ("outcomes", "named", "error", "note"),
    [
        ([raw(400)], (), BadRequest, "No extra_parameters were named"),
        ([raw(400)], ("a",), BadRequest, None),
        ([raw(402)], (), RequestFailed, "reuse=SECONDS"),
        ([raw(429)] * 5, (), RateLimited, "reuse=SECONDS"),
        ([raw(403)], (), Forbidden, None),
    ],
)
def test_a_refused_export_is_an_error_with_advice(
    outcomes: list[Outcome], named: tuple[str, ...], error: type[Metrics24Error], note: str | None
) -> None:
    """A refusal is never ambiguous, nothing is read back, and the error says what may help."""
    driver = FakeDriver(in_turn(*outcomes))
    with pytest.raises(error) as caught:
        driver.run(request(params(extra_parameters=named), policy(), {}))
    assert len(driver.calls) == len(outcomes)
    notes = getattr(caught.value, "__notes__", [])
    assert not notes if note is None else note in notes[0]


def test_fault_35_a_throttled_request_is_sent_again() -> None:
    """A 429 refuses the request, so that nothing is looked for and it is sent again."""
    driver = FakeDriver(in_turn(raw(429), raw(429), raw(201, export("e1"))))
    assert driver.run(request(params(), policy(), {}))["id"] == "e1"
    assert operations(driver) == ["downloadClicks"] * 3


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "COMPLETED", "PAUSED", None])
def test_reuse_takes_an_equal_export(status: str | None) -> None:
    """An equal export that is just young enough and has not failed is adopted in any state, and none is asked for."""
    driver = FakeDriver(in_turn(listed(export("x", created_at=moment(-60), status=status))))
    assert driver.run(start(params(reuse=60), policy(), {}))["id"] == "x"
    assert operations(driver) == ["listExports"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "ERROR"},
        {"status": "CANCELED"},
        {"created_at": moment(-61)},
        {"created_at": None},
        {"created_at": "2025-03-01T12:16:40"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"type": "conversion_logs"},
        {"id": None},
    ],
)
def test_reuse_takes_nothing_else(changes: dict[str, Any]) -> None:
    """An export that failed, is older, of unknown age or another one is left alone, and a new one is requested."""
    driver = FakeDriver(in_turn(listed(changed(export("x"), changes)), raw(201, export("new"))))
    with warnings.catch_warnings(action="ignore"):
        assert driver.run(start(params(reuse=60), policy(), {}))["id"] == "new"
    assert operations(driver) == ["listExports", "downloadClicks"]


def test_reuse_takes_the_newest() -> None:
    """Of several equal exports the one that was created last is taken, in whatever order and zone; of none, none is."""
    ages = {"a": "2025-03-01T13:15:00+01:00", "b": "2025-03-01T12:16:00Z", "c": "2025-03-01T10:15:30-02:00"}
    driver = FakeDriver(in_turn(listed(*(export(name, created_at=age) for name, age in ages.items())), listed()))
    found = driver.run(find(params(reuse=3600), policy(), {}))
    assert found is not None
    assert found["id"] == "b"
    assert driver.run(find(params(reuse=60), policy(), {})) is None


def test_the_list_of_exports_is_read_within_bounds() -> None:
    """A server that invents exports without end is given up after a hundred pages."""
    ids = map(str, range(10**9))
    driver = FakeDriver(lambda _: raw(body={"data": [{"id": next(ids)}]}))
    assert len(driver.run(every_export(policy(), {}))) == len(driver.calls) == 100
