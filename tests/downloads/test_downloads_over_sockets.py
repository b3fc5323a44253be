"""Faults 1, 2, 5, 6, 36 to 42 and 45 to 47 over sockets, for files and for bytes; test_download_flow has all cases."""

from __future__ import annotations

import gzip
import ssl
from typing import Any

import pytest
import trustme

from metrics24 import IntegrityError, Metrics24Error, RequestTimeout, ResponseError, StatusError, TransportError
from support import steps
from support.account import Fetching, Stage, leftovers, record
from support.scripted import Exchange, Received, Serve, Step, in_turn
from support.storage import (
    LARGE,
    MIB,
    Fault,
    Storage,
    both,
    constant,
    cut,
    ends,
    expired,
    ranged,
    reset,
    sent,
    stall,
    whole,
)

XML = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"
HALF = len(LARGE) // 2
OTHER = LARGE.replace(b"x", b"y")
ROWS = 40_000
PART = ["clicks.csv.part", "clicks.csv.part.json"]
BR = [("Content-Encoding", "br"), ("Content-Length", "9")]
PAGE = constant(steps.respond(XML, content_type="application/xml"))
WRONG = [("ETag", '"v1"'), ("Content-Length", "1"), ("Content-Range", f"bytes 0-{len(LARGE) - 1}/{len(LARGE)}")]
SMALLER = ranged(f"bytes {HALF}-{HALF + MIB // 2 - 1}/{len(LARGE)}", LARGE[HALF : HALF + MIB // 2])
RESETS = [constant(steps.reset)] * 5


def packed(count: int | None = None) -> Fault:
    """Send the file in gzip, or the first bytes of that, although it was not requested."""

    def step(storage: Storage, _: Received) -> Step:
        body = gzip.compress(LARGE, mtime=0)
        headers = {"ETag": storage.etag, "Content-Length": str(len(body)), "Content-Encoding": "gzip"}
        return both(sent(200, [*headers.items()], body[:count]), Exchange.hang_up)

    return step


def becomes_another(storage: Storage, request: Received) -> Step:
    """Let the file be another one by now."""
    storage.content, storage.etag = OTHER, '"v2"'
    return storage.answer(request)


def becomes_another_unnoticed(storage: Storage, request: Received) -> Step:
    """Let the file be another one, and send the requested part all the same."""
    storage.content, storage.etag = OTHER, '"v2"'
    return ranged(f"bytes {HALF}-{len(OTHER) - 1}/{len(OTHER)}", OTHER[HALF:])(storage, request)


def rest_of_nothing(exchange: Exchange) -> None:
    """Announce the rest and send nothing of it."""
    place, length = f"bytes {HALF}-{len(LARGE) - 1}/{len(LARGE)}", str(len(LARGE) - HALF)
    sent(206, [("ETag", '"v1"'), ("Content-Range", place), ("Content-Length", length)], b"")(exchange)
    exchange.hang_up()


MISHAPS: dict[str, tuple[list[Fault], list[int], int]] = {
    "none": ([], [0], 1),
    "cut": ([cut(HALF)], [0, HALF], 1),
    "stall": ([stall(HALF)], [0, HALF], 1),
    "503": ([constant(steps.respond_html(503))], [0, 0], 2),
    "reset": ([constant(steps.reset)], [0, 0], 1),
    "garbage": ([constant(steps.garbage)], [0, 0], 1),
    "silence": ([constant(steps.silence)], [0, 0], 1),
    "headers that drip": ([constant(steps.drip_headers(0.05))], [0, 0], 1),
    "expired URLs": ([expired, cut(HALF), expired], [0, 0, HALF, HALF], 3),
    "no parts": ([cut(HALF), whole], [0, HALF], 1),
    "a smaller part": ([cut(HALF), SMALLER], [0, HALF, HALF + MIB // 2], 1),
    "gzip that breaks": ([packed(5000), packed(9000), packed()], [0, 0, 0], 1),
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_fault_01_05_06_36_37_38_41_47_a_download_that_breaks_off_goes_on(
    fetch: Fetching, lane: str, mishap: str
) -> None:
    """A download that breaks off, stalls or drips goes on where it broke off if it can, with a new URL if need be."""
    faults, requested, urls = MISHAPS[mishap]
    fetch.options["timeout"] = 0.3
    fetch.stage.storage.fail_next(*faults)
    assert fetch.by(lane) == LARGE
    assert (fetch.stage.storage.asked, fetch.stage.urls()) == (requested, urls)


def test_fault_05_47_a_connection_that_is_reset_amid_a_file_is_resumed(fetch: Fetching, lane: str) -> None:
    """A reset amid the file may lose what was under way, and the rest is fetched from what has arrived."""
    fetch.stage.storage.fail_next(reset(HALF))
    assert fetch.by(lane) == LARGE
    assert 0 <= fetch.stage.storage.asked[1] <= HALF


REFUSED: dict[str, tuple[list[Fault], type[Metrics24Error], list[str]]] = {
    "wrong part": ([cut(HALF), constant(sent(206, WRONG, b"x"))], IntegrityError, PART),
    "page": ([PAGE] * 20, IntegrityError, []),
    "html as csv": ([constant(steps.respond(b"\n <html></html>", content_type="text/csv"))] * 20, IntegrityError, []),
    "page in place of the rest": ([cut(HALF), PAGE], IntegrityError, PART),
    "unknown packing": ([constant(sent(200, BR, b"id,s\r\n1,2"[:9]))] * 20, IntegrityError, []),
    "always silent": ([constant(steps.silence)] * 20, RequestTimeout, []),
    "always dripping": ([constant(steps.drip_headers(0.05))] * 20, RequestTimeout, []),
    "no progress": ([stall(HALF), *[constant(rest_of_nothing)] * 5], TransportError, PART),
}


@pytest.mark.parametrize("case", REFUSED)
def test_fault_05_06_38_41_42_47_what_is_not_the_file_is_an_error(fetch: Fetching, lane: str, case: str) -> None:
    """Other parts, pages, unknown packings and six attempts without progress are errors; what has arrived is kept."""
    faults, error, left = REFUSED[case]
    fetch.options["timeout"] = 0.1
    fetch.stage.storage.fail_next(*faults)
    with pytest.raises(error):
        fetch.by(lane, verify=False)
    assert len(fetch.stage.storage.asked) in {1, 2, 6}
    if lane == "save":
        assert leftovers(fetch.target.parent) == left
        fetch.stage.storage._faults.clear()
        assert (not left or fetch.part.read_bytes() == LARGE[:HALF], fetch.saved()) == (True, LARGE)
        assert fetch.stage.storage.asked[-1] == (HALF if left else 0)


@pytest.mark.parametrize("change", [becomes_another, becomes_another_unnoticed])
def test_fault_39_a_file_that_changed_is_never_mixed(fetch: Fetching, change: Fault) -> None:
    """With another ETag a save keeps nothing of the earlier file, and bytes that were delivered are not continued."""
    fetch.stage.storage.fail_next(cut(HALF), change)
    assert fetch.saved() == OTHER
    fetch.stage.storage.content, fetch.stage.storage.etag = LARGE, '"v1"'
    fetch.stage.storage.fail_next(cut(HALF), change)
    seen: list[bytes] = []
    with pytest.raises(IntegrityError):
        fetch.run.visit(fetch.job().iter_bytes(), seen.append)
    assert b"".join(seen) == LARGE[:HALF]


@pytest.mark.parametrize("first", [cut(HALF), packed(9000)], ids=["changed", "packed"])
def test_fault_39_41_a_part_of_an_earlier_save_is_given_up(fetch: Fetching, first: Fault) -> None:
    """A part is fetched from zero if the file on the server is another one by now, or came packed."""
    fetch.stage.storage.fail_next(first, *RESETS)
    fetch.failed(TransportError)
    fetch.stage.storage.content, fetch.stage.storage.etag = OTHER, '"v2"'
    assert fetch.saved() == OTHER


@pytest.mark.parametrize("count", [0, HALF], ids=["nothing", "half"])
def test_fault_40_a_body_cut_without_an_error_is_noticed(fetch: Fetching, serve: Serve, lane: str, count: int) -> None:
    """The rows that the server promised show that a body without a length was cut."""
    fetch.stage = Stage(serve, results_meta={"total": ROWS})
    fetch.stage.storage.fail_next(ends(count))
    with pytest.raises(IntegrityError):
        fetch.by(lane)
    assert "clicks.csv" not in leftovers(fetch.target.parent)
    assert fetch.by(lane) == LARGE


def test_fault_45_another_number_of_rows_is_refused_and_kept(fetch: Fetching) -> None:
    """Rows that differ from the promise are IntegrityError; verify=False takes them as they are."""
    fetch.stage.account.export = record(results_meta={"total": ROWS + 1})
    error = fetch.failed(IntegrityError)
    assert (str(ROWS) in str(error), str(ROWS + 1) in str(error)) == (True, True)
    assert (leftovers(fetch.target.parent), fetch.part.read_bytes()) == (PART, LARGE)
    with pytest.raises(IntegrityError):
        fetch.read()
    assert fetch.saved(verify=False) == fetch.read(verify=False) == LARGE
    assert fetch.stage.storage.asked == [0, 0, len(LARGE), 0]


@pytest.mark.parametrize("total", [None, -(10**30), True, float(ROWS), "many"])
def test_fault_45_a_promise_that_is_none_says_nothing(fetch: Fetching, total: Any) -> None:
    """A total that cannot be a count is not compared, and one of another type is ResponseError with its path."""
    fetch.stage.account.export = record(results_meta={"total": total})
    if total is None or total == -(10**30):
        assert fetch.saved() == LARGE
        return
    with pytest.raises(ResponseError) as caught:
        fetch.job()
    assert caught.value.path == "$.results_meta.total"


def test_fault_46_line_ends_in_cells_are_no_rows(fetch: Fetching, serve: Serve) -> None:
    """Line ends within quotes do not count, wherever a block or an interruption cuts the file."""
    content = b"id,text\r\n" + b"".join(b'%d,"a\nb ""hi""\r\n"\r\n' % number for number in range(100))
    fetch.stage = Stage(serve, content, results_meta={"total": 100})
    fetch.stage.storage.fail_next(*[cut(7)] * 20)
    assert fetch.saved() == content
    assert fetch.stage.bucket.hits == 21


def test_fault_01_02_a_storage_that_cannot_be_used_is_a_transport_error(fetch: Fetching, serve: Serve) -> None:
    """A storage that refuses connections is tried six times and named; an untrusted certificate ends it at once."""
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": "http://127.0.0.1:9/clicks.csv"}))
    assert "127.0.0.1:9" in str(fetch.failed(TransportError))
    assert (len(fetch.clock.slept), leftovers(fetch.target.parent)) == (5, [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    bucket = serve(in_turn(steps.respond(b"x\r\n")), tls=context)
    fetch.stage.account.say_next("getExportUrl", steps.respond_json({"url": f"{bucket.base_url}/clicks.csv"}))
    assert "SSL_CERT_FILE" in str(fetch.failed(TransportError))
    assert (bucket.hits, bucket.connections, len(fetch.clock.slept)) == (0, 1, 5)


@pytest.mark.parametrize("status", [401, 403])
def test_fault_36_a_url_that_stays_refused_is_an_error(fetch: Fetching, status: int) -> None:
    """Storage that refuses three URLs in a row has the last word, with its code and without its body."""
    refusal = steps.respond(XML, status=status, content_type="application/xml")
    fetch.stage.storage.fail_next(*[constant(refusal)] * 20)
    with pytest.raises(StatusError, match="AccessDenied") as caught:
        fetch.run.result(fetch.job().save(fetch.target))
    assert (caught.value.status_code, caught.value.body, fetch.stage.urls()) == (status, b"", 3)
    assert (fetch.stage.bucket.hits, leftovers(fetch.target.parent)) == (3, [])
