"""An account with a report of a few rows, and one export of them that lies in a storage of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from metrics24._rows.schema import file_columns
from metrics24.kinds import CLICKS
from support.account import Account, operation_of, record
from support.days import Days, at, numbered
from support.scripted import Received, ScriptedServer, Serve, Step
from support.storage import Storage

ROWS = 14
DOCUMENTED = tuple(column.name for column in file_columns(CLICKS.model))


def csv_of(table: Days, names: Sequence[str] = DOCUMENTED, delimiter: str = ",") -> bytes:
    """Give the rows of a table as an export has them."""
    lines = [delimiter.join(str(row.get(name, "")) for name in names) for _, row in table.rows]
    return "\n".join([delimiter.join(names), *lines, ""]).encode()


class ReportWithExport:
    """The script of an API: a report of 14 rows, newest first, and an export of them that is complete.

    Attributes:
        table: the report table.
        storage: the storage, whose `content` is the export's file.
        account: the account, whose `say_next` queues other responses.
        reports: how many pages were asked for.

    """

    def __init__(self, serve: Serve, **columns: object) -> None:
        rows = numbered([at(1, 80_000) - timedelta(seconds=2 * number) for number in range(ROWS)])
        self.table = Days([(moment, {**row, **columns}) for moment, row in rows])
        self.storage = Storage(csv_of(self.table))
        bucket = serve(self.storage)
        self.account = Account(
            lambda: f"{bucket.base_url}/files/clicks.csv?{self.storage.sign()}", record(results_meta={"total": ROWS})
        )
        self.reports = 0
        self.api: ScriptedServer = serve(self)

    def __call__(self, request: Received) -> Step:
        """Answer one request."""
        if operation_of(request) == CLICKS.report:
            self.reports += 1
            return self.table(request)
        return self.account(request)

    def asked(self) -> int:
        """Count how often an export was asked for."""
        return self.account.calls.count(CLICKS.export)

    def names(self) -> list[Any]:
        """Give the ids of the rows, newest first."""
        return [row["real_tx_id"] for _, row in self.table.rows]
