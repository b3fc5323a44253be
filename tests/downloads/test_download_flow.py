"""A download resumes where it broke off, and gives nothing but one version of the file, whole, or an error."""

from __future__ import annotations

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


@pytest.mark.parametrize("rewinds", [True, False])
def test_an_undisturbed_download_is_one_url_and_one_request(rewinds: bool) -> None:
    """The file comes as storage has it, with its size and version known, and the connection is released."""
    driver, flow = Files(whole()), download(rewinds=rewinds)
    kept = Kept().take(driver, flow)
    assert (kept.data, flow.size, flow.etag) == (FILE, len(FILE), '"v1"')
    assert (asked(driver), minted(driver), driver.leaked, driver.slept) == ([(0, "")], 1, 0, [])


@pytest.mark.parametrize("how", ["", CUT])
@pytest.mark.parametrize("place", [0, 1, HALF, len(FILE) - 1])
def test_fault_36_a_broken_download_goes_on_where_it_broke(place: int, how: str) -> None:
    """After a stream that fails or ends early the rest is requested by offset and version, with the same URL."""
    driver = Files(whole(ends=[(place, how)]))
    assert Kept().take(driver, download()).data == FILE
    assert asked(driver) == [(0, ""), (place, '"v1"' if place else "")]
    assert (minted(driver), driver.slept) == (1, [0.5])


@pytest.mark.parametrize("etag", ["", 'W/"v1"', "v1", '"v1', '"v\xe91"', '"a", "b"', '"' + "e" * 20_000 + '"'])
def test_without_a_strong_version_a_download_starts_over(etag: str) -> None:
    """A file without an ETag, or with one that vouches for nothing or cannot be sent back, is fetched from zero."""
    driver = Files(whole(etag=etag, ends=[HALF]))
    kept = Kept().take(driver, download())
    assert (kept.data, kept.etag, asked(driver)) == (FILE, "", [(0, ""), (0, "")])


def test_fault_37_storage_without_parts_starts_over() -> None:
    """200 where a part was asked for replaces what had arrived."""
    driver = Files(replies(whole(ends=[HALF]), lambda _: whole()(driver.opened[0])))
    kept = Kept().take(driver, download())
    assert (kept.data, [block.offset for block in kept.blocks]) == (FILE, [0, 0])


def test_fault_39_a_changed_file_is_fetched_from_zero() -> None:
    """When the ETag changed meanwhile, nothing of the older version is kept."""
    driver = Files(replies(whole(ends=[HALF]), whole(NEWER, etag='"v2"')))
    kept = Kept().take(driver, download())
    assert (kept.data, kept.etag, asked(driver)) == (NEWER, '"v2"', [(0, ""), (HALF, '"v1"')])


def test_a_part_of_another_version_is_not_joined() -> None:
    """Storage that ignores If-Range but names another version makes the download start over."""
    driver = Files(replies(whole(ends=[HALF]), ignoring(NEWER, '"v2"'), whole(NEWER, etag='"v2"')))
    assert Kept().take(driver, download()).data == NEWER
    assert asked(driver) == [(0, ""), (HALF, '"v1"'), (0, "")]


@pytest.mark.parametrize("size", [HALF - 1, HALF, HALF + 10, len(FILE) + 1])
def test_fault_38_a_part_of_a_file_of_another_size_is_not_joined(size: int) -> None:
    """A part that says another size of the whole belongs to another file, whatever its ETag."""
    driver = Files(replies(whole(ends=[HALF]), ignoring(FILE, '"v1"', size), whole(NEWER, etag='"v1"')))
    assert Kept().take(driver, download()).data == NEWER
    assert driver.leaked == 0


def test_a_part_that_names_no_version_is_joined() -> None:
    """206 to a request with If-Range means that the version is the same, also where it is not repeated."""
    assert downloaded(replies(whole(ends=[HALF]), ignoring(FILE, None))) == FILE


def test_a_size_that_was_told_is_not_forgotten() -> None:
    """A part of a whole of unknown size, cut without a word, is not taken for the end."""

    def vague(effect: Any) -> Answer:
        return Reply(206, {"content-range": f"bytes {effect.offset}-{len(FILE) - 1}/*"}, (FILE[effect.offset : -5],))

    driver = Files(replies(whole(ends=[HALF]), vague, whole()))
    assert Kept().take(driver, download()).data == FILE
    assert asked(driver)[-1] == (len(FILE) - 5, '"v1"')


@pytest.mark.parametrize(
    "place",
    [
        "",
        f"bytes {HALF - 1}-{len(FILE) - 1}/{len(FILE)}",
        f"bytes 0-{len(FILE) - 1}/{len(FILE)}",
        f"bytes {len(FILE)}-{len(FILE)}/{len(FILE)}",
        f"rows {HALF}-{len(FILE) - 1}/{len(FILE)}",
        "bytes -5-3/9",
        "bytes */10",
        "bytes x",
        "bytes 99999999999999999999-1/2",
        f"bytes {'9' * 40}-{'9' * 40}/{'9' * 40}",
    ],
)
def test_fault_38_a_wrong_content_range_is_an_integrity_error(place: str) -> None:
    """A part that is not the one that was asked for is never used, and its connection is released."""
    driver = Files(replies(whole(ends=[HALF]), Reply(206, {"content-range": place, "etag": '"v1"'}, (b"x",))))
    kept = Kept()
    with pytest.raises(IntegrityError, match=f"from byte {HALF} on"):
        kept.take(driver, download())
    assert (kept.data, driver.leaked) == (FILE[:HALF], 0)


@pytest.mark.parametrize("size", ["*", "0", str(HALF)])
def test_a_part_of_a_file_that_would_end_before_it_is_an_integrity_error(size: str) -> None:
    """A part that does not say a size beyond its own beginning could be cut without a trace, so it is refused."""
    head = {"content-range": f"bytes {HALF}-{len(FILE) - 1}/{size}", "etag": '"v1"'}
    kept = Kept(FILE[:HALF], '"v1"')
    with pytest.raises(IntegrityError, match="how large"):
        kept.take(Files(replies(Reply(206, head, (FILE[HALF:],)))), download(offset=HALF, etag='"v1"'))
    assert kept.blocks == []


@pytest.mark.parametrize("place", ["", "bytes 7-9/10", "bytes 0-9/*", "bytes 0-9"])
@pytest.mark.parametrize("etag", ["", '"v1"'])
def test_a_part_that_nobody_asked_for_is_an_integrity_error(place: str, etag: str) -> None:
    """206 to a request for the whole file must begin at its beginning and say how much there is."""
    with pytest.raises(IntegrityError, match="from byte 0 on"):
        downloaded(replies(Reply(206, {"content-range": place, **({"etag": etag} if etag else {})}, (b"x",))))


def test_a_part_from_the_beginning_is_as_good_as_the_whole() -> None:
    """206 from byte 0 on is the file, and what it leaves out is asked for."""
    first = Reply(206, {"content-range": f"bytes 0-{HALF - 1}/{len(FILE)}", "etag": '"v1"'}, (FILE[:HALF],))
    driver = Files(replies(first, whole()))
    assert Kept().take(driver, download()).data == FILE
    assert asked(driver) == [(0, ""), (HALF, '"v1"')]


def test_an_earlier_part_is_taken_up() -> None:
    """A download that begins with an offset and a version fetches only the rest."""
    driver = Files(whole())
    kept = Kept(FILE[:HALF], '"v1"').take(driver, download(offset=HALF, etag='"v1"'))
    assert (kept.data, asked(driver)) == (FILE, [(HALF, '"v1"')])
    assert [block.offset for block in kept.blocks] == [HALF]


def test_an_earlier_part_of_another_version_is_given_up() -> None:
    """When the file is another one by now, the first block is at 0."""
    kept = Kept(FILE[:HALF], '"v1"').take(Files(whole(NEWER, etag='"v2"')), download(offset=HALF, etag='"v1"'))
    assert (kept.data, kept.etag) == (NEWER, '"v2"')


def test_an_earlier_part_of_a_file_that_is_empty_now_is_given_up() -> None:
    """A file that became empty comes as an empty block at 0, so that nothing of the older one stays."""
    driver = Files(whole(b"", etag='"v2"'))
    kept = Kept(FILE[:HALF], '"v1"').take(driver, download(offset=HALF, etag='"v1"'))
    assert (kept.data, [(block.offset, block.data) for block in kept.blocks]) == (b"", [(0, b"")])


def test_an_empty_file_has_no_block() -> None:
    """Nothing comes of nothing, and it is no error."""
    assert Kept().take(Files(whole(b"")), download()).blocks == []


def test_a_part_that_is_all_of_it_needs_nothing_more() -> None:
    """416 that names the size that is there already is the end."""
    driver, flow = Files(whole()), download(offset=len(FILE), etag='"v1"')
    assert Kept(FILE, '"v1"').take(driver, flow).blocks == []
    assert (flow.size, asked(driver), driver.leaked) == (len(FILE), [(len(FILE), '"v1"')], 0)


@pytest.mark.parametrize(
    "head", [{}, {"content-range": "bytes */5"}, {"content-range": f"bytes */{len(FILE)}", "etag": '"v2"'}]
)
def test_a_part_beyond_the_file_is_given_up(head: dict[str, str]) -> None:
    """416 that does not confirm the size and the version makes the download start over."""
    driver = Files(replies(Reply(416, head), whole(NEWER, etag='"v2"')))
    assert Kept(FILE, '"v1"').take(driver, download(offset=len(FILE), etag='"v1"')).data == NEWER
    assert asked(driver)[1:] == [(0, "")]


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
    """A long download over a bad line leaves the client its budget."""
    budget, bad = RetryBudget(3), whole(ends=[10] * 20)
    driver = Files(replies(whole(ends=[10]), TransportError("x"), TransportError("x"), *[bad] * 21))
    assert Kept().take(driver, download(policy=policy(budget=budget))).data == FILE
    assert [budget.take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("reads", [0, 1])
def test_a_download_can_be_given_up_at_any_time(reads: int) -> None:
    """Closing before the first byte or amid the file releases the connection, and closing twice does no harm."""
    driver, flow = Files(whole()), download()
    for _ in range(reads):
        assert driver.run(flow.next_block()) is not None
    for _ in range(2):
        driver.run(flow.close())
    assert driver.leaked == 0


def test_what_was_given_is_not_given_again() -> None:
    """Without rewinding, a file that starts over is given from where it broke off."""
    driver = Files(replies(whole(ends=[HALF]), lambda _: whole(ends=[10])(driver.opened[0]), whole()))
    kept = Kept().take(driver, download(rewinds=False))
    assert (kept.data, [block.offset for block in kept.blocks]) == (FILE, [0, HALF])


def test_a_packed_file_is_given_on_from_where_it_broke_off() -> None:
    """Without rewinding, a packed file of the same version is unpacked again, but not given again."""
    kept = Kept().take(Files(packed(ends=[90, 120])), download(rewinds=False))
    assert kept.data == FILE
    assert len(kept.blocks) == 3


@pytest.mark.parametrize(
    "second", [whole(NEWER, etag='"v2"'), whole(NEWER, etag=""), whole(b"", etag='"v2"'), packed(NEWER, etag='"v2"')]
)
def test_another_version_is_refused_where_nothing_can_be_taken_back(second: Behaviour) -> None:
    """The bytes that were given are of one version, and no byte of another follows."""
    driver, kept = Files(replies(whole(ends=[HALF]), second)), Kept()
    with pytest.raises(IntegrityError, match="cannot be taken back"):
        kept.take(driver, download(rewinds=False))
    assert (kept.data, driver.leaked) == (FILE[:HALF], 0)


def test_a_file_without_a_version_is_refused_where_nothing_can_be_taken_back() -> None:
    """Without an ETag it is unknown if a file that starts over is the same."""
    kept = Kept()
    with pytest.raises(IntegrityError, match="save"):
        kept.take(Files(whole(etag="", ends=[HALF])), download(rewinds=False))
    assert kept.data == FILE[:HALF]


def test_a_download_that_gave_nothing_yet_may_begin_with_any_version() -> None:
    """As long as no byte was given, a changed file is simply the file."""
    assert downloaded(replies(whole(ends=[0]), whole(NEWER, etag='"v2"')), rewinds=False) == NEWER


@pytest.mark.parametrize("offset", [1, 2])
def test_a_bracket_where_a_download_goes_on_is_no_page(offset: int) -> None:
    """Only the beginning of a file is checked for a page, so the rest may begin with anything."""
    file = b"a<<b>,c\n1,2\n"
    flow = download(offset=offset, etag='"v1"')
    assert Kept(file[:offset], '"v1"').take(Files(whole(file)), flow).data == file


def test_coming_further_pays_back_what_the_retry_took() -> None:
    """A file that breaks off twice and comes further each time costs the client's other calls no retry."""
    budget = RetryBudget(3)
    for _ in range(2):
        budget.take()
    downloaded(whole(ends=[10, HALF]), policy=policy(budget=budget))
    assert [budget.take() for _ in range(2)] == [True, False]
