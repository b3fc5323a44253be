"""The commands for filter groups: ids, and a group's properties.

What became of filter groups, on stdout, and how a write that was cut short is reported.

`metrics24 filter-groups create`.

`metrics24 filter-groups update`, `add-offers`, `remove-offers` and `bulk-update`.

`metrics24 filter-groups delete` and `bulk-delete`.

`metrics24 filter-groups list` and `get`.

`metrics24 filter-groups`: see and change the rules for offers, publishers and advertisers.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import define, field

import metrics24
from metrics24.cli import exit_codes as exits
from metrics24.cli.interrupts import sigterm_as_interrupt
from metrics24.cli.options import all_of, connection_options, open_client, parse_filters
from metrics24.cli.output import EndedEarlyError, TableColumn, fields, printable, table, terminal_width
from metrics24.errors import UsageError

if TYPE_CHECKING:
    from metrics24._core.group_flows import BulkResult


F = TypeVar("F", bound=Callable[..., Any])

STDIN = Path("-")
ID_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)

# Options by the words that --clear takes, and the arguments of the Python API that they are.
PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "active": "active",
        "monitoring-mode": "monitoring_mode",
        "rtb": "rtb_enabled",
        "offers": "offer_ids",
        "publishers": "publisher_ids",
        "advertisers": "advertiser_ids",
        "tags": "tags",
        "description": "description",
        "click-preset": "click_filter_preset_id",
        "conversion-preset": "conversion_filter_preset_id",
        "filters": "filters",
    }
)
_LISTS = frozenset({"offers", "publishers", "advertisers", "tags", "filters"})


def _named_once(option: str, name: str, what: str) -> Callable[[F], F]:
    return click.option(option, name, multiple=True, metavar="ID", help=f"{what}; once for each.")


integration = click.option("--integration", required=True, metavar="ID", help="The integration of the groups.")
organization = click.option("--organization", metavar="ID", help="The organization of the integration.")
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be done; only reads are sent.")
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask before deleting.")
ids = all_of(
    click.argument("ids", nargs=-1, metavar="[ID]..."),
    click.option("--ids-from", type=ID_FILE, metavar="FILE", help="File with more ids, one a line; - is stdin."),
)
monitoring_mode = click.option(
    "--monitoring-mode/--no-monitoring-mode", default=None, help="Only watch, or block as well."
)
properties = all_of(
    click.option("--active/--inactive", default=None, help="Whether the group is in use."),
    monitoring_mode,
    click.option("--rtb/--no-rtb", default=None, help="Real-time blocking."),
    _named_once("--offer", "offers", "Offer that may use the group"),
    _named_once("--publisher", "publishers", "Publisher that may use the group"),
    _named_once("--advertiser", "advertisers", "Advertiser that may use the group"),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="Label; once for each."),
    click.option("--description", metavar="TEXT", help="What the group is for."),
    click.option("--click-preset", type=int, metavar="NUMBER", help="Preset that fills in the filters for clicks."),
    click.option("--conversion-preset", type=int, metavar="NUMBER", help="The same for conversions."),
    click.option(
        "--filters-file",
        "filters",
        type=ID_FILE,
        metavar="FILE",
        help="The filters as a JSON array, such as that of get --json; - is stdin.",
    ),
)
clear = click.option(
    "--clear",
    multiple=True,
    type=click.Choice(list(PROPERTIES)),
    metavar="PROPERTY",
    help=f"Empty a list ({', '.join(sorted(_LISTS))}), or set null: {', '.join(sorted(PROPERTIES.keys() - _LISTS))}. "
    "Once for each.",
)


def on_one_integration(command: F) -> F:
    """Give a command --integration and the options of the connection."""
    return all_of(integration, connection_options)(command)


def chosen(given: Mapping[str, Any], what: str = "ids") -> list[str]:
    """The ids that were given as arguments and in a file, each once.

    Raises:
        UsageError: there is none, or the file cannot be read.

    """
    file: Path | None = given[f"{what}_from"]
    lines = [] if file is None else _read(file).splitlines()
    named = [*given[what], *filter(None, map(str.strip, lines))]
    if not named:
        raise UsageError(f"No {what} were given: name them as arguments, or in a file with --{what}-from")
    return list(dict.fromkeys(named))


def given_properties(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties to set, as arguments of the library; those not given are left out.

    Raises:
        UsageError: a property is both given and cleared, or the file of filters cannot be read.

    """
    if given["filters"] == STDIN == given.get("ids_from"):
        raise UsageError("stdin cannot hold both the ids and the filters")
    found: dict[str, Any] = {}
    for word, name in PROPERTIES.items():
        value = given[word.replace("-", "_")]
        if value is not None and value != ():
            found[name] = list(value) if isinstance(value, tuple) else value
    for word in given.get("clear", ()):
        if PROPERTIES[word] in found:
            raise UsageError(f"{word} is both given and cleared")
        found[PROPERTIES[word]] = [] if word in _LISTS else None
    if isinstance(file := found.get("filters"), Path):
        found["filters"] = _filters(file)
    return found


def _filters(file: Path) -> list[Any]:
    try:
        filters = json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} does not hold JSON; write an array of filters") from error
    if not isinstance(filters, list):
        raise UsageError(f"{file} must hold a JSON array of filters, not {type(filters).__name__}")
    return filters


def _read(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8") from error


def epilog(*lines: str) -> str:
    """Write an example for the help of a command."""
    # \b keeps click from filling the lines into a paragraph.
    return "\b\nExample:\n" + " \\\n    ".join([f"  {lines[0]}", *lines[1:]]) + "\n\n"


def count(groups: Collection[object]) -> str:
    """Write how many filter groups there are."""
    return f"{len(groups):,} filter group{'' if len(groups) == 1 else 's'}"


@define
class GroupOutcome:
    """The outcome of each id; `untried` are those whose turn did not come."""

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


EXAMPLE = epilog(
    "metrics24 filter-groups create --integration acmeshop01",
    "--organization acmegroup1 --name 'Summer sale' --priority 7",
    "--offer 1001 --offer 1002 --monitoring-mode --inactive",
)


@click.command("create", epilog=EXAMPLE + exits.HELP)
@on_one_integration
@click.option("--organization", required=True, metavar="ID", help="The organization of the integration.")
@click.option("--name", required=True, metavar="TEXT", help="Name for people.")
@click.option("--priority", required=True, type=int, metavar="NUMBER", help="Unique within the integration.")
@properties
@dry_run
def create_group(**given: Any) -> None:
    """Create a filter group and show it as the server has it.

    It is sent once. If the answer is lost and nothing tells whether the group exists, the exit code is 14.
    """
    asked = {name: given[name] for name in ("name", "organization", "priority")} | given_properties(given)
    with open_client(given) as client:
        if given["dry_run"]:
            _plan_create(given, client, asked)
            return
        with writing(given, f"Whether the group was created is unknown; look before you repeat it: {_search(given)}"):
            group = client.filter_groups.create(given["integration"], **asked)
    show_group(given, group.to_dict(), "Created:")


def _search(given: Mapping[str, Any]) -> str:
    """Write the command that finds the group."""
    words = click.get_current_context().command_path.split()[:-1]
    found = ["list", "--integration", given["integration"], "--filter", f"name={given['name']}"]
    return shlex.join([*words, *found])


def _plan_create(given: Mapping[str, Any], client: metrics24.Client, asked: Mapping[str, Any]) -> None:
    from metrics24.filter_groups import new_group  # noqa: PLC0415  loads the generated client

    rest = {name: value for name, value in asked.items() if name not in {"name", "organization", "priority"}}
    body = new_group(given["integration"], asked["name"], asked["organization"], asked["priority"], rest)
    for group in client.filter_groups.list(given["integration"]).records():
        if group.get("priority") == body["priority"]:
            say(given, f"The priority {body['priority']} is taken by the filter group {group.get('id')}.")
    show_group(given, body, "Would create:")
    if not given["quiet"] and not given["as_json"]:
        click.echo("Dry run: nothing was created.", err=True)


UPDATE_EXAMPLE = epilog(
    "metrics24 filter-groups update --integration acmeshop01",
    "--ids-from groups.txt --inactive --clear description --dry-run",
)
ADD_EXAMPLE = epilog(
    "metrics24 filter-groups add-offers 01HK153X00B7PYKC2FGWT67M8C", "--integration acmeshop01 1001 1002"
)
REMOVE_EXAMPLE = epilog(
    "metrics24 filter-groups remove-offers 01HK153X00B7PYKC2FGWT67M8C", "--integration acmeshop01 1001"
)
BULK_UPDATE_EXAMPLE = epilog(
    "metrics24 filter-groups bulk-update --integration acmeshop01",
    "--ids-from groups.txt --monitoring-mode",
)
# What befalls one id with these befalls all others too.
HOPELESS = (metrics24.ConfigurationError, metrics24.SecurityError, metrics24.Unauthorized, metrics24.Forbidden)

_offers = all_of(
    click.argument("group_id", metavar="GROUP"),
    click.argument("offers", nargs=-1, metavar="[OFFER]..."),
    click.option(
        "--offers-from",
        type=ID_FILE,
        metavar="FILE",
        help="File with more offers, one a line; - is stdin.",
    ),
)


@click.command("update", epilog=UPDATE_EXAMPLE + exits.HELP)
@ids
@on_one_integration
@click.option("--name", metavar="TEXT", help="Name for people.")
@click.option("--priority", type=int, metavar="NUMBER", help="Unique within the integration: for one group only.")
@properties
@clear
@dry_run
def update_groups(**given: Any) -> int:
    """Change one filter group, or many, one after the other.

    What is not named stays as it is. Lists are replaced: add-offers and remove-offers change single offers. One id as
    an argument shows the group as it is afterwards; otherwise each id is told with what became of it.
    """
    asked = {name: given[name] for name in ("name", "priority") if given[name] is not None} | given_properties(given)
    named = chosen(given)
    changes = _checked(named, asked)
    with open_client(given) as client:
        if given["dry_run"]:
            return _plan_update(given, client, named, changes)
        if len(named) == 1 and given["ids_from"] is None:
            with writing(given, f"Whether {named[0]} was changed is unknown; doing it again does no harm."):
                group = client.filter_groups.update(given["integration"], named[0], **asked)
            show_group(given, group.to_dict(), "Changed:")
            return exits.DONE
        return _update_each(given, client, named, asked)


@click.command("add-offers", epilog=ADD_EXAMPLE + exits.HELP)
@_offers
@on_one_integration
@dry_run
def add_offers(**given: Any) -> int:
    """Add offers to a filter group. It is read first; those that it has already change nothing."""
    return _change_offers(given, add=True)


@click.command("remove-offers", epilog=REMOVE_EXAMPLE + exits.HELP)
@_offers
@on_one_integration
@dry_run
def remove_offers(**given: Any) -> int:
    """Take offers from a filter group. It is read first; those that it does not have change nothing."""
    return _change_offers(given, add=False)


@click.command("bulk-update", epilog=BULK_UPDATE_EXAMPLE + exits.HELP)
@ids
@on_one_integration
@organization
@monitoring_mode
@dry_run
def bulk_update(**given: Any) -> int:
    """Switch the monitoring mode of many filter groups with one request.

    The list is read afterwards: only ids of which it shows the mode count as changed.
    """
    named, mode = chosen(given), given["monitoring_mode"]
    if mode is None:
        raise metrics24.UsageError("Say which: --monitoring-mode or --no-monitoring-mode")
    with open_client(given) as client:
        if given["dry_run"]:
            return _plan_update(given, client, named, _checked(named, {"monitoring_mode": mode}))
        outcome = GroupOutcome()
        with writing(given, f"Which of {count(named)} were changed is unknown; doing it again does no harm."):
            options = {"monitoring_mode": mode, "organization": given["organization"]}
            outcome.add(client.filter_groups.bulk_update(given["integration"], named, **options))
    outcome.show(given, "changed")
    return outcome.code


def _checked(named: Sequence[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Check ids and changes before the first request."""
    from metrics24.arguments import some_ids  # noqa: PLC0415
    from metrics24.filter_groups import changes_of_many  # noqa: PLC0415

    return changes_of_many(some_ids(named, "ids"), asked)


def _update_each(
    given: Mapping[str, Any], client: metrics24.Client, named: Sequence[str], asked: Mapping[str, Any]
) -> int:
    outcome = GroupOutcome(untried=list(named))
    shown = sys.stderr.isatty() and not given["quiet"]
    try:
        with sigterm_as_interrupt(), click.progressbar(named, file=sys.stderr, hidden=not shown, show_pos=True) as bar:
            for each in bar:
                outcome.untried.remove(each)
                outcome.unverified.append(each)  # until it is known to be otherwise, also where this is interrupted
                result = client.filter_groups.update_many(given["integration"], [each], **asked)
                outcome.unverified.remove(each)
                outcome.add(result)
                _stop_if_hopeless(result.errors.values())
    except (KeyboardInterrupt, *HOPELESS) as error:
        outcome.show(given, "changed")
        say(given, f"{count(outcome.untried)} not tried; changing those again that were changed does no harm.")
        raise EndedEarlyError(error, None) from error
    outcome.show(given, "changed")
    return outcome.code


def _stop_if_hopeless(errors: Iterable[BaseException]) -> None:
    for error in errors:
        if isinstance(error, HOPELESS):
            raise error


def _change_offers(given: Mapping[str, Any], *, add: bool) -> int:
    offers, group_id = chosen(given, "offers"), given["group_id"]
    with open_client(given) as client:
        if given["dry_run"]:
            return _plan_offers(given, client, offers, add=add)
        change = client.filter_groups.add_offers if add else client.filter_groups.remove_offers
        with writing(given, f"Whether the offers of {group_id} were changed is unknown; doing it again does no harm."):
            group = change(given["integration"], group_id, offers)
    show_group(given, group.to_dict(), "Now:")
    return exits.DONE


def _plan_offers(given: Mapping[str, Any], client: metrics24.Client, offers: Sequence[str], *, add: bool) -> int:
    group = client.filter_groups.get(given["integration"], given["group_id"]).to_dict()
    before: list[str] = group.get("offer_ids") or []
    kept = [offer for offer in before if add or offer not in offers]
    after = kept + [offer for offer in offers if add and offer not in before]
    changes = {"offer_ids": {"from": before, "to": after}} if after != before else {}
    return show_plan(given, "change", [{"id": group["id"], "name": group.get("name"), "changes": changes}])


def _plan_update(
    given: Mapping[str, Any], client: metrics24.Client, named: Sequence[str], changes: Mapping[str, Any]
) -> int:
    found = {group.get("id"): group for group in client.filter_groups.list(given["integration"]).records()}
    plans = [
        {
            "id": each,
            "name": found[each].get("name"),
            "changes": {
                name: {"from": found[each].get(name), "to": value}
                for name, value in changes.items()
                if found[each].get(name) != value
            },
        }
        for each in named
        if each in found
    ]
    return show_plan(given, "change", plans, [each for each in named if each not in found])


DELETE_EXAMPLE = epilog(
    "metrics24 filter-groups delete 01HK153X00B7PYKC2FGWT67M8C",
    "--integration acmeshop01 --yes",
)
BULK_DELETE_EXAMPLE = epilog(
    "metrics24 filter-groups bulk-delete --integration acmeshop01",
    "--ids-from groups.txt --dry-run",
)
_MOST_NAMED = 5


@click.command("delete", epilog=DELETE_EXAMPLE + exits.HELP)
@click.argument("group_id", metavar="ID")
@on_one_integration
@dry_run
@yes
def delete_group(**given: Any) -> int:
    """Delete one filter group, after asking."""
    group_id, integration = given["group_id"], given["integration"]
    with open_client(given) as client:
        if given["dry_run"] or not given["yes"]:
            group = client.filter_groups.get(integration, group_id).to_dict()
            if given["dry_run"]:
                return show_plan(given, "delete", [{"id": group_id, "name": group.get("name")}])
            if not confirmed(given, f"Delete filter group {group_id} ({group.get('name')}) of {integration}?"):
                return exits.UNEXPECTED
        with writing(given, f"Whether {group_id} was deleted is unknown; deleting it again does no harm."):
            client.filter_groups.delete(integration, group_id)
    GroupOutcome(ok=[group_id]).show(given, "deleted")
    return exits.DONE


@click.command("bulk-delete", epilog=BULK_DELETE_EXAMPLE + exits.HELP)
@ids
@on_one_integration
@organization
@dry_run
@yes
def bulk_delete(**given: Any) -> int:
    """Delete many filter groups with one request, after asking.

    The list is read before and afterwards: only ids that are gone count as deleted.
    """
    named, integration = chosen(given), given["integration"]
    with open_client(given) as client:
        if given["dry_run"]:
            return _plan_delete(given, client, named)
        some = ", ".join(named[:_MOST_NAMED]) + (", ..." if len(named) > _MOST_NAMED else "")
        if not confirmed(given, f"Delete {count(named)} of {integration} ({some})?"):
            return exits.UNEXPECTED
        outcome = GroupOutcome()
        with writing(given, f"Which of {count(named)} were deleted is unknown; see metrics24 filter-groups list."):
            outcome.add(client.filter_groups.bulk_delete(integration, named, organization=given["organization"]))
    outcome.show(given, "deleted")
    return outcome.code


def _plan_delete(given: Mapping[str, Any], client: metrics24.Client, named: list[str]) -> int:
    found = {group.get("id"): group for group in client.filter_groups.list(given["integration"]).records()}
    plans = [{"id": each, "name": found[each].get("name")} for each in named if each in found]
    return show_plan(given, "delete", plans, [each for each in named if each not in found])


COLUMNS = (
    TableColumn("ID", whole=True),
    TableColumn("PRIO", right=True, whole=True),
    TableColumn("NAME"),
    TableColumn("ACTIVE", whole=True),
    TableColumn("MONITOR", whole=True),
    TableColumn("OFFERS", right=True, whole=True),
    TableColumn("TAGS"),
)
LIST_EXAMPLE = epilog("metrics24 filter-groups list --integration acmeshop01 --sort=-priority")
GET_EXAMPLE = epilog("metrics24 filter-groups get 01HK153X00B7PYKC2FGWT67M8C --integration acmeshop01")


@click.command("list", epilog=LIST_EXAMPLE + exits.HELP)
@on_one_integration
@click.option(
    "--filter", "filters", multiple=True, metavar="CONDITION", help="Only groups with active=true, and so on."
)
@click.option("--sort", metavar="COLUMNS", help="Columns to sort by, like -priority,name; - is descending.")
@click.option("--limit", type=click.IntRange(min=0), help="Groups at most.")
def list_groups(**given: Any) -> None:
    """List filter groups: a table, or with --json one array of them as the server sent them."""
    with open_client(given) as client:
        asked = {"filter": parse_filters(given["filters"]), "sort": given["sort"], "limit": given["limit"]}
        groups = list(client.filter_groups.list(given["integration"], **asked).records())
    if given["as_json"]:
        click.echo(json.dumps(groups))
        return
    if groups:
        click.echo("\n".join(table(COLUMNS, map(_cells, groups), width=terminal_width())))
    if not given["quiet"]:
        click.echo(count(groups), err=True)


@click.command("get", epilog=GET_EXAMPLE + exits.HELP)
@click.argument("group_id", metavar="ID")
@on_one_integration
def get_group(**given: Any) -> None:
    """Show one filter group, a field per line."""
    with open_client(given) as client:
        group = client.filter_groups.get(given["integration"], given["group_id"])
    show_group(given, group.to_dict())


def _cells(group: Mapping[str, Any]) -> list[object]:
    offers = group.get("offer_ids")
    return [
        group.get("id"),
        group.get("priority"),
        group.get("name"),
        group.get("active"),
        group.get("monitoring_mode"),
        len(offers) if isinstance(offers, list) else None,
        group.get("tags") or None,
    ]


@click.group(epilog=LIST_EXAMPLE + exits.HELP)
def filter_groups() -> None:
    """See and change filter groups.

    What deletes asks first; --dry-run shows what a change would do. A write is sent once, and read back if its answer
    is lost.
    """


for command in (
    list_groups,
    get_group,
    create_group,
    update_groups,
    add_offers,
    remove_offers,
    delete_group,
    bulk_update,
    bulk_delete,
):
    filter_groups.add_command(command)
