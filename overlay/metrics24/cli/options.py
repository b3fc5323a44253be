"""The options of commands: declared once as typed classes, read once per command, and the days and filters in them."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import field as attribute
from attrs import fields, frozen, has
from click.core import ParameterSource
from dateutil import parser, relativedelta, tz

import metrics24
from metrics24.cli.exit_codes import HELP
from metrics24.cli.output import Output, number
from metrics24.errors import ConfigurationError, FilterError, UsageError
from metrics24.filters import Field, Filter, field, join

T = TypeVar("T")
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
STDIN_OR_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)

STDIN = Path("-")
_PARAMETER = "click parameter"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 64 * 1024


def option(*names: str, **settings: Any) -> Any:
    """Declare an attribute of an options class that is an option of the command line, as in `click.option`."""
    return attribute(metadata={_PARAMETER: lambda name: click.Option([*names, name], **settings)})


def argument(**settings: Any) -> Any:
    """Declare an attribute of an options class that is an argument of the command line, as in `click.argument`."""
    return attribute(metadata={_PARAMETER: lambda name: click.Argument([name], **settings)})


def parameters(kind: type) -> list[click.Parameter]:
    """Return the parameters that an options class declares: arguments first, then its own, then those of its bases."""
    declared = [
        each.metadata[_PARAMETER](each.name)
        for base in kind.__mro__
        if has(base)
        for each in fields(base)
        if not each.inherited and _PARAMETER in each.metadata
    ]
    return sorted(declared, key=lambda parameter: not isinstance(parameter, click.Argument))


def command(
    name: str,
    kind: type[T],
    *,
    example: str,
    group: click.Group | None = None,
    cls: type[click.Command] = click.Command,
    **settings: Any,
) -> Callable[[Callable[[T], int | None]], click.Command]:
    """Make a command of a function that takes the command's options as one object of the class `kind`."""

    def decorate(function: Callable[[T], int | None]) -> click.Command:
        def run(**values: Any) -> int | None:
            try:
                return function(kind(**values))
            except (UsageError, ConfigurationError) as error:
                raise in_words_of_the_command(error) from error.__cause__

        made = cls(
            name,
            callback=run,
            params=parameters(kind),
            help=inspect.getdoc(function),
            epilog=example + HELP,
            **settings,
        )
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def in_words_of_the_command(error: UsageError | ConfigurationError) -> UsageError | ConfigurationError:
    """Name the options of the running command in an error, in place of the arguments of the library's call."""
    options = {parameter.name: parameter for parameter in click.get_current_context().command.params}
    message = str(error)
    for name in error.arguments:
        if (parameter := options.get(name)) is not None:
            message = re.sub(rf"(?<![\w'\"-]){re.escape(name)}(?![\w'\"])", _typed_name(parameter), message, count=1)
    error.args = (message,)
    return error


def _typed_name(parameter: click.Parameter) -> str:
    return max(parameter.opts, key=len) if isinstance(parameter, click.Option) else parameter.human_readable_name


def example(*lines: str, title: str = "Example") -> str:
    """Write an example for the help of a command; what follows the first line goes on with it."""
    # \b keeps click from filling the lines into a paragraph.
    return f"\b\n{title}:\n" + " \\\n    ".join([f"  {lines[0]}", *lines[1:]]) + "\n\n"


@frozen(kw_only=True, slots=False)
class ConnectionOptions:
    """The options of every command that calls the API."""

    api_key_file: Path | None = option(
        "--api-key-file", type=FILE, help="File with the API key, readable by you alone."
    )
    base_url: str | None = option("--base-url", metavar="URL", help="The API's address; by default METRICS24_BASE_URL.")
    timeout: float | None = option("--timeout", type=float, metavar="SECONDS", help="Time limit of each attempt (30).")
    rate: float | None = option("--rate", type=float, metavar="NUMBER", help="Most requests per second.")
    routes: tuple[str, ...] = option(
        "--route",
        multiple=True,
        metavar="OPERATION=ROUTE",
        help="Another method and path where the spec's are wrong: 'getClick=GET /the/path'. May be repeated.",
    )
    quiet: bool = option("--quiet", "-q", is_flag=True, help="No progress and no summary.")
    as_json: bool = option("--json", is_flag=True, help="The result as JSON on stdout, errors as JSON on stderr.")
    debug: bool = option("--debug", is_flag=True, help="Tracebacks with errors.")

    @property
    def output(self) -> Output:
        """The output of the command."""
        return Output(as_json=self.as_json, quiet=self.quiet, debug=self.debug)

    def open_client(self) -> metrics24.Client:
        """Make the client that the options describe."""
        named = {name: getattr(self, name) for name in ("base_url", "timeout", "rate")}
        settings: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        if self.api_key_file is not None:
            settings["api_key"] = read_key(self.api_key_file)
        if self.routes:
            settings["routes"] = self.route_table()
        return metrics24.Client(**settings)

    def route_table(self) -> dict[str, tuple[str, str]]:
        """Read --route; the client checks the operations and paths."""
        return dict(map(_route, self.routes))


@frozen(kw_only=True, slots=False)
class DryRunOptions:
    """The option of every command that changes something."""

    dry_run: bool = option("--dry-run", is_flag=True, help="Show what would be done; only reads are sent.")


@frozen(kw_only=True, slots=False)
class DeleteOptions(DryRunOptions):
    """The options of every command that deletes something."""

    yes: bool = option("--yes", "-y", is_flag=True, help="Do not ask before deleting.")


def _route(text: str) -> tuple[str, tuple[str, str]]:
    operation, _, route = text.partition("=")
    method, _, path = route.strip().partition(" ")
    if not operation or not path:
        raise click.UsageError(f"--route {text!r} must look like 'getClick=GET /the/path'.")
    return operation.strip(), (method, path.strip())


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


def read_text(file: Path) -> str:
    """Read a text file, or stdin where it is `-`.

    Raises:
        UsageError: it cannot be read, or is not text in UTF-8.

    """
    try:
        data = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8") from error


def command_line(changes: Mapping[str, object], *, other: tuple[str, click.Command] | None = None) -> str:
    """Write the command that is running as it was typed, with some options changed, or left out where None.

    Or write the `other` command, by its path, with those of the options that it has as well.
    """
    context = click.get_current_context()
    path, target = other or (context.command_path, context.command)
    words = path.split()
    for parameter in target.params:
        name = parameter.name or ""
        typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        value = changes[name] if name in changes else context.params.get(name) if typed else None
        if value is None:
            continue
        for each in value if isinstance(value, tuple) else (value,):
            words += _words(parameter, each)
    return shlex.join(words)


def _words(parameter: click.Parameter, value: object) -> list[str]:
    if isinstance(parameter, click.Argument):
        return [str(value)]
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return [parameter.opts[0]]
    return [parameter.opts[0], str(value)]


FORMS = "2025-02-01, yesterday, today, '3 days ago' or '1 Feb 2025'"
_DAY = timedelta(days=1)
_UNITS = {"d": "days", "w": "weeks", "m": "months"}

_AGO = re.compile(r"([0-9]{1,4}) (day|week|month)s? ago")
_LAST = re.compile(r"([0-9]{1,4}) ?(d|w|m|days?|weeks?|months?)")
_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")
# 01/02/2025 is a day in February for some and in January for others: the order may vary only with a month's name.
_NAME = "|".join(name.lower() for names in parser.parserinfo.MONTHS for name in names)
_WITH_NAME = re.compile(rf"([0-9]{{1,2}} ({_NAME})\.?|({_NAME})\.? [0-9]{{1,2}}),? [12][0-9]{{3}}")
_ZONE = re.compile(r"[A-Za-z][\w+-]*(/[\w+-]+)*")


@frozen
class Range:
    """The days that a command is about, both included.

    Attributes:
        start: the first day.
        end: the last day.
        words: the days in words; empty where both were typed out.

    """

    start: date
    end: date
    words: str

    def options(self) -> dict[str, str | None]:
        """Return the options that mean the same days tomorrow and elsewhere; None stands for one to leave out."""
        return {**dict.fromkeys(DAY_OPTIONS), "start": str(self.start), "end": str(self.end)}


@frozen(kw_only=True, slots=False)
class DayOptions:
    """The options that name a range of days."""

    start: str | None = option("--start", metavar="DAY", help=f"First day: {FORMS}.")
    end: str | None = option(
        "--end",
        metavar="DAY",
        help="Last day; by default yesterday, or today if that is the first one. The API does not document whether it "
        "is included.",
    )
    last: str | None = option(
        "--last", metavar="SPAN", help="Instead: 7d, 2w or 1m, that many whole days up to yesterday."
    )
    month: str | None = option(
        "--month", metavar="MONTH", help="Instead: 2025-02, last or this. A month that is not over ends yesterday."
    )
    timezone: str | None = option(
        "--timezone", metavar="ZONE", help="Time zone of 'today', like Europe/Berlin; by default this machine's."
    )

    def days(self, now: datetime) -> Range:
        """Return the days that the options mean at the moment `now`, which has a time zone.

        Raises:
            click.UsageError: they cannot be read, contradict each other, or mean no day at all.

        """
        today = self.today(now)
        chosen = self._chosen()
        start, end = {"start": self._from_start, "last": self._last_days, "month": self._whole_month}[chosen](today)
        if start > end:
            raise click.UsageError(f"--start ({start}) lies after --end ({end}).")
        typed_out = chosen == "start" and _iso(self.start) and _iso(self.end)
        return Range(start, end, "" if typed_out else self._in_words(start, end, today))

    def today(self, now: datetime) -> date:
        """Return the day that it is in the time zone of the options."""
        return now.astimezone(None if self.timezone is None else _zone(self.timezone)).date()

    def _chosen(self) -> str:
        chosen = [name for name in ("start", "last", "month") if getattr(self, name) is not None]
        if self.end is not None and "start" not in chosen:
            chosen.insert(0, "end")
        if len(chosen) > 1:
            raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other.")
        if chosen == ["end"]:
            raise click.UsageError("--end needs --start.")
        if not chosen:
            raise click.UsageError("Say which days: --start (and --end), --last 7d or --month 2025-02.")
        return chosen[0]

    def _from_start(self, today: date) -> tuple[date, date]:
        start = parse_day(self.start or "", "--start", today)
        if self.end is not None:
            return start, parse_day(self.end, "--end", today)
        if start > today:
            raise click.UsageError(f"--start ({start}) lies in the future: today is {today}.")
        return start, max(start, today - _DAY)

    def _last_days(self, today: date) -> tuple[date, date]:
        found = _LAST.fullmatch((self.last or "").strip().lower())
        if found is None or int(found[1]) == 0:
            raise click.UsageError(f"--last: {self.last!r} is not a span of days; write it like 7d, 2w or 1m.")
        span = relativedelta.relativedelta(**{_UNITS[found[2][0]]: int(found[1])})  # type: ignore[arg-type]  # a computed name
        return today - span, today - _DAY

    def _whole_month(self, today: date) -> tuple[date, date]:
        text = (self.month or "").strip().lower()
        this = today.replace(day=1)
        if _MONTH.fullmatch(text):
            start = date.fromisoformat(f"{text}-01")
        elif text in ("this", "last"):
            start = this if text == "this" else this - relativedelta.relativedelta(months=1)
        else:
            raise click.UsageError(f"--month: {self.month!r} is not a month; write it like 2025-02, last or this.")
        if start > today:
            raise click.UsageError(f"--month {text} has not begun: today is {today}.")
        over = start + relativedelta.relativedelta(months=1) - _DAY
        return start, max(start, min(over, today - _DAY))

    def _in_words(self, start: date, end: date, today: date) -> str:
        days = number((end - start).days + 1, "day")
        until = " up to yesterday" if end == today - _DAY else ""
        place = "on this machine" if self.timezone is None else f"in {self.timezone}"
        return f"{start} to {end}: {days}{until} (today is {today} {place})"


DAY_OPTIONS = tuple(each.name for each in fields(DayOptions))


def parse_day(text: str, name: str, today: date) -> date:
    """Return the day that a text means; `name` is the option for messages.

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


def comma_remarks(texts: Iterable[str]) -> list[str]:
    """Name the values that a server may take for several, and the filters that surely mean several.

    Raises:
        FilterError: one of the texts is not written as a filter.

    """
    remarks = []
    for column, operator, value in map(_parse, texts):
        parts = value.split(",")
        if operator == "eq" and len(parts) > 1 and all(map(str.strip, parts)):
            many = "two" if len(parts) == 2 else str(len(parts))
            clear = " ".join(f"--filter {shlex.quote(f'{column.name}={part.strip()}')}" for part in parts)
            remarks.append(
                f"The server may take {column.name}={value} for one value or for {many}; to be sure write {clear}."
            )
    return list(dict.fromkeys(remarks))


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
    """Return what to write instead of a sign that the API does not have; empty if that is not the mistake."""
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
