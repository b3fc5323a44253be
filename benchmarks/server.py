"""Serve prepared pages of conversions as fast as a loopback socket takes them; prints its port. Argument: pages."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import cast

import metrics24
from metrics24_sandbox import Sandbox, SandboxOptions

PAGE = 100
_CURSOR = re.compile(rb"page%5Bafter%5D=c(\d+)")


def pages(count: int) -> list[bytes]:
    """Whole answers, head included, with the sandbox's rows and cursors that lead through all of them."""
    with Sandbox(SandboxOptions(now="2025-03-01T12:00:00")) as box:
        client = metrics24.Client(api_key=box.api_key, base_url=box.base_url)
        table = client.reports.conversions(box.integrations[0], start="2025-02-01", end="2025-02-02", limit=50 * PAGE)
        blocks = [page.records for page in table.by_page()]
        client.close()
    answers = []
    for number in range(count):
        info = {"startCursor": f"s{number}", "endCursor": f"c{number + 1}", "hasNextPage": number + 1 < count}
        first, *others = blocks[number % len(blocks)]
        rows = [{**first, "real_tx_id": f"first-of-{number}"}, *others]  # blocks recur, pages must not
        body = json.dumps({"data": {"data": rows, "pageInfo": info}}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        answers.append(head.encode() + body)
    return answers


class Connection(asyncio.Protocol):
    """Answers each request head with the page that its cursor names."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = answers
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once the head is complete; no request here has a body."""
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            cursor = _CURSOR.search(self._head)
            self._head = b""
            self._transport.write(self._answers[int(cursor[1]) if cursor else 0])


async def main(count: int) -> None:
    """Serve until the process is ended."""
    answers = await asyncio.to_thread(pages, count)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
