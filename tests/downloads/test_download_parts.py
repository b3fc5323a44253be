"""Faults 38 and 39: parts of other places, or of other files, are not joined to what has arrived."""

from __future__ import annotations

import pytest

from metrics24 import IntegrityError, TransportError
from support import steps
from support.account import Fetching, Stage, leftovers
from support.scripted import Received, Serve, Step
from support.storage import LARGE, MIB, Fault, Storage, constant, cut, ranged, sent

HALF = len(LARGE) // 2


def test_fault_38_a_wrong_content_range_is_refused(fetch: Fetching, lane: str) -> None:
    """Fault 38: a part other than the one asked for is IntegrityError; what has arrived is kept, and serves."""
    place = f"bytes {HALF - 1}-{len(LARGE) - 1}/{len(LARGE)}"
    wrong = sent(206, [("ETag", '"v1"'), ("Content-Length", "1"), ("Content-Range", place)], b"x")
    fetch.stage.storage.fail_next(cut(HALF), constant(wrong))
    with pytest.raises(IntegrityError):
        fetch.by(lane)
    if lane == "save":
        assert leftovers(fetch.target.parent) == ["clicks.csv.part", "clicks.csv.part.json"]
        assert fetch.part.read_bytes() == LARGE[:HALF]
        assert fetch.saved() == LARGE


def test_fault_38_a_smaller_part_than_asked_for_is_gone_on_from(fetch: Fetching, lane: str) -> None:
    """Fault 38: a part that begins where it must and ends early is no error: the next one is asked for."""
    end = HALF + MIB // 2
    part = ranged(f"bytes {HALF}-{end - 1}/{len(LARGE)}", LARGE[HALF:end])
    fetch.stage.storage.fail_next(cut(HALF), part)
    assert fetch.by(lane) == LARGE
    assert fetch.stage.storage.asked == [0, HALF, end]


OTHER = LARGE.replace(b"x", b"y")


def becomes_another(storage: Storage, request: Received) -> Step:
    """Find that the file is another one by now."""
    storage.content, storage.etag = OTHER, '"v2"'
    return storage.answer(request)


def becomes_another_unnoticed(storage: Storage, request: Received) -> Step:
    """Find that the file is another one, and send the part that was asked for all the same."""
    storage.content, storage.etag = OTHER, '"v2"'
    return ranged(f"bytes {HALF}-{len(OTHER) - 1}/{len(OTHER)}", OTHER[HALF:])(storage, request)


@pytest.mark.parametrize("change", [becomes_another, becomes_another_unnoticed])
def test_fault_39_a_file_that_changed_is_fetched_from_zero(fetch: Fetching, change: Fault) -> None:
    """Fault 39: with another ETag nothing of the earlier file is kept, even if storage ignores If-Range."""
    fetch.stage.storage.fail_next(cut(HALF), change)
    assert fetch.saved() == OTHER


def test_fault_39_a_file_that_changed_between_two_attempts_is_fetched_from_zero(fetch: Fetching) -> None:
    """Fault 39: a part that an earlier save left is given up when the file on the server is another one."""
    fetch.stage.storage.fail_next(cut(HALF), *[constant(steps.reset)] * 5)
    fetch.failed(TransportError)
    fetch.stage.storage.content, fetch.stage.storage.etag = OTHER, '"v2"'
    assert fetch.saved() == OTHER


@pytest.mark.parametrize("change", [becomes_another, becomes_another_unnoticed])
def test_fault_39_bytes_that_were_given_are_never_followed_by_those_of_another_file(
    fetch: Fetching, change: Fault
) -> None:
    """Fault 39: a reader of the bytes gets IntegrityError when the file becomes another, and no mixture."""
    fetch.stage.storage.fail_next(cut(HALF), change)
    seen: list[bytes] = []
    with pytest.raises(IntegrityError):
        fetch.run.visit(fetch.job().iter_bytes(), seen.append)
    assert b"".join(seen) == LARGE[:HALF]


def test_fault_39_a_file_without_a_usable_etag_is_never_continued(fetch: Fetching, serve: Serve) -> None:
    """Fault 39: what no strong ETag vouches for is fetched from zero each time, and bytes cannot go on at all."""
    fetch.stage = Stage(serve, etag='"v\xe9"')
    fetch.stage.storage.fail_next(cut(HALF))
    assert fetch.saved() == LARGE
    assert fetch.stage.storage.asked == [0, 0]
    fetch.stage.storage.fail_next(cut(HALF))
    with pytest.raises(IntegrityError):
        fetch.read()
