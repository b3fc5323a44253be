"""What is given and what is paid for it: no byte twice, none of another version, and an end at any time."""

from __future__ import annotations

import pytest

from downloads.fake_storage import (
    FILE,
    HALF,
    NEWER,
    Behaviour,
    Files,
    Kept,
    download,
    downloaded,
    packed,
    replies,
    whole,
)
from metrics24._core.retry import RetryBudget
from metrics24.errors import IntegrityError
from support.fake_driver import policy


def test_what_was_given_is_not_given_again() -> None:
    """Where nothing can be taken back, a file that begins anew is given from where it broke off."""
    driver = Files(replies(whole(ends=[HALF]), lambda _: whole(ends=[10])(driver.opened[0]), whole()))
    kept = Kept().take(driver, download(rewinds=False))
    assert (kept.data, [block.offset for block in kept.blocks]) == (FILE, [0, HALF])


def test_a_packed_file_is_given_on_from_where_it_broke_off() -> None:
    """Where nothing can be taken back, a packed file of the same version is unpacked again, not given again."""
    kept = Kept().take(Files(packed(ends=[90, 120])), download(rewinds=False))
    assert kept.data == FILE
    assert len(kept.blocks) == 3


@pytest.mark.parametrize(
    "second", [whole(NEWER, etag='"v2"'), whole(NEWER, etag=""), whole(b"", etag='"v2"'), packed(NEWER, etag='"v2"')]
)
def test_another_version_is_refused_where_nothing_can_be_taken_back(second: Behaviour) -> None:
    """What was given is a piece of one version, and no byte of another follows."""
    driver, kept = Files(replies(whole(ends=[HALF]), second)), Kept()
    with pytest.raises(IntegrityError, match="cannot be taken back"):
        kept.take(driver, download(rewinds=False))
    assert (kept.data, driver.leaked) == (FILE[:HALF], 0)


def test_a_file_without_a_version_is_refused_where_nothing_can_be_taken_back() -> None:
    """Without an ETag nobody knows whether a file that begins anew is the same."""
    kept = Kept()
    with pytest.raises(IntegrityError, match="save"):
        kept.take(Files(whole(etag="", ends=[HALF])), download(rewinds=False))
    assert kept.data == FILE[:HALF]


def test_a_download_that_gave_nothing_yet_may_begin_with_any_version() -> None:
    """As long as no byte was given, a changed file is simply the file."""
    assert downloaded(replies(whole(ends=[0]), whole(NEWER, etag='"v2"')), rewinds=False) == NEWER


@pytest.mark.parametrize("offset", [1, 2])
def test_a_bracket_where_a_download_goes_on_is_no_page(offset: int) -> None:
    """What is already there was looked at when it came, so that the rest may begin with anything."""
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
