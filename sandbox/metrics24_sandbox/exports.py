"""Exports: the three download operations and the Download Center."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from . import numbered
from .data.timeline import DAY
from .export_jobs import Job, States
from .problems import bad_request, failed, not_found, too_many
from .ranges import window
from .replies import Reply, done, single
from .spec import find_property
from .world import EPOCH, INTEGRATIONS, mint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .export_archive import ExportArchive
    from .options import SandboxOptions
    from .replies import Handler
    from .requests import Call
    from .signing import Signer
    from .spec import Spec
    from .world import World

_REPORTS = {"clicks": "getClickReport", "conversions": "getConversionReport", "impressions": "getImpressionReport"}
_DEFAULT_DAYS = 7
"""Days that are exported if no dates are sent; the documentation does not say."""


class Exports:
    """Handlers of the export operations."""

    def __init__(
        self, world: World, archive: ExportArchive, signer: Signer, spec: Spec, options: SandboxOptions
    ) -> None:
        self._world, self._archive, self._signer, self._options = world, archive, signer, options
        self._states = States.of(spec)
        self._types = spec.words("ExportTypeFilter")
        self._operations = spec.operations

    def handlers(self) -> Mapping[str, Handler]:
        """The handlers by operationId."""
        return {
            "downloadClicks": partial(self._start, kind="clicks"),
            "downloadConversions": partial(self._start, kind="conversions"),
            "downloadImpressions": partial(self._start, kind="impressions"),
            "getExportUrl": self._url,
            "listExports": self._list,
            "getExport": self._get,
            "deleteExport": self._delete,
        }

    def preload(self, now: int) -> None:
        """Create the exports that exist from the start: one of each integration, a day older each."""
        behaviour = self._options.behaviour
        for age, integration in reversed(list(enumerate(INTEGRATIONS, start=1))):
            created = now - age * DAY
            day = (EPOCH + timedelta(days=created // DAY - 1)).isoformat()
            self._archive.add(
                Job(
                    id=mint(self._world.seed, created, "export", self._archive.next_number()),
                    kind="conversions",
                    type=self._type("conversions"),
                    integration=integration,
                    created=created,
                    start=day,
                    end=day,
                    end_date=behaviour.end_date,
                    fields=("real_tx_id", "conversion_time", "offer", "publisher", "status", "payout"),
                    extra_parameters=(),
                    delimiter=",",
                    conditions=(),
                    fate="complete",
                    pending=behaviour.pending,
                    running=behaviour.running,
                )
            )

    async def _start(self, call: Call, *, kind: str) -> Reply:
        integration = call.text("IntegrationID")
        self._world.integration(integration)
        start, end = _dates(call)
        window(start, end, call.behaviour.end_date, call.now)
        fields = self._checked_fields(call, kind)
        self._check_quota(call.now)
        job = Job(
            id=mint(self._world.seed, call.now, "export", self._archive.next_number()),
            kind=kind,
            type=self._type(kind),
            integration=integration,
            created=call.now,
            start=start.isoformat(),
            end=end.isoformat(),
            end_date=call.behaviour.end_date,
            fields=fields,
            extra_parameters=_names(call.text("ExtraParameters")),
            delimiter=_delimiter(call),
            conditions=call.conditions if call.behaviour.filters == "apply" else (),
            fate=call.behaviour.export_fate,
            pending=call.behaviour.pending,
            running=call.behaviour.running,
        )
        self._archive.add(job)
        return single(job.artifact(call.now, self._states), call.behaviour)

    async def _list(self, call: Call) -> Reply:
        jobs = await self._archive.all(call.now)
        return numbered.page(call, [job.export(call.now, self._states) for job in jobs])

    async def _get(self, call: Call) -> Reply:
        return single((await self._job(call)).export(call.now, self._states), call.behaviour)

    async def _delete(self, call: Call) -> Reply:
        job = await self._job(call)
        self._archive.delete(job)
        return done({"deleted": [job.id]}, call.behaviour)

    async def _url(self, call: Call) -> Reply:
        name = call.text("artifact_name")
        if await self._archive.by_artifact(name, call.now) is None:
            raise not_found(f"artifact {name!r}")
        return Reply({"url": self._signer.url(name, call.now, call.behaviour.url_lifetime)})

    async def _job(self, call: Call) -> Job:
        identity = call.text("ExportID")
        job = await self._archive.get(identity, call.now)
        if job is None:
            raise not_found(f"export {identity!r}")
        return job

    def _type(self, kind: str) -> str:
        """The spec's word for exports of a kind; impressions have none in the documentation and get one like it."""
        singular = kind.removesuffix("s")
        return next((word for word in self._types if word.startswith(singular)), f"{singular}_logs")

    def _checked_fields(self, call: Call, kind: str) -> tuple[str, ...]:
        columns = self._operations[_REPORTS[kind]].item
        fields = _names(call.text("Fields"))
        for condition in call.conditions:
            condition.check(columns)
        unknown = [name for name in fields if find_property(columns, name) is None]
        if unknown or not fields:
            raise bad_request(f"{kind} have no column {', '.join(unknown)}" if unknown else "no columns were asked for")
        return fields

    def _check_quota(self, now: int) -> None:
        midnight = now // DAY * DAY
        if self._archive.requested_since(midnight) < self._options.exports_per_day:
            return
        message = f"no more than {self._options.exports_per_day} exports may be requested in a day"
        raise failed(message) if self._options.quota_status == 402 else too_many(message, (midnight + DAY - now) / 1000)


def _dates(call: Call) -> tuple[date, date]:
    """The days asked for; a missing one is a week from the other, and the last one of all is today."""
    start, end = call.day("ExportStartDate"), call.day("ExportEndDate")
    if end is None:
        today = EPOCH + timedelta(days=call.now // DAY)
        end = today if start is None else _moved(start, _DEFAULT_DAYS - 1)
    return (_moved(end, 1 - _DEFAULT_DAYS) if start is None else start), end


def _moved(day: date, days: int) -> date:
    """A day so many days later, or the last that there is on the way."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _delimiter(call: Call) -> str:
    delimiter: str = call.get("Delimiter") or ","
    if delimiter in '"\r\n':
        raise bad_request(f"{delimiter!r} cannot separate columns")
    return delimiter


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
