"""Days as people type them, and a pull of the days that were understood."""

import json
import shlex
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from cli.conftest import Metrics24, Serve
from files.round_trip import read_json_lines
from metrics24.cli.options import DayOptions, Range
from support.scripted import in_turn
from support.steps import respond_json
from support.tables import newest_first, page

MONDAY = datetime(2025, 2, 10, 12, tzinfo=UTC)
PULL = ("pull", "conversions", "--integration", "acmeshop01", "-o", "rows.jsonl")
NOTHING: dict[str, str | None] = dict.fromkeys(("start", "end", "last", "month", "timezone"))


def understand(now: datetime = MONDAY, /, **typed: str) -> Range:
    """Understand some options, in UTC unless they say otherwise."""
    return DayOptions(**{**NOTHING, "timezone": "UTC", **typed}).days(now)


def days(**typed: str) -> tuple[str, str]:
    """The first and the last day that some options mean on the 10th of February 2025."""
    found = understand(**typed)
    return str(found.start), str(found.end)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2025-02-01", "2025-02-01"),
        ("20250201", "2025-02-01"),
        (" 2025-02-01 ", "2025-02-01"),
        ("today", "2025-02-10"),
        ("Yesterday", "2025-02-09"),
        ("0 days ago", "2025-02-10"),
        ("1 day ago", "2025-02-09"),
        ("3  days ago", "2025-02-07"),
        ("2 weeks ago", "2025-01-27"),
        ("1 month ago", "2025-01-10"),
        ("1 Feb 2025", "2025-02-01"),
        ("Feb 1, 2025", "2025-02-01"),
        ("february 1 2025", "2025-02-01"),
        ("3 Sept. 2024", "2024-09-03"),
        ("29 Feb 2024", "2024-02-29"),
    ],
)
def test_a_typed_day_is_understood(typed: str, day: str) -> None:
    """ISO days, words, so many days ago and days with a month's name each mean one day."""
    assert days(start=typed, end=typed) == (day, day)


@pytest.mark.parametrize(
    "typed",
    ["01/02/2025", "1.2.2025", "2025-2-1", "2025-02-30", "31 Feb 2025", "1 Feb", "1 Feb 25", "3 Monday 2025", "monday",
     "tomorrow", "5 hours ago", "-1 days ago", "12 pm 2025", "1 Feb 2025 10:00", "2025-02-01T00:00", "", "9999 weeks"],
)  # fmt: skip
def test_a_day_that_is_not_clear_is_refused(typed: str) -> None:
    """A text that could be another day elsewhere, or is none, is refused with the forms that are understood."""
    with pytest.raises(click.UsageError, match=r"--start: .* is not clearly one day; write it like 2025-02-01, yester"):
        understand(start=typed)


def test_a_month_in_the_place_of_a_day_is_sent_to_its_option() -> None:
    """A month is no day, and the message names the option that takes one."""
    with pytest.raises(click.UsageError, match="--end: '2025-02' is not clearly one day; use --month 2025-02"):
        understand(start="2025-02-01", end="2025-02")


@pytest.mark.parametrize(
    ("typed", "range_"),
    [
        ({"start": "2025-02-01", "end": "2025-02-07"}, ("2025-02-01", "2025-02-07")),
        ({"start": "2025-02-01", "end": "today"}, ("2025-02-01", "2025-02-10")),
        ({"start": "2025-02-01", "end": "2025-03-01"}, ("2025-02-01", "2025-03-01")),
        ({"start": "2025-02-01"}, ("2025-02-01", "2025-02-09")),
        ({"start": "yesterday"}, ("2025-02-09", "2025-02-09")),
        ({"start": "today"}, ("2025-02-10", "2025-02-10")),
        ({"last": "1d"}, ("2025-02-09", "2025-02-09")),
        ({"last": "7d"}, ("2025-02-03", "2025-02-09")),
        ({"last": "7 Days"}, ("2025-02-03", "2025-02-09")),
        ({"last": "2w"}, ("2025-01-27", "2025-02-09")),
        ({"last": "1m"}, ("2025-01-10", "2025-02-09")),
        ({"month": "2024-02"}, ("2024-02-01", "2024-02-29")),
        ({"month": "last"}, ("2025-01-01", "2025-01-31")),
        ({"month": "This"}, ("2025-02-01", "2025-02-09")),
        ({"month": "2025-02"}, ("2025-02-01", "2025-02-09")),
    ],
    ids=str,
)
def test_a_typed_range_is_understood(typed: dict[str, str], range_: tuple[str, str]) -> None:
    """Days, spans and months mean whole days, and what would last until now ends yesterday."""
    assert days(**typed) == range_


@pytest.mark.parametrize(
    ("now", "month", "range_"),
    [
        (datetime(2025, 3, 1, tzinfo=UTC), "this", (date(2025, 3, 1), date(2025, 3, 1))),
        (datetime(2025, 3, 1, tzinfo=UTC), "last", (date(2025, 2, 1), date(2025, 2, 28))),
        (datetime(2025, 1, 31, tzinfo=UTC), "last", (date(2024, 12, 1), date(2024, 12, 31))),
    ],
    ids=str,
)
def test_months_turn_with_the_calendar(now: datetime, month: str, range_: tuple[date, date]) -> None:
    """On its first day this month is that day, and the last month may be of the last year."""
    found = understand(now, month=month)
    assert (found.start, found.end) == range_


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({}, "Say which days: --start"),
        ({"end": "today"}, "--end needs --start"),
        ({"start": "today", "last": "7d"}, "--start and --last exclude each other"),
        ({"start": "today", "month": "this"}, "--start and --month exclude each other"),
        ({"last": "7d", "month": "this"}, "--last and --month exclude each other"),
        ({"end": "today", "last": "7d"}, "--end and --last exclude each other"),
        ({"end": "today", "month": "this"}, "--end and --month exclude each other"),
        ({"start": "today", "end": "yesterday"}, "2025-02-10. lies after --end .2025-02-09"),
        ({"start": "2025-02-11"}, "lies in the future: today is 2025-02-10"),
        ({"last": "0d"}, "--last: '0d' is not a span"),
        ({"last": "7"}, "write it like 7d, 2w or 1m"),
        ({"last": "7h"}, "is not a span of days"),
        ({"month": "february"}, "--month: 'february' is not a month"),
        ({"month": "2025-13"}, "write it like 2025-02, last or this"),
        ({"month": "0000-01"}, "is not a month"),
        ({"month": "2025-03"}, "has not begun: today is 2025-02-10"),
        ({"start": "today", "timezone": "Europe/Nowhere"}, "no time zone that is known here"),
        ({"start": "today", "timezone": "UTC+3"}, "no time zone that is known here"),
        ({"start": "today", "timezone": "CEST"}, "no time zone that is known here"),
        ({"start": "today", "timezone": ""}, "no time zone that is known here"),
        ({"start": "today", "timezone": "../../etc/passwd"}, "write it like Europe/Berlin"),
    ],
    ids=str,
)
def test_a_range_that_is_not_clear_is_refused(typed: dict[str, str], complaint: str) -> None:
    """Options that contradict each other, or mean no day, are refused with the reason."""
    with pytest.raises(click.UsageError, match=complaint):
        understand(**typed)


@pytest.mark.parametrize(
    ("zone", "today"),
    [("Pacific/Kiritimati", "2025-02-11"), ("UTC", "2025-02-10"), ("Pacific/Pago_Pago", "2025-02-09")],
)
def test_today_is_the_zone_s_day(zone: str, today: str) -> None:
    """The time zone decides which day is today."""
    now = datetime(2025, 2, 10, 10, 30, tzinfo=UTC)
    assert understand(now, start="today", timezone=zone).start == date.fromisoformat(today)


def test_without_a_zone_today_is_the_machine_s_day() -> None:
    """Without a time zone the machine's own decides, and the words say so."""
    found = DayOptions(**{**NOTHING, "start": "today"}).days(MONDAY)
    assert found.start == MONDAY.astimezone().date()
    assert found.words.endswith(f"(today is {found.start} on this machine)")


def test_the_words_tell_days_their_number_and_today() -> None:
    """The days as understood are put into words, and days that were typed out need none."""
    assert understand(last="7d", timezone="Europe/Berlin").words == (
        "2025-02-03 to 2025-02-09: 7 days up to yesterday (today is 2025-02-10 in Europe/Berlin)"
    )
    assert understand(start="today").words == "2025-02-10 to 2025-02-10: 1 day (today is 2025-02-10 in UTC)"
    assert understand(start="2025-02-01", end="2025-02-07").words == ""
    assert understand(start="2025-02-01").words != ""


@given(st.text(max_size=20), st.sampled_from(["start", "end", "last", "month", "timezone"]))
def test_whatever_is_typed_means_days_or_is_refused(typed: str, option: str) -> None:
    """No text leads to anything but a range in order or a refusal."""
    try:
        found = understand(
            **{"start": "2024-02-01", option: typed} if option in ("end", "timezone") else {option: typed}
        )
    except click.UsageError:
        return
    assert found.start <= found.end


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC)))
def test_spans_and_months_never_hold_a_day_to_come(now: datetime) -> None:
    """On every day of the calendar spans end yesterday, and months hold no day after today."""
    today = now.date()
    for span in ("1d", "3w", "1m"):
        assert understand(now, last=span).end == today - timedelta(days=1)
    for month in ("this", "last"):
        found = understand(now, month=month)
        assert found.start.day == 1
        assert found.end <= today


def test_a_pull_tells_the_days_before_it_begins(metrics24: Metrics24, desk: Path) -> None:
    """A pull of the last days says on stderr which days these are, and pulls exactly those."""
    with time_machine.travel(MONDAY):
        ended = metrics24(*PULL, "--last", "2d", "--timezone", "UTC")
    assert (ended.code, ended.err) == (
        0, "Days: 2025-02-08 to 2025-02-09: 2 days up to yesterday (today is 2025-02-10 in UTC)\n"
    )  # fmt: skip
    assert ended.out.partition(" rows of ")[2].startswith("2025-02-08 to 2025-02-09, ")
    assert {row["conversion_time"][:10] for row in read_json_lines(desk / "rows.jsonl")} == {"2025-02-08", "2025-02-09"}


def test_the_days_are_part_of_the_json_summary(metrics24: Metrics24) -> None:
    """With --json the days stand in the summary, and with it or with --quiet stderr is silent."""
    with time_machine.travel(MONDAY):
        for_programs = metrics24(*PULL, "--month", "this", "--timezone", "UTC", "--json")
        quiet = metrics24(*PULL, "--month", "this", "--timezone", "UTC", "--quiet", "--overwrite")
    summary = json.loads(for_programs.out)
    assert (summary["start"], summary["end"]) == ("2025-02-01", "2025-02-09")
    assert (for_programs.err, quiet.err, quiet.out) == ("", "", "")


@pytest.mark.parametrize(
    "typed", [("--last", "7d"), ("--month", "this"), ("--start", "2025-02-01"), ("--start", "7 days ago")], ids=str
)
def test_the_command_to_resume_names_the_days(metrics24: Metrics24, serve: Serve, typed: tuple[str, ...]) -> None:
    """The command that an error suggests means the same days tomorrow, and gives no other option of days."""
    pages = [page(newest_first(200, 101), more=True), respond_json({"error": "no"}, status=403)]
    server = serve(in_turn(*pages))
    with time_machine.travel(MONDAY):
        failed = metrics24(*PULL, *typed, "--timezone", "UTC", "--base-url", server.base_url, "--json")
    command = shlex.split(json.loads(failed.err)["error"]["lost"]["resume"])
    assert command[command.index("--start") + 1] == str(understand(**{typed[0][2:]: typed[1]}).start)
    assert command[command.index("--end") + 1] == "2025-02-09"
    assert not {"--last", "--month", "--timezone"} & set(command)


def test_days_that_are_not_clear_are_code_2(metrics24: Metrics24, serve: Serve) -> None:
    """A pull of days that are not clear ends with code 2, its usage and the reason, and the server hears nothing."""
    server = serve(in_turn(page([])))
    ended = metrics24(*PULL, "--start", "01/02/2025", "--base-url", server.base_url)
    assert (ended.code, server.hits) == (2, 0)
    assert ended.err.startswith("Usage: metrics24 pull")
    assert "'01/02/2025' is not clearly one day" in ended.err
