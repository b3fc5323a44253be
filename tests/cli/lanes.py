"""An account whose newest rows promise a huge table, which ends soon, and that has one export: each way is quick."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.conftest import Serve
from metrics24._rows.schema import file_columns
from metrics24.models import row_model
from support.account import Account, operation_of, record
from support.answers import json_answer
from support.days import Days, at, numbered
from support.scripted import Exchange, Received, ScriptedServer, Step
from support.storage import Storage

RANGE = ("--integration", "int1", "--start", "2025-02-01", "--end", "2025-04-01")
PULL = ("pull", "clicks", *RANGE, "--page-size", "1")
REPORT = "getClickReport"
ROWS = 14
_PAUSE = 0.004


DOCUMENTED = tuple(column.name for column in file_columns(row_model(REPORT)))


def csv_of(table: Days, names: Sequence[str] = DOCUMENTED, delimiter: str = ",") -> bytes:
    """The rows of a table as an export has them."""
    lines = [delimiter.join(str(row.get(name, "")) for name in names) for _, row in table.rows]
    return "\n".join([delimiter.join(names), *lines, ""]).encode()


class Promising:
    """The script of an API: a report of 14 rows, 1.8 seconds apart, and an export of them.

    By the first ten, 60 days would have some three million rows, and each page takes long enough for an export to be
    worth it on a fast machine too. `say_next` of `account` queues other answers; the first page takes `cold` seconds.
    """

    def __init__(self, serve: Serve, **columns: object) -> None:
        newest = at(59, 80_000)
        rows = numbered([newest - timedelta(seconds=1.8 * number) for number in range(ROWS)])
        self.table = Days([(moment, {**row, **columns}) for moment, row in rows])
        self.storage = Storage(csv_of(self.table))
        bucket = serve(self.storage)
        self.account = Account(
            lambda: f"{bucket.base_url}/files/clicks.csv?{self.storage.sign()}",
            record(results_meta={"total": ROWS, "duration_seconds": 1}),
        )
        self.reports, self.cold = 0, _PAUSE
        self.api: ScriptedServer = serve(self)

    def __call__(self, request: Received) -> Step:
        """Answer one request."""
        if operation_of(request) == REPORT:
            self.reports += 1
            step, pause = self.table(request), self.cold if self.reports == 1 else _PAUSE

            def slowly(exchange: Exchange) -> None:
                exchange.pause(pause)
                step(exchange)

            return slowly
        return self.account(request)

    @property
    def address(self) -> tuple[str, str]:
        """The options that lead there."""
        return "--base-url", self.api.base_url

    def asked(self) -> int:
        """How often an export was asked for."""
        return self.account.calls.count("downloadClicks")

    def names(self) -> list[Any]:
        """The ids of the rows, newest first."""
        return [row["real_tx_id"] for _, row in self.table.rows]


def today(count: int) -> list[dict[str, Any]]:
    """Exports that were asked for today."""
    now = datetime.now(UTC).isoformat()
    return [record(id=f"exp_{number}", created_at=now) for number in range(count)]


refused = json_answer({"message": "no"}, status=402)
