"""One export: what was asked for, the state it is in at a given moment, and how the API shows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from .clock import iso
from .conditions import Condition
from .world import ORGANIZATION

if TYPE_CHECKING:
    from .options import EndDate, Fate
    from .spec import Spec

_REQUESTER = "sandbox@24metrics.example"
_UNKNOWN_STATE = "FINALIZING"
_EQUAL_VALUES = "equalvalues"


class States(NamedTuple):
    """The words for the states of an export, in the order in which the spec lists them."""

    pending: str
    in_progress: str
    error: str
    canceled: str
    completed: str

    @classmethod
    def of(cls, spec: Spec) -> States:
        """The words of the spec; what is added to it later stands behind those that the sandbox needs."""
        return cls(*spec.words("ArtifactStatus")[: len(cls._fields)])


@dataclass(frozen=True, kw_only=True)
class Job:
    """An export as it is kept; times in milliseconds since 1970, dates as ISO text."""

    id: str
    kind: str
    type: str
    integration: str
    created: int
    start: str
    end: str
    end_date: EndDate
    fields: tuple[str, ...]
    extra_parameters: tuple[str, ...]
    delimiter: str
    conditions: tuple[Condition, ...]
    fate: Fate
    pending: float
    running: float
    result: dict[str, Any] | None = None
    """Rows (`total`), bytes (`size`) and `etag` of the file, once it is written."""

    @classmethod
    def restore(cls, kept: dict[str, Any]) -> Job:
        """Read what `keep` wrote."""
        conditions = tuple(Condition(one["field"], one["operator"], tuple(one["values"])) for one in kept["conditions"])
        lists = {name: tuple(kept[name]) for name in ("fields", "extra_parameters")}
        return cls(**{**kept, **lists, "conditions": conditions})

    def keep(self) -> dict[str, Any]:
        """The job as JSON can hold it."""
        return asdict(self)

    @property
    def artifact_name(self) -> str:
        """Name of the file."""
        return f"{self.integration}-{self.type}-{self.id}.csv"

    @property
    def dates(self) -> tuple[date, date]:
        """First and last day."""
        return date.fromisoformat(self.start), date.fromisoformat(self.end)

    @property
    def due(self) -> int:
        """When it ends."""
        return self.created + round((self.pending + self.running) * 1000)

    def wants_file(self, now: int) -> bool:
        """Return True if a file should exist by now and does not."""
        return self.fate in ("complete", "no-artifact") and now >= self.due and self.result is None

    def downloadable(self, now: int) -> bool:
        """Return True if there is a file to fetch."""
        return self.fate == "complete" and now >= self.due and self.result is not None

    def state(self, now: int, states: States) -> str:
        """The word for the state at a moment."""
        if self.fate == "stuck" or now < self.created + round(self.pending * 1000):
            return states.pending
        if now < self.due or self.wants_file(now):
            return states.in_progress
        ends = {"error": states.error, "cancel": states.canceled, "unknown": _UNKNOWN_STATE}
        return ends.get(self.fate, states.completed)

    def artifact(self, now: int, states: States) -> dict[str, Any]:
        """The job as the download operations answer it: without a word about the file."""
        over = now >= self.due
        return {
            "id": self.id,
            "type": self.type,
            "status": self.state(now, states),
            "integration": self.integration,
            "organization": ORGANIZATION,
            "requested_by": _REQUESTER,
            "last_updated_by": _REQUESTER,
            "created_at": iso(self.created),
            "updated_at": iso(min(max(now, self.created), self.due)),
            "error": "the query was too expensive" if over and self.fate == "error" else None,
            "export_list_options": {
                "fields": self.fields,
                "extra_parameters": self.extra_parameters,
                "filters": self._filters(),
            },
            "format": {"delimiter": self.delimiter},
            "reports_query_option": {
                "start_date": self.start,
                "end_date": self.end,
                "filters": self._equal_values(),
            },
            "results_meta": self._results(now),
        }

    def export(self, now: int, states: States) -> dict[str, Any]:
        """The job as the Download Center shows it."""
        name = self.artifact_name if self.downloadable(now) else None
        file = {"name": name, "size": self.result["size"], "download_link": None, "meta": None} if self.result else None
        return {**self.artifact(now, states), "artifact": file if name else None, "artifact_name": name}

    def _results(self, now: int) -> dict[str, int] | None:
        if self.result is None or now < self.due:
            return None
        return {"total": self.result["total"], "duration_seconds": round(self.pending + self.running)}

    def _filters(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """All conditions: property, operator, values."""
        filters: dict[str, dict[str, tuple[str, ...]]] = {}
        for one in self.conditions:
            filters.setdefault(one.field, {})[one.operator] = one.values
        return filters

    def _equal_values(self) -> dict[str, dict[str, tuple[str, ...]]]:
        equal = {one.field: {_EQUAL_VALUES: one.values} for one in self.conditions if one.operator == "eq"}
        return {"integration_id": {_EQUAL_VALUES: (self.integration,)}, **equal}
