"""Several days read at once on the fake driver, and one paginator to compare them with."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from attrs import evolve

from metrics24._core.pagination import Paginator
from metrics24._core.parallel import ShardQueue
from metrics24._core.retry import Policy
from metrics24.arguments import ReportParams
from metrics24.errors import Metrics24Error
from support.days import Days, asked_for
from support.fake_driver import FakeDriver, Row, Script, params, policy, raw


def days(last: int, **changes: Any) -> ReportParams:
    """Ask for the days 0 to `last`."""
    return params(**asked_for(last), **changes)


def served(table: Days) -> Script:
    """Answer from a table."""
    return lambda request: raw(body=table.body(dict(request.params)))


def one_after_the_other(server: Script, asked: ReportParams) -> list[Row]:
    """The rows of a plain paginator."""
    paginator, driver, rows = Paginator(asked, policy(), {}), FakeDriver(server), list[Row]()
    while not paginator.done:
        rows += driver.run(paginator.next_page()).rows
    return rows


class FakeReader:
    """Reads all days at once: `pick` chooses the request under way that is answered next."""

    def __init__(
        self,
        server: Script,
        asked: ReportParams,
        *,
        parallel: int = 3,
        pick: Callable[[int], int] = lambda _: 0,
        rules: Policy | None = None,
    ) -> None:
        self.driver = FakeDriver(server)
        self.shards = ShardQueue(evolve(asked, parallel=parallel), rules or policy(), {})
        self.rows: list[Row] = []
        self.has_next: list[bool] = []
        self.most = 0
        self._pick = pick
        self._under_way: list[Any] = []

    def read(self) -> list[Row]:
        """Read to the end and return the rows; those given before an error stay in `rows`."""
        while not self.shards.done:
            while (shard := self.shards.next_to_request()) is not None:
                self._under_way.append((shard, shard.flow()))
            self.most = max(self.most, len(self._under_way))
            if self._under_way:
                self.answer(*self._under_way.pop(self._pick(len(self._under_way))))
            self._take()
        self.shards.finish()
        return self.rows

    def answer(self, shard: Any, flow: Any) -> None:
        """Perform a flow, and let its shard know."""
        try:
            table = self.driver.run(flow)
        except Metrics24Error as error:
            self.shards.failed(shard, error)
        else:
            self.shards.arrived(shard, table, shard.content())

    def _take(self) -> None:
        while (page := self.shards.take()) is not None:
            rows = json.loads(page.ticket)["data"]["data"] or []
            self.rows += rows[: page.rows]
            self.has_next += [page.has_next] * bool(page.rows)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The ranges that were asked for, by their first and last days."""
        found = [dict(call.request.params) for call in self.driver.calls]
        return [(each["start_date"][-2:], each["end_date"][-2:]) for each in found]
