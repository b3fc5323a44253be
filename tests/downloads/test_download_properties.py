"""Whatever storage does: one version of the file, whole and exact, or a documented error, and never a loop."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from random import Random
from typing import Any

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from downloads.fake_storage import CUT, LINK, Answer, Files, Kept, Reply, broken, download
from metrics24._core.effects import Open, Request
from metrics24.errors import IntegrityError, Metrics24Error, RequestTimeout, SecurityError, StatusError, TransportError
from support.fake_driver import Outcome, raw

DOCUMENTED = (TransportError, StatusError, SecurityError, IntegrityError)
STATUSES = [204, 206, 302, 400, 403, 404, 408, 410, 416, 429, 500, 503, 520]
MODES = [
    "",
    "",
    "",
    "",
    "no parts",
    "ignores if-range",
    "no etag",
    "weak",
    "packed",
    "shifted",
    "sizeless",
    "stale size",
]


@frozen
class Whim:
    """One response of storage: its status if it refuses, the version, the mode and the place where it breaks."""

    refusal: int
    version: int
    mode: str
    steps: tuple[int, ...]
    end: str

    def answer(self, versions: list[bytes], effect: Open) -> Answer:
        """Answer a request."""
        if self.refusal:
            # no size that a part may have: that all is there already could not be told from the truth
            return Reply(self.refusal, {"content-range": "bytes */999"}, (b"<Error><Code>Sorry</Code></Error>",))
        if self.end == "unreachable":
            return TransportError("unreachable", sent=False)
        data, head = versions[self.version], {"etag": f'"v{self.version}"'}
        if self.mode == "packed":
            data, head = gzip.compress(data), {**head, "content-encoding": "gzip"}
        same = effect.etag == head["etag"] or self.mode == "ignores if-range"
        start = effect.offset if same and self.mode != "no parts" else 0
        if self.mode in {"no etag", "weak"}:
            head["etag"], start = f"W/{head['etag']}", 0
        if start and start >= len(data):
            return Reply(416, {**head, "content-range": f"bytes */{len(data)}"})
        return self._body(data, start, head)

    def _body(self, data: bytes, start: int, head: dict[str, str]) -> Answer:
        if self.mode == "no etag":
            del head["etag"]
        first = start + (bool(start) and self.mode == "shifted")
        body = [*self._pieces(data[first:])]
        if not start:
            return Reply(200, {**head, "content-length": str(len(data))}, tuple(body))
        size = {"sizeless": "*", "stale size": str(len(data) + 1)}.get(self.mode, str(len(data)))
        return Reply(206, {**head, "content-range": f"bytes {first}-{len(data) - 1}/{size}"}, tuple(body))

    def _pieces(self, data: bytes) -> Iterator[bytes | Metrics24Error]:
        for step in self.steps:
            if data[:step]:
                yield data[:step]
            data = data[step:]
        if self.end == "whole":
            yield from broken(data, None) if data else ()
        elif self.end != CUT:
            yield RequestTimeout("stalled") if self.end == "stall" else TransportError("reset")


WHIMS = st.lists(
    st.builds(
        Whim,
        st.sampled_from([0] * 60 + STATUSES),
        st.integers(0, 2),
        st.sampled_from(MODES),
        st.lists(st.integers(1, 60), max_size=3).map(tuple),
        st.sampled_from(["whole", "reset", "reset", "stall", CUT, CUT, "unreachable"]),
    ),
    min_size=1,
    max_size=16,
)
CALM = Whim(0, 0, "", (), "whole")


def storage(versions: list[bytes], whims: list[Whim], *, last: Whim = CALM, ends: bool = True) -> Any:
    """Behave as the whims have it, then calmly or over and over again."""
    left = iter(whims)

    def answer(effect: Open) -> Answer:
        whim = next(left, None)
        if whim is None and not ends:
            return whims[len(whims) // 2].answer(versions, effect)
        return (whim or last).answer(versions, effect)

    return answer


def version(number: int, size: int) -> bytes:
    """A version of the file, of an alphabet of its own: no byte of one could be taken for a byte of another."""
    letters = Random(number).choices(range(0x40 + 0x20 * number, 0x60 + 0x20 * number), k=size)
    return bytes(letters)


SIZES = st.sampled_from([0, *range(20, 200)])
VERSIONS = st.tuples(SIZES, SIZES, SIZES).map(lambda sizes: [version(*each) for each in enumerate(sizes)])


def run(driver: Files, kept: Kept, **options: Any) -> Metrics24Error | None:
    """Download to the end; the error that it ended in, if one."""
    try:
        kept.take(driver, download(**options))
    except DOCUMENTED as error:
        return error
    return None


def checked(driver: Files, whims: list[Whim], versions: list[bytes]) -> None:
    """Check that no stream is left open and that there were few requests."""
    assert driver.leaked == 0
    assert len(driver.opened) <= 6 * (len(whims) + max(map(len, versions)) + 2)
    assert len(driver.calls) <= len(driver.opened) + 1


@given(versions=VERSIONS, whims=WHIMS, part=st.none() | st.integers(1, 150))
def test_a_download_is_one_version_whole_or_an_error(
    versions: list[bytes], whims: list[Whim], part: int | None
) -> None:
    """A result is exactly one version, an error leaves a beginning of one, and what was there before goes or stays."""
    driver, kept, options = Files(storage(versions, whims)), Kept(), dict[str, Any]()
    if part is not None:
        kept = Kept(versions[0][:part], '"v0"')
        options = {"offset": len(kept.data), "etag": '"v0"'}
    error = run(driver, kept, **options)
    if error is None:
        assert kept.data in versions
    assert any(version.startswith(kept.data) for version in versions)
    assert not kept.etag or versions[int(kept.etag[2])].startswith(kept.data)
    checked(driver, whims, versions)


@given(versions=VERSIONS, whims=WHIMS)
def test_what_is_given_for_good_is_a_piece_of_one_version(versions: list[bytes], whims: list[Whim]) -> None:
    """Without rewinding, every block follows on the last, and all of them are of one version."""
    driver, kept = Files(storage(versions, whims)), Kept()
    error = run(driver, kept, rewinds=False)
    assert b"".join(block.data for block in kept.blocks) == kept.data
    assert any(version.startswith(kept.data) for version in versions)
    if error is None:
        assert kept.data in versions
    checked(driver, whims, versions)


@given(versions=VERSIONS, whims=WHIMS, rewinds=st.booleans())
def test_storage_that_never_calms_down_is_given_up(versions: list[bytes], whims: list[Whim], rewinds: bool) -> None:
    """Also storage that does the same for ever comes to an end."""
    driver, kept = Files(storage(versions, whims, ends=False)), Kept()
    if run(driver, kept, rewinds=rewinds) is None:
        assert kept.data in versions
    checked(driver, whims, versions)


@given(
    size=st.integers(1, 200),
    ends=st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["", CUT])), max_size=12),
    links=st.lists(st.sampled_from([LINK, LINK + "2"]), min_size=1),
)
def test_a_download_over_a_bad_line_succeeds(size: int, ends: list[tuple[int, str]], links: list[str]) -> None:
    """As long as every attempt brings a byte and the file stays the same, it comes whole."""
    left, content = iter(links), version(0, size)

    def script(_: Request) -> Outcome:
        return raw(body={"url": next(left, LINK)})

    whims = [Whim(0, 0, "", (place,), CUT if how else "reset") for place, how in ends]
    driver, kept = Files(storage([content], whims), script), Kept()
    assert run(driver, kept) is None
    assert kept.data == content
