"""Probes beyond one read per operation: the last day of a range, and writes on what the doctor itself creates."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
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
    """The writes on two filter groups and an export of each kind.

    Attributes:
        findings: the findings by operation.
        alive: the ids of the groups that were created and not deleted since.
        lost: True if a group may exist of which no id is known.
        status: the status of the last operation performed.

    """

    server: ServerProbe
    permission: WritePermission
    on_step: Callable[[str], None]
    name: str
    findings: dict[str, Finding] = field(factory=dict)
    alive: list[str] = field(factory=list)
    lost: bool = False
    status: int | None = None

    def scope(self, **more: Any) -> dict[str, Any]:
        return dict(integration_id=self.permission.integration, **more)

    def ask(self, name: str, arguments: dict[str, Any], body: object = None) -> ProbeResult:
        return self.server.ask(OPERATIONS[name], arguments, body)

    def perform(self, name: str, arguments: dict[str, Any], body: object = None) -> Any:
        """Call an operation and return its decoded body, None without one. Its first finding counts."""
        self.on_step(name)
        if self.server.stopped:
            self.skip(name, self.server.stopped)
            return None
        result = self.ask(name, arguments, body)
        self.status = result.status
        self.findings.setdefault(name, self.server.judge(OPERATIONS[name], arguments, result))
        return result.body

    def skip(self, name: str, reason: str) -> None:
        self.findings.setdefault(name, self.server.not_asked(OPERATIONS[name], reason))

    def doubt(self, name: str, problem: str) -> None:
        """Take back that an operation worked: its response was a success, and its effect cannot be seen."""
        found, summary = self.findings[name], f"answered with success, but {problem}"
        if found.verdict in (Verdict.WORKS, Verdict.DIFFERS):
            self.findings[name] = evolve(found, verdict=Verdict.INCONCLUSIVE, summary=summary, code=UNJUDGED)

    def read(self, group: str) -> ProbeResult:
        return self.ask("getFilterGroup", self.scope(filter_group_id=group))

    def change(self, name: str, arguments: dict[str, Any], group: str, column: str, body: dict[str, Any]) -> None:
        """Change a group, read it back, and doubt the change if it cannot be seen."""
        self.perform(name, arguments, body)
        _, found = described_part(OPERATIONS["getFilterGroup"], self.read(group).body)
        if isinstance(found, dict) and found.get(column, body[column]) != body[column]:
            self.doubt(name, f"{column} did not change")

    def delete(self, name: str, arguments: dict[str, Any], group: str, body: object = None) -> None:
        """Delete a group, read it back, and doubt the deletion if it is still there."""
        self.perform(name, arguments, body)
        result = self.read(group)
        if result.status in _GONE:
            self.alive.remove(group)
        elif result.error is None:
            self.doubt(name, "the filter group is still there")

    def create(self) -> str | None:
        """Create an inactive group that only watches, and return its id, from the response or from the list."""
        body = {
            "name": self.name,
            "integration": self.permission.integration,
            "organization": self.permission.organization,
            "priority": secrets.choice(_PRIORITIES),
            "active": False,
            "monitoring_mode": True,
            "description": _BEFORE,
        }
        lost, self.lost = self.lost, True  # until its fate is known, also if that never happens
        identity = _id_in("createFilterGroup", self.perform("createFilterGroup", self.scope(), body))
        if not identity:
            identity = next((each for each in self.listed() or () if each not in self.alive), None)
        refused = self.status is not None and 400 <= self.status < 500
        self.lost = lost or not (identity or refused)
        if identity:
            self.alive.append(identity)
        return identity

    def listed(self) -> list[str] | None:
        """Find the doctor's filter groups by their name and return their ids; None if the list cannot be read."""
        found: list[str] = []
        for number in range(1, _MOST_PAGES + 1):
            body = self.ask("listFilterGroups", self.scope(pagenumber=number, pagesize=_LARGEST_PAGE)).body
            if not isinstance(body, dict):
                return None
            groups = [each for each in body.get("data") or () if isinstance(each, dict)]
            found += [str(each["id"]) for each in groups if each.get("name") == self.name and each.get("id")]
            if len(groups) < _LARGEST_PAGE:
                break
        return found

    def left(self) -> list[str] | None:
        """Return the ids of the doctor's filter groups that still exist; None if that cannot be known."""
        listed = self.listed()
        if listed is None and self.lost:
            return None
        alive = [group for group in self.alive if self.read(group).status not in _GONE]
        return list(dict.fromkeys([*alive, *(listed or ())]))


def examine_writes(server: ServerProbe, permission: WritePermission, on_step: Callable[[str], None]) -> list[Finding]:
    """Try the writes and the reading of one group, and clean up; what is left behind is a finding of its own."""
    probe = _WriteProbe(server, permission, on_step, f"{MARK} {secrets.token_hex(4)}")
    left: list[str] | None = []
    try:
        _try_filter_groups(probe)
    finally:  # also after an interrupt or a create whose response was lost
        if "createFilterGroup" in probe.findings or probe.lost:
            left = _clean_up(probe)
    for kind in KINDS.values() if permission.exports else ():
        _try_export(probe, kind.export)
    findings = [probe.findings[name] for name in OPERATIONS if name in probe.findings]
    if left is None or left:
        summary = f"a filter group named {probe.name!r} in {permission.integration} may be left behind"
        remedy = ("delete it by hand; it is inactive",)
        findings.append(Finding("clean-up", Verdict.BROKEN, summary, remedy=remedy, code=UNREACHABLE))
    return findings


def _try_filter_groups(probe: _WriteProbe) -> None:
    first = probe.create()
    second = None if first is None else probe.create()
    if first is None or second is None:
        for name in ("updateFilterGroup", "deleteFilterGroup", "bulkUpdateFilterGroups", "bulkDeleteFilterGroups"):
            probe.skip(name, "no filter group could be created to try it on")
        return
    one, all_ = probe.scope(filter_group_id=first), probe.scope(organization=probe.permission.organization)
    probe.perform("getFilterGroup", one)
    probe.change("updateFilterGroup", one, first, "description", {"description": _AFTER})
    both = {"data": [first, second], "monitoring_mode": False}
    probe.change("bulkUpdateFilterGroups", all_, first, "monitoring_mode", both)
    probe.delete("deleteFilterGroup", one, first)
    probe.delete("bulkDeleteFilterGroups", all_, second, {"data": [second]})


def _try_export(probe: _WriteProbe, name: str) -> None:
    """Request one day's export with one column, and delete it again."""
    day = probe.server.facts.start - timedelta(days=1)
    options = {"start_date": day, "end_date": day, "fields": "real_tx_id", "extra_parameters": ""}
    identity = _id_in(name, probe.perform(name, probe.scope(**options)))
    if identity:
        probe.perform("deleteExport", {"export_id": identity})
    else:
        probe.skip("deleteExport", "no export could be requested to try it on")


def _clean_up(probe: _WriteProbe) -> list[str] | None:
    """Delete the doctor's groups, one by one and then in bulk; return the ids of those left, None if not known."""
    probe.on_step("cleaning up")
    for group in probe.left() or ():
        probe.ask("deleteFilterGroup", probe.scope(filter_group_id=group))
    left = probe.left()
    if left:
        scope = probe.scope(organization=probe.permission.organization)
        probe.ask("bulkDeleteFilterGroups", scope, {"data": left})
        left = probe.left()
    return left


def _id_in(operation: str, body: object) -> str | None:
    """Return the id of what an operation created; None if the body names none."""
    _, created = described_part(OPERATIONS[operation], body)
    identity = (created.get("id") or created.get("created_item_id")) if isinstance(created, dict) else None
    return str(identity) if identity else None
