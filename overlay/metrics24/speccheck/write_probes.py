"""Try the write operations on filter groups, and on exports, that the doctor itself makes and takes away again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from attrs import define, evolve, field, frozen

from metrics24._core.requests import OPERATIONS
from metrics24._core.responses import decode
from metrics24.errors import Metrics24Error
from metrics24.kinds import KINDS
from metrics24.speccheck.findings import UNJUDGED, UNREACHABLE, Finding, Verdict
from metrics24.speccheck.judgement import Judgement, described_part
from metrics24.speccheck.probing import ServerProbe

MARK = "metrics24 doctor scratch"
_PRIORITIES = range(1_000_000, 2_000_000)  # far from those that people use
_LARGEST_PAGE = 100
_MOST_PAGES = 50
_GONE = (404, 410)
_BEFORE, _AFTER = "made by metrics24 doctor", "changed by metrics24 doctor"


@frozen(kw_only=True)
class Permission:
    """What the doctor may write, and where.

    Attributes:
        integration: the scratch integration.
        organization: the organization that it belongs to.
        exports: whether exports may be requested, which costs quota.

    """

    integration: str
    organization: str
    exports: bool = False


@define
class _Trial:
    server: ServerProbe
    permission: Permission
    on_step: Callable[[str], None]
    name: str
    findings: dict[str, Finding] = field(factory=dict)
    alive: list[str] = field(factory=list)
    lost: bool = False
    status: int | None = None

    def scope(self, **more: Any) -> dict[str, Any]:
        return dict(integration_id=self.permission.integration, **more)

    def perform(self, name: str, arguments: dict[str, Any], body: object = None) -> Any:
        """Call an operation; give its decoded answer, None if it did not work or has none. Its first finding counts."""
        operation = OPERATIONS[name]
        self.on_step(name)
        if self.server.stopped:
            self.findings.setdefault(name, self.server.not_asked(operation, self.server.stopped))
            return None
        outcome = self.server.ask(operation, arguments, body)
        self.status = outcome.status
        self.findings.setdefault(name, self.server.judge(operation, arguments, outcome))
        return _decoded(name, outcome)

    def unasked(self, name: str, reason: str) -> None:
        self.findings.setdefault(name, self.server.not_asked(OPERATIONS[name], reason))

    def worked(self, name: str) -> bool:
        return self.findings[name].verdict in (Verdict.WORKS, Verdict.DIFFERS)

    def doubt(self, name: str, summary: str) -> None:
        """Take back that an operation worked: it answered with success, and its effect cannot be seen."""
        if self.worked(name):
            self.findings[name] = evolve(
                self.findings[name], verdict=Verdict.INCONCLUSIVE, summary=summary, code=UNJUDGED
            )


def examine_writes(server: ServerProbe, permission: Permission, on_step: Callable[[str], None]) -> list[Finding]:
    """Try the writes, and the reading of one group, and clean up; whatever is left behind is a finding of its own."""
    trial = _Trial(server, permission, on_step, f"{MARK} {secrets.token_hex(4)}")
    leftovers: list[Finding] = []
    with _cleaned_up(trial, leftovers):
        _filter_groups(trial)
    for kind in KINDS.values() if permission.exports else ():
        _export(trial, kind.export)
    return [*(trial.findings[name] for name in OPERATIONS if name in trial.findings), *leftovers]


def _filter_groups(trial: _Trial) -> None:
    first = _created(trial)
    second = None if first is None else _created(trial)
    organization = trial.permission.organization
    if first is None or second is None:
        for name in ("updateFilterGroup", "deleteFilterGroup", "bulkUpdateFilterGroups", "bulkDeleteFilterGroups"):
            trial.unasked(name, "no filter group could be created to try it on")
        return
    trial.perform("getFilterGroup", trial.scope(filter_group_id=first))
    trial.perform("updateFilterGroup", trial.scope(filter_group_id=first), {"description": _AFTER})
    _expect(trial, "updateFilterGroup", first, "description", _AFTER)
    both = {"data": [first, second], "monitoring_mode": False}
    trial.perform("bulkUpdateFilterGroups", trial.scope(organization=organization), both)
    _expect(trial, "bulkUpdateFilterGroups", first, "monitoring_mode", value=False)
    trial.perform("deleteFilterGroup", trial.scope(filter_group_id=first))
    _expect_gone(trial, "deleteFilterGroup", first)
    trial.perform("bulkDeleteFilterGroups", trial.scope(organization=organization), {"data": [second]})
    _expect_gone(trial, "bulkDeleteFilterGroups", second)


def _created(trial: _Trial) -> str | None:
    """Create an inactive group that only watches; its id comes from the answer, or from the list."""
    body = {
        "name": trial.name,
        "integration": trial.permission.integration,
        "organization": trial.permission.organization,
        "priority": secrets.choice(_PRIORITIES),
        "active": False,
        "monitoring_mode": True,
        "description": _BEFORE,
    }
    lost, trial.lost = trial.lost, True  # until its fate is known, also if that never happens
    answer = trial.perform("createFilterGroup", trial.scope(), body)
    _, made = described_part(OPERATIONS["createFilterGroup"], answer)
    identity = (made.get("id") or made.get("created_item_id")) if isinstance(made, dict) else None
    if not identity:
        identity = next((each for each in _listed(trial) or () if each not in trial.alive), None)
    refused = trial.status is not None and 400 <= trial.status < 500
    trial.lost = lost or not (identity or refused)
    if identity:
        trial.alive.append(str(identity))
    return str(identity) if identity else None


def _expect(trial: _Trial, name: str, group: str, column: str, value: object) -> None:
    """Read a group back and see that the change is there, where it can be read."""
    _, found = described_part(OPERATIONS["getFilterGroup"], _decoded("getFilterGroup", _read(trial, group)))
    if isinstance(found, dict) and found.get(column, value) != value:
        trial.doubt(name, f"answered with success, but {column} did not change")


def _expect_gone(trial: _Trial, name: str, group: str) -> None:
    outcome = _read(trial, group)
    if outcome.status in _GONE:
        trial.alive.remove(group)
    elif outcome.answer is not None:
        trial.doubt(name, "answered with success, but the filter group is still there")


def _read(trial: _Trial, group: str) -> Judgement:
    return trial.server.ask(OPERATIONS["getFilterGroup"], trial.scope(filter_group_id=group))


def _export(trial: _Trial, name: str) -> None:
    """Request one day's export with one column, and delete it again."""
    day = trial.server.facts.start - timedelta(days=1)
    wanted = {"start_date": day, "end_date": day, "fields": "real_tx_id", "extra_parameters": ""}
    _, made = described_part(OPERATIONS[name], trial.perform(name, trial.scope(**wanted)))
    identity = made.get("id") if isinstance(made, dict) else None
    if identity:
        trial.perform("deleteExport", {"export_id": str(identity)})
    else:
        trial.unasked("deleteExport", "no export could be requested to try it on")


@contextmanager
def _cleaned_up(trial: _Trial, leftovers: list[Finding]) -> Iterator[None]:
    """Delete whatever of the doctor's is left, also when it is interrupted, or when a create's answer was lost."""
    try:
        yield
    finally:
        if trial.findings.keys() & {"createFilterGroup"} or trial.lost:
            trial.on_step("cleaning up")
            for group in _left(trial) or ():
                trial.server.ask(OPERATIONS["deleteFilterGroup"], trial.scope(filter_group_id=group))
            left = _left(trial)
            if left:
                scope = trial.scope(organization=trial.permission.organization)
                trial.server.ask(OPERATIONS["bulkDeleteFilterGroups"], scope, {"data": left})
                left = _left(trial)
            if left is None or left:
                leftovers.append(_left_behind(trial))


def _left_behind(trial: _Trial) -> Finding:
    summary = f"a filter group named {trial.name!r} in {trial.permission.integration} may be left behind"
    remedy = ("delete it by hand; it is inactive",)
    return Finding(name="clean-up", verdict=Verdict.BROKEN, summary=summary, remedy=remedy, code=UNREACHABLE)


def _left(trial: _Trial) -> list[str] | None:
    """The ids of the doctor's filter groups that are still there; None if that cannot be known."""
    listed = _listed(trial)
    if listed is None and trial.lost:
        return None
    alive = [group for group in trial.alive if _read(trial, group).status not in _GONE]
    return list(dict.fromkeys([*alive, *(listed or ())]))


def _listed(trial: _Trial) -> list[str] | None:
    """The ids of the doctor's filter groups, found by their name; None if the list cannot be read."""
    operation = OPERATIONS["listFilterGroups"]
    found: list[str] = []
    for number in range(1, _MOST_PAGES + 1):
        arguments = trial.scope(pagenumber=number, pagesize=_LARGEST_PAGE)
        body = _decoded(operation.id, trial.server.ask(operation, arguments))
        if not isinstance(body, dict):
            return None
        groups = [each for each in body.get("data") or () if isinstance(each, dict)]
        found += [str(each["id"]) for each in groups if each.get("name") == trial.name and each.get("id")]
        if len(groups) < _LARGEST_PAGE:
            break
    return found


def _decoded(name: str, outcome: Judgement) -> Any:
    if outcome.answer is None or not outcome.answer.content.strip():
        return None
    try:
        return decode(outcome.answer, name)
    except Metrics24Error:
        return None
