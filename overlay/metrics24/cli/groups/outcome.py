"""What became of filter groups, on stdout, and how a write that was cut short is reported."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from attrs import define, field

from metrics24.cli import exits
from metrics24.cli.groups.options import count
from metrics24.cli.interrupts import sigterm_as_interrupt
from metrics24.cli.reporting import EndedEarlyError
from metrics24.cli.tables import fields
from metrics24.cli.text import printable
from metrics24.errors import UsageError

if TYPE_CHECKING:  # loads the generated client, which a help has no use for
    from metrics24.flows.bulk import BulkResult


@define
class Outcome:
    """What became of each id; `untried` are those whose turn did not come."""

    ok: list[str] = field(factory=list)
    missing: list[str] = field(factory=list)
    unverified: list[str] = field(factory=list)
    untried: list[str] = field(factory=list)
    errors: dict[str, BaseException] = field(factory=dict)

    def add(self, result: BulkResult) -> None:
        """Take in what became of some of them."""
        self.ok += result.ok
        self.missing += result.missing
        self.unverified += result.unverified
        self.errors |= result.errors

    @property
    def code(self) -> int:
        """The exit code."""
        return exits.SOME_UNCHANGED if self.missing or self.unverified or self.untried else exits.DONE

    def show(self, given: Mapping[str, Any], verb: str) -> None:
        """Say of each id what became of it, then how many there are of each kind."""
        kinds = {verb: self.ok, "missing": self.missing, "unverified": self.unverified, "not tried": self.untried}
        if given["as_json"]:
            facts = {name: getattr(self, name) for name in ("ok", "missing", "unverified", "untried")}
            errors = {
                each: {"type": type(error).__name__, "message": str(error)} for each, error in self.errors.items()
            }
            click.echo(json.dumps({**facts, "errors": errors}))
            return
        for kind, ids in kinds.items():
            for each in ids:
                reason = f"  {_reason(self.errors[each])}" if each in self.errors and kind != "missing" else ""
                click.echo(f"{kind:<10}  {printable(each)}{reason}")
        if not given["quiet"]:
            every = [each for ids in kinds.values() for each in ids]
            parts = [f"{len(ids):,} {kind}" for kind, ids in kinds.items() if ids]
            click.echo(f"Of {count(every)}: {', '.join(parts)}", err=True)


def _reason(error: BaseException) -> str:
    return printable(f"{type(error).__name__}: {error}")


def show_group(given: Mapping[str, Any], group: Mapping[str, object], headline: str = "") -> None:
    """Show one group: as JSON, or a headline and a field per line."""
    if given["as_json"]:
        click.echo(json.dumps(group))
    else:
        click.echo("\n".join(([headline] if headline and not given["quiet"] else []) + fields(group)))


def show_plan(
    given: Mapping[str, Any], act: str, groups: Sequence[Mapping[str, Any]], missing: Sequence[str] = ()
) -> int:
    """Say what a dry run found, and return the exit code: each group has an id, a name, and changes if any."""
    if given["as_json"]:
        click.echo(json.dumps({"dry_run": True, "action": act, "groups": list(groups), "missing": list(missing)}))
    else:
        for group in groups:
            kind = "unchanged" if group.get("changes") == {} else f"would {act}"
            click.echo(f"{kind}  {printable(str(group['id']))}  {printable(str(group.get('name', '')))}".rstrip())
            for name, change in group.get("changes", {}).items():
                click.echo(f"    {name}: {_short(change['from'])} -> {_short(change['to'])}")
        for each in missing:
            click.echo(f"missing  {printable(each)}")
        if not given["quiet"]:
            click.echo("Dry run: nothing was changed.", err=True)
    return exits.SOME_UNCHANGED if missing else exits.DONE


def _short(value: object) -> str:
    return printable(json.dumps(value, ensure_ascii=False))


@contextmanager
def writing(given: Mapping[str, Any], doubt: str) -> Iterator[None]:
    """Say what is in doubt when a write is interrupted."""
    with sigterm_as_interrupt():
        try:
            yield
        except KeyboardInterrupt as error:
            say(given, doubt)
            raise EndedEarlyError(error, None) from error


def say(given: Mapping[str, Any], text: str) -> None:
    """Say something beside the result: a line on stderr for people, an object for programs."""
    click.echo(json.dumps({"note": text}) if given["as_json"] else printable(text), err=True)


def confirmed(given: Mapping[str, Any], question: str) -> bool:
    """Ask before something is deleted, unless --yes was given.

    Raises:
        UsageError: there is nobody to ask.

    """
    if given["yes"]:
        return True
    if not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here whether to delete: pass --yes to delete, or --dry-run to look")
    if click.confirm(printable(question), err=True):
        return True
    say(given, "Nothing was deleted.")
    return False
