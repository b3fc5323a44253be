"""What happens just at a limit, and just beyond it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from downloads.fake_storage import Files, Kept, Reply, download, replies, whole
from filter_groups.fake_groups import SPRING, GroupServer, groups_of
from metrics24._core import downloads as storage
from metrics24._core.effects import Opened, RawResponse
from metrics24._core.export_flows import delete_export
from metrics24._core.group_flows import create, update
from metrics24._core.retry import send
from metrics24.errors import FilterError, IntegrityError, SecurityError, StatusError, TransportError
from metrics24.filters import field
from metrics24.models import UNSET
from support.fake_driver import NOON, READ, FakeDriver, in_turn, policy, raw


def opened(status: int, headers: dict[str, str]) -> Opened:
    """Make the head of an answer of storage."""
    return Opened(status, httpx.Headers(headers), None)


class Uniform:
    """Draws the shortest or the longest pause, and writes down between which bounds."""

    def __init__(self, *, longest: bool) -> None:
        self._longest = longest
        self.asked: list[tuple[float, float]] = []

    def __call__(self, least: float, most: float) -> float:
        """Draw a pause."""
        self.asked.append((least, most))
        return most if self._longest else least


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


REFUSALS = [(299, IntegrityError), (300, SecurityError), (399, SecurityError), (400, StatusError)]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
def test_redirects_are_the_statuses_from_300_to_399(status: int, kind: type[Exception]) -> None:
    """A status just below is no file, one in the range leads elsewhere, one just above is an error."""
    assert isinstance(storage.refusal(opened(status, {}), "", NOON), kind)


def test_pauses_between_deletions_may_be_short() -> None:
    """The pause before a second deletion is drawn from zero up to half a second."""
    uniform = Uniform(longest=False)
    lost = TransportError("reset")
    driver = FakeDriver(in_turn(lost, raw(body={"id": "e1"}), raw(204)))
    driver.run(delete_export("e1", policy(uniform=uniform), {}))
    assert (uniform.asked, driver.slept) == ([(0.0, 0.5)], [0.0])


def test_pauses_between_attempts_at_a_file_may_be_short_and_are_bounded() -> None:
    """The pauses of a download are drawn from zero up to a bound that doubles, and never beyond 20 seconds."""
    uniform = Uniform(longest=True)
    driver = Files(whole(ends=iter([0] * 9)))
    with pytest.raises(TransportError):
        Kept().take(driver, download(policy=policy(uniform=uniform)))
    assert uniform.asked == [(0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (0.0, 4.0), (0.0, 8.0)]


def test_a_download_that_breaks_off_is_told_of_under_the_packages_name(caplog: pytest.LogCaptureFixture) -> None:
    """The log named metrics24, which users silence or show, has a line for each time a download goes on."""
    with caplog.at_level(logging.INFO, "metrics24"):
        Kept().take(Files(whole(ends=[5])), download())
    assert [(each.name, each.levelname) for each in caplog.records] == [("metrics24", "INFO")]


LISTS = ["offer_ids", "publisher_ids", "advertiser_ids", "tags"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.filterwarnings("error")
def test_the_order_of_a_set_is_no_difference(name: str) -> None:
    """A server that sorts a group's lists has made the change as it was sent."""
    driver = FakeDriver(in_turn(raw(body={}), raw(body={"id": "g1", name: ["b", "a"]})))
    group = driver.run(update(groups_of(), "g1", {name: ["a", "b"]}))
    assert getattr(group, name) == ["b", "a"]


def test_a_group_that_is_sent_back_whole_is_not_read_again() -> None:
    """A create whose answer holds the id and all that was sent is one request; where something lacks, it is two."""
    server = GroupServer([""])
    server.driver.run(create(groups_of(), {"organization": "org1", **SPRING}))
    assert len(server.requests) == 1
    answer = raw(201, {"created_item_id": "g1", **SPRING, "organization": "org1"})
    driver = FakeDriver(in_turn(answer, raw(body={"id": "g1", **SPRING})))
    assert driver.run(create(groups_of(), {"organization": "org1", **SPRING})).id == "g1"
    assert len(driver.calls) == 2


def pages(*bodies: bytes) -> Iterator[RawResponse]:
    """Make successes with these bodies."""
    return (RawResponse(200, httpx.Headers(), body) for body in bodies)


@pytest.mark.parametrize("blank", [b"", b" \r\n"])
def test_a_success_without_a_body_is_believed(blank: bytes) -> None:
    """Blanks are no page: the change counts as made, and the group is read once."""
    driver = FakeDriver(in_turn(*pages(blank), raw(body={"id": "g1", "priority": 3})))
    assert driver.run(update(groups_of(), "g1", {"priority": 3})).name is UNSET
    assert len(driver.calls) == 2


TRANSIENT = [408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]


@pytest.mark.parametrize("status", TRANSIENT)
def test_a_status_that_passes_is_asked_again_of_both_servers(status: int) -> None:
    """Each of the transient statuses is retried, by the API's reads and by downloads."""
    driver = FakeDriver(in_turn(raw(status), raw(body={"ok": True})))
    assert driver.run(send(READ, policy())).json() == {"ok": True}
    storage_hand = Files(replies(Reply(status), whole()))
    Kept().take(storage_hand, download())
    assert len(storage_hand.opened) == 2


WORDS = [(datetime(2025, 2, 1), "time zone"), (float("nan"), "not a number"), ("\ud800", "surrogate")]


@pytest.mark.parametrize(("value", "words"), WORDS)
def test_a_value_that_cannot_be_sent_is_refused_in_words_of_its_own(value: Any, words: str) -> None:
    """The message says what is wrong with the value, not only of which type it is."""
    with pytest.raises(FilterError, match=words):
        field("status").eq(value)


def test_operators_are_named_where_they_are_wrong() -> None:
    """The message about an operator says that it is one."""
    with pytest.raises(FilterError, match=r"operator(?!~)"):
        field("status").op("a]b", "x")
