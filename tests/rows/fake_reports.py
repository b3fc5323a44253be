"""A server of report tables and exports for plans that are run by hand."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from exports.fake_exports import Record, changed, export, listed
from metrics24._core.effects import RawResponse, Request
from metrics24._core.export_flows import ExportPlan, plan
from metrics24.arguments import ReportParams
from metrics24.config import Limits
from metrics24.kinds import KINDS
from support.fake_driver import FakeDriver, policy, raw

MIDNIGHT = time()
READINGS = ["included", "excluded", "until midnight"]
_NUMBERS = count()
FIRST = date(2025, 2, 1)


def day(number: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment on the n-th day from the first."""
    return datetime.combine(FIRST + timedelta(days=number), time(hour, minute))


class Reports:
    """A server with rows at some moments, that reads the last day of a range in one of three ways."""

    def __init__(self, moments: Iterable[datetime] = (), exports: Iterable[Record] = (), reading: str = "included"):
        self.moments, self.exports, self.reading = sorted(moments, reverse=True), [*exports], reading
        self.column = "request_time"

    def rows(self, start: date, end: date) -> list[datetime]:
        """The rows of a range, newest first."""
        first, last = (datetime.combine(each, MIDNIGHT) for each in (start, end))
        if self.reading == "included":
            return [each for each in self.moments if first <= each and each.date() <= end]
        return [each for each in self.moments if first <= each < last or (self.reading[0] == "u" and each == last)]

    def __call__(self, request: Request) -> RawResponse:
        """Answer a look at the list of exports or at a report table."""
        if request.operation == "listExports":
            return listed(*self.exports)
        asked = dict(request.params)
        found = self.rows(date.fromisoformat(asked["start_date"]), date.fromisoformat(asked["end_date"]))
        rows = [{"real_tx_id": str(each), self.column: each.isoformat()} for each in found]
        size = int(asked["page[size]"])
        info = {"startCursor": None, "endCursor": None, "hasPreviousPage": False, "hasNextPage": len(rows) > size}
        return raw(body={"data": {"data": rows[:size], "pageInfo": info}})


def planned(server: Reports, days: int = 10, kind: str = "clicks", **limits: Any) -> ExportPlan:
    """Plan the export of so many days."""
    params = ReportParams(KINDS[kind], "int1", FIRST, FIRST + timedelta(days=days - 1))
    return FakeDriver(server).run(plan(params, Limits(**limits), policy(), {}))


def spans(found: ExportPlan) -> list[tuple[int, int]]:
    """First and last days of a plan, counted from the first."""
    return [((each.start - FIRST).days, (each.end - FIRST).days) for each in found.exports]


def past(rows: int | None, start: str = "2025-01-01", end: str = "2025-01-10", **changes: object) -> Record:
    """An export of ten days in January with so many rows."""
    days = {"start_date": start, "end_date": end}
    record = export(f"p{next(_NUMBERS)}", results_meta={"total": rows}, reports_query_option=days)
    return changed(record, {name.replace("__", "."): value for name, value in changes.items()})


HOURLY = [day(number, hour, 1) for number in range(11) for hour in range(24)]
