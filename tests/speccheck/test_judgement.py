"""The doctor against servers that answer otherwise than the spec says."""

from __future__ import annotations

import json

import pytest

from metrics24_api.operation_table import OPERATIONS
from speccheck.conftest import HERE, KEY, Doctor, Serve
from speccheck.stage import META, NOT_FOUND, PRIVATE, healthy, operation_of, private_row, root, stage
from support.scripted import Received, Step
from support.steps import redirect, reset, respond_html, respond_json
from support.tables import page, table

LATER = [("Retry-After", "99999")]
QUIET_FAILURE = respond_json({"error": "no"}, status=503, headers=LATER)


def test_a_stage_that_is_as_the_spec_says_works(doctor: Doctor, serve: Serve) -> None:
    """The scripted server of these tests is healthy where it is not told otherwise."""
    ended = doctor(serve(stage(healthy())), *HERE, "--json")
    assert (ended.code, set(ended.verdicts.values())) == (0, {"works"})


def test_an_answer_in_html_is_broken(doctor: Doctor, serve: Serve) -> None:
    """A server that answers everything with a web page is code 7, not a wrong path."""
    ended = doctor(serve(lambda _: respond_html()), *HERE, "--json")
    assert (ended.code, ended.verdicts["listExports"], ended.verdicts["getClickReport"]) == (7, "broken", "broken")
    assert ended.named("listExports")["summary"] == "the response is not JSON"


def test_a_failing_server_is_broken(doctor: Doctor, serve: Serve) -> None:
    """Status 5xx is code 6 and says nothing about method and path."""
    ended = doctor(serve(stage(healthy(getConversionReport=QUIET_FAILURE))), *HERE, "--json")
    assert (ended.code, ended.verdicts["getConversionReport"]) == (6, "broken")
    assert ended.verdicts["getClickReport"] == "works"


def test_a_server_that_falls_silent_is_not_asked_on(doctor: Doctor, serve: Serve) -> None:
    """After two operations without any answer the rest is not asked, and the code is 6."""

    def script(request: Received) -> Step:
        return reset if operation_of(request) else NOT_FOUND

    server = serve(script)
    ended = doctor(server, *HERE, "--json")
    assert (ended.code, list(ended.verdicts.values()).count("broken")) == (6, 2)
    assert ended.named("getExport")["summary"] == "not asked: the server had stopped answering"
    assert server.hits == 1 + 2 * 2


@pytest.mark.parametrize(
    ("status", "words"), [(400, "refuses the parameters"), (402, "refuses"), (429, "too many requests")]
)
def test_refusals_are_inconclusive(doctor: Doctor, serve: Serve, status: int, words: str) -> None:
    """A server that refuses harmless parameters leaves the operation open."""
    refusal = respond_json({"error": "page size is odd"}, status=status, headers=LATER)
    ended = doctor(serve(stage(healthy(getImpressionReport=refusal))), *HERE, "--json")
    found = ended.named("getImpressionReport")
    assert (ended.code, found["verdict"], found["status"]) == (13, "inconclusive", status)
    assert words in found["summary"]


def test_a_redirect_is_broken(doctor: Doctor, serve: Serve) -> None:
    """A redirect is not followed, and is named with the base URL as its likely cause."""
    ended = doctor(serve(stage(healthy(listExports=redirect("https://login.invalid/")))), *HERE, "--json")
    assert (ended.code, ended.verdicts["listExports"]) == (7, "broken")
    assert "Correct the base URL" in ended.named("listExports")["details"][0]


def test_a_key_that_works_elsewhere_is_not_refused(doctor: Doctor, serve: Serve) -> None:
    """Status 401 after another operation has worked is about that operation alone."""
    ended = doctor(serve(stage(healthy(listExports=respond_json({}, status=401)))), *HERE, "--json")
    assert (ended.code, ended.verdicts["listExports"]) == (13, "forbidden")


def test_where_nothing_works_the_base_url_is_suspected(doctor: Doctor, serve: Serve) -> None:
    """On a server that knows none of the paths only what needs no id is wrong, and the base URL is named first."""
    ended = doctor(serve(stage({})), *HERE, "--json")
    assert ended.code == 12
    assert ended.verdicts["listExports"] == "wrong path"
    assert ended.verdicts["getClickReport"] == ended.verdicts["listFilterGroups"] == "inconclusive"
    assert "check the base URL first" in ended.named("base URL")["summary"]


def test_error_bodies_are_compared_without_ids_and_paths(doctor: Doctor, serve: Serve) -> None:
    """Bodies that differ in the path they repeat, a time and a request's id are the same answer."""
    numbers = iter(range(1000, 9999))

    def script(request: Received) -> Step:
        if operation_of(request) != "listExports" and operation_of(request):
            return healthy()[operation_of(request)]
        body = {"error": f"cannot GET {request.path}", "time": next(numbers), "request_id": f"req-{next(numbers)}-ab"}
        return respond_json(body, status=404)

    ended = doctor(serve(script), *HERE, "--json")
    assert ended.verdicts["listExports"] == "wrong path"


def test_a_nonsense_path_that_is_not_a_404_proves_nothing(doctor: Doctor, serve: Serve) -> None:
    """A server that answers a nonsense path with something else leaves a 404 inconclusive."""

    def script(request: Received) -> Step:
        if operation_of(request) == "listExports":
            return NOT_FOUND
        return healthy().get(operation_of(request), respond_json({}, status=400))

    ended = doctor(serve(script), *HERE, "--json")
    assert ended.named("listExports")["summary"] == "404, and no other path to compare the response with"


def test_a_wrong_method_without_an_allow_header_gets_a_guess(doctor: Doctor, serve: Serve) -> None:
    """If the server does not name the right method, the likely other one is suggested."""
    ended = doctor(serve(stage(healthy(getClick=respond_json({}, status=405)))), *HERE, "--json")
    found = ended.named("getClick")
    assert found["verdict"] == "wrong method"
    assert 'routes={"getClick": ("POST", "/api/v2/reports/v2/click")}' in found["remedy"][0]


def test_a_correction_that_works_says_how_to_make_it_last(doctor: Doctor, serve: Serve) -> None:
    """A route of the user's that works is reported as given, with the edit of the spec that makes it last."""

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


def test_the_other_column_is_tried_for_the_transaction_id(doctor: Doctor, serve: Serve) -> None:
    """A click that is not found by real_tx_id is looked for by the tx_id of its row."""

    def script(request: Received) -> Step:
        if operation_of(request) == "getClick" and request.parameter("tx_id") != PRIVATE["tx_id"]:
            return respond_json({"error": "unknown"}, status=404)
        return healthy().get(operation_of(request), NOT_FOUND)

    assert doctor(serve(script), *HERE, "--json").code == 0


def test_rows_without_the_keys_of_a_look_up_are_named(doctor: Doctor, serve: Serve) -> None:
    """If no row has the keys of a look-up it is inconclusive, and the keys are named."""
    rows = page([private_row("conversion", hash=None)])
    ended = doctor(serve(stage(healthy(getConversionReport=rows))), *HERE, "--json")
    assert ended.named("getConversion")["summary"] == "not asked: the table's rows lack hash"


def test_an_id_that_no_path_can_hold_is_not_sent(doctor: Doctor, serve: Serve) -> None:
    """An id of the server's that would bend a URL leaves the operation open, and is not shown."""
    listed = respond_json({"data": [{"id": "../secret-1"}], "meta": META})
    ended = doctor(serve(stage(healthy(listExports=listed))), *HERE, "--json")
    assert ended.named("getExport")["summary"] == "not asked: an id or key of another response cannot be sent"
    assert "secret-1" not in ended.out


def test_lists_and_tables_of_another_shape_are_differences(doctor: Doctor, serve: Serve) -> None:
    """An answer whose outer shape is another one is a difference, and gives no ids."""
    changes = {"listExports": respond_json([1, 2]), "getClickReport": respond_json({"data": [private_row()]})}
    ended = doctor(serve(stage(healthy(**changes))), *HERE, "--json")
    assert ended.verdicts["listExports"] == ended.verdicts["getClickReport"] == "differs"
    assert ended.named("listExports")["details"] == ["type conflict $: array, where the spec says object"]
    assert ended.verdicts["getExport"] == ended.verdicts["getClick"] == "inconclusive"


@pytest.mark.parametrize(("seconds", "words"), [(-7200, "ahead of"), (7200, "behind")])
def test_a_clock_that_is_off_is_noted(doctor: Doctor, serve: Serve, seconds: int, words: str) -> None:
    """A server whose time differs by more than a minute gives a note, and no other code."""
    ended = doctor(serve(stage({**healthy(), "/": root(seconds)})), *HERE, "--json")
    assert (ended.code, ended.verdicts["clock"]) == (0, "note")
    assert words in ended.named("clock")["summary"]


def test_the_root_is_asked_without_the_key(doctor: Doctor, serve: Serve) -> None:
    """The request that only knocks carries no credential."""
    server = serve(stage(healthy()))
    doctor(server, *HERE)
    knock = next(each for each in server.requests if each.path == "/")
    assert [name for name, value in knock.headers.items() if KEY in value] == []
    assert json.dumps(sorted(knock.headers)).isascii()


def test_a_forged_line_cannot_enter_the_report(doctor: Doctor, serve: Serve) -> None:
    """Control characters in what a server says are escaped in the text for people."""
    rows = table([private_row()]) | {"data\x1b[2J\nworks everything": 1}
    refusal = respond_json({"error": "\x1b[2J\nworks all"}, status=400)
    ended = doctor(serve(stage(healthy(getClickReport=respond_json(rows), listExports=refusal))), *HERE)
    assert [line for line in ended.out.splitlines() if not line.isprintable()] == []


def test_null_instead_of_a_list_is_an_empty_one(doctor: Doctor, serve: Serve) -> None:
    """Servers that write an empty list as null work, with nothing to compare."""
    empty = respond_json({"data": {"data": None, "pageInfo": {"hasNextPage": False}}})
    nothing = respond_json({"data": None, "meta": {"total_count": 0, "total_page": 0}})
    changes = {"getImpressionReport": empty, "listFilterGroups": nothing}
    ended = doctor(serve(stage(healthy(**changes))), *HERE, "--json")
    words = {ended.named(name)["summary"] for name in changes}
    assert words == {"empty, so nothing could be compared with the spec"}
    assert {ended.verdicts[name] for name in changes} == {"works"}
