"""Packed files are unpacked whole, in bounded pieces, or refused."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloads.fake_storage import CUT, FILE, Files, Kept, Reply, asked, download, downloaded, packed, replies
from metrics24._core.downloads import Gzip
from metrics24.errors import IntegrityError, TransportError


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, br", "gzip, gzip", "compress"])
def test_fault_41_an_unknown_packing_is_refused(coding: str) -> None:
    """A file in another packing than gzip is not saved."""
    with pytest.raises(IntegrityError, match="not requested"):
        downloaded(replies(Reply(200, {"content-encoding": coding}, (b"a,b\n",))))


def test_fault_41_what_is_packed_by_halves_is_damaged() -> None:
    """A stream that has no header and no checksum of gzip's is no gzip, and nothing of it is given."""
    kept = Kept()
    with pytest.raises(IntegrityError, match="damaged"):
        kept.take(Files(replies(Reply(200, {"content-encoding": "gzip"}, (zlib.compress(FILE),)))), download())
    assert kept.blocks == []


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP "])
def test_fault_41_a_packed_file_is_unpacked(coding: str) -> None:
    """Gzip is decoded although it was not requested; its size is unknown, and nobody could go on in it later."""
    flow = download()
    kept = Kept().take(Files(packed(coding=coding)), flow)
    assert (kept.data, flow.size, kept.etag) == (FILE, None, "")


@pytest.mark.parametrize("how", ["", CUT])
def test_fault_41_a_packed_file_that_breaks_starts_over(how: str) -> None:
    """Half a packed file is never taken for the whole, and storage is not requested a part of it."""
    driver = Files(packed(ends=[(60, how), (90, how)]))
    assert Kept().take(driver, download()).data == FILE
    assert asked(driver) == [(0, "")] * 3


def test_fault_41_a_packed_file_that_is_always_cut_is_given_up() -> None:
    """A packed file that never ends is no file."""
    with pytest.raises(TransportError, match="before the whole file"):
        downloaded(packed(ends=[(60, CUT)] * 99))


def test_a_part_of_a_packed_file_is_not_joined_to_what_was_unpacked() -> None:
    """An earlier part, and packed bytes from the middle, do not fit: the download starts over."""
    driver = Files(packed())
    kept = Kept(FILE[:100], '"v1"').take(driver, download(offset=100, etag='"v1"'))
    assert (kept.data, asked(driver)) == (FILE, [(100, '"v1"'), (0, "")])


def test_a_damaged_packing_is_an_integrity_error() -> None:
    """A file that does not unpack is neither retried for ever nor saved."""
    with pytest.raises(IntegrityError, match="damaged"):
        downloaded(replies(Reply(200, {"content-encoding": "gzip"}, (b"real_tx_id,status\n",))))


MEGABYTE = 1024 * 1024


def unpacked(data: bytes, step: int = 1 << 30) -> tuple[bytes, bool]:
    """Unpack data that come in steps of some size; what they hold, and whether they came to their end."""
    stream, pieces = Gzip(), list[bytes]()
    for start in range(0, len(data), step):
        pieces += stream.unpack(data[start : start + step])
    assert all(0 < len(piece) <= MEGABYTE for piece in pieces)
    return b"".join(pieces), stream.complete


@pytest.mark.parametrize("size", [0, 1, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 3 * MEGABYTE])
@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("step", [1, 13, 1 << 30])
def test_any_size_in_any_number_of_members_is_unpacked_whole(size: int, members: int, step: int) -> None:
    """A stream is complete after its last member, also where its last piece is exactly as large as pieces may be."""
    files = [bytes([number]) * size for number in range(members)]
    assert unpacked(b"".join(map(gzip.compress, files)), step) == (b"".join(files), True)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(1, 50), st.floats(0, 1))
def test_a_stream_is_complete_only_at_the_end_of_a_member(members: list[bytes], step: int, share: float) -> None:
    """However it is cut up, a stream that is cut gives a beginning of the file and is whole only between members."""
    packed_members = [gzip.compress(member) for member in members]
    data = b"".join(packed_members)
    cut = round(share * len(data))
    found, complete = unpacked(data[:cut], step)
    assert b"".join(members).startswith(found)
    ends = [sum(map(len, packed_members[: count + 1])) for count in range(len(members))]
    assert complete is (cut in ends)
    if complete:
        assert found == b"".join(members[: ends.index(cut) + 1])


def test_a_bomb_comes_in_bounded_pieces() -> None:
    """A small input that holds very much is unpacked a piece at a time, as far as somebody asks for it."""
    pieces = Gzip().unpack(gzip.compress(bytes(200 * MEGABYTE)))
    assert [len(next(pieces)) for _ in range(3)] == [MEGABYTE] * 3


@pytest.mark.parametrize("place", [0, 3, 60, -6, -2])
def test_damage_anywhere_is_an_integrity_error(place: int) -> None:
    """Header, content and checksum are checked."""
    data = bytearray(gzip.compress(FILE))
    data[place] ^= 0xFF
    with pytest.raises(IntegrityError, match="damaged"):
        unpacked(bytes(data))


def test_what_follows_the_last_member_must_be_a_member() -> None:
    """Bytes that are no gzip after the end are not left out in silence."""
    with pytest.raises(IntegrityError, match="damaged"):
        unpacked(gzip.compress(FILE) + b"real_tx_id")
