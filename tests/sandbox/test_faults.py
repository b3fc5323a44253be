"""Faults on demand: each one breaks what it says, and only as often as it says."""

import httpx
import pytest

from metrics24_sandbox.faults import Fault, plan
from metrics24_sandbox.problems import ApiError
from sandbox.calls import DAY, MAIN, Caller, Start, error_code

QUERY = {**DAY, "page[size]": 5}
GROUP = {"name": "x", "integration": MAIN, "organization": "acmegroup1", "priority": 7}


def faulty(call: Caller, fault: str) -> httpx.Response:
    """A request that asks for a fault."""
    return call("getClickReport", QUERY, headers={"X-Sandbox-Fault": fault})


def test_a_plan_is_read_step_by_step() -> None:
    """Kind, number and value of each step are taken apart; without a number a step has no end."""
    assert plan("503x2, 429x1@7,302@http://x/,reset") == (
        Fault("503", "", 2),
        Fault("429", "7", 1),
        Fault("302", "http://x/", None),
        Fault("reset", "", None),
    )


@pytest.mark.parametrize("text", ["", "oops", "503x", "99", "503,,reset", "drip-everything"])
def test_what_is_no_plan_is_refused(call: Caller, text: str) -> None:
    """An unknown fault is a bad request."""
    with pytest.raises(ApiError, match="no such fault"):
        plan(text)
    assert not text or error_code(faulty(call, text)) == (400, "bad_request")


def test_counted_faults_end(start: Start) -> None:
    """`503x2,429x1@7` fails three times in that order; queued faults meet the next requests of their operation only."""
    call = start()
    responses = [faulty(call, "503x2,429x1@7") for _ in range(4)]
    assert [response.status_code for response in responses] == [503, 503, 429, 200]
    assert (responses[2].headers["Retry-After"], call.box.hits("getClickReport")) == ("7", 4)
    call.box.fail_next("getClickReport", "503x2")
    call.box.fail_next("getClickReport", "404")
    assert call("getConversionReport", QUERY).status_code == 200
    assert [call("getClickReport", QUERY).status_code for _ in range(4)] == [503, 503, 404, 200]


def test_statuses_without_a_name_can_be_had(call: Caller) -> None:
    """Any status, of proxies as well, is answered; a redirect carries its target."""
    assert faulty(call, "520").status_code == 520
    redirect = faulty(call, "302@http://elsewhere.example/")
    assert (redirect.status_code, redirect.headers["location"]) == (302, "http://elsewhere.example/")


@pytest.mark.parametrize(
    ("fault", "body"),
    [("html", "<html>"), ("text", "upstream"), ("empty", ""), ("json@{}", "{}"), ("json@null", "null")],
)
def test_a_success_can_hold_the_wrong_thing(call: Caller, fault: str, body: str) -> None:
    """Status 200 comes with a page, a word, nothing, or any JSON."""
    response = faulty(call, fault)
    assert response.status_code == 200
    assert response.text.startswith(body)
    assert bool(response.text) is bool(body)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", httpx.ReadError),
        ("cut", httpx.RemoteProtocolError),
        *((fault, httpx.ReadTimeout) for fault in ("stall", "drip@0.5", "drip-headers@0.5")),
    ],
)
def test_connections_break(call: Caller, fault: str, error: type[Exception]) -> None:
    """A reset connection gives no response, a cut one half of the body, one that stalls or drips never ends."""
    with httpx.Client(base_url=call.box.base_url, timeout=0.2) as client, pytest.raises(error):
        client.get("/", headers={"X-Sandbox-Fault": fault})


def test_a_lost_answer_is_to_a_request_that_was_carried_out(own: Caller) -> None:
    """The connection breaks, and the filter group exists all the same."""
    own.box.fail_next("createFilterGroup", "lost")
    with pytest.raises(httpx.ReadError):
        own("createFilterGroup", body=GROUP)
    assert [group["name"] for group in own.data("listFilterGroups")["data"]] == ["x"]


def test_a_stripped_body_deletes_nothing(start: Start) -> None:
    """A proxy that drops the body of a DELETE leaves a success that did nothing."""
    call = start()
    identities = [group["id"] for group in call.data("listFilterGroups")["data"]]
    call.box.fail_next("bulkDeleteFilterGroups", "strip")
    assert call.data("bulkDeleteFilterGroups", body={"data": identities}) == {"deleted": [], "missing": []}
    assert len(call.data("listFilterGroups")["data"]) == len(identities)


def test_the_storage_fails_too(own: Caller) -> None:
    """Downloads can be cut, and go on where they were cut."""
    url = own.url(own.finished_export())
    whole = httpx.get(url).content
    own.box.fail_next("storage", "cut")
    with httpx.stream("GET", url) as response, pytest.raises(httpx.RemoteProtocolError):
        response.read()
    rest = httpx.get(url, headers={"Range": f"bytes={len(whole) // 2}-"}).content
    assert whole.endswith(rest)
    assert own.box.hits("storage") == 3
