"""The doctor against servers that respond otherwise than the spec says."""

from __future__ import annotations

import json
from datetime import date
from itertools import count

import pytest

from metrics24_api.operation_table import OPERATIONS
from speccheck.conftest import HERE, KEY, WEEK, Doctor, Serve
from speccheck.stage import META, NOT_FOUND, PRIVATE, healthy, operation_of, private_row, root, stage
from support.scripted import Received, Script, Step
from support.steps import redirect, reset, respond_html, respond_json
from support.tables import page, table

LATER = [("Retry-After", "99999")]
NUMBERS = count(1000)
SHAPES = {"listExports": respond_json([1, 2]), "getClickReport": respond_json({"data": [private_row()]})}
EMPTY = "works: empty, so nothing could be compared with the spec"
NIGHT = "2025-02-02T00:00:00Z"
NIGHTS = {
    "getClickReport": page([private_row(request_time=NIGHT)]),
    "getImpressionReport": page([private_row(request_time=NIGHT)]),
    "getConversionReport": page([private_row("conversion", conversion_time=NIGHT)]),
}
NO_SINGLE_DAY = {"last day": "inconclusive: no usable response of getClickReport"}


def refusal(status: int) -> Step:
    """Refuse for a long time."""
    return respond_json({"error": "page size is odd"}, status=status, headers=LATER)


def unknown_export(request: Received) -> Step:
    """Repeat the path, a time and the id of the request in the body of each 404."""
    if operation_of(request) not in {"listExports", ""}:
        return healthy()[operation_of(request)]
    body = {"error": f"cannot GET {request.path}", "time": next(NUMBERS), "request_id": f"req-{next(NUMBERS)}-ab"}
    return respond_json(body, status=404)


def no_other_404(request: Received) -> Step:
    """Respond to a nonsense path with another status than to an unknown one."""
    if operation_of(request) == "listExports":
        return NOT_FOUND
    return healthy().get(operation_of(request), respond_json({}, status=400))


def clicks_by_tx_id(request: Received) -> Step:
    """Know clicks by the tx_id of their rows alone."""
    if operation_of(request) == "getClick" and request.parameter("tx_id") != PRIVATE["tx_id"]:
        return respond_json({"error": "unknown"}, status=404)
    return healthy().get(operation_of(request), NOT_FOUND)


def one_day(step: Step) -> Script:
    """Respond to a request for a single day with this step."""
    day = "2025-02-02"
    return lambda request: (
        step if request.parameter("start_date") == day == request.parameter("end_date") else stage(healthy())(request)
    )


CASES: dict[str, tuple[Script | dict[str, Step], int, dict[str, str]]] = {
    "web pages": (
        lambda _: respond_html(),
        7,
        {"listExports": "broken: the response is not JSON", "getClickReport": "broken"},
    ),
    "503": ({"getConversionReport": refusal(503)}, 6, {"getConversionReport": "broken", "getClickReport": "works"}),
    "400": ({"getImpressionReport": refusal(400)}, 13, {"getImpressionReport": "inconclusive: refuses the parameters"}),
    "402": ({"getImpressionReport": refusal(402)}, 13, {"getImpressionReport": "inconclusive: refuses"}),
    "429": ({"getImpressionReport": refusal(429)}, 13, {"getImpressionReport": "inconclusive: too many requests"}),
    "redirect": (
        {"listExports": redirect("https://login.invalid/")},
        7,
        {"listExports": "broken: Correct the base URL"},
    ),
    "401 of one operation": ({"listExports": respond_json({}, status=401)}, 13, {"listExports": "forbidden"}),
    "no path is known": (
        stage({}),
        12,
        {
            "listExports": "wrong path",
            "getClickReport": "inconclusive",
            "listFilterGroups": "inconclusive",
            "base URL": "note: check the base URL first",
        },
    ),
    "a 404 that repeats the path": (unknown_export, 12, {"listExports": "wrong path"}),
    "a nonsense path that is no 404": (
        no_other_404,
        13,
        {"listExports": "inconclusive: 404, and no other path to compare the response with"},
    ),
    "405 without Allow": (
        {"getClick": respond_json({}, status=405)},
        12,
        {"getClick": 'wrong method: routes={"getClick": ("POST", "/api/v2/reports/v2/click")}'},
    ),
    "the other column of a click's id": (clicks_by_tx_id, 0, {"getClick": "works"}),
    "rows without a key": (
        {"getConversionReport": page([private_row("conversion", hash=None)])},
        13,
        {"getConversion": "inconclusive: not asked: the table's rows lack hash"},
    ),
    "an id that bends a URL": (
        {"listExports": respond_json({"data": [{"id": "../secret-1"}], "meta": META})},
        13,
        {"getExport": "inconclusive: not asked: an id or key of another response cannot be sent"},
    ),
    "other shapes": (
        SHAPES,
        12,
        {
            "listExports": "differs: type conflict $: array, where the spec says object",
            "getClickReport": "differs",
            "getExport": "inconclusive",
            "getClick": "inconclusive",
        },
    ),
    "null for a table": (
        {"getImpressionReport": respond_json({"data": {"data": None, "pageInfo": {"hasNextPage": False}}})},
        0,
        {"getImpressionReport": EMPTY},
    ),
    "null for a list": (
        {"listFilterGroups": respond_json({"data": None, "meta": {"total_count": 0, "total_page": 0}})},
        13,
        {"listFilterGroups": EMPTY},
    ),
    "documented fields that are absent": (
        {"getImpressionReport": respond_json(table([{"real_tx_id": "1"}]))},
        0,
        {"getImpressionReport": "works: $.data.data[].request_time"},
    ),
    "a clock that is ahead": ({"/": root(-7200)}, 0, {"clock": "note: ahead of"}),
    "a clock that is behind": ({"/": root(7200)}, 0, {"clock": "note: behind"}),
    "rows at midnight alone": (NIGHTS, 13, {"last day": "inconclusive"}),
    "a single day is refused": (one_day(refusal(400)), 13, NO_SINGLE_DAY),
    "a single day is a web page": (one_day(respond_html()), 13, NO_SINGLE_DAY),
}


@pytest.mark.parametrize("case", CASES)
def test_each_response_has_its_verdict(doctor: Doctor, serve: Serve, case: str) -> None:
    """The verdicts and the exit code follow from the responses, and no value of a row is shown."""
    responses, code, expected = CASES[case]
    script = stage(healthy(**responses)) if isinstance(responses, dict) else responses
    ended = doctor(serve(script), *HERE, *WEEK, "--json")
    ended.agrees(code, expected)
    assert "secret" not in ended.out.lower()


def test_a_server_that_falls_silent_gets_no_more_requests(doctor: Doctor, serve: Serve) -> None:
    """After two operations without any response no other is tried, and the code is 6."""
    server = serve(lambda request: reset if operation_of(request) else NOT_FOUND)
    ended = doctor(server, *HERE, "--json")
    assert list(ended.verdicts.values()).count("broken") == 2
    ended.agrees(6, {"getExport": "inconclusive: not asked: the server had stopped answering"})
    assert server.hits == 1 + 2 * 2


def test_a_correction_that_works_says_how_to_make_it_last(doctor: Doctor, serve: Serve) -> None:
    """A route of the user's that works is reported as such, with the edit of the spec that makes it last."""

    def script(request: Received) -> Step:
        return healthy()["listExports"] if request.path == "/api/v3/exports" else NOT_FOUND

    ended = doctor(serve(script), "--route", "listExports=GET /api/v3/exports", "--json")
    found = ended.named("listExports")
    assert (found["verdict"], found["evidence"]) == ("works", "given")
    guess = OPERATIONS["listExports"]
    assert found["remedy"] == [
        f"for good: in openapi/spec.yaml, move operationId listExports (GET {guess.path}, {guess.evidence}) to "
        "GET /api/v3/exports; then make regenerate && make record"
    ]


def test_the_root_is_requested_without_the_key(doctor: Doctor, serve: Serve) -> None:
    """The request that only tries the connection carries no credential."""
    server = serve(stage(healthy()))
    doctor(server, *HERE)
    first = next(each for each in server.requests if each.path == "/")
    assert [name for name, value in first.headers.items() if KEY in value] == []
    assert json.dumps(sorted(first.headers)).isascii()


def test_a_forged_line_cannot_enter_the_report(doctor: Doctor, serve: Serve) -> None:
    """Control characters in what a server says are escaped in the text for people."""
    rows = table([private_row()]) | {"data\x1b[2J\nworks everything": 1}
    refused = respond_json({"error": "\x1b[2J\nworks all"}, status=400)
    ended = doctor(serve(stage(healthy(getClickReport=respond_json(rows), listExports=refused))), *HERE)
    assert [line for line in ended.out.splitlines() if not line.isprintable()] == []


def test_the_first_and_the_last_day_of_all_have_one_neighbour(doctor: Doctor, serve: Serve) -> None:
    """At the end of the calendar, the day beside is not requested."""
    row = private_row(request_time="9999-12-31T10:00:00Z")
    days: list[str] = []

    def script(request: Received) -> Step:
        if request.parameter("start_date") not in {"2025-02-01", None}:
            days.append(str(request.parameter("start_date")))
            return page([])
        return stage(healthy(getClickReport=page([row])))(request)

    ended = doctor(serve(script), *HERE, *WEEK, "--json")
    assert (ended.verdicts["last day"], days) == ("note", [str(date.max), "9999-12-30"])
