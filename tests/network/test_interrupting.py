"""Fault 64: a caller that stops waiting is out within 200 ms, nothing more is sent, and nothing is left behind."""

import asyncio
import signal
import threading
import time
from pathlib import Path

import pytest

import metrics24
from support import programs, steps
from support.account import leftovers
from support.running import RANGE, make_client
from support.scripted import Received, Serve, Step
from support.tables import newest_first, page

pytestmark = pytest.mark.slow

PROMPT = 0.2  # seconds
RETRY_LATER = steps.respond_json({}, status=503, headers=[("Retry-After", "50")])
SITUATIONS: dict[str, list[Step]] = {
    "between_attempts": [RETRY_LATER],
    "for_an_answer": [steps.silence],
    "for_a_dripping_body": [steps.drip_body(0.05)],
    "for_page_two": [page(newest_first(200, 101), more=True), steps.silence],
}
WAITS = [*((situation, "iterate") for situation in SITUATIONS), ("for_page_two", "save")]


class Rendezvous:
    """A script that says when the request for its last step has arrived."""

    def __init__(self, steps: list[Step]) -> None:
        self._left = list(steps)
        self.arrived = threading.Event()

    def __call__(self, _: Received) -> Step:
        if len(self._left) > 1:
            return self._left.pop(0)
        self.arrived.set()
        return self._left[0]


@pytest.mark.parametrize(("situation", "action"), WAITS)
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_fault_64_ctrl_c_ends_the_waiting(serve: Serve, tmp_path: Path, mode: str, situation: str, action: str) -> None:
    """SIGINT while the client waits is a KeyboardInterrupt within 200 ms, and the process ends without a trace."""
    rendezvous = Rendezvous(SITUATIONS[situation])
    server = serve(rendezvous)
    target = str(tmp_path / "rows.csv") if action == "save" else "-"
    with programs.start("waiting", mode, server.base_url, target) as program:
        assert rendezvous.arrived.wait(30)
        hits, interrupted = server.hits, time.monotonic()
        program.send_signal(signal.SIGINT)
        lines, complaints = program.communicate(timeout=20)
        ended = time.monotonic()
    assert (complaints, program.returncode) == ("", 0)
    assert float(lines.removeprefix("interrupted ")) - interrupted < PROMPT
    assert ended - interrupted < 2  # tearing an interpreter down takes its time, waiting for a timeout would take 60 s
    assert server.hits == hits
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("situation", "action"), WAITS)
async def test_fault_64_cancelling_ends_the_waiting(serve: Serve, tmp_path: Path, situation: str, action: str) -> None:
    """Cancelling the task that waits ends it within 200 ms, without a further request or a task left behind."""
    rendezvous = Rendezvous(SITUATIONS[situation])
    server = serve(rendezvous)
    async with make_client(metrics24.AsyncClient, server, None, {"timeout": 60}) as client:
        rows = client.reports.clicks("int1", **RANGE)
        task = asyncio.create_task(rows.save(tmp_path / "rows.csv") if action == "save" else exhaust(rows))
        assert await asyncio.to_thread(rendezvous.arrived.wait, 30)
        hits, cancelled = server.hits, time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - cancelled < PROMPT
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert server.hits == hits
    assert leftovers(tmp_path) == []


async def exhaust(rows: metrics24.AsyncRows[metrics24.Click]) -> None:
    """Read all rows."""
    async for _ in rows:
        continue


def test_fault_64_an_abandoned_iteration_leaves_no_thread_behind(serve: Serve) -> None:
    """Stopping after the first row while page two is under way, then closing the client, waits for nothing."""

    def client_threads() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if "process_request_thread" not in thread.name}

    server = serve(Rendezvous(SITUATIONS["for_page_two"]))
    before, started = client_threads(), time.monotonic()
    with make_client(metrics24.Client, server, None, {"timeout": 60}) as client:
        items = iter(client.reports.clicks("int1", **RANGE).records())
        assert next(items)["real_tx_id"]
        items.close()
    assert time.monotonic() - started < 2
    assert client_threads() <= before
