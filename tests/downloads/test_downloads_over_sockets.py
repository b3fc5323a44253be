"""Faults 1, 2, 5, 6, 36, 37 and 47: a download that breaks off goes on, and comes to an end if it cannot."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
import trustme

from metrics24 import RequestTimeout, StatusError, TransportError
from support import steps
from support.account import Fetching, leftovers
from support.scripted import Exchange, Serve, in_turn
from support.storage import LARGE, Fault, constant, cut, expired, reset, sent, stall, whole

XML = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
HALF = len(LARGE) // 2


MISHAPS: dict[str, Fault] = {
    "cut": cut(HALF),
    "reset": reset(HALF),
    "stall": stall(HALF),
    "503": constant(steps.respond_html(503)),
    "429": constant(steps.respond_html(429)),
    "reset_at_once": constant(steps.reset),
    "garbage": constant(steps.garbage),
    "silence": constant(steps.silence),
    "drip_headers": constant(steps.drip_headers(0.05)),
}


def test_a_file_arrives_as_it_is(fetch: Fetching, lane: str) -> None:
    """Without a fault the file is asked for once, and arrives byte for byte."""
    assert fetch.by(lane) == LARGE
    assert (fetch.stage.storage.asked, fetch.stage.urls(), fetch.clock.slept) == ([0], 1, [])


@pytest.mark.parametrize("mishap", MISHAPS)
def test_fault_01_05_06_47_a_download_that_breaks_off_goes_on(fetch: Fetching, lane: str, mishap: str) -> None:
    """Faults 1, 5, 6 and 47: a download that breaks off, stalls or drips is taken up where it broke off."""
    fetch.options["timeout"] = 0.3
    fetch.stage.storage.fail_next(MISHAPS[mishap])
    assert fetch.by(lane) == LARGE
    resumed = fetch.stage.storage.asked[1]
    assert fetch.stage.storage.asked == [0, resumed]
    assert resumed in ({HALF} if mishap in {"cut", "stall"} else range(HALF + 1))


def test_fault_01_a_storage_that_is_not_there_is_a_transport_error(fetch: Fetching) -> None:
    """Fault 1: a storage that refuses connections is tried six times, then named."""
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": "http://127.0.0.1:9/clicks.csv"}))
    error = fetch.failed(TransportError)
    assert "127.0.0.1:9" in str(error)
    assert (len(fetch.clock.slept), leftovers(fetch.target.parent)) == (5, [])


def test_fault_02_a_storage_with_an_untrusted_certificate_is_refused_at_once(fetch: Fetching, serve: Serve) -> None:
    """Fault 2: a certificate that nobody vouches for ends the download at the first attempt."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    bucket = serve(in_turn(steps.respond(b"x\r\n")), tls=context)
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": f"{bucket.base_url}/clicks.csv"}))
    error = fetch.failed(TransportError)
    assert "SSL_CERT_FILE" in str(error)
    assert (bucket.hits, bucket.connections, fetch.clock.slept) == (0, 1, [])


@pytest.mark.parametrize("step", [steps.silence, steps.drip_headers(0.05)], ids=["silence", "drip"])
def test_fault_05_06_a_storage_that_never_answers_is_left_after_five_more_attempts(fetch: Fetching, step: Any) -> None:
    """Faults 5 and 6: each attempt ends at the timeout of the client, and there are six."""
    fetch.options["timeout"] = 0.1
    fetch.stage.storage.fail_next(*[constant(step)] * 20)
    fetch.failed(RequestTimeout)
    assert (fetch.stage.bucket.hits, leftovers(fetch.target.parent)) == (6, [])


def test_fault_36_an_expired_url_is_minted_again(fetch: Fetching, lane: str) -> None:
    """Fault 36: a URL that expired before or during the download is replaced, and the rest is asked for."""
    fetch.stage.storage.fail_next(expired, cut(HALF), expired)
    assert fetch.by(lane) == LARGE
    assert (fetch.stage.storage.asked, fetch.stage.urls()) == ([0, 0, HALF, HALF], 3)
    resumed = [request.headers.get("if-range") for request in fetch.stage.bucket.requests]
    assert resumed == [None, None, '"v1"', '"v1"']


@pytest.mark.parametrize("status", [401, 403])
def test_fault_36_a_url_that_stays_refused_is_an_error(fetch: Fetching, status: int) -> None:
    """Fault 36: storage that refuses three URLs in a row has the last word, with its code and without its body."""
    refusal = steps.respond(XML, status=status, content_type="application/xml")
    fetch.stage.storage.fail_next(*[constant(refusal)] * 20)
    with pytest.raises(StatusError) as caught:
        fetch.run.result(fetch.job().save(fetch.target))
    assert (caught.value.status_code, caught.value.body, fetch.stage.urls()) == (status, b"", 3)
    assert "AccessDenied" in str(caught.value)
    assert (fetch.stage.bucket.hits, leftovers(fetch.target.parent)) == (3, [])


def test_fault_37_a_storage_without_parts_starts_over(fetch: Fetching, lane: str) -> None:
    """Fault 37: the whole file instead of its rest is the file, not a rest of it."""
    fetch.stage.storage.fail_next(cut(HALF), whole)
    assert fetch.by(lane) == LARGE
    assert fetch.stage.storage.asked == [0, HALF]


def test_fault_47_five_attempts_without_progress_are_the_end(fetch: Fetching) -> None:
    """Fault 47: a download that comes no further is resumed five times, then ends; the part is kept and serves."""
    fetch.options["timeout"] = 0.2
    fetch.stage.storage.fail_next(stall(HALF), *[constant(sent_rest_of_nothing)] * 5)
    error = fetch.failed(TransportError)
    assert "127.0.0.1" in str(error)
    assert fetch.stage.storage.asked == [0, *[HALF] * 5]
    assert fetch.part.read_bytes() == LARGE[:HALF]
    assert fetch.saved() == LARGE
    assert fetch.stage.storage.asked[6:] == [HALF]


def sent_rest_of_nothing(exchange: Exchange) -> None:
    """Announce the rest and send nothing of it."""
    place = f"bytes {HALF}-{len(LARGE) - 1}/{len(LARGE)}"
    length = str(len(LARGE) - HALF)
    sent(206, [("ETag", '"v1"'), ("Content-Range", place), ("Content-Length", length)], b"")(exchange)
    exchange.hang_up()
