"""The pages that the server gives: rows of the sandbox, prepared once, in which only ids and days are changed."""

from __future__ import annotations

import json
import re
from typing import Any

import metrics24
from bench.job import PAGE
from metrics24_sandbox import Sandbox, SandboxOptions

BLOCKS = 50
_ID = re.compile(rb'"real_tx_id":"(\d{8})')
_DAY = re.compile(rb'_time":"(\d{4}-\d\d-\d\d)')
_CURSOR = re.compile(rb'Cursor":"(\d{8})')
_MORE = b"true "


def blocks() -> list[list[dict[str, Any]]]:
    """A few thousand rows as the sandbox makes them."""
    with (
        Sandbox(SandboxOptions(now="2025-03-01T12:00:00")) as box,
        metrics24.Client(api_key=box.api_key, base_url=box.base_url) as client,
    ):
        rows = client.reports.conversions(
            box.integrations[0], start="2025-02-01", end="2025-02-02", limit=BLOCKS * PAGE
        )
        return [page.records for page in rows.by_page()]


class Template:
    """A page's body, and where in it the page's number, day and "more follow" stand."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        rows = [row | {"real_tx_id": f"{0:08d}{number:02d}{row['real_tx_id'][10:]}"} for number, row in enumerate(rows)]
        info = {"startCursor": rows[0]["real_tx_id"], "endCursor": rows[-1]["real_tx_id"], "hasNextPage": True}
        body = json.dumps({"data": {"data": rows, "pageInfo": info}}, separators=(",", ":")).encode()
        self.body = body.replace(b'"hasNextPage":true', b'"hasNextPage":' + _MORE)
        self._numbers = [found.start(1) for pattern in (_ID, _CURSOR) for found in pattern.finditer(self.body)]
        self._days = [found.start(1) for found in _DAY.finditer(self.body)]
        self._more = self.body.rindex(_MORE)

    def filled(self, number: int, day: str, *, more: bool) -> bytearray:
        """The body of one page."""
        body, digits, date = bytearray(self.body), b"%08d" % number, day.encode()
        for at in self._numbers:
            body[at : at + 8] = digits
        for at in self._days:
            body[at : at + 10] = date
        if not more:
            body[self._more : self._more + 5] = b"false"
        return body


EMPTY = b'{"data":{"data":[],"pageInfo":{"startCursor":null,"endCursor":null,"hasNextPage":false}}}'
