"""API keys in files that nobody else can read.

What all commands that call the API share: where it is, who asks, and how they speak.

Days as people type them: `yesterday`, `3 days ago`, `--last 7d`, `--month 2025-02`.

Filters as they are typed: `status=rejected`, `payout>=1`, `name:like=a%`.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import frozen
from dateutil import parser, relativedelta, tz

import metrics24
from metrics24.cli.output import printable
from metrics24.errors import ConfigurationError, FilterError
from metrics24.filters import Field, Filter, field, join

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 64 * 1024


def read_key(path: Path) -> str:
    """Read an API key from a file; a line break at its end does not count.

    Raises:
        ConfigurationError: the file cannot be read, is open to other users, or holds more than a key.

    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error.strerror}.") from None
    if os.name == "posix" and mode & _OTHERS:
        raise ConfigurationError(f"Other users of this machine may read the key file {path}; run: chmod 600 {path}")
    try:
        key = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigurationError(f"The key file {path} is not text.") from None
    if len(content) > _MOST_BYTES or not key:
        raise ConfigurationError(f"The key file {path} is {'empty' if not key else 'too long for a key'}.")
    return key


F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
_CONNECTION = (
    click.option("--api-key-file", type=FILE, help="File with the API key, readable by you alone."),
    click.option("--base-url", metavar="URL", help="Where the API is; by default METRICS24_BASE_URL."),
    click.option("--timeout", type=float, metavar="SECONDS", help="Time limit of each attempt (30)."),
    click.option("--rate", type=float, metavar="NUMBER", help="Requests per second at most."),
    click.option(
        "--route",
        "routes",
        multiple=True,
        metavar="OPERATION=ROUTE",
        help="Another method and path where the spec's are wrong: 'getClick=GET /the/path'. May be repeated.",
    ),
)
_OUTLETS = (
    click.option("--quiet", "-q", is_flag=True, help="No progress and no summary."),
    click.option("--json", "as_json", is_flag=True, help="The result as JSON on stdout, errors as JSON on stderr."),
    click.option("--debug", is_flag=True, help="Tracebacks with errors."),
)


def all_of(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Give a command all of these options, in their order."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def connection_options(command: F) -> F:
    """Give a command the options of the connection, then --quiet, --json and --debug."""
    return all_of(*_CONNECTION, *_OUTLETS)(command)


def open_client(given: Mapping[str, Any]) -> metrics24.Client:
    """Make the client that a command's options describe."""
    options = {name: given[name] for name in ("base_url", "timeout", "rate") if given[name] is not None}
    if given["api_key_file"] is not None:
        options["api_key"] = read_key(given["api_key_file"])
    if given["routes"]:
        options["routes"] = routes(given)
    return metrics24.Client(**options)


def routes(given: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Understand --route; whether there are such operations and paths is for the client to say."""
    return dict(map(_route, given["routes"]))


def _route(text: str) -> tuple[str, tuple[str, str]]:
    operation, _, route = text.partition("=")
    method, _, path = route.strip().partition(" ")
    if not operation or not path:
        raise click.UsageError(f"--route {text!r} must look like 'getClick=GET /the/path'.")
    return operation.strip(), (method, path.strip())


FORMS = "2025-02-01, yesterday, today, '3 days ago' or '1 Feb 2025'"
_NAMES = ("start", "end", "last", "month", "timezone")
_DAY = timedelta(days=1)
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
    """Return today's date in the zone of `range_options`."""
    return now.astimezone(None if given["timezone"] is None else _zone(given["timezone"])).date()


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


# The name ends at the first sign; whatever follows it is the value, signs included.
_TYPED = re.compile(r"(?P<name>[^=<>!:]+)(?::(?P<operator>[^=<>!:]+))?(?P<sign>>=|<=|=)(?P<value>.*)", re.DOTALL)
_FOREIGN = re.compile(r"(?P<name>[^=<>!:]+)(?P<sign>!=|<>|<|>)(?P<value>.*)", re.DOTALL)


def parse_filters(texts: Iterable[str]) -> Filter | None:
    """Read filters that must all hold; several equalities on one column mean any of their values.

    Raises:
        FilterError: one is not written as a filter, or two contradict each other.

    """
    equal: dict[str, list[str]] = {}
    others: list[Filter] = []
    for text in texts:
        column, operator, value = _parse(text)
        if operator == "eq":
            equal.setdefault(column.name, []).append(value)
        else:
            others.append(_condition(column, operator, value))
    return join([*(field(name).any_of(*dict.fromkeys(values)) for name, values in equal.items()), *others])


def tell_of_commas(given: Mapping[str, Any]) -> None:
    """Say on stderr which values a server may take for several, unless a program reads it or nobody does.

    Raises:
        FilterError: one of the filters is not written as a filter.

    """
    parsed = [(column.name, operator, value) for column, operator, value in map(_parse, given["filters"])]
    if given["quiet"] or given["as_json"]:
        return
    for name, operator, value in dict.fromkeys(parsed):
        parts = value.split(",")
        if operator == "eq" and len(parts) > 1 and all(map(str.strip, parts)):
            many = "two" if len(parts) == 2 else str(len(parts))
            clear = " ".join(f"--filter {shlex.quote(f'{name}={part.strip()}')}" for part in parts)
            click.echo(
                printable(f"The server may take {name}={value} for one value or for {many}; to be sure write {clear}."),
                err=True,
            )


def _parse(text: str) -> tuple[Field, str, str]:
    found = _TYPED.fullmatch(text)
    if found is None or any(part != part.strip() for part in (found["name"], found["operator"] or "")):
        if hint := _hint(text):
            raise FilterError(f"{text!r} is not a filter: {hint}")
        quotes = "" if set("<>=") & set(text) else ", in quotes, since shells take < and > for themselves"
        raise FilterError(
            f"{text!r} is not a filter; write NAME=VALUE, NAME>=VALUE, NAME<=VALUE or NAME:OPERATOR=VALUE{quotes}"
        )
    operator = {"=": "eq", ">=": "gte", "<=": "lte"}[found["sign"]]
    if found["operator"] and operator != "eq":
        raise FilterError(f"{text!r} names two operators; write {found['name']}:{found['operator']}=VALUE")
    return field(found["name"]), found["operator"] or operator, found["value"]


def _hint(text: str) -> str:
    """Return a suggestion in place of an unknown operator."""
    found = _FOREIGN.fullmatch(text)
    if found is None or not found["name"].strip() or (found["sign"] in "<>" and found["value"].startswith("=")):
        return ""
    name, sign, value = found["name"].strip(), found["sign"], found["value"].strip()
    if sign in ("!=", "<>"):
        return f"there is no {sign}; name the values that you want, as in {name}=VALUE, once for each"
    operator = "gt" if sign == ">" else "lt"
    return (
        f"for {sign} write {name}:{operator}={value or 'VALUE'}, which the API does not document, or "
        f"'{name}{sign}={value or 'VALUE'}', which it does"
    )


def _condition(column: Field, operator: str, value: str) -> Filter:
    if operator == "gte":
        return column.gte(value)
    if operator == "lte":
        return column.lte(value)
    return column.op(operator, value)
