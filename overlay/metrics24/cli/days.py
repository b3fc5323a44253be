"""Days as people type them: `yesterday`, `3 days ago`, `--last 7d`, `--month 2025-02`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any, TypeVar

import click
from attrs import frozen
from dateutil import parser, relativedelta, tz

from metrics24.cli.connection import all_of

F = TypeVar("F", bound=Callable[..., Any])

FORMS = "2025-02-01, yesterday, today, '3 days ago' or '1 Feb 2025'"
_NAMES = ("start", "end", "last", "month", "timezone")
_DAY = timedelta(days=1)
_LATEST = timezone(timedelta(hours=-12))
_UNITS = {"d": "days", "w": "weeks", "m": "months"}

_AGO = re.compile(r"([0-9]{1,4}) (day|week|month)s? ago")
_LAST = re.compile(r"([0-9]{1,4}) ?(d|w|m|days?|weeks?|months?)")
_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")
# 01/02/2025 is a day in February for some and in January for others: only a month's name lets order not matter.
_NAME = "|".join(name.lower() for names in parser.parserinfo.MONTHS for name in names)
_WITH_NAME = re.compile(rf"([0-9]{{1,2}} ({_NAME})\.?|({_NAME})\.? [0-9]{{1,2}}),? [12][0-9]{{3}}")
_ZONE = re.compile(r"[A-Za-z][\w+-]*(/[\w+-]+)*")

range_options: Callable[[F], F] = all_of(
    click.option("--start", metavar="DAY", help=f"First day: {FORMS}."),
    click.option(
        "--end",
        metavar="DAY",
        help="Last day; by default yesterday, or today if that is the first one. The API does not document whether it "
        "is included.",
    ),
    click.option("--last", metavar="SPAN", help="Instead: 7d, 2w or 1m, so many whole days up to yesterday."),
    click.option(
        "--month", metavar="MONTH", help="Instead: 2025-02, last or this. A month that is not over ends yesterday."
    ),
    click.option(
        "--timezone", metavar="ZONE", help="Where it is today, like Europe/Berlin; by default this machine's zone."
    ),
)


@frozen
class Range:
    """Days that were understood, both inclusive.

    Attributes:
        start: the first day.
        end: the last day.
        words: how they were understood; empty where both days were typed out.

    """

    start: date
    end: date
    words: str

    def options(self) -> dict[str, str | None]:
        """The options that mean the same days tomorrow and elsewhere; None stands for one to leave out."""
        return {**dict.fromkeys(_NAMES), "start": str(self.start), "end": str(self.end)}


def understood(given: Mapping[str, Any], now: datetime) -> Range:
    """Find the days that the options of `range_options` mean at the moment `now`, which has a time zone.

    Raises:
        click.UsageError: they cannot be read, contradict each other, or mean no day at all.

    """
    begun = today(given, now)
    chosen = _only_one(given)
    start, end = _READERS[chosen](given, begun)
    if start > end:
        raise click.UsageError(f"--start ({start}) lies after end ({end}).")
    plain = chosen == "start" and all(_iso(given[name]) for name in ("start", "end"))
    return Range(start, end, "" if plain else _words(start, end, begun, given["timezone"]))


def today(given: Mapping[str, Any], now: datetime) -> date:
    """Which day it is, in the zone of `range_options`."""
    return now.astimezone(None if given["timezone"] is None else _zone(given["timezone"])).date()


def end_of_day(day: date, given: Mapping[str, Any]) -> datetime:
    """When a day is over: in the zone of `range_options`, or, where none is given, everywhere on Earth."""
    zone = _LATEST if given["timezone"] is None else _zone(given["timezone"])
    return datetime.combine(day + _DAY, datetime.min.time(), tzinfo=zone)


def understood_day(text: str, name: str, today: date) -> date:
    """Find the day that a text means.

    Raises:
        click.UsageError: it means none, or not clearly one.

    """
    words = " ".join(text.lower().split())
    if words in ("today", "yesterday"):
        return today if words == "today" else today - _DAY
    if found := _AGO.fullmatch(words):
        return today - relativedelta.relativedelta(**{f"{found[2]}s": int(found[1])})  # type: ignore[arg-type]  # a computed name
    if (day := _iso(words) or _with_name(words)) is not None:
        return day
    advice = f"use --month {text.strip()}" if _MONTH.fullmatch(words) else f"write it like {FORMS}"
    raise click.UsageError(f"{name}: {text!r} is not clearly one day; {advice}.")


def _only_one(given: Mapping[str, Any]) -> str:
    chosen = [name for name in ("start", "last", "month") if given[name] is not None]
    if given["end"] is not None and "start" not in chosen:
        chosen.insert(0, "end")
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other.")
    if chosen == ["end"]:
        raise click.UsageError("--end needs --start.")
    if not chosen:
        raise click.UsageError("Say which days: --start (and --end), --last 7d or --month 2025-02.")
    return chosen[0]


def _from_start(given: Mapping[str, Any], today: date) -> tuple[date, date]:
    start = understood_day(given["start"], "--start", today)
    if given["end"] is not None:
        return start, understood_day(given["end"], "--end", today)
    if start > today:
        raise click.UsageError(f"--start ({start}) lies in the future: today is {today}.")
    return start, max(start, today - _DAY)


def _last(given: Mapping[str, Any], today: date) -> tuple[date, date]:
    found = _LAST.fullmatch(given["last"].strip().lower())
    if found is None or int(found[1]) == 0:
        raise click.UsageError(f"--last: {given['last']!r} is not a span of days; write it like 7d, 2w or 1m.")
    span = relativedelta.relativedelta(**{_UNITS[found[2][0]]: int(found[1])})  # type: ignore[arg-type]  # a computed name
    return today - span, today - _DAY


def _month(given: Mapping[str, Any], today: date) -> tuple[date, date]:
    text = given["month"].strip().lower()
    this = today.replace(day=1)
    if _MONTH.fullmatch(text):
        start = date.fromisoformat(f"{text}-01")
    elif text in ("this", "last"):
        start = this if text == "this" else this - relativedelta.relativedelta(months=1)
    else:
        raise click.UsageError(f"--month: {given['month']!r} is not a month; write it like 2025-02, last or this.")
    if start > today:
        raise click.UsageError(f"--month {text} has not begun: today is {today}.")
    over = start + relativedelta.relativedelta(months=1) - _DAY
    return start, max(start, min(over, today - _DAY))


_READERS = {"start": _from_start, "last": _last, "month": _month}


def _iso(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return None


def _with_name(words: str) -> date | None:
    if not _WITH_NAME.fullmatch(words):
        return None
    try:
        return parser.parse(words).date()
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> tzinfo:
    zone = tz.gettz(name) if _ZONE.fullmatch(name) else None
    # gettz also reads rules such as UTC+3, which mean opposite things to different programs, and names like CEST.
    if not isinstance(zone, tz.tzfile | tz.tzutc):
        raise click.UsageError(f"--timezone: {name!r} is no time zone that is known here; write it like Europe/Berlin.")
    return zone


def _words(start: date, end: date, today: date, zone: str | None) -> str:
    days = (end - start).days + 1
    count = "1 day" if days == 1 else f"{days:,} days"
    until = " up to yesterday" if end == today - _DAY else ""
    place = "on this machine" if zone is None else f"in {zone}"
    return f"{start} to {end}: {count}{until} (today is {today} {place})"
