"""Responses of storage other than the file: refusals, pages, statuses and unsafe links."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from downloads.fake_storage import FILE, HALF, Files, Kept, Reply, asked, download, downloaded, minted, replies, whole
from metrics24._core import downloads as storage
from metrics24._core.effects import Opened
from metrics24.errors import (
    IntegrityError,
    Metrics24Error,
    NotFound,
    RequestTimeout,
    ResponseError,
    SecurityError,
    ServerError,
    StatusError,
    TransportError,
)
from support.fake_driver import NOON, in_turn, policy, raw


def test_the_signed_url_is_asked_for_by_the_files_name() -> None:
    """One getExportUrl with the artifact's name precedes the download."""
    driver = Files(whole())
    Kept().take(driver, download())
    assert [(call.request.operation, call.request.params) for call in driver.calls] == [
        ("getExportUrl", (("artifact_name", "f.csv"),))
    ]


@pytest.mark.parametrize("answer", [{"url": ""}, {"url": None}, {"link": "x"}])
def test_an_answer_without_a_url_is_a_response_error(answer: dict[str, object]) -> None:
    """If the API gives no URL, storage is not asked."""
    driver = Files(replies(), in_turn(raw(body=answer)))
    with pytest.raises(ResponseError) as caught:
        Kept().take(driver, download())
    assert (caught.value.path, caught.value.operation) == ("$.url", "getExportUrl")


def test_an_answer_that_is_no_object_is_a_response_error_of_its_operation() -> None:
    """A response that is no object is an error that names its operation."""
    with pytest.raises(ResponseError) as caught:
        Kept().take(Files(replies(), in_turn(raw(body=["x"]))), download())
    assert (caught.value.path, caught.value.operation) == ("$", "getExportUrl")


def test_416_to_a_request_for_the_whole_is_an_error() -> None:
    """Storage that has nothing at all from byte 0 on is not asked for ever."""
    driver = Files(replies(Reply(416)))
    with pytest.raises(StatusError, match="416"):
        Kept().take(driver, download())
    assert driver.leaked == 0


@pytest.mark.parametrize("status", [301, 302, 304, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """Storage that sends elsewhere is a SecurityError, after one request."""
    with pytest.raises(SecurityError, match="not followed"):
        downloaded(replies(Reply(status, {"location": "https://evil.example/"})))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_fault_36_a_url_that_is_too_old_is_requested_again(status: int) -> None:
    """A refusal before or amid a download is answered by a new URL, at once, with what has arrived kept."""
    driver = Files(replies(Reply(status), whole(ends=[HALF]), Reply(status), whole()))
    assert Kept().take(driver, download()).data == FILE
    assert (minted(driver), asked(driver)[2:]) == (3, [(HALF, '"v1"')] * 2)
    assert driver.slept == [0.5]


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"<?xml?><Error><Code>AccessDenied</Code><Host>s3cret</Host></Error>", r" \(AccessDenied\)"), (b"", "")],
)
def test_fault_42_two_new_urls_that_are_refused_are_an_error(body: bytes, said: str) -> None:
    """A third refusal ends it, with storage's word for the reason and nothing else that it says."""
    driver = Files(replies(*[Reply(403, {"content-type": "application/xml"}, (body,))] * 3))
    kept = Kept()
    with pytest.raises(StatusError, match=f"status 403{said}\\.") as caught:
        kept.take(driver, download())
    assert (caught.value.status_code, caught.value.body, "s3cret" in str(caught.value)) == (403, b"", False)
    assert (kept.blocks, minted(driver), driver.leaked) == ([], 3, 0)


def test_a_refusal_whose_body_breaks_off_is_a_refusal() -> None:
    """An error whose body cannot be read is still the error."""
    driver = Files(replies(*[Reply(404, {}, (TransportError("x"),))] * 3))
    with pytest.raises(NotFound, match="status 404"):
        Kept().take(driver, download())
    assert driver.leaked == 0


@pytest.mark.parametrize("status", [204, 202, 402, 409, 501])
def test_other_statuses_are_errors_at_once(status: int) -> None:
    """A response that is no file and no reason to try again ends the download after one request."""
    with pytest.raises((StatusError, IntegrityError), match=f"status {status}"):
        downloaded(replies(Reply(status)))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524])
def test_storage_that_is_not_well_is_asked_again(status: int) -> None:
    """Transient statuses are tried again after growing pauses, with a new URL."""
    driver = Files(replies(Reply(status), Reply(status), whole()))
    assert Kept().take(driver, download()).data == FILE
    assert (driver.slept, minted(driver)) == ([0.5, 1.0], 3)


def test_storage_that_stays_unwell_is_given_up() -> None:
    """After five attempts more that bring nothing the error is storage's own."""
    driver = Files(replies(*[Reply(503)] * 6))
    with pytest.raises(ServerError, match="status 503"):
        Kept().take(driver, download())
    assert driver.slept == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_storage_that_cannot_be_reached_is_tried_again() -> None:
    """A connection that fails is tried again with the same URL."""
    driver = Files(replies(TransportError("x", sent=False), RequestTimeout("x"), whole()))
    assert Kept().take(driver, download()).data == FILE
    assert (driver.slept, minted(driver)) == ([0.5, 1.0], 1)


def test_a_fault_that_is_permanent_is_not_tried_again() -> None:
    """A certificate that is not trusted ends the download at once."""
    driver = Files(replies(TransportError("untrusted", sent=False, permanent=True)))
    with pytest.raises(TransportError, match="untrusted"):
        Kept().take(driver, download())
    assert driver.slept == []


def test_more_than_was_announced_is_an_integrity_error() -> None:
    """A body that is longer than its announced length is not the file."""
    with pytest.raises(IntegrityError, match=r"more than the 5 bytes"):
        downloaded(replies(Reply(200, {"content-length": "5"}, (b"a,b\n1", b",2\n"))))


@pytest.mark.parametrize("length", [None, "", "x", "9" * 30, "-1"])
def test_a_file_of_unknown_length_ends_with_its_stream(length: str | None) -> None:
    """Without an announced length the end of the stream is the end of the file."""
    flow = download()
    head = {} if length is None else {"content-length": length}
    assert Kept().take(Files(replies(Reply(200, head, (FILE,)))), flow).data == FILE
    assert flow.size is None


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/xml", "TEXT/XML"])
def test_fault_42_a_page_in_place_of_the_file_is_refused(kind: str) -> None:
    """200 with HTML or XML never becomes a CSV, and the connection is released."""
    driver = Files(replies(Reply(200, {"content-type": kind}, (b"a,b\n",))))
    with pytest.raises(IntegrityError, match="page instead of the file"):
        Kept().take(driver, download())
    assert driver.leaked == 0


@pytest.mark.parametrize("blocks", [(b"<?xml",), (b"\xef\xbb\xbf\r\n <html>",), (b"\n", b" ", b"\t<Error>")])
def test_fault_42_a_page_that_is_declared_as_a_file_is_refused(blocks: tuple[bytes, ...]) -> None:
    """A body that begins with an angle bracket, after blanks or not, is a page, whatever its type and its blocks."""
    with pytest.raises(IntegrityError, match="page instead of the file"):
        downloaded(replies(Reply(200, {"content-type": "text/csv"}, blocks)))


def test_an_angle_bracket_further_on_is_a_cell() -> None:
    """Only the beginning of a file tells a page."""
    rows = (b"a,b\n", b"<x>,1\n", TransportError("x"))
    rest = Reply(206, {"content-range": "bytes 10-14/15"}, (b"<y>,2",))
    head = {"etag": '"v1"', "content-length": "15"}
    assert downloaded(replies(Reply(200, head, rows), rest)) == b"a,b\n<x>,1\n<y>,2"


@pytest.mark.parametrize(
    ("link", "error"), [("http://storage.example/f", SecurityError), ("https://u:p@storage.example/", SecurityError)]
)
def test_fault_58_an_unsafe_url_is_not_opened(link: str, error: type[Metrics24Error]) -> None:
    """A signed URL that could give the file away is refused before storage is asked."""
    driver = Files(replies(), in_turn(raw(body={"url": link})))
    with pytest.raises(error):
        Kept().take(driver, download())
    assert driver.opened == []


def test_a_url_that_cannot_be_minted_ends_the_download() -> None:
    """The API's refusal is the error, as for any other call."""
    with pytest.raises(NotFound):
        Kept().take(Files(replies(), in_turn(raw(404))), download())


def test_every_step_has_the_clients_timeout() -> None:
    """Opening and every read may take as long as any attempt of the client's."""
    seen: list[Callable[..., Any] | float] = []

    class Watching(Files):
        def _read(self, stream: int, seconds: float) -> bytes:
            seen.append(seconds)
            return super()._read(stream, seconds)

    driver = Watching(whole())
    Kept().take(driver, download(policy=policy(timeout=7)))
    assert [*seen, *(each.timeout for each in driver.opened)] == [7, 7, 7]


def opened(status: int, headers: dict[str, str]) -> Opened:
    """Make the head of a response of storage."""
    return Opened(status, httpx.Headers(headers), None)


@pytest.mark.parametrize(("digits", "length"), [(18, 10**18 - 1), (19, None)])
def test_a_length_of_more_digits_than_any_file_has_is_none(digits: int, length: int | None) -> None:
    """An announced length is read up to 18 digits, and is unknown beyond."""
    assert storage.length_of(opened(200, {"content-length": "9" * digits})) == length


@pytest.mark.parametrize(("size", "code"), [(4096, "SlowDown"), (4097, "")])
def test_storages_word_for_an_error_is_looked_for_at_the_beginning(size: int, code: str) -> None:
    """The code counts if it stands in the first 4,096 bytes, whatever else storage sends."""
    assert storage.error_code(b"<Code>SlowDown</Code>".rjust(size) + b" " * 99) == code


@pytest.mark.parametrize("beginning", [b"~<a>,b\n", b"a<b>,c\n", b",<a>\n"])
def test_only_blanks_may_stand_before_the_bracket_of_a_page(beginning: bytes) -> None:
    """A column's name that holds an angle bracket behind anything else begins a file."""
    assert storage.refuse_page(beginning)


@pytest.mark.parametrize(
    ("status", "kind"), [(299, IntegrityError), (300, SecurityError), (399, SecurityError), (400, StatusError)]
)
def test_redirects_are_the_statuses_from_300_to_399(status: int, kind: type[Exception]) -> None:
    """A status just below is no file, one in the range leads elsewhere, one just above is an error."""
    assert isinstance(storage.refusal(opened(status, {}), "", NOON), kind)


def test_pauses_between_attempts_at_a_file_may_be_short_and_are_bounded() -> None:
    """The pauses of a download are drawn from zero up to a bound that doubles, and never beyond 20 seconds."""
    bounds: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        bounds.append((least, most))
        return most

    driver = Files(whole(ends=iter([0] * 9)))
    with pytest.raises(TransportError):
        Kept().take(driver, download(policy=policy(uniform=uniform)))
    assert bounds == [(0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (0.0, 4.0), (0.0, 8.0)]


def test_a_download_that_breaks_off_is_told_of_under_the_packages_name(caplog: pytest.LogCaptureFixture) -> None:
    """The log named metrics24, which users silence or show, has a line for each time a download goes on."""
    with caplog.at_level(logging.INFO, "metrics24"):
        Kept().take(Files(whole(ends=[5])), download())
    assert [(each.name, each.levelname) for each in caplog.records] == [("metrics24", "INFO")]
