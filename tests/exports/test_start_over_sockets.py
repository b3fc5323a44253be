"""Faults 31 to 35: exports that never end, fail, are in unknown states, name no file, or whose request was lost."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from metrics24 import (
    AmbiguousWrite,
    ExportCanceled,
    ExportFailed,
    ExportTimeout,
    RateLimited,
    RequestFailed,
    ServerError,
    UnexpectedAnswerWarning,
    Waiting,
)
from support import answers
from support.account import IDENTITY, Fetching, leftovers, record
from support.scripted import Step
from support.storage import LARGE

LANES = ("wait", "save", "read")


def end(fetch: Fetching, lane: str, job: Any = None) -> Any:
    """Go to the end of an export by one of three lanes."""
    job = job or fetch.job()
    if lane == "wait":
        return fetch.run.result(job.wait())
    if lane == "save":
        return fetch.run.result(job.save(fetch.target))
    seen: list[bytes] = []
    fetch.run.visit(job.iter_bytes(), seen.append)
    return b"".join(seen)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS"])
def test_fault_31_an_export_that_never_ends_is_waited_for_so_long(fetch: Fetching, lane: str, status: str) -> None:
    """Fault 31: an hour later there is ExportTimeout with the id; nothing was deleted, and resuming works."""
    fetch.stage.account.export = record(status=status)
    with pytest.raises(ExportTimeout, match=IDENTITY) as caught:
        end(fetch, lane)
    assert (caught.value.export_id, leftovers(fetch.target.parent)) == (IDENTITY, [])
    assert sum(fetch.clock.slept) == pytest.approx(3600)
    assert {*fetch.stage.account.calls} == {"getExport"}
    assert len(fetch.stage.account.calls) < 140
    fetch.stage.account.export = record()
    assert fetch.saved() == LARGE


def test_fault_31_the_waiting_is_as_it_is_told(fetch: Fetching) -> None:
    """Fault 31: pauses begin, grow and end as Waiting says, the last one included, and progress is told each time."""
    fetch.stage.account.export = record(status="PENDING")
    told: list[Any] = []
    with pytest.raises(ExportTimeout):
        fetch.run.result(fetch.job().wait(Waiting(timeout=20, first=1, max=6, factor=2), on_progress=told.append))
    assert fetch.clock.slept == [1, 2, 4, 6, 6, 1]
    assert [each.seconds for each in told] == [1, 3, 7, 13, 19, 20]
    assert {(each.export_id, each.status) for each in told} == {(IDENTITY, "PENDING")}


def test_fault_31_a_jump_of_the_wall_clock_is_no_time_that_passed(fetch: Fetching) -> None:
    """Fault 31: deadlines are measured by the monotonic clock alone."""
    fetch.stage.account.export = record(status="PENDING")
    job = fetch.job()
    fetch.clock.jump(100_000)
    with pytest.raises(ExportTimeout):
        fetch.run.result(job.wait(Waiting(timeout=10), on_progress=lambda _: fetch.clock.jump(-200_000)))
    assert sum(fetch.clock.slept) == pytest.approx(10)


FATES = {"ERROR": ExportFailed, "CANCELED": ExportCanceled}


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("status", FATES)
def test_fault_32_an_export_that_failed_is_a_typed_error(fetch: Fetching, status: str, lane: str) -> None:
    """Fault 32: ERROR and CANCELED end the waiting with errors of their own, with the id and the server's words."""
    pending, over = record(status="PENDING"), record(status=status, error="too \x1b[31mexpensive\x00" + "!" * 10_000)
    fetch.stage.account.say_next("getExport", *map(answers.json_answer, (pending, pending, over)))
    job = fetch.job()
    with pytest.raises(FATES[status], match=IDENTITY) as caught:
        end(fetch, lane, job)
    assert caught.value.export_id == IDENTITY
    assert ("too ?[31mexpensive?!!" in str(caught.value)) == (status == "ERROR")
    assert len(str(caught.value)) < 1000
    assert (job.done, job.status, job.export.status) == (True, status, status)
    assert (len(fetch.stage.account.calls), leftovers(fetch.target.parent)) == (3, [])


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("status", FATES)
def test_fault_32_what_is_known_to_have_failed_is_not_asked_for_again(fetch: Fetching, status: str, lane: str) -> None:
    """Fault 32: an export that had failed when it was taken up is its error at once, without a request or a pause."""
    fetch.stage.account.export = record(status=status, error=None)
    with pytest.raises(FATES[status]):
        end(fetch, lane)
    assert (fetch.stage.account.calls, fetch.clock.slept) == (["getExport"], [])


@pytest.mark.parametrize("status", ["ARCHIVING", "", None, "completed", "x" * 100_000, "\x1b[2J"])
def test_fault_33_an_unknown_status_is_waited_through(fetch: Fetching, status: str | None) -> None:
    """Fault 33: a status that nobody knows is polled on, and warned of once, in few and printable characters."""
    strange = answers.json_answer(record(status=status))
    fetch.stage.account.say_next("getExport", *[strange] * 20, answers.json_answer(record()))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert fetch.saved() == LARGE
    assert len(fetch.stage.account.calls) == 22
    assert [each.category for each in caught] == [UnexpectedAnswerWarning]
    assert len(str(caught[0].message)) < 1000
    assert str(caught[0].message).isprintable()


def test_fault_33_an_unknown_status_for_ever_is_a_timeout_of_readable_length(fetch: Fetching) -> None:
    """Fault 33: the error that ends the waiting quotes the server's word within bounds."""
    fetch.stage.account.export = record(status="\x1b[2J" + "x" * 100_000)
    with pytest.raises(ExportTimeout) as caught, pytest.warns(UnexpectedAnswerWarning):
        end(fetch, "wait")
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("lane", LANES)
def test_fault_34_a_complete_export_without_a_file_is_waited_for_a_minute(fetch: Fetching, lane: str) -> None:
    """Fault 34: COMPLETED without a file's name is polled for a minute, then ExportFailed; later it can be resumed."""
    fetch.stage.account.export = record(artifact_name=None)
    with pytest.raises(ExportFailed, match=IDENTITY) as caught:
        end(fetch, lane)
    assert caught.value.export_id == IDENTITY
    assert 60 <= sum(fetch.clock.slept) < 60 + 30
    assert ({*fetch.stage.account.calls}, leftovers(fetch.target.parent)) == ({"getExport"}, [])
    fetch.stage.account.export = record()
    assert fetch.saved() == LARGE


def test_fault_34_a_file_that_is_named_late_is_fetched(fetch: Fetching) -> None:
    """Fault 34: a name that appears within the minute, in either place, is enough."""
    nameless, late = record(artifact_name=None), record(artifact_name=None, artifact={"name": "late.csv"})
    fetch.stage.account.say_next("getExport", *map(answers.json_answer, [nameless] * 4 + [late]))
    assert fetch.saved() == LARGE
    [asked] = [request for request in fetch.stage.api.requests if request.query]
    assert asked.query == (("artifact_name", "late.csv"),)


ASKED: dict[str, Any] = {"fields": ["real_tx_id", "status"], "start": "2025-02-01", "end": "2025-02-02"}
ECHO: dict[str, Any] = record(
    status="PENDING",
    artifact_name=None,
    created_at="2025-03-01T12:00:00Z",
    export_list_options={"fields": ASKED["fields"], "extra_parameters": [], "filters": {}},
    format={"delimiter": ","},
    reports_query_option={"start_date": ASKED["start"], "end_date": ASKED["end"], "filters": {}},
)
LOST: dict[str, Step] = {
    "reset": answers.reset,
    "garbage": answers.garbage,
    "cut": answers.cut_short(json.dumps(ECHO).encode()),
    "500": answers.json_answer({}, status=500),
    "504": answers.html_answer(504),
    "408": answers.html_answer(408),
    "html": answers.html_answer(200),
    "nothing": answers.answer(b""),
    "empty": answers.json_answer({}),
    "null": answers.json_answer(None),
    "no_id": answers.json_answer({key: value for key, value in ECHO.items() if key != "id"}),
    "silence": answers.silence,
}


def begun(fetch: Fetching, lost: str, *exports: dict[str, Any]) -> Any:
    """Ask for an export whose answer is lost, with such a list to be found afterwards."""
    fetch.stage.account.say_next("downloadClicks", LOST[lost])
    fetch.stage.account.exports = [*exports]
    fetch.options["timeout"] = 0.3
    client = fetch.run.client(fetch.stage.api, clock=fetch.clock, **fetch.options)
    return fetch.run.result(client.exports.start("clicks", "int1", **ASKED))


@pytest.mark.parametrize("lost", LOST)
def test_fault_35_a_lost_answer_is_made_up_for_by_what_the_server_repeats(fetch: Fetching, lost: str) -> None:
    """Fault 35: an export that is new and equals all that was asked is adopted; exactly one was requested."""
    old = {**ECHO, "id": "old", "created_at": "2025-02-28T12:00:00Z"}
    other = {**ECHO, "id": "other", "format": {"delimiter": ";"}}
    job = begun(fetch, lost, other, ECHO, old)
    assert (job.id, job.status) == (IDENTITY, "PENDING")
    assert fetch.stage.account.calls == ["downloadClicks", "listExports"]


UNSURE: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "two": [ECHO, {**ECHO, "id": "exp_2"}],
    "curt": [record(status="PENDING", created_at="2025-03-01T12:00:00Z")],
    "old": [{**ECHO, "created_at": "2025-03-01T11:59:00Z"}],
    "undated": [{key: value for key, value in ECHO.items() if key != "created_at"}],
    "zoneless": [{**ECHO, "created_at": "2025-03-01T12:00:00"}],
    "of_another_kind": [{**ECHO, "type": "conversion_logs"}],
    "elsewhere": [{**ECHO, "integration": "int2"}],
    "other_order": [
        {**ECHO, "export_list_options": {**ECHO["export_list_options"], "fields": ["status", "real_tx_id"]}}
    ],
    "other_days": [{**ECHO, "reports_query_option": {"start_date": "2025-02-01", "end_date": "2025-02-03"}}],
    "filtered": [{**ECHO, "export_list_options": {**ECHO["export_list_options"], "filters": {"a": {"eq": ["b"]}}}}],
    "bad_id": [{**ECHO, "id": "../x"}],
}


@pytest.mark.parametrize("unsure", UNSURE)
def test_fault_35_what_is_not_surely_ours_is_not_adopted(fetch: Fetching, unsure: str) -> None:
    """Fault 35: without one export that surely is the one, AmbiguousWrite shows the new ones; nothing is sent twice."""
    with pytest.raises(AmbiguousWrite, match="quota") as caught:
        begun(fetch, "reset", *UNSURE[unsure])
    new = [] if unsure in {"none", "old", "undated", "zoneless"} else [each["id"] for each in UNSURE[unsure]]
    assert [each.id for each in caught.value.candidates] == new
    assert fetch.stage.account.calls == ["downloadClicks", "listExports"]


def test_fault_35_a_list_that_cannot_be_read_leaves_it_open(fetch: Fetching) -> None:
    """Fault 35: if the list of exports fails as well, AmbiguousWrite says so, and nothing is asked for again."""
    fetch.stage.account.say_next("listExports", answers.html_answer(503))
    with pytest.raises(AmbiguousWrite, match="could not be read") as caught:
        begun(fetch, "reset")
    assert isinstance(caught.value.__cause__, ServerError)
    assert fetch.stage.account.calls == ["downloadClicks", *["listExports"] * 5]


def test_fault_35_what_surely_did_not_happen_is_asked_for_again(fetch: Fetching) -> None:
    """Fault 35: a 429 refuses the request, so that it is sent again."""
    refused = answers.json_answer({}, status=429)
    fetch.stage.account.say_next("downloadClicks", refused, refused, answers.json_answer(ECHO))
    client = fetch.run.client(fetch.stage.api, clock=fetch.clock)
    assert fetch.run.result(client.exports.start("clicks", "int1", **ASKED)).id == IDENTITY
    assert fetch.stage.account.calls == ["downloadClicks"] * 3


@pytest.mark.parametrize(("status", "kind", "hits"), [(402, RequestFailed, 1), (429, RateLimited, 5)])
def test_fault_35_a_quota_that_is_used_up_is_said(fetch: Fetching, status: int, kind: type[Any], hits: int) -> None:
    """Fault 35: a refusal is an answer: nothing is looked for, and a note says what to do about the day's quota."""
    fetch.stage.account.say_next("downloadClicks", answers.json_answer({"message": "quota"}, status=status))
    client = fetch.run.client(fetch.stage.api, clock=fetch.clock)
    with pytest.raises(kind) as caught:
        fetch.run.result(client.exports.start("clicks", "int1", **ASKED))
    assert any("reuse=SECONDS" in note for note in caught.value.__notes__)
    assert fetch.stage.account.calls == ["downloadClicks"] * hits
