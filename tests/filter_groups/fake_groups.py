"""A server of filter groups for flows that a fake driver runs; what goes wrong comes from a list of whims."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

from metrics24._core.effects import RawResponse, Request
from metrics24._core.group_flows import Groups
from metrics24.errors import RequestTimeout, ResponseError, TransportError
from support.fake_driver import FakeDriver, Outcome, policy, raw

SERVERS_NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)
"""The server's time when a test begins: two months ahead of the client's wall clock."""

SPRING: dict[str, Any] = {"integration": "int1", "organization": "org1", "name": "Spring", "priority": 7}
LOST: Mapping[str, Callable[[], Outcome]] = {
    "reset": lambda: TransportError("reset"),
    "timeout": lambda: RequestTimeout("late"),
    "unreadable": lambda: ResponseError("too large"),
    "408": lambda: raw(408),
    "503": lambda: raw(503),
    "520": lambda: raw(520),
}


def stamp(seconds: float) -> str:
    """A time by the server's clock, so many seconds after the beginning."""
    return f"{SERVERS_NOON + timedelta(seconds=int(seconds)):%Y-%m-%dT%H:%M:%SZ}"


class GroupServer:
    """Keeps filter groups; each request takes the next whim, which is the form of its response or a fault.

    Forms: "" (the whole group), "wrapped", "id", "nothing", "204", "html". Faults: those in `LOST`, "connect", "429",
    "400", "403". Nothing was carried out after a fault, unless it has "after " before its name.
    """

    def __init__(self, whims: Iterable[str] = (), *, dated: bool = True) -> None:
        self.groups: dict[str, dict[str, Any]] = {}
        self.requests: list[Request] = []
        self.driver = FakeDriver(self)
        self.created = 0
        self._whims = iter(whims)
        self._dated = dated

    def has(self, identity: str, **properties: Any) -> dict[str, Any]:
        """Let a group be there from the start."""
        self.groups[identity] = {"id": identity, "created_at": stamp(-3600), "offer_ids": None, **SPRING, **properties}
        return self.groups[identity]

    def asked(self, operation: str) -> int:
        """Count the requests of an operation."""
        return sum(request.operation == operation for request in self.requests)

    def __call__(self, request: Request) -> Outcome:
        """Answer as the next whim has it."""
        self.requests.append(request)
        whim = next(self._whims, "")
        fault = whim.removeprefix("after ")
        if fault == whim and fault in {"connect", "429", "400", "403", *LOST}:
            return self._fault(fault)
        outcome = self._carried_out(request)
        if fault in LOST:
            return self._fault(fault)
        return self._formed(outcome, "" if request.access == "read" and fault == "id" else fault)

    def _fault(self, name: str) -> Outcome:
        if name == "connect":
            return TransportError("refused", sent=False)
        return LOST[name]() if name in LOST else raw(int(name))

    def _formed(self, outcome: RawResponse, form: str) -> RawResponse:
        headers = [("Date", format_datetime(self._now(), usegmt=True))] if self._dated else []
        if outcome.status_code >= 300 or form == "":
            return RawResponse(outcome.status_code, raw(headers=headers).headers, outcome.content)
        body: Mapping[str, object] = {
            "wrapped": {"data": outcome.json()},
            "id": {"created_item_id": (outcome.json() or {}).get("id")},
        }.get(form, {})
        answer = raw(204 if form == "204" else 201, body, headers)
        return RawResponse(answer.status_code, answer.headers, {"204": b"", "html": b"<p>"}.get(form, answer.content))

    def _now(self) -> datetime:
        return SERVERS_NOON + timedelta(seconds=self.driver.now - 1000)

    def _carried_out(self, request: Request) -> RawResponse:
        if request.operation == "listFilterGroups":
            return self._listed(dict(request.params))
        if request.operation == "createFilterGroup":
            return self._created(cast("dict[str, Any]", request.body))
        if request.operation.startswith("bulk"):
            return self._done_at_once(cast("dict[str, Any]", request.body))
        group = self.groups.get(request.path.rsplit("/", 1)[1])
        if group is None:
            return raw(404)
        if request.operation == "deleteFilterGroup":
            del self.groups[group["id"]]
        group.update(cast("dict[str, Any]", request.body or {}))
        return raw(body=group)

    def _done_at_once(self, body: Mapping[str, Any]) -> RawResponse:
        changes = {name: value for name, value in body.items() if name != "data"}
        for identity in self.groups.keys() & {*body["data"]}:
            self.groups[identity].update(changes)
        if not changes:
            self.groups = {key: kept for key, kept in self.groups.items() if key not in body["data"]}
        return raw(body={})

    def _created(self, body: Mapping[str, Any]) -> RawResponse:
        if any(group["priority"] == body["priority"] for group in self.groups.values()):
            return raw(402)
        self.created += 1
        group = {"id": f"new{self.created}", "created_at": stamp(self.driver.now - 1000), "offer_ids": None, **body}
        self.groups[group["id"]] = group
        return raw(201, group)

    def _listed(self, asked: Mapping[str, str]) -> RawResponse:
        size, number = int(asked["page[size]"]), int(asked["page[number]"])
        rows = [*self.groups.values()][(number - 1) * size : number * size]
        meta = {"total_count": len(self.groups), "total_page": -(-len(self.groups) // size)}
        return raw(body={"data": rows or None, "meta": meta})


def groups_of(**changes: Any) -> Groups:
    """The groups of an integration, asked for under a policy."""
    return Groups("int1", policy(**changes), {})
