"""Reports: tables of clicks, conversions and impressions, and the look-up of one click or conversion."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from metrics24._core.effects import Flow
from metrics24._core.requests import Routes, build
from metrics24._core.responses import read_single
from metrics24._core.retry import Policy, send
from metrics24._io.driver import AsyncDriver, Driver
from metrics24.arguments import LARGEST_PAGE, Day, ReportParams, row_keys
from metrics24.errors import NotFound
from metrics24.filters import Filter
from metrics24.kinds import CLICKS, CONVERSIONS, IMPRESSIONS, Kind
from metrics24.models import factory
from metrics24.rows import AsyncRows, Rows

if TYPE_CHECKING:
    from metrics24.exports import AsyncExports, Exports
    from metrics24.models import Click, Conversion, Impression

_ADVICE = (
    "Check the date first: it must be the day of the row in the account's time zone. Then the transaction id or hash, "
    "the offer and the publisher, each exactly as in the report, and last the integration."
)


def look_up(kind: Kind, policy: Policy, routes: Routes, **keys: object) -> Flow[Any]:
    """Fetch the one row that has all of `keys`.

    Raises:
        NotFound: there is none; the message says which key to check first.

    """
    try:
        response = yield from send(build(kind.look_up, routes, **keys), policy)
    except NotFound as error:
        error.args = (f"{error} {_ADVICE}",)
        raise
    return factory(kind.model)(read_single(response, kind.look_up, policy.notices))


class Reports:
    """Clicks, conversions and impressions (documentation: "Reports").

    The three tables take the same arguments:

    Args:
        integration: the integration's id.
        start: the first day, a date or ISO text, in the account's time zone.
        end: the last day. It is not documented whether the server counts it in.
        filter: conditions built with `field`.
        limit: the most rows to give; None for all.
        page_size: rows per request, 1 to 100.
        after: a cursor (a row's `real_tx_id`); gives the rows older than it.
        before: a cursor; gives the rows newer than it, newest first.
        parallel: the number of requests under way at once, 1 to 32; above 1 the days of the range are read at once,
            with the same rows in the same order. Not with after or before.

    Raises:
        UsageError: before anything is sent, if the arguments contradict each other.

    """

    def __init__(self, policy: Policy, routes: Routes, driver: Driver, exports: Callable[[], Exports]) -> None:
        self._policy, self._routes, self._driver, self._exports = policy, routes, driver, exports

    def clicks(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
        parallel: int = 1,
    ) -> Rows[Click]:
        """Clicks by request time (documentation: "Click Report")."""
        params = ReportParams(CLICKS, integration, start, end, filter, limit, page_size, after, before, parallel)
        return Rows(params, self._policy, self._routes, self._driver, self._exports)

    def conversions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
        parallel: int = 1,
    ) -> Rows[Conversion]:
        """Conversions and events by conversion time (documentation: "Conversion Report")."""
        params = ReportParams(CONVERSIONS, integration, start, end, filter, limit, page_size, after, before, parallel)
        return Rows(params, self._policy, self._routes, self._driver, self._exports)

    def impressions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
        parallel: int = 1,
    ) -> Rows[Impression]:
        """Impressions by request time (documentation: "Impression Report")."""
        params = ReportParams(IMPRESSIONS, integration, start, end, filter, limit, page_size, after, before, parallel)
        return Rows(params, self._policy, self._routes, self._driver, self._exports)

    def get_click(self, integration: str, *, request_date: Day, offer: str, publisher: str, tx_id: str) -> Click:
        """One click (documentation: "Get Click").

        All five keys must match. `request_date` is the day of the click, a date or ISO text.

        Raises:
            NotFound: no click has all five keys; the message says which to check first.

        """
        keys = row_keys(integration, request_date, offer=offer, publisher=publisher, tx_id=tx_id)
        found: Click = self._driver.run(look_up(CLICKS, self._policy, self._routes, **keys))
        return found

    def get_conversion(
        self, integration: str, *, request_date: Day, offer: str, publisher: str, hash: str
    ) -> Conversion:
        """One conversion or event (documentation: "Get Conversion or Event").

        All five keys must match. `request_date` is the day of the conversion, a date or ISO text.

        Raises:
            NotFound: no conversion has all five keys; the message says which to check first.

        """
        keys = row_keys(integration, request_date, offer=offer, publisher=publisher, hash_=hash)
        found: Conversion = self._driver.run(look_up(CONVERSIONS, self._policy, self._routes, **keys))
        return found


class AsyncReports:
    """Clicks, conversions and impressions; the asynchronous twin of `Reports`, with the same arguments.

    Raises:
        UsageError: before anything is sent, if the arguments contradict each other.

    """

    def __init__(
        self, policy: Policy, routes: Routes, driver: AsyncDriver, exports: Callable[[], AsyncExports]
    ) -> None:
        self._policy, self._routes, self._driver, self._exports = policy, routes, driver, exports

    def clicks(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
        parallel: int = 1,
    ) -> AsyncRows[Click]:
        """Clicks by request time (documentation: "Click Report")."""
        params = ReportParams(CLICKS, integration, start, end, filter, limit, page_size, after, before, parallel)
        return AsyncRows(params, self._policy, self._routes, self._driver, self._exports)

    def conversions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
        parallel: int = 1,
    ) -> AsyncRows[Conversion]:
        """Conversions and events by conversion time (documentation: "Conversion Report")."""
        params = ReportParams(CONVERSIONS, integration, start, end, filter, limit, page_size, after, before, parallel)
        return AsyncRows(params, self._policy, self._routes, self._driver, self._exports)

    def impressions(
        self,
        integration: str,
        *,
        start: Day,
        end: Day,
        filter: Filter | None = None,
        limit: int | None = None,
        page_size: int = LARGEST_PAGE,
        after: str | None = None,
        before: str | None = None,
        parallel: int = 1,
    ) -> AsyncRows[Impression]:
        """Impressions by request time (documentation: "Impression Report")."""
        params = ReportParams(IMPRESSIONS, integration, start, end, filter, limit, page_size, after, before, parallel)
        return AsyncRows(params, self._policy, self._routes, self._driver, self._exports)

    async def get_click(self, integration: str, *, request_date: Day, offer: str, publisher: str, tx_id: str) -> Click:
        """One click (documentation: "Get Click").

        All five keys must match. `request_date` is the day of the click, a date or ISO text.

        Raises:
            NotFound: no click has all five keys; the message says which to check first.

        """
        keys = row_keys(integration, request_date, offer=offer, publisher=publisher, tx_id=tx_id)
        found: Click = await self._driver.run(look_up(CLICKS, self._policy, self._routes, **keys))
        return found

    async def get_conversion(
        self, integration: str, *, request_date: Day, offer: str, publisher: str, hash: str
    ) -> Conversion:
        """One conversion or event (documentation: "Get Conversion or Event").

        All five keys must match. `request_date` is the day of the conversion, a date or ISO text.

        Raises:
            NotFound: no conversion has all five keys; the message says which to check first.

        """
        keys = row_keys(integration, request_date, offer=offer, publisher=publisher, hash_=hash)
        found: Conversion = await self._driver.run(look_up(CONVERSIONS, self._policy, self._routes, **keys))
        return found
