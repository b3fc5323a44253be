"""Faults 31 to 35 over sockets: exports that never end, fail, have an unknown status or no file, or a lost request."""

from __future__ import annotations

from typing import Any

import pytest

from metrics24 import AmbiguousWrite, ExportCanceled, ExportFailed, ExportTimeout, UnexpectedAnswerWarning, Waiting
from support import steps
from support.account import IDENTITY, Fetching, leftovers, record
from support.scripted import Step
from support.storage import LARGE


@pytest.mark.parametrize("lane", ["wait", "save", "read"])
def test_fault_31_an_export_that_never_ends_is_a_timeout(fetch: Fetching, lane: str) -> None:
    """Fault 31: an hour later there is ExportTimeout with the id; nothing was deleted, and resuming works."""
    fetch.stage.account.export = record(status="PENDING")
    with pytest.raises(ExportTimeout, match=IDENTITY) as caught:
        _ = fetch.run.result(fetch.job().wait()) if lane == "wait" else fetch.by(lane)
    assert (caught.value.export_id, leftovers(fetch.target.parent)) == (IDENTITY, [])
    assert sum(fetch.clock.slept) == pytest.approx(3600)
    assert {*fetch.stage.account.calls} == {"getExport"}
    assert len(fetch.stage.account.calls) < 140
    fetch.stage.account.export = record()
    assert fetch.saved() == LARGE


def test_fault_31_pauses_and_progress_are_those_of_the_options(fetch: Fetching) -> None:
    """Fault 31: pauses begin, grow and end as Waiting says, by the monotonic clock alone; each look is reported."""
    fetch.stage.account.export = record(status="PENDING")
    seen: list[Any] = []

    def report(progress: Any) -> None:
        seen.append(progress)
        fetch.clock.jump(-200_000)

    with pytest.raises(ExportTimeout):
        fetch.run.result(fetch.job().wait(Waiting(timeout=20, first=1, max=6, factor=2), on_progress=report))
    assert fetch.clock.slept == [1, 2, 4, 6, 6, 1]
    assert [each.seconds for each in seen] == [1, 3, 7, 13, 19, 20]
    assert {(each.export_id, each.status) for each in seen} == {(IDENTITY, "PENDING")}


@pytest.mark.parametrize(("status", "kind"), [("ERROR", ExportFailed), ("CANCELED", ExportCanceled)])
def test_fault_32_an_export_that_failed_is_a_typed_error(fetch: Fetching, status: str, kind: type[Any]) -> None:
    """Fault 32: ERROR and CANCELED are errors with the id; once known, they need neither a request nor a pause."""
    pending, over = record(status="PENDING"), record(status=status, error="too \x1b[31mexpensive\x00" + "!" * 10_000)
    fetch.stage.account.say_next("getExport", *map(steps.respond_json, (pending, pending, over)))
    job = fetch.job()
    with pytest.raises(kind, match=IDENTITY) as caught:
        fetch.run.result(job.save(fetch.target))
    assert caught.value.export_id == IDENTITY
    assert ("too ?[31mexpensive?!!" in str(caught.value)) == (status == "ERROR")
    assert len(str(caught.value)) < 1000
    assert (job.done, job.status, job.export.status) == (True, status, status)
    calls, pauses = [*fetch.stage.account.calls], [*fetch.clock.slept]
    for again in (job.wait, lambda: job.save(fetch.target)):
        with pytest.raises(kind):
            fetch.run.result(again())
    assert (fetch.stage.account.calls, fetch.clock.slept) == (calls, pauses) == (["getExport"] * 3, pauses)
    assert leftovers(fetch.target.parent) == []


@pytest.mark.parametrize("status", [None, "x" * 100_000 + "\x1b[2J"])
def test_fault_33_an_unknown_status_is_waited_through(fetch: Fetching, status: str | None) -> None:
    """Fault 33: an unknown status is polled on, warned of once, and quoted in few and printable characters."""
    strange = steps.respond_json(record(status=status))
    fetch.stage.account.say_next("getExport", *[strange] * 20, steps.respond_json(record()))
    with pytest.warns(UnexpectedAnswerWarning) as caught:
        assert fetch.saved() == LARGE
    assert (len(fetch.stage.account.calls), len(caught)) == (22, 1)
    fetch.stage.account.say_next("getExport", strange)
    with pytest.raises(ExportTimeout) as ended, pytest.warns(UnexpectedAnswerWarning):
        fetch.run.result(fetch.job().wait(Waiting(timeout=60)))
    for text in (str(caught[0].message), str(ended.value)):
        assert (len(text) < 1000, text.isprintable()) == (True, True)


def test_fault_34_a_complete_export_without_a_file_is_waited_for_a_minute(fetch: Fetching) -> None:
    """Fault 34: COMPLETED without a file's name is polled for a minute, then ExportFailed; later it can be resumed."""
    fetch.stage.account.export = record(artifact_name=None)
    error = fetch.failed(ExportFailed)
    assert IDENTITY in str(error)
    assert 60 <= sum(fetch.clock.slept) < 60 + 30
    assert ({*fetch.stage.account.calls}, leftovers(fetch.target.parent)) == ({"getExport"}, [])
    nameless, late = record(artifact_name=None), record(artifact_name=None, artifact={"name": "late.csv"})
    fetch.stage.account.say_next("getExport", *map(steps.respond_json, [nameless] * 4 + [late]))
    assert fetch.saved() == LARGE
    [request] = [request for request in fetch.stage.api.requests if request.query]
    assert request.query == (("artifact_name", "late.csv"),)


PARAMS: dict[str, Any] = {"fields": ["real_tx_id", "status"], "start": "2025-02-01", "end": "2025-02-02"}
ECHO: dict[str, Any] = record(
    status="PENDING",
    artifact_name=None,
    created_at="2025-03-01T12:00:00Z",
    export_list_options={"fields": PARAMS["fields"], "extra_parameters": [], "filters": {}},
    format={"delimiter": ","},
    reports_query_option={"start_date": PARAMS["start"], "end_date": PARAMS["end"], "filters": {}},
)


@pytest.mark.parametrize("lost", [steps.reset, steps.silence], ids=["reset", "silence"])
def test_fault_35_an_export_whose_response_was_lost_is_adopted_if_there_is_one(fetch: Fetching, lost: Step) -> None:
    """Fault 35: an export that is new and equals the request is adopted, of two none is; nothing is sent twice."""
    start = fetch.run.client(fetch.stage.api, clock=fetch.clock, timeout=0.3).exports.start
    fetch.stage.account.say_next("downloadClicks", lost)
    fetch.stage.account.exports = [{**ECHO, "id": "other", "format": {"delimiter": ";"}}, ECHO]
    assert fetch.run.result(start("clicks", "int1", **PARAMS)).id == IDENTITY
    assert fetch.stage.account.calls == ["downloadClicks", "listExports"]
    fetch.stage.account.say_next("downloadClicks", lost)
    fetch.stage.account.exports = [{**ECHO, "id": "exp_2"}, {**ECHO, "id": "exp_3"}]
    with pytest.raises(AmbiguousWrite, match="quota") as caught:
        fetch.run.result(start("clicks", "int1", **PARAMS))
    assert [each.id for each in caught.value.candidates] == ["exp_2", "exp_3"]
    assert fetch.stage.account.calls == ["downloadClicks", "listExports"] * 2
