"""Faults 55 and 58: storage never sees the credential, and nobody else sees what a file's URL was signed with."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from metrics24 import IntegrityError, Metrics24Error, ResponseError, SecurityError, TransportError
from network.test_secrets import CREDENTIALS, logged, pickled, shown
from support import steps
from support.account import Fetching, leftovers, record
from support.running import KEY
from support.scripted import Received, Serve, Step, in_turn
from support.storage import LARGE, SIGNATURE, Fault, Storage, constant, cut, expired, ranged, reset, sent

HALF = len(LARGE) // 2
LOGGERS = ("", "metrics24", "httpx", "httpcore", "httpcore.http11", "httpcore.connection", "asyncio")
REFUSALS = (302, 403, 418, 503)


def echo(status: int) -> Fault:
    """Answer like a storage that repeats what was signed, in another order, in its error's body and in every header."""

    def answered(_: Storage, request: Received) -> Step:
        query = "&".join(f"{name}={value}" for name, value in reversed(request.query))
        body = f"<Error><Code>Sig</Code><StringToSign>{query}</StringToSign></Error>".encode()
        names = ("X-Echo", "X-Request-Id", "ETag", "Content-Range", "Retry-After")
        location = [("Location", f"http://127.0.0.1:9/?{query}")] if status < 400 else []
        return steps.respond(body, status=status, headers=[*((name, query) for name in names), *location])

    return answered


FAILURES: dict[str, Fault] = {
    **{f"echo_{status}": echo(status) for status in REFUSALS},
    "reset": constant(steps.reset),
    "garbage": constant(steps.garbage),
    "silence": constant(steps.silence),
    "page": constant(steps.respond_html()),
    "packed": constant(sent(200, [("Content-Encoding", "br"), ("Content-Length", "0")], b"")),
    "cut": cut(0),
    "wrong_part": ranged("bytes 7-8/9", b"xx"),
    "nonsense_status": constant(sent(204, [("Content-Length", "0")], b"")),
}


def all_loggers_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    """Let every logger say all that it can."""
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_fault_55_storage_never_sees_the_credential(fetch: Fetching, lane: str, credential: str) -> None:
    """Fault 55: neither the first request for a file nor any later one carries a credential, a cookie or a referer."""
    fetch.options.update(CREDENTIALS[credential])
    fetch.stage.storage.headers["Set-Cookie"] = "a=b"
    fetch.stage.storage.fail_next(cut(HALF), expired, reset(10))
    assert fetch.by(lane) == LARGE
    assert fetch.stage.bucket.hits == 4
    for request in fetch.stage.bucket.requests:
        assert {*request.headers} <= {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "user-agent",
            "range",
            "if-range",
        }
        assert KEY not in repr((request.path, request.query, [*request.headers.values()]))
    assert all(KEY in repr([*request.headers.values()]) for request in fetch.stage.api.requests)


@pytest.mark.parametrize("status", [301, 307])
def test_fault_55_58_storage_sends_nobody_elsewhere(fetch: Fetching, serve: Serve, status: int) -> None:
    """Faults 55 and 58: a redirect from storage is SecurityError at once, and the other host sees nothing."""
    other = serve(in_turn(steps.respond(LARGE)))
    fetch.stage.storage.fail_next(constant(steps.redirect(f"{other.base_url}/?{SIGNATURE}", status)))
    error = fetch.failed(SecurityError)
    assert (other.connections, fetch.stage.bucket.hits, leftovers(fetch.target.parent)) == (0, 1, [])
    assert SIGNATURE not in shown(error)


@pytest.mark.parametrize("failure", FAILURES)
def test_fault_55_58_no_failure_shows_a_signature(
    fetch: Fetching, caplog: pytest.LogCaptureFixture, failure: str
) -> None:
    """Faults 55 and 58: no log at DEBUG, traceback with locals, attribute or pickle of a failure has the query."""
    all_loggers_at_debug(caplog)
    fetch.options["timeout"] = 0.1
    fetch.stage.storage.fail_next(*[FAILURES[failure]] * 20)
    with pytest.raises(Metrics24Error) as caught:
        fetch.run.result(fetch.job().save(fetch.target))
    assert fetch.stage.bucket.hits >= 1
    said = shown(caught.value) + repr(vars(caught.value)) + repr([*getattr(caught.value, "headers", {}).items()])
    for secret in (SIGNATURE, KEY):
        assert secret not in said
        assert secret not in logged(caplog)
        assert secret.encode() not in pickled(caught.value)


def test_fault_55_58_no_success_shows_a_signature(fetch: Fetching, caplog: pytest.LogCaptureFixture, lane: str) -> None:
    """Faults 55 and 58: a download that is taken up again logs neither credential nor query, and no repr holds them."""
    all_loggers_at_debug(caplog)
    fetch.stage.storage.fail_next(cut(HALF), expired, reset(10), echo(503))
    assert fetch.by(lane) == LARGE
    job = fetch.job()
    things = [job, job.export, *vars(job).values(), *vars(job._driver).values()]
    for secret in (SIGNATURE, KEY):
        assert secret not in logged(caplog) + repr(things)
        assert all(secret.encode() not in pickled(thing) for thing in things)


AWKWARD = [
    "stray%percent%zz",
    "plus+slash/equals==",
    "a%2Fb%3D",
    "quote'quote",
    'double"double',
    "<angle>",
    "pipe|brace{}caret^",
    "`~!*();:@$,",
]


@pytest.mark.parametrize("query", AWKWARD)
def test_fault_58_a_query_of_any_characters_is_not_logged(
    fetch: Fetching, serve: Serve, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    """Fault 58: characters that the library writes otherwise do not make a signature readable in a log."""
    bucket = serve(in_turn(steps.respond(LARGE)))
    url = f"{bucket.base_url}/clicks.csv?X-Sig={query}{SIGNATURE}"
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": url}))
    all_loggers_at_debug(caplog)
    assert fetch.saved() == LARGE
    assert SIGNATURE not in logged(caplog)


LONG = "a" * 10_000_000
HOSTILE: dict[str, Any] = {
    "http": f"http://storage.example.com/x?{SIGNATURE}",
    "looks_like_loopback": f"http://127.0.0.1.example.com/x?{SIGNATURE}",
    "user_info": f"https://user:{SIGNATURE}@127.0.0.1/x",
    "user_info_on_loopback": f"http://{SIGNATURE}@127.0.0.1/x",
    "line_break": f"https://127.0.0.1/x?{SIGNATURE}\r\nX-Evil: 1",
    "unicode_host": f"https://exämple.com/x?{SIGNATURE}",
    "surrogate": f"https://127.0.0.1/x?{SIGNATURE}\ud800",
    "long": f"https://127.0.0.1/{LONG}?{SIGNATURE}",
    "long_query": f"https://127.0.0.1/x?{SIGNATURE}{LONG[:20_000]}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_fault_58_a_url_that_gives_the_file_away_is_refused(
    fetch: Fetching, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Fault 58: a URL on plain http, with user info, or that is none is SecurityError at once, and shown nowhere."""
    all_loggers_at_debug(caplog)
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": HOSTILE[kind]}))
    error = fetch.failed(SecurityError)
    assert (fetch.stage.urls(), fetch.stage.bucket.connections, leftovers(fetch.target.parent)) == (1, 0, [])
    assert SIGNATURE not in shown(error) + logged(caplog)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("url", [None, "", 7, True, [], ["http://127.0.0.1/"], {"url": "http://127.0.0.1/"}])
def test_fault_58_an_answer_without_a_url_is_off_the_contract(fetch: Fetching, url: Any) -> None:
    """Fault 58: where the URL should be and is no text, ResponseError names the place."""
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": url}))
    error = fetch.failed(ResponseError)
    assert getattr(error, "path", "") in {"$.url", "$"}
    assert fetch.stage.bucket.connections == 0


def test_fault_58_a_fragment_is_never_sent(fetch: Fetching, serve: Serve) -> None:
    """Fault 58: what follows a # is no part of the request, and cannot turn one host into another."""
    bucket = serve(in_turn(steps.respond(LARGE)))
    url = f"{bucket.base_url}/a.csv?x=1#@storage.example.com/?secret"
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": url}))
    assert fetch.saved() == LARGE
    assert [(request.path, request.query) for request in bucket.requests] == [("/a.csv", (("x", "1"),))]


def test_fault_58_a_url_without_a_query_is_used(fetch: Fetching, serve: Serve) -> None:
    """Fault 58: a URL need not be signed by its query; nothing is added to it."""
    bucket = serve(in_turn(steps.respond(LARGE)))
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"data": {"url": bucket.base_url}}))
    assert fetch.saved() == LARGE
    assert [(request.path, request.query) for request in bucket.requests] == [("/", ())]


def test_fault_55_a_job_never_leaves_its_process_with_a_credential(fetch: Fetching) -> None:
    """Fault 55: a job is not pickled; its id is what takes an export up in another process."""
    job = fetch.job()
    with pytest.raises(TypeError, match=r"never pickled|cannot pickle"):
        pickle.dumps(job)
    assert KEY not in repr(job)
    assert repr(job).endswith(f"(id='{record()['id']}', status='COMPLETED')")


def test_fault_58_an_error_of_storage_names_its_host_alone(fetch: Fetching) -> None:
    """Fault 58: an error names the host of storage, so that it can be looked for, and nothing of the URL."""
    fetch.stage.storage.fail_next(*[constant(steps.reset)] * 6)
    error = fetch.failed(TransportError)
    assert fetch.stage.bucket.base_url.removeprefix("http://") in str(error)
    assert "clicks.csv" not in str(error)
    fetch.stage.storage.fail_next(ranged("x"))
    assert "clicks.csv" not in str(fetch.failed(IntegrityError))
