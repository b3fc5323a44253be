"""`metrics24 filter-groups update`, `add-offers`, `remove-offers` and `bulk-update`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

import metrics24
from metrics24.cli import exits
from metrics24.cli.connection import all_of, open_client
from metrics24.cli.groups.options import (
    ID_FILE,
    chosen,
    clear,
    count,
    dry_run,
    epilog,
    given_properties,
    ids,
    monitoring_mode,
    on_one_integration,
    organization,
    properties,
)
from metrics24.cli.groups.outcome import Outcome, say, show_group, show_plan, writing
from metrics24.cli.interrupts import sigterm_as_interrupt
from metrics24.cli.reporting import EndedEarlyError

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
BULK_EXAMPLE = epilog(
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
            return _plan(given, client, named, changes)
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


@click.command("bulk-update", epilog=BULK_EXAMPLE + exits.HELP)
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
            return _plan(given, client, named, _checked(named, {"monitoring_mode": mode}))
        outcome = Outcome()
        with writing(given, f"Which of {count(named)} were changed is unknown; doing it again does no harm."):
            options = {"monitoring_mode": mode, "organization": given["organization"]}
            outcome.add(client.filter_groups.bulk_update(given["integration"], named, **options))
    outcome.show(given, "changed")
    return outcome.code


def _checked(named: Sequence[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Check ids and changes before the first request."""
    from metrics24.resources.group_arguments import (  # noqa: PLC0415  loads the generated client
        changes_of_many,
        group_ids,
    )

    return changes_of_many(group_ids("ids", named), asked)


def _update_each(
    given: Mapping[str, Any], client: metrics24.Client, named: Sequence[str], asked: Mapping[str, Any]
) -> int:
    outcome = Outcome(untried=list(named))
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


def _plan(given: Mapping[str, Any], client: metrics24.Client, named: Sequence[str], changes: Mapping[str, Any]) -> int:
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
