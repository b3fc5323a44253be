"""Ask for exports, once, and recognize those that were asked for before (documentation: "Download Clicks" and so on).

A day has few exports. So a request is never repeated unless it surely did not happen, and an export is taken for an
earlier answer only if the server repeats everything that was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from attrs import frozen

from metrics24.effects import Flow, Now, ask
from metrics24.errors import AmbiguousWrite, BadRequest, Metrics24Error, RateLimited, RequestFailed, ResponseError
from metrics24.filters import Filter
from metrics24.flows.export_records import (
    columns_named,
    created_at,
    filters_named,
    has_failed,
    has_id,
    is_of_kind,
    narrowing,
    part,
)
from metrics24.flows.listing import ListQuery, ListWalk
from metrics24.flows.retry import Policy, send
from metrics24.flows.writes import Witness, may_have_happened
from metrics24.models import factory
from metrics24.operations import Routes, build, conditions
from metrics24.responses import read_single

Record = dict[str, Any]

OPERATIONS = {
    "clicks": "downloadClicks",
    "conversions": "downloadConversions",
    "impressions": "downloadImpressions",
}
_DEFAULT_DELIMITER = ","
_MOST_PAGES = 100


@frozen(kw_only=True)
class Wanted:
    """What an export shall hold."""

    kind: str
    integration: str
    fields: tuple[str, ...]
    extra_parameters: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    delimiter: str | None = None
    filter: Filter | None = None

    @property
    def operation(self) -> str:
        """The operation that asks for it."""
        return OPERATIONS[self.kind]

    def is_repeated_by(self, export: Mapping[str, Any]) -> bool:
        """Whether the server's answer repeats all of it. What the answer lacks is not equal.

        Dates that were left out are the server's to choose, so they never are.
        """
        options, days = part(export, "export_list_options"), part(export, "reports_query_option")
        return (
            has_id(export)
            and is_of_kind(export, self.kind)
            and export.get("integration") == self.integration
            and None not in {self.start, self.end}
            and (days.get("start_date"), days.get("end_date")) == (str(self.start), str(self.end))
            and columns_named(options, "fields") == self.fields
            and columns_named(options, "extra_parameters") == self.extra_parameters
            and part(export, "format").get("delimiter") == (self.delimiter or _DEFAULT_DELIMITER)
            and filters_named(options) == self._filters()
            and all(self._filters().get(name, {}).get("eq") == values for name, values in narrowing(export).items())
        )

    def _filters(self) -> dict[str, dict[str, list[str]]]:
        filters: dict[str, dict[str, list[str]]] = {}
        for condition in () if self.filter is None else self.filter.conditions:
            filters.setdefault(condition.name, {})[condition.operator or "eq"] = list(condition.values)
        return filters


def start(wanted: Wanted, within: float, policy: Policy, routes: Routes) -> Flow[Record]:
    """Take an equal export that is at most `within` seconds old, or else ask for one."""
    found = (yield from find(wanted, within, policy, routes)) if within else None
    return found or (yield from request(wanted, policy, routes))


def request(wanted: Wanted, policy: Policy, routes: Routes) -> Flow[Record]:
    """Ask for an export and return how the server describes it.

    Raises:
        AmbiguousWrite: the answer was lost, and no export is surely the one that was asked for.
        RequestFailed, RateLimited: the day's exports are used up, among other reasons.

    """
    witness = Witness()
    try:
        answer = yield from witness.watch(send(_request(wanted, routes), policy))
        export = read_single(answer, wanted.operation, policy.notices)
        if has_id(export):
            policy.made.claim(wanted.operation, export["id"])
            return export
        raise ResponseError(f"The answer to {wanted.operation} names no export.", operation=wanted.operation)
    except Metrics24Error as error:
        if not may_have_happened(error):
            _advise(wanted, error)
            raise
        cause = error
    return (yield from _adopt(wanted, policy, routes, witness, cause))


def find(wanted: Wanted, within: float, policy: Policy, routes: Routes) -> Flow[Record | None]:
    """Find the newest export, at most `within` seconds old, that is equal to what is wanted and has not failed."""
    now = (yield from ask(Now())).wall
    found: list[tuple[datetime, Record]] = []
    for export in (yield from every_export(policy, routes)):
        created = created_at(export)
        recent = created is not None and now - created <= timedelta(seconds=within)
        if created is not None and recent and not has_failed(export) and wanted.is_repeated_by(export):
            found.append((created, export))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def every_export(policy: Policy, routes: Routes) -> Flow[list[Record]]:
    """Read the list of exports, within bounds."""
    walk = ListWalk(ListQuery(operation="listExports"), policy, routes)
    exports: list[Record] = []
    while not walk.done and walk.pages < _MOST_PAGES:
        page = yield from walk.next_page()
        exports += page.rows
    return exports


def _request(wanted: Wanted, routes: Routes) -> Any:
    """The request. Lists of names are sent with commas between; the only place that decides this."""
    return build(
        wanted.operation,
        routes,
        integration_id=wanted.integration,
        delimiter=wanted.delimiter,
        start_date=wanted.start,
        end_date=wanted.end,
        fields=",".join(wanted.fields),
        extra_parameters=",".join(wanted.extra_parameters),
        filter_=conditions(wanted.filter),
    )


def _adopt(wanted: Wanted, policy: Policy, routes: Routes, witness: Witness, cause: Metrics24Error) -> Flow[Record]:
    """Find the export that was asked for, after the answer was lost."""
    lost = f"An export of {wanted.kind} was asked for, and the answer was lost ({type(cause).__name__})"
    try:
        exports = yield from witness.watch(every_export(policy, routes))
    except Metrics24Error as error:
        raise AmbiguousWrite(
            f"{lost}; the list of exports could not be read either ({error}). Look at exports.list() before you ask "
            "again: each request counts against the day's quota."
        ) from error
    new = [export for export in exports if not witness.saw_before(export.get("created_at"))]
    made = partial(policy.made.knows, wanted.operation)
    equal = [export for export in new if wanted.is_repeated_by(export) and not made(export["id"])]
    if len(equal) == 1 and policy.made.claim(wanted.operation, equal[0]["id"]):
        return equal[0]
    raise AmbiguousWrite(
        f"{lost}; of {len(new)} exports that are new since then, {len(equal)} are surely what was asked for. See "
        ".candidates and exports.list(), and go on with exports.resume(id), before you ask again: each request counts "
        "against the day's quota.",
        candidates=[factory("Export")(export) for export in new],
    ) from cause


def _advise(wanted: Wanted, error: Metrics24Error) -> None:
    match error:
        case BadRequest() if not wanted.extra_parameters:
            error.add_note("No extra_parameters were named; if the API wants at least one, name it.")
        case RequestFailed() | RateLimited():
            error.add_note(
                "If the day's exports are used up, go on tomorrow, or take an export that exists: reuse=SECONDS."
            )
