"""`metrics24 filter-groups`: see and change the rules for offers, publishers and advertisers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
from attrs import define, field, frozen

import metrics24
from metrics24.cli.exit_codes import DONE, HELP, SOME_UNCHANGED, UNEXPECTED, sigterm_as_interrupt
from metrics24.cli.options import (
    STDIN,
    STDIN_OR_FILE,
    ConnectionOptions,
    DeleteOptions,
    DryRunOptions,
    argument,
    command,
    example,
    option,
    parse_filters,
    read_text,
)
from metrics24.cli.output import EndedEarlyError, Output, TableColumn, fields, number, short, table
from metrics24.errors import UsageError

COLUMNS = (
    TableColumn("ID", whole=True),
    TableColumn("PRIO", right=True, whole=True),
    TableColumn("NAME"),
    TableColumn("ACTIVE", whole=True),
    TableColumn("MONITOR", whole=True),
    TableColumn("OFFERS", right=True, whole=True),
    TableColumn("TAGS"),
)
# The words that --clear takes, and the properties that they stand for.
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
_MOST_NAMED = 5
# With one of these errors for one id, all others would fail as well.
HOPELESS = (metrics24.ConfigurationError, metrics24.SecurityError, metrics24.Unauthorized, metrics24.Forbidden)


@frozen(kw_only=True, slots=False)
class IntegrationOptions(ConnectionOptions):
    """The options of every command for filter groups."""

    integration: str = option("--integration", required=True, metavar="ID", help="The integration of the groups.")


@frozen(kw_only=True, slots=False)
class GroupIdOptions(IntegrationOptions):
    """The options of a command for one group."""

    group_id: str = argument(metavar="ID")


@frozen(kw_only=True, slots=False)
class IdsOptions(IntegrationOptions):
    """The options of a command for many groups."""

    ids: tuple[str, ...] = argument(nargs=-1, metavar="[ID]...")
    ids_from: Path | None = option(
        "--ids-from", type=STDIN_OR_FILE, metavar="FILE", help="File with more ids, one a line; - is stdin."
    )

    @property
    def all_ids(self) -> list[str]:
        """The ids that were typed and those in the file, each once."""
        return _typed_and_in_file("ids", self.ids, self.ids_from)


@frozen(kw_only=True, slots=False)
class BulkOptions(IdsOptions):
    """The options of a command that changes many groups with one request."""

    organization: str | None = option("--organization", metavar="ID", help="The organization of the integration.")


@frozen(kw_only=True, slots=False)
class PropertyOptions:
    """The properties of a group that can be set."""

    active: bool | None = option("--active/--inactive", default=None, help="Use the group, or do not.")
    monitoring_mode: bool | None = option(
        "--monitoring-mode/--no-monitoring-mode", default=None, help="Only watch, or block as well."
    )
    rtb_enabled: bool | None = option("--rtb/--no-rtb", default=None, help="Real-time blocking.")
    offer_ids: tuple[str, ...] = option(
        "--offer", multiple=True, metavar="ID", help="Offer that may use the group; once for each."
    )
    publisher_ids: tuple[str, ...] = option(
        "--publisher", multiple=True, metavar="ID", help="Publisher that may use the group; once for each."
    )
    advertiser_ids: tuple[str, ...] = option(
        "--advertiser", multiple=True, metavar="ID", help="Advertiser that may use the group; once for each."
    )
    tags: tuple[str, ...] = option("--tag", multiple=True, metavar="TEXT", help="Label; once for each.")
    description: str | None = option("--description", metavar="TEXT", help="The purpose of the group.")
    click_filter_preset_id: int | None = option(
        "--click-preset", type=int, metavar="NUMBER", help="Preset that fills in the filters for clicks."
    )
    conversion_filter_preset_id: int | None = option(
        "--conversion-preset", type=int, metavar="NUMBER", help="The same for conversions."
    )
    filters: Path | None = option(
        "--filters-file",
        type=STDIN_OR_FILE,
        metavar="FILE",
        help="The filters as a JSON array, such as that of get --json; - is stdin.",
    )

    def properties(self) -> dict[str, Any]:
        """Return the properties to set, by their names in the library; those that were not typed are left out.

        Raises:
            UsageError: the file of filters cannot be read.

        """
        typed = {name: getattr(self, name) for name in PROPERTIES.values()}
        found = {name: value for name, value in typed.items() if value is not None and value != ()}
        found |= {name: list(value) for name, value in found.items() if isinstance(value, tuple)}
        if self.filters is not None:
            found["filters"] = _filters(self.filters)
        return found


@frozen(kw_only=True)
class CreateOptions(PropertyOptions, DryRunOptions, IntegrationOptions):
    """The options of `filter-groups create`."""

    organization: str = option(
        "--organization", required=True, metavar="ID", help="The organization of the integration."
    )
    name: str = option("--name", required=True, metavar="TEXT", help="Name for people.")
    priority: int = option(
        "--priority", required=True, type=int, metavar="NUMBER", help="Unique within the integration."
    )


@frozen(kw_only=True)
class UpdateOptions(PropertyOptions, DryRunOptions, IdsOptions):
    """The options of `filter-groups update`."""

    name: str | None = option("--name", metavar="TEXT", help="Name for people.")
    priority: int | None = option(
        "--priority", type=int, metavar="NUMBER", help="Unique within the integration: for one group only."
    )
    clear: tuple[str, ...] = option(
        "--clear",
        multiple=True,
        type=click.Choice(list(PROPERTIES)),
        metavar="PROPERTY",
        help=f"Empty a list ({', '.join(sorted(_LISTS))}), or set null: "
        f"{', '.join(sorted(PROPERTIES.keys() - _LISTS))}. Once for each.",
    )

    def changes(self) -> dict[str, Any]:
        """Return the changes to make, by the names of the library.

        Raises:
            UsageError: a property is both set and cleared, or the file of filters cannot be read.

        """
        if self.filters == STDIN == self.ids_from:
            raise UsageError("stdin cannot hold both the ids and the filters")
        named = {"name": self.name, "priority": self.priority}
        found = {name: value for name, value in named.items() if value is not None} | self.properties()
        for word in self.clear:
            if PROPERTIES[word] in found:
                raise UsageError(f"{word} is both set and cleared")
            found[PROPERTIES[word]] = [] if word in _LISTS else None
        return found


@frozen(kw_only=True)
class OffersOptions(DryRunOptions, IntegrationOptions):
    """The options of `filter-groups add-offers` and `remove-offers`."""

    group_id: str = argument(metavar="GROUP")
    offers: tuple[str, ...] = argument(nargs=-1, metavar="[OFFER]...")
    offers_from: Path | None = option(
        "--offers-from", type=STDIN_OR_FILE, metavar="FILE", help="File with more offers, one a line; - is stdin."
    )

    @property
    def all_offers(self) -> list[str]:
        """The offers that were typed and those in the file, each once."""
        return _typed_and_in_file("offers", self.offers, self.offers_from)


@frozen(kw_only=True)
class BulkUpdateOptions(DryRunOptions, BulkOptions):
    """The options of `filter-groups bulk-update`."""

    monitoring_mode: bool | None = option(
        "--monitoring-mode/--no-monitoring-mode", default=None, help="Only watch, or block as well."
    )


@frozen(kw_only=True)
class DeleteGroupOptions(DeleteOptions, GroupIdOptions):
    """The options of `filter-groups delete`."""


@frozen(kw_only=True)
class BulkDeleteOptions(DeleteOptions, BulkOptions):
    """The options of `filter-groups bulk-delete`."""


@frozen(kw_only=True)
class ListGroupsOptions(IntegrationOptions):
    """The options of `filter-groups list`."""

    filter: tuple[str, ...] = option(
        "--filter", multiple=True, metavar="CONDITION", help="Only groups with active=true, and so on."
    )
    sort: str | None = option(
        "--sort", metavar="COLUMNS", help="Columns to sort by, like -priority,name; - is descending."
    )
    limit: int | None = option("--limit", type=click.IntRange(min=0), help="Most groups to list.")


def _typed_and_in_file(kind: str, typed: Sequence[str], file: Path | None) -> list[str]:
    lines = [] if file is None else read_text(file).splitlines()
    named = [*typed, *filter(None, map(str.strip, lines))]
    if not named:
        raise UsageError(f"No {kind} were given: name them as arguments, or in a file with --{kind}-from")
    return list(dict.fromkeys(named))


def _filters(file: Path) -> list[Any]:
    try:
        filters = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} does not hold JSON; write an array of filters") from error
    if not isinstance(filters, list):
        raise UsageError(f"{file} must hold a JSON array of filters, not {type(filters).__name__}")
    return filters


@define
class GroupOutcome:
    """The ids of groups by what a command did with each; `untried` are those whose turn did not come."""

    ok: list[str] = field(factory=list)
    missing: list[str] = field(factory=list)
    unverified: list[str] = field(factory=list)
    untried: list[str] = field(factory=list)
    errors: dict[str, BaseException] = field(factory=dict)

    def add(self, result: metrics24.BulkResult) -> None:
        """Add the result for some of the ids."""
        self.ok += result.ok
        self.missing += result.missing
        self.unverified += result.unverified
        self.errors |= result.errors

    @property
    def code(self) -> int:
        """The exit code."""
        return SOME_UNCHANGED if self.missing or self.unverified or self.untried else DONE

    def show(self, output: Output, verb: str) -> None:
        """Print for each id what was done with it, then the number of each kind."""
        kinds = {verb: self.ok, "missing": self.missing, "unverified": self.unverified, "not tried": self.untried}
        facts = {name: getattr(self, name) for name in ("ok", "missing", "unverified", "untried")}
        errors = {each: {"type": type(error).__name__, "message": str(error)} for each, error in self.errors.items()}
        lines = [f"{kind:<10}  {each}{self._reason(kind, each)}" for kind, ids in kinds.items() for each in ids]
        output.summary({**facts, "errors": errors}, lines, optional=False)
        every = [each for ids in kinds.values() for each in ids]
        output.say(f"Of {_count(every)}: {', '.join(f'{len(ids):,} {kind}' for kind, ids in kinds.items() if ids)}")

    def _reason(self, kind: str, each: str) -> str:
        error = self.errors.get(each)
        return "" if error is None or kind == "missing" else f"  {type(error).__name__}: {error}"


def _count(groups: Collection[object]) -> str:
    return number(len(groups), "filter group")


def _show_group(output: Output, group: Mapping[str, object], headline: str = "") -> None:
    """Print one group: a headline and a field per line."""
    lines = fields(group)
    output.summary(group, lines if output.quiet or not headline else [headline, *lines], optional=False)


def _show_plan(output: Output, act: str, groups: Sequence[Mapping[str, Any]], missing: Sequence[str] = ()) -> int:
    """Print what a dry run found, and return the exit code: each group has an id, a name, and changes if any."""
    lines = []
    for group in groups:
        kind = "unchanged" if group.get("changes") == {} else f"would {act}"
        lines.append(f"{kind}  {group['id']}  {group.get('name') or ''}".rstrip())
        for name, change in group.get("changes", {}).items():
            lines.append(f"    {name}: {short(change['from'])} -> {short(change['to'])}")
    lines += [f"missing  {each}" for each in missing]
    facts = {"dry_run": True, "action": act, "groups": list(groups), "missing": list(missing)}
    output.result(facts, lines)
    output.say("Dry run: nothing was changed.")
    return SOME_UNCHANGED if missing else DONE


LIST_EXAMPLE = example("metrics24 filter-groups list --integration acmeshop01 --sort=-priority")


@click.group(epilog=LIST_EXAMPLE + HELP)
def filter_groups() -> None:
    """See and change filter groups.

    Deleting asks first; --dry-run shows what a change would do. A write is sent once, and read back if its response is
    lost.
    """


@command("list", ListGroupsOptions, example=LIST_EXAMPLE, group=filter_groups)
def list_groups(options: ListGroupsOptions) -> None:
    """List filter groups: a table, or with --json one array of them as the server sent them."""
    with options.open_client() as client:
        condition = parse_filters(options.filter)
        listing = client.filter_groups.list(
            options.integration, filter=condition, sort=options.sort, limit=options.limit
        )
        groups = list(listing.records())
    options.output.result(groups, table(COLUMNS, map(_row, groups)) if groups else [])
    options.output.say(_count(groups))


def _row(group: Mapping[str, Any]) -> list[object]:
    offers = group.get("offer_ids")
    count = len(offers) if isinstance(offers, list) else None
    names = ("id", "priority", "name", "active", "monitoring_mode")
    return [*map(group.get, names), count, group.get("tags") or None]


@command(
    "get",
    GroupIdOptions,
    example=example("metrics24 filter-groups get 01HK153X00B7PYKC2FGWT67M8C --integration acmeshop01"),
    group=filter_groups,
)
def get_group(options: GroupIdOptions) -> None:
    """Show one filter group, a field per line."""
    with options.open_client() as client:
        group = client.filter_groups.get(options.integration, options.group_id).to_dict()
    options.output.result(group, fields(group))


@command(
    "create",
    CreateOptions,
    example=example(
        "metrics24 filter-groups create --integration acmeshop01",
        "--organization acmegroup1 --name 'Summer sale' --priority 7",
        "--offer 1001 --offer 1002 --monitoring-mode --inactive",
    ),
    group=filter_groups,
)
def create_group(options: CreateOptions) -> None:
    """Create a filter group and show it as the server has it.

    The request is sent once. If its response is lost and the list does not show the group, the exit code is 14.
    """
    output, properties = options.output, options.properties()
    with options.open_client() as client:
        if options.dry_run:
            _plan_create(options, client, properties)
            return
        with output.writing(
            f"The group may or may not have been created; look before you repeat it: {_search(options)}"
        ):
            group = client.filter_groups.create(
                options.integration,
                name=options.name,
                organization=options.organization,
                priority=options.priority,
                **properties,
            )
    _show_group(output, group.to_dict(), "Created:")


def _search(options: CreateOptions) -> str:
    """Write the command that finds the group."""
    words = click.get_current_context().command_path.split()[:-1]
    return shlex.join([*words, "list", "--integration", options.integration, "--filter", f"name={options.name}"])


def _plan_create(options: CreateOptions, client: metrics24.Client, properties: Mapping[str, Any]) -> None:
    from metrics24.filter_groups import new_group  # noqa: PLC0415  loads the generated client

    body = new_group(options.integration, options.name, options.organization, options.priority, properties)
    for group in client.filter_groups.list(options.integration).records():
        if group.get("priority") == body["priority"]:
            options.output.note(f"The priority {body['priority']} is taken by the filter group {group.get('id')}.")
    _show_group(options.output, body, "Would create:")
    options.output.say("Dry run: nothing was created.")


@command(
    "update",
    UpdateOptions,
    example=example(
        "metrics24 filter-groups update --integration acmeshop01",
        "--ids-from groups.txt --inactive --clear description --dry-run",
    ),
    group=filter_groups,
)
def update_groups(options: UpdateOptions) -> int:
    """Change one filter group, or many, one after the other.

    A property that is not named stays as it is. Lists are replaced: add-offers and remove-offers change single offers.
    With one id as an argument the group is shown as it is afterwards, otherwise each id with what was done.
    """
    output, changes, ids = options.output, options.changes(), options.all_ids
    checked = _checked(ids, changes)
    with options.open_client() as client:
        if options.dry_run:
            return _plan_update(options, client, ids, checked)
        if len(ids) == 1 and options.ids_from is None:
            with output.writing(f"{ids[0]} may or may not have been changed; doing it again does no harm."):
                group = client.filter_groups.update(options.integration, ids[0], **changes)
            _show_group(output, group.to_dict(), "Changed:")
            return DONE
        return _update_each(options, client, ids, changes)


def _checked(ids: Sequence[str], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Check ids and changes before the first request."""
    from metrics24.filter_groups import checked_changes  # noqa: PLC0415  loads the generated client

    return checked_changes(ids, changes)


def _update_each(
    options: UpdateOptions, client: metrics24.Client, ids: Sequence[str], changes: Mapping[str, Any]
) -> int:
    output, outcome = options.output, GroupOutcome(untried=list(ids))
    try:
        with sigterm_as_interrupt(), output.progress("filter groups", "waiting for the first response") as show:
            for place, each in enumerate(ids, start=1):
                outcome.untried.remove(each)
                outcome.unverified.append(each)  # until it is known to be otherwise, also where this is interrupted
                result = client.filter_groups.update_many(options.integration, [each], **changes)
                outcome.unverified.remove(each)
                outcome.add(result)
                _raise_if_hopeless(result.errors.values())
                show(f"{place}/{len(ids)}", place / len(ids))
    except (KeyboardInterrupt, *HOPELESS) as error:
        outcome.show(output, "changed")
        output.note(f"{_count(outcome.untried)} not tried; changing those again that were changed does no harm.")
        raise EndedEarlyError(error) from error
    outcome.show(output, "changed")
    return outcome.code


def _raise_if_hopeless(errors: Iterable[BaseException]) -> None:
    for error in errors:
        if isinstance(error, HOPELESS):
            raise error


def _plan_update(options: IdsOptions, client: metrics24.Client, ids: Sequence[str], changes: Mapping[str, Any]) -> int:
    found = _groups_by_id(client, options)
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
        for each in ids
        if each in found
    ]
    return _show_plan(options.output, "change", plans, [each for each in ids if each not in found])


def _groups_by_id(client: metrics24.Client, options: IntegrationOptions) -> dict[Any, dict[str, Any]]:
    return {group.get("id"): group for group in client.filter_groups.list(options.integration).records()}


@command(
    "add-offers",
    OffersOptions,
    example=example(
        "metrics24 filter-groups add-offers 01HK153X00B7PYKC2FGWT67M8C", "--integration acmeshop01 1001 1002"
    ),
    group=filter_groups,
)
def add_offers(options: OffersOptions) -> int:
    """Add offers to a filter group. It is read first; offers that it already has change nothing."""
    return _change_offers(options, add=True)


@command(
    "remove-offers",
    OffersOptions,
    example=example(
        "metrics24 filter-groups remove-offers 01HK153X00B7PYKC2FGWT67M8C", "--integration acmeshop01 1001"
    ),
    group=filter_groups,
)
def remove_offers(options: OffersOptions) -> int:
    """Take offers from a filter group. It is read first; offers that it does not have change nothing."""
    return _change_offers(options, add=False)


def _change_offers(options: OffersOptions, *, add: bool) -> int:
    offers, group_id = options.all_offers, options.group_id
    with options.open_client() as client:
        if options.dry_run:
            return _plan_offers(options, client, offers, add=add)
        change = client.filter_groups.add_offers if add else client.filter_groups.remove_offers
        with options.output.writing(
            f"The offers of {group_id} may or may not have been changed; doing it again does no harm."
        ):
            group = change(options.integration, group_id, offers)
    _show_group(options.output, group.to_dict(), "Now:")
    return DONE


def _plan_offers(options: OffersOptions, client: metrics24.Client, offers: Sequence[str], *, add: bool) -> int:
    group = client.filter_groups.get(options.integration, options.group_id).to_dict()
    before: list[str] = group.get("offer_ids") or []
    kept = [offer for offer in before if add or offer not in offers]
    after = kept + [offer for offer in offers if add and offer not in before]
    changes = {"offer_ids": {"from": before, "to": after}} if after != before else {}
    return _show_plan(options.output, "change", [{"id": group["id"], "name": group.get("name"), "changes": changes}])


@command(
    "bulk-update",
    BulkUpdateOptions,
    example=example(
        "metrics24 filter-groups bulk-update --integration acmeshop01", "--ids-from groups.txt --monitoring-mode"
    ),
    group=filter_groups,
)
def bulk_update(options: BulkUpdateOptions) -> int:
    """Switch the monitoring mode of many filter groups with one request.

    The list is read afterwards: an id counts as changed only if the list shows the mode.
    """
    ids, mode = options.all_ids, options.monitoring_mode
    if mode is None:
        raise UsageError("Say which: --monitoring-mode or --no-monitoring-mode")
    outcome = GroupOutcome()
    with options.open_client() as client:
        if options.dry_run:
            return _plan_update(options, client, ids, _checked(ids, {"monitoring_mode": mode}))
        with options.output.writing(f"Some of {_count(ids)} may have been changed; doing it again does no harm."):
            outcome.add(
                client.filter_groups.bulk_update(
                    options.integration, ids, monitoring_mode=mode, organization=options.organization
                )
            )
    outcome.show(options.output, "changed")
    return outcome.code


@command(
    "delete",
    DeleteGroupOptions,
    example=example("metrics24 filter-groups delete 01HK153X00B7PYKC2FGWT67M8C", "--integration acmeshop01 --yes"),
    group=filter_groups,
)
def delete_group(options: DeleteGroupOptions) -> int:
    """Delete one filter group, after asking."""
    group_id, integration, output = options.group_id, options.integration, options.output
    with options.open_client() as client:
        if options.dry_run or not options.yes:
            group = client.filter_groups.get(integration, group_id).to_dict()
            if options.dry_run:
                return _show_plan(output, "delete", [{"id": group_id, "name": group.get("name")}])
            question = f"Delete filter group {group_id} ({group.get('name')}) of {integration}?"
            if not output.confirm(question, yes=False):
                return UNEXPECTED
        with output.writing(f"{group_id} may or may not have been deleted; deleting it again does no harm."):
            client.filter_groups.delete(integration, group_id)
    GroupOutcome(ok=[group_id]).show(output, "deleted")
    return DONE


@command(
    "bulk-delete",
    BulkDeleteOptions,
    example=example("metrics24 filter-groups bulk-delete --integration acmeshop01", "--ids-from groups.txt --dry-run"),
    group=filter_groups,
)
def bulk_delete(options: BulkDeleteOptions) -> int:
    """Delete many filter groups with one request, after asking.

    The list is read before and afterwards: an id counts as deleted only if the list has lost it.
    """
    ids, integration, output = options.all_ids, options.integration, options.output
    outcome = GroupOutcome()
    with options.open_client() as client:
        if options.dry_run:
            found = _groups_by_id(client, options)
            plans = [{"id": each, "name": found[each].get("name")} for each in ids if each in found]
            return _show_plan(output, "delete", plans, [each for each in ids if each not in found])
        some = ", ".join(ids[:_MOST_NAMED]) + (", ..." if len(ids) > _MOST_NAMED else "")
        if not output.confirm(f"Delete {_count(ids)} of {integration} ({some})?", yes=options.yes):
            return UNEXPECTED
        with output.writing(f"Some of {_count(ids)} may have been deleted; see metrics24 filter-groups list."):
            outcome.add(client.filter_groups.bulk_delete(integration, ids, organization=options.organization))
    outcome.show(output, "deleted")
    return outcome.code
