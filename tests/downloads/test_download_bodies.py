"""Faults 40 to 42: what is cut, packed or no file at all is never saved as the file."""

from __future__ import annotations

import gzip

import pytest

from metrics24 import IntegrityError, StatusError, TransportError
from support import steps
from support.account import Fetching, Stage, leftovers
from support.scripted import Exchange, Received, Serve, Step
from support.storage import LARGE, Fault, Storage, both, constant, cut, ends, sent

XML = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
HALF = len(LARGE) // 2


@pytest.mark.parametrize("count", [0, HALF], ids=["nothing", "half"])
def test_fault_40_a_body_cut_without_an_error_is_noticed(fetch: Fetching, serve: Serve, lane: str, count: int) -> None:
    """Fault 40: where storage announces no length, the rows that the server promised show that the body was cut."""
    fetch.stage = Stage(serve, results_meta={"total": 40_000})
    fetch.stage.storage.fail_next(ends(count))
    with pytest.raises(IntegrityError):
        fetch.by(lane)
    assert "clicks.csv" not in leftovers(fetch.target.parent)
    assert fetch.by(lane) == LARGE


@pytest.mark.parametrize("end", [b"", b'"a\r\n'])
def test_fault_40_a_body_cut_inside_the_last_field_is_noticed(fetch: Fetching, serve: Serve, end: bytes) -> None:
    """Fault 40: a file that ends within a cell or a line is IntegrityError, though its length and rows agree."""
    fetch.stage = Stage(serve, b"id,status\r\n1,approved\r\n2," + end, results_meta={"total": 2})
    fetch.failed(IntegrityError)


def packed(data: bytes, count: int | None = None) -> Fault:
    """Send the file in gzip, or the first bytes of that, although it was asked for as it is."""

    def answered(storage: Storage, _: Received) -> Step:
        body = gzip.compress(data, mtime=0)
        headers = {"ETag": storage.etag, "Content-Length": str(len(body)), "Content-Encoding": "gzip"}
        return both(sent(200, [*headers.items()], body[:count]), Exchange.hang_up)

    return answered


def test_fault_41_a_packed_file_is_unpacked_whole(fetch: Fetching, lane: str) -> None:
    """Fault 41: gzip that was not requested is unpacked, from zero again when it breaks off."""
    fetch.stage.storage.fail_next(packed(LARGE, 5000), packed(LARGE, 9000), packed(LARGE))
    assert fetch.by(lane) == LARGE
    assert ["range" in request.headers for request in fetch.stage.bucket.requests] == [False] * 3


def test_fault_41_a_packed_part_is_never_continued(fetch: Fetching) -> None:
    """Fault 41: what an interrupted save unpacked is fetched from zero by the next, as storage counts packed bytes."""
    fetch.stage.storage.fail_next(packed(LARGE, 9000), *[constant(steps.reset)] * 5)
    fetch.failed(TransportError)
    fetch.stage.storage.fail_next(packed(LARGE))
    assert fetch.saved(verify=False) == LARGE
    assert fetch.stage.bucket.requests[-1].headers.get("range") is None


@pytest.mark.parametrize("coding", ["br", "gzip", "nonsense\x01"])
def test_fault_41_a_packing_that_cannot_be_opened_is_refused(fetch: Fetching, coding: str) -> None:
    """Fault 41: a packing that is unknown, or does not open, is an error and never half a file."""
    headers = [("Content-Encoding", coding), ("Content-Length", "9")]
    fetch.stage.storage.fail_next(*[constant(sent(200, headers, b"id,s\r\n1,2"[:9]))] * 20)
    for lane in ("save", "read"):
        with pytest.raises((IntegrityError, TransportError)):
            fetch.by(lane)
    assert leftovers(fetch.target.parent) == []


PAGES = {
    "403": (403, "application/xml", XML),
    "html": (200, "text/html; charset=utf-8", b"<!doctype html>"),
    "html_as_csv": (200, "text/csv", b"\xef\xbb\xbf\n  <html></html>"),
    "rest": (206, "application/xml", XML),
}


@pytest.mark.parametrize("page", PAGES)
def test_fault_42_a_page_is_never_a_file(fetch: Fetching, page: str) -> None:
    """Fault 42: an error page in XML or HTML is an error, whatever its status and type say, and verified or not."""
    status, kind, body = PAGES[page]
    place = [("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}")] if status == 206 else []
    answer = steps.respond(body, status=status, content_type=kind, headers=place)
    fetch.stage.storage.fail_next(*[constant(answer)] * 20)
    for lane in ("save", "read"):
        with pytest.raises((IntegrityError, StatusError)):
            fetch.by(lane, verify=False)
    assert leftovers(fetch.target.parent) == []


def test_fault_42_a_page_in_place_of_the_rest_leaves_the_part_alone(fetch: Fetching) -> None:
    """Fault 42: a page that comes where the rest of a file should is refused; what has arrived is kept, and serves."""
    page = steps.respond(XML, content_type="application/xml")
    fetch.stage.storage.fail_next(cut(HALF), constant(page))
    fetch.failed(IntegrityError)
    assert fetch.part.read_bytes() == LARGE[:HALF]
    assert fetch.saved() == LARGE
    assert fetch.stage.storage.asked == [0, HALF, HALF]
