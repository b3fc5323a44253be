"""Probes beyond one read per operation: the last day of a range, and writes on what the doctor itself creates."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final

from attrs import define, evolve, field, frozen

from metrics24._core.export_flows import is_midnight, moment
from metrics24._core.requests import OPERATIONS
from metrics24.kinds import KINDS
from metrics24.speccheck.gathering import MissingArgument, ServerProbe, rows_in
from metrics24.speccheck.judgement import (
    NOT_ASKED,
    UNJUDGED,
    UNREACHABLE,
    Finding,
    ProbeResult,
    Verdict,
    described_part,
)

LAST_DAY: Final = "last day"
MARK: Final = "metrics24 doctor scratch"

_LAST_DAY_REMEDY = (
    "metrics24 pull -o: give --end a day later than the last one that you want, or the last day is missing",
    "metrics24 pull --by-day: nothing to do, each file holds its whole day",
    "in Python: end= a day later; for exports, exports.plan sees to it",
)
_PRIORITIES = range(1_000_000, 2_000_000)  # far from those that people use
_LARGEST_PAGE = 100
_MOST_PAGES = 50
_GONE = (404, 410)
_BEFORE, _AFTER = "made by metrics24 doctor", "changed by metrics24 doctor"


def examine_last_day(server: ServerProbe, on_step: Callable[[str], None]) -> Finding:
    """Find out whether the last day of a range counts: ask a table that has rows for one day alone.

    The rows that the tables gave before name a day that has some. In which zone days are cut is not documented either,
    so the days beside it are tried where it is empty: three requests at most, and one where last days count.
    """
    facts = server.facts
    [integration] = facts.scope().values()
    if server.stopped or isinstance(integration, MissingArgument):
        return _unjudged(f"{NOT_ASKED}{getattr(integration, 'reason', server.stopped)}")
    table, day = next(_tables_with_rows(server), ("", None))
    if day is None:
        return _unjudged(
            "whether it counts cannot be judged: no rows whose time tells a day, midnight aside; give --start and "
            "--end of days that have some"
        )
    counts = Finding(LAST_DAY, Verdict.WORKS, "counts: from S to E gives the rows of day E too")
    if facts.start == facts.end:
        return counts
    on_step(LAST_DAY)
    for number in (day.toordinal(), day.toordinal() - 1, day.toordinal() + 1):
        if not date.min.toordinal() <= number <= date.max.toordinal():
            continue
        each = date.fromordinal(number)
        body = server.ask(
            OPERATIONS[table], facts.scope() | {"start_date": each, "end_date": each, "pagesize": facts.page_size}
        ).body
        if body is None:
            return _unjudged(f"whether it counts cannot be judged: no usable response of {table} for a single day")
        if not all(map(is_midnight, rows_in(OPERATIONS[table], body))):
            return counts
    summary = "does not count: from S to E gives no rows of day E, or those of its first moment alone"
    return Finding(LAST_DAY, Verdict.NOTE, summary, remedy=_LAST_DAY_REMEDY)


def _unjudged(summary: str) -> Finding:
    return Finding(LAST_DAY, Verdict.INCONCLUSIVE, summary)


def _tables_with_rows(server: ServerProbe) -> Iterator[tuple[str, date]]:
    """Yield each table that gave rows, and the day of its newest row that is not of midnight.

    A server may count the first moment of a last day, so rows of midnight prove nothing.
    """
    for kind in KINDS.values():
        moments = [moment(row) for row in server.facts.objects.get(kind.model, ()) if not is_midnight(row)]
        days = [each.date() for each in moments if each is not None]
        if days:
            yield kind.report, max(days)


@frozen(kw_only=True)
class WritePermission:
    """The doctor's permission to write.

    Attributes:
        integration: the scratch integration.
        organization: the organization that it belongs to.
        exports: True if exports may be requested, which costs quota.

    """

    integration: str
    organization: str
    exports: bool = False


@define
class _WriteProbe:
    """The state of the writes: what was found, which groups exist, whether one may exist without its id."""

    server: ServerProbe
    permission: WritePermission
    on_step: Callable[[str], None]
    name: str
    findings: dict[str, Finding] = field(factory=dict)
    leftovers: list[Finding] = field(factory=list)
    alive: list[str] = field(factory=list)
    lost: bool = False
    status: int | None = None

    def scope(self, **more: Any) -> dict[str, Any]:
        return dict(integration_id=self.permission.integration, **more)

    def perform(self, name: str, arguments: dict[str, Any], body: object = None) -> Any:
        """Call an operation and return its decoded body, None without one. Its first finding counts."""
        operation = OPERATIONS[name]
        self.on_step(name)
        if self.server.stopped:
            self.findings.setdefault(name, self.server.not_asked(operation, self.server.stopped))
            return None
        result = self.server.ask(operation, arguments, body)
        self.status = result.status
        self.findings.setdefault(name, self.server.judge(operation, arguments, result))
        return result.body

    def skip(self, name: str, reason: str) -> None:
        self.findings.setdefault(name, self.server.not_asked(OPERATIONS[name], reason))

    def worked(self, name: str) -> bool:
        return self.findings[name].verdict in (Verdict.WORKS, Verdict.DIFFERS)

    def doubt(self, name: str, summary: str) -> None:
        """Take back that an operation worked: its response was a success, and its effect cannot be seen."""
        if self.worked(name):
            self.findings[name] = evolve(
                self.findings[name], verdict=Verdict.INCONCLUSIVE, summary=summary, code=UNJUDGED
            )


def examine_writes(server: ServerProbe, permission: WritePermission, on_step: Callable[[str], None]) -> list[Finding]:
    """Try the writes and the reading of one group, and clean up; what is left behind is a finding of its own."""
    probe = _WriteProbe(server, permission, on_step, f"{MARK} {secrets.token_hex(4)}")
    with _cleaned_up(probe):
        _filter_groups(probe)
    for kind in KINDS.values() if permission.exports else ():
        _export(probe, kind.export)
    return [*(probe.findings[name] for name in OPERATIONS if name in probe.findings), *probe.leftovers]


def _filter_groups(probe: _WriteProbe) -> None:
    first = _created(probe)
    second = None if first is None else _created(probe)
    organization = probe.permission.organization
    if first is None or second is None:
        for name in ("updateFilterGroup", "deleteFilterGroup", "bulkUpdateFilterGroups", "bulkDeleteFilterGroups"):
            probe.skip(name, "no filter group could be created to try it on")
        return
    probe.perform("getFilterGroup", probe.scope(filter_group_id=first))
    probe.perform("updateFilterGroup", probe.scope(filter_group_id=first), {"description": _AFTER})
    _expect(probe, "updateFilterGroup", first, "description", _AFTER)
    both = {"data": [first, second], "monitoring_mode": False}
    probe.perform("bulkUpdateFilterGroups", probe.scope(organization=organization), both)
    _expect(probe, "bulkUpdateFilterGroups", first, "monitoring_mode", value=False)
    probe.perform("deleteFilterGroup", probe.scope(filter_group_id=first))
    _expect_gone(probe, "deleteFilterGroup", first)
    probe.perform("bulkDeleteFilterGroups", probe.scope(organization=organization), {"data": [second]})
    _expect_gone(probe, "bulkDeleteFilterGroups", second)


def _created(probe: _WriteProbe) -> str | None:
    """Create an inactive group that only watches, and return its id, from the response or from the list."""
    body = {
        "name": probe.name,
        "integration": probe.permission.integration,
        "organization": probe.permission.organization,
        "priority": secrets.choice(_PRIORITIES),
        "active": False,
        "monitoring_mode": True,
        "description": _BEFORE,
    }
    lost, probe.lost = probe.lost, True  # until its fate is known, also if that never happens
    identity = _id_in("createFilterGroup", probe.perform("createFilterGroup", probe.scope(), body))
    if not identity:
        identity = next((each for each in _listed(probe) or () if each not in probe.alive), None)
    refused = probe.status is not None and 400 <= probe.status < 500
    probe.lost = lost or not (identity or refused)
    if identity:
        probe.alive.append(identity)
    return identity


def _id_in(operation: str, body: object) -> str | None:
    """Return the id of what an operation created; None if the body names none."""
    _, created = described_part(OPERATIONS[operation], body)
    identity = (created.get("id") or created.get("created_item_id")) if isinstance(created, dict) else None
    return str(identity) if identity else None


def _expect(probe: _WriteProbe, name: str, group: str, column: str, value: object) -> None:
    """Read a group back, and doubt the write if the change cannot be seen."""
    _, found = described_part(OPERATIONS["getFilterGroup"], _read(probe, group).body)
    if isinstance(found, dict) and found.get(column, value) != value:
        probe.doubt(name, f"answered with success, but {column} did not change")


def _expect_gone(probe: _WriteProbe, name: str, group: str) -> None:
    result = _read(probe, group)
    if result.status in _GONE:
        probe.alive.remove(group)
    elif result.error is None:
        probe.doubt(name, "answered with success, but the filter group is still there")


def _read(probe: _WriteProbe, group: str) -> ProbeResult:
    return probe.server.ask(OPERATIONS["getFilterGroup"], probe.scope(filter_group_id=group))


def _export(probe: _WriteProbe, name: str) -> None:
    """Request one day's export with one column, and delete it again."""
    day = probe.server.facts.start - timedelta(days=1)
    options = {"start_date": day, "end_date": day, "fields": "real_tx_id", "extra_parameters": ""}
    identity = _id_in(name, probe.perform(name, probe.scope(**options)))
    if identity:
        probe.perform("deleteExport", {"export_id": identity})
    else:
        probe.skip("deleteExport", "no export could be requested to try it on")


@contextmanager
def _cleaned_up(probe: _WriteProbe) -> Iterator[None]:
    """Delete the doctor's groups in the end, also after an interrupt or a create whose response was lost."""
    try:
        yield
    finally:
        if "createFilterGroup" in probe.findings or probe.lost:
            probe.on_step("cleaning up")
            for group in _left(probe) or ():
                probe.server.ask(OPERATIONS["deleteFilterGroup"], probe.scope(filter_group_id=group))
            left = _left(probe)
            if left:
                scope = probe.scope(organization=probe.permission.organization)
                probe.server.ask(OPERATIONS["bulkDeleteFilterGroups"], scope, {"data": left})
                left = _left(probe)
            if left is None or left:
                probe.leftovers.append(_left_behind(probe))


def _left_behind(probe: _WriteProbe) -> Finding:
    summary = f"a filter group named {probe.name!r} in {probe.permission.integration} may be left behind"
    remedy = ("delete it by hand; it is inactive",)
    return Finding(name="clean-up", verdict=Verdict.BROKEN, summary=summary, remedy=remedy, code=UNREACHABLE)


def _left(probe: _WriteProbe) -> list[str] | None:
    """Return the ids of the doctor's filter groups that still exist; None if that cannot be known."""
    listed = _listed(probe)
    if listed is None and probe.lost:
        return None
    alive = [group for group in probe.alive if _read(probe, group).status not in _GONE]
    return list(dict.fromkeys([*alive, *(listed or ())]))


def _listed(probe: _WriteProbe) -> list[str] | None:
    """Find the doctor's filter groups by their name and return their ids; None if the list cannot be read."""
    operation = OPERATIONS["listFilterGroups"]
    found: list[str] = []
    for number in range(1, _MOST_PAGES + 1):
        arguments = probe.scope(pagenumber=number, pagesize=_LARGEST_PAGE)
        body = probe.server.ask(operation, arguments).body
        if not isinstance(body, dict):
            return None
        groups = [each for each in body.get("data") or () if isinstance(each, dict)]
        found += [str(each["id"]) for each in groups if each.get("name") == probe.name and each.get("id")]
        if len(groups) < _LARGEST_PAGE:
            break
    return found
