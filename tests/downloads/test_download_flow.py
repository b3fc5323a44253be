"""A download resumes where it broke off, and gives nothing but one version of the file, whole, or an error."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from downloads.fake_storage import (
    CUT,
    FILE,
    HALF,
    NEWER,
    Answer,
    Behaviour,
    Files,
    Kept,
    Reply,
    asked,
    download,
    downloaded,
    minted,
    packed,
    replies,
    whole,
)
from metrics24._core.retry import RetryBudget
from metrics24.errors import IntegrityError, RequestTimeout, TransportError
from support.fake_driver import policy


def ignoring(data: bytes, etag: str | None, size: int | None = None) -> Behaviour:
    """Answer with a part also if the version is another, as no storage should."""

    def answer(effect: Any) -> Answer:
        place = f"bytes {effect.offset}-{len(data) - 1}/{size or len(data)}"
        head = {"content-range": place, **({} if etag is None else {"etag": etag})}
        return Reply(206, head, (data[effect.offset :],))

    return answer


V1, V2 = '"v1"', '"v2"'
SIZE = len(FILE)
START, REST = (0, ""), (HALF, V1)
half = functools.partial(whole, ends=[HALF])
WHOLE = Reply(200, {"etag": V1, "content-length": str(SIZE)}, (FILE,))
BEGINNING = Reply(206, {"content-range": f"bytes 0-{HALF - 1}/{SIZE}", "etag": V1}, (FILE[:HALF],))
new = functools.partial(whole, NEWER, etag=V2)


def vague(effect: Any) -> Answer:
    """Send a part of a whole of unknown size, cut without an error."""
    return Reply(206, {"content-range": f"bytes {effect.offset}-{SIZE - 1}/*"}, (FILE[effect.offset : -5],))


Requests = list[tuple[int, str]]
ENDS: dict[str, tuple[Behaviour, int, bytes, str, Requests, list[int]]] = {
    "undisturbed": (whole(), 0, FILE, V1, [START], [0]),
    "no parts": (replies(half(), WHOLE), 0, FILE, V1, [START, REST], [0, 0]),
    "changed": (replies(half(), new()), 0, NEWER, V2, [START, REST], [0, 0]),
    "If-Range ignored": (replies(half(), ignoring(NEWER, V2), new()), 0, NEWER, V2, [START, REST, START], [0, 0]),
    "no version in the part": (replies(half(), ignoring(FILE, None)), 0, FILE, V1, [START, REST], [0, HALF]),
    "no size in the part": (
        replies(half(), vague, whole()),
        0,
        FILE,
        V1,
        [START, REST, (SIZE - 5, V1)],
        [0, HALF, SIZE - 5],
    ),
    "206 from the beginning": (replies(BEGINNING, whole()), 0, FILE, V1, [START, REST], [0, HALF]),
    "an earlier part": (whole(), HALF, FILE, V1, [REST], [HALF]),
    "an earlier part, changed": (new(), HALF, NEWER, V2, [REST], [0]),
    "an earlier part, empty now": (whole(b"", etag=V2), HALF, b"", V2, [REST], [0]),
    "empty": (whole(b""), 0, b"", "", [START], []),
    "all there": (whole(), SIZE, FILE, V1, [(SIZE, V1)], []),
}
for size in (HALF - 1, HALF, HALF + 10, SIZE + 1):
    other = replies(half(), ignoring(FILE, V1, size), whole(NEWER))
    ENDS[f"a part of another size: {size}"] = (other, 0, NEWER, V1, [START, REST, START], [0, 0])
for weak in ("", 'W/"v1"', "v1", '"v1', '"v\xe91"', '"a", "b"', '"' + "e" * 20_000 + '"'):
    ENDS[f"no strong version: {weak[:9]}"] = (whole(etag=weak, ends=[HALF]), 0, FILE, "", [START, START], [0, 0])
for beyond in ({}, {"content-range": "bytes */5"}, {"content-range": f"bytes */{SIZE}", "etag": V2}):
    storage = replies(Reply(416, beyond), new())
    ENDS[f"beyond the file: {beyond}"] = (storage, SIZE, NEWER, V2, [(SIZE, V1), START], [0])


@pytest.mark.parametrize("case", ENDS)
def test_fault_37_38_39_a_download_is_one_version_and_whole(case: str) -> None:
    """A part is continued only if version, place and size agree; else the file is fetched from zero."""
    storage, offset, data, etag, requests, offsets = ENDS[case]
    driver, flow = Files(storage), download(offset=offset, etag=V1 if offset else "")
    kept = Kept(FILE[:offset], V1 if offset else "").take(driver, flow)
    assert (kept.data, kept.etag, asked(driver)) == (data, etag, requests)
    assert ([block.offset for block in kept.blocks], driver.leaked) == (offsets, 0)


@pytest.mark.parametrize("rewinds", [True, False])
def test_an_undisturbed_download_is_one_url_and_one_request(rewinds: bool) -> None:
    """The size and the version of the file are known, and there is no pause."""
    driver, flow = Files(whole()), download(rewinds=rewinds)
    assert Kept().take(driver, flow).data == FILE
    assert (flow.size, flow.etag, asked(driver), minted(driver), driver.slept) == (SIZE, V1, [START], 1, [])


@pytest.mark.parametrize("how", ["", CUT])
@pytest.mark.parametrize("place", [0, 1, HALF, len(FILE) - 1])
def test_fault_36_a_broken_download_goes_on_where_it_broke(place: int, how: str) -> None:
    """After a stream that fails or ends early the rest is requested by offset and version, with the same URL."""
    driver = Files(whole(ends=[(place, how)]))
    assert Kept().take(driver, download()).data == FILE
    assert asked(driver) == [(0, ""), (place, '"v1"' if place else "")]
    assert (minted(driver), driver.slept) == (1, [0.5])


@pytest.mark.parametrize(
    ("offset", "place", "match"),
    [
        *[
            (HALF, place, f"from byte {HALF} on")
            for place in (
                "",
                f"bytes {HALF - 1}-{SIZE - 1}/{SIZE}",
                f"bytes 0-{SIZE - 1}/{SIZE}",
                f"bytes {SIZE}-{SIZE}/{SIZE}",
                f"rows {HALF}-{SIZE - 1}/{SIZE}",
                "bytes -5-3/9",
                "bytes */10",
                "bytes x",
                "bytes 99999999999999999999-1/2",
                f"bytes {'9' * 40}-{'9' * 40}/{'9' * 40}",
            )
        ],
        *[(HALF, f"bytes {HALF}-{SIZE - 1}/{size}", "how large") for size in ("*", 0, HALF)],
        *[(0, place, "from byte 0 on") for place in ("", "bytes 7-9/10", "bytes 0-9/*", "bytes 0-9")],
    ],
)
@pytest.mark.parametrize("etag", ["", V1])
def test_fault_38_a_part_that_was_not_requested_is_an_integrity_error(
    offset: int, place: str, match: str, etag: str
) -> None:
    """A part that begins elsewhere, or does not say a size beyond its beginning, is never used."""
    driver = Files(replies(Reply(206, {"content-range": place, **({"etag": etag} if etag else {})}, (b"x",))))
    kept = Kept(FILE[:offset], V1)
    with pytest.raises(IntegrityError, match=match):
        kept.take(driver, download(offset=offset, etag=V1 if offset else ""))
    assert (kept.blocks, driver.leaked) == ([], 0)


def test_fault_47_a_stall_is_resumed_five_times_without_progress_at_most() -> None:
    """A stream from which nothing comes any more is opened again five times, then its timeout is the error."""
    stalled = Reply(206, {"content-range": f"bytes {HALF}-{len(FILE) - 1}/{len(FILE)}"}, (RequestTimeout("stalled"),))
    driver = Files(replies(whole(ends=[HALF]), *[stalled] * 5))
    kept = Kept()
    with pytest.raises(RequestTimeout, match="stalled"):
        kept.take(driver, download())
    assert (kept.data, len(driver.opened), driver.leaked) == (FILE[:HALF], 6, 0)


def test_fault_47_progress_resets_the_count() -> None:
    """A file that comes in a hundred pieces comes whole, and every pause is the first one."""
    driver = Files(whole(ends=[10] * 100))
    assert Kept().take(driver, download()).data == FILE
    assert driver.slept == [0.5] * 100


def test_a_file_that_always_restarts_and_breaks_at_one_place_is_given_up() -> None:
    """Bytes that are fetched again and again up to the same place are no progress."""
    driver = Files(whole(etag="", ends=[HALF] * 99))
    with pytest.raises(TransportError, match="broke off"):
        Kept().take(driver, download())
    assert len(driver.opened) == 6


def test_retries_of_downloads_are_in_the_clients_budget() -> None:
    """When the client's budget is used up, a download that brings nothing ends with its first error."""
    driver = Files(replies(TransportError("x"), TransportError("y")))
    with pytest.raises(TransportError, match="y"):
        Kept().take(driver, download(policy=policy(budget=RetryBudget(1))))


def test_a_download_that_comes_further_pays_its_retries_back() -> None:
    """A long download over a bad line leaves the client its budget, also if it was smaller before."""
    budget, bad = RetryBudget(3), whole(ends=[10] * 20)
    driver = Files(replies(whole(ends=[10]), TransportError("x"), TransportError("x"), *[bad] * 21))
    assert Kept().take(driver, download(policy=policy(budget=budget))).data == FILE
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
    budget = RetryBudget(3)
    budget.take()
    budget.take()
    downloaded(whole(ends=[10, HALF]), policy=policy(budget=budget))
    assert [budget.take() for _ in range(2)] == [True, False]


@pytest.mark.parametrize("reads", [0, 1])
def test_a_download_can_be_given_up_at_any_time(reads: int) -> None:
    """Closing before the first byte or amid the file releases the connection, and closing twice does no harm."""
    driver, flow = Files(whole()), download()
    for _ in range(reads):
        assert driver.run(flow.next_block()) is not None
    for _ in range(2):
        driver.run(flow.close())
    assert driver.leaked == 0


def test_what_was_delivered_is_not_delivered_again() -> None:
    """Without rewinding, a file that starts over is delivered from where it broke off."""
    driver = Files(replies(whole(ends=[HALF]), lambda _: whole(ends=[10])(driver.opened[0]), whole()))
    kept = Kept().take(driver, download(rewinds=False))
    assert (kept.data, [block.offset for block in kept.blocks]) == (FILE, [0, HALF])


def test_a_packed_file_goes_on_where_it_broke_off() -> None:
    """Without rewinding, a packed file of the same version is unpacked again, but not delivered again."""
    kept = Kept().take(Files(packed(ends=[90, 120])), download(rewinds=False))
    assert kept.data == FILE
    assert len(kept.blocks) == 3


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        *[
            (whole, second, "cannot be taken back")
            for second in (new(), whole(NEWER, etag=""), whole(b"", etag=V2), packed(NEWER, etag=V2))
        ],
        (functools.partial(whole, etag=""), whole(etag=""), "save"),
    ],
)
def test_another_version_is_refused_where_nothing_can_be_taken_back(
    first: Callable[..., Behaviour], second: Behaviour, match: str
) -> None:
    """Without rewinding, no byte of another version, or of a file without one, follows those that were delivered."""
    driver, kept = Files(replies(first(ends=[HALF]), second)), Kept()
    with pytest.raises(IntegrityError, match=match):
        kept.take(driver, download(rewinds=False))
    assert (kept.data, driver.leaked) == (FILE[:HALF], 0)


def test_a_download_that_delivered_nothing_may_begin_with_any_version() -> None:
    """As long as no byte was delivered, a changed file is simply the file."""
    assert downloaded(replies(whole(ends=[0]), whole(NEWER, etag='"v2"')), rewinds=False) == NEWER


@pytest.mark.parametrize("offset", [1, 2])
def test_a_bracket_where_a_download_goes_on_is_no_page(offset: int) -> None:
    """Only the beginning of a file is checked for a page, so the rest may begin with anything."""
    file = b"a<<b>,c\n1,2\n"
    flow = download(offset=offset, etag='"v1"')
    assert Kept(file[:offset], '"v1"').take(Files(whole(file)), flow).data == file
