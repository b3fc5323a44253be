"""Reports: tables of clicks, conversions and impressions, and the look-up of one click or conversion."""

from __future__ import annotations

from datetime import date, datetime

from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.errors import UsageError
from metrics24.filters import Filter
from metrics24.flows.lookup import look_up
from metrics24.flows.paging import Query
from metrics24.flows.retry import Policy
from metrics24.models import Click, Conversion, Impression
from metrics24.operations import Routes, safe_id
from metrics24.pages.rows import AsyncRows, Rows
from metrics24.pages.source import Source

Day = date | str
_LARGEST_PAGE = 100


class _Reports:
    """What both kinds of reports have."""

    def __init__(self, policy: Policy, routes: Routes) -> None:
        self._policy, self._routes = policy, routes

    def _table(
        self,
        operation: str,
        integration: str,
        days: tuple[Day, Day],
        *,
        filter_: Filter | None,
        limit: int | None,
        page_size: int,
        after: str | None,
        before: str | None,
    ) -> Source:
        query = Query(
            operation=operation,
            integration=safe_id(integration, "integration"),
            start=as_day(days[0], "start"),
            end=as_day(days[1], "end"),
            filter=filter_,
            limit=limit,
            page_size=page_size,
            after=after,
            before=before,
        )
        _refuse_contradictions(query)
        return Source(query=query, policy=self._policy, routes=self._routes)


class Reports(_Reports):
    """Clicks, conversions and impressions (documentation: "Reports").

    The three tables take the same arguments:

    Args:
        integration: the integration's id.
        start: the first day, a date or ISO text; passed as given, in the account's time zone.
        end: the last day. Whether it is inclusive is not documented.
        filter: conditions built with `field`.
        limit: how many rows at most.
        page_size: rows per request, 1 to 100.
        after: a cursor (a row's `real_tx_id`); gives the rows older than it.
        before: a cursor; gives the rows newer than it, newest first.

    Raises:
        UsageError: before anything is sent, if the arguments contradict each other.

    """

    def __init__(self, policy: Policy, routes: Routes, driver: Driver) -> None:
        super().__init__(policy, routes)
        self._driver = driver

    def clicks(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = _LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
    ) -> Rows[Click]:
        """Clicks by request time (documentation: "Click Report")."""
        source = self._table(
            "getClickReport",
            integration,
            (start, end),
            filter_=filter,
            limit=limit,
            page_size=page_size,
            after=after,
            before=before,
        )
        return Rows(source, self._driver)

    def conversions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = _LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
    ) -> Rows[Conversion]:
        """Conversions and events by conversion time (documentation: "Conversion Report")."""
        source = self._table(
            "getConversionReport",
            integration,
            (start, end),
            filter_=filter,
            limit=limit,
            page_size=page_size,
            after=after,
            before=before,
        )
        return Rows(source, self._driver)

    def impressions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = _LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
    ) -> Rows[Impression]:
        """Impressions by request time (documentation: "Impression Report")."""
        source = self._table(
            "getImpressionReport",
            integration,
            (start, end),
            filter_=filter,
            limit=limit,
            page_size=page_size,
            after=after,
            before=before,
        )
        return Rows(source, self._driver)

    def get_click(self, integration: str, *, request_date: Day, offer: str, publisher: str, tx_id: str) -> Click:
        """One click (documentation: "Get Click").

        All five keys must match. `request_date` is the day of the click, a date or ISO text.

        Raises:
            NotFound: no click has all five keys; the message says which to check first.

        """
        keys = _keys(integration, request_date, offer=offer, publisher=publisher, tx_id=tx_id)
        found: Click = self._driver.run(look_up("getClick", self._policy, self._routes, **keys))
        return found

    def get_conversion(
        self, integration: str, *, request_date: Day, offer: str, publisher: str, hash: str
    ) -> Conversion:
        """One conversion or event (documentation: "Get Conversion or Event").

        All five keys must match. `request_date` is the day of the conversion, a date or ISO text.

        Raises:
            NotFound: no conversion has all five keys; the message says which to check first.

        """
        keys = _keys(integration, request_date, offer=offer, publisher=publisher, hash_=hash)
        found: Conversion = self._driver.run(look_up("getConversion", self._policy, self._routes, **keys))
        return found


class AsyncReports(_Reports):
    """Clicks, conversions and impressions; the asynchronous twin of `Reports`, with the same arguments.

    Raises:
        UsageError: before anything is sent, if the arguments contradict each other.

    """

    def __init__(self, policy: Policy, routes: Routes, driver: AsyncDriver) -> None:
        super().__init__(policy, routes)
        self._driver = driver

    def clicks(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = _LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
    ) -> AsyncRows[Click]:
        """Clicks by request time (documentation: "Click Report")."""
        source = self._table(
            "getClickReport",
            integration,
            (start, end),
            filter_=filter,
            limit=limit,
            page_size=page_size,
            after=after,
            before=before,
        )
        return AsyncRows(source, self._driver)

    def conversions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = _LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
    ) -> AsyncRows[Conversion]:
        """Conversions and events by conversion time (documentation: "Conversion Report")."""
        source = self._table(
            "getConversionReport",
            integration,
            (start, end),
            filter_=filter,
            limit=limit,
            page_size=page_size,
            after=after,
            before=before,
        )
        return AsyncRows(source, self._driver)

    def impressions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = _LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
    ) -> AsyncRows[Impression]:
        """Impressions by request time (documentation: "Impression Report")."""
        source = self._table(
            "getImpressionReport",
            integration,
            (start, end),
            filter_=filter,
            limit=limit,
            page_size=page_size,
            after=after,
            before=before,
        )
        return AsyncRows(source, self._driver)

    async def get_click(self, integration: str, *, request_date: Day, offer: str, publisher: str, tx_id: str) -> Click:
        """One click (documentation: "Get Click").

        All five keys must match. `request_date` is the day of the click, a date or ISO text.

        Raises:
            NotFound: no click has all five keys; the message says which to check first.

        """
        keys = _keys(integration, request_date, offer=offer, publisher=publisher, tx_id=tx_id)
        found: Click = await self._driver.run(look_up("getClick", self._policy, self._routes, **keys))
        return found

    async def get_conversion(
        self, integration: str, *, request_date: Day, offer: str, publisher: str, hash: str
    ) -> Conversion:
        """One conversion or event (documentation: "Get Conversion or Event").

        All five keys must match. `request_date` is the day of the conversion, a date or ISO text.

        Raises:
            NotFound: no conversion has all five keys; the message says which to check first.

        """
        keys = _keys(integration, request_date, offer=offer, publisher=publisher, hash_=hash)
        found: Conversion = await self._driver.run(look_up("getConversion", self._policy, self._routes, **keys))
        return found


def as_day(value: object, name: str) -> date:
    """A day as given: a date, or ISO text.

    Raises:
        UsageError: it is neither, or it is a datetime, whose day depends on a time zone.

    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UsageError(f"{name}={value!r} is not a day; write it like 2025-02-01.") from None
    raise UsageError(f"{name} must be a datetime.date or ISO text like 2025-02-01, not {type(value).__name__}.")


def _keys(integration: str, request_date: Day, **keys: str) -> dict[str, object]:
    for name, value in keys.items():
        if not isinstance(value, str) or not value:
            raise UsageError(f"{name.rstrip('_')} must be text that is not empty.")
    day = as_day(request_date, "request_date")
    return {"integration_id": safe_id(integration, "integration"), "request_date": day, **keys}


def _refuse_contradictions(query: Query) -> None:
    if query.start > query.end:
        raise UsageError(f"start ({query.start}) lies after end ({query.end}); swap them.")
    if query.after is not None and query.before is not None:
        raise UsageError("after and before exclude each other; give one of them.")
    if query.after == "" or query.before == "":
        raise UsageError("A cursor is empty; leave after and before out to begin with the newest row.")
    if not 1 <= query.page_size <= _LARGEST_PAGE:
        raise UsageError(f"page_size must be 1 to {_LARGEST_PAGE}, not {query.page_size}; use limit for fewer rows.")
    if query.limit is not None and query.limit < 0:
        raise UsageError(f"limit must not be negative ({query.limit}).")
