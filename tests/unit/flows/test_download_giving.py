"""Where what was given cannot be taken back: no byte twice, none of another version, and an end at any time."""

from __future__ import annotations

import pytest

from metrics24.errors import (
    IntegrityError,
)
from unit.hand_files import (
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


def test_what_was_given_is_not_given_again() -> None:
    """Where nothing can be taken back, a file that begins anew is given from where it broke off."""
    hand = Files(replies(whole(ends=[HALF]), lambda _: whole(ends=[10])(hand.opened[0]), whole()))
    kept = Kept().take(hand, download(rewinds=False))
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
    hand, kept = Files(replies(whole(ends=[HALF]), second)), Kept()
    with pytest.raises(IntegrityError, match="cannot be taken back"):
        kept.take(hand, download(rewinds=False))
    assert (kept.data, hand.leaked) == (FILE[:HALF], 0)


def test_a_file_without_a_version_is_refused_where_nothing_can_be_taken_back() -> None:
    """Without an ETag nobody knows whether a file that begins anew is the same."""
    kept = Kept()
    with pytest.raises(IntegrityError, match="save"):
        kept.take(Files(whole(etag="", ends=[HALF])), download(rewinds=False))
    assert kept.data == FILE[:HALF]


def test_a_download_that_gave_nothing_yet_may_begin_with_any_version() -> None:
    """As long as no byte was given, a changed file is simply the file."""
    assert downloaded(replies(whole(ends=[0]), whole(NEWER, etag='"v2"')), rewinds=False) == NEWER
