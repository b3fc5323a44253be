"""Faults 29 and 64: an interrupt ends several days at once within 200 ms, and nothing goes on."""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import metrics24
from support.days import asked_for
from support.running import make_client
from support.scripted import Received, Serve, Step
from support.steps import silence

PROMPT = 0.2  # seconds
AT_ONCE = 4


class Gathered:
    """A server that never answers, and says when as many requests have arrived as may be under way."""

    def __init__(self) -> None:
        self._arrived = threading.Semaphore(0)

    def __call__(self, _: Received) -> Step:
        self._arrived.release()
        return silence

    def wait(self) -> None:
        """Wait for the requests."""
        for _ in range(AT_ONCE):
            assert self._arrived.acquire(timeout=30)


@contextmanager
def interrupted_then(gathered: Gathered) -> Iterator[list[float]]:
    """Press Ctrl-C as soon as all requests are under way; the list says when that was."""
    when: list[float] = []

    def press() -> None:
        gathered.wait()
        when.append(time.monotonic())
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    yield when
    pressing.join()


def test_fault_29_64_ctrl_c_ends_all_requests(serve: Serve) -> None:
    """SIGINT while several days are waited for is a KeyboardInterrupt within 200 ms, and no thread goes on."""
    gathered = Gathered()
    server = serve(gathered)
    with make_client(metrics24.Client, server, None, {"timeout": 60}) as client:
        rows = client.reports.clicks("int1", **asked_for(9), parallel=AT_ONCE)
        with interrupted_then(gathered) as pressed, pytest.raises(KeyboardInterrupt):
            list(rows)
        assert time.monotonic() - pressed[0] < PROMPT
        assert not [thread for thread in threading.enumerate() if "metrics24-parallel" in thread.name]
    assert server.hits == AT_ONCE


async def test_fault_29_64_cancellation_ends_all_requests(serve: Serve) -> None:
    """Cancelling the task that waits for several days ends it within 200 ms, without a task left behind."""
    gathered = Gathered()
    server = serve(gathered)
    async with make_client(metrics24.AsyncClient, server, None, {"timeout": 60}) as client:
        rows = client.reports.clicks("int1", **asked_for(9), parallel=AT_ONCE)
        task = asyncio.create_task(rows.to_arrow())
        await asyncio.to_thread(gathered.wait)
        cancelled = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - cancelled < PROMPT
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert server.hits == AT_ONCE


def test_fault_29_more_at_once_than_connections(serve: Serve) -> None:
    """Threads that wait for a connection stop as promptly as those that wait for an answer."""
    gathered = Gathered()
    server = serve(gathered)
    with make_client(metrics24.Client, server, None, {"timeout": 60, "max_connections": AT_ONCE}) as client:
        rows = client.reports.clicks("int1", **asked_for(9), parallel=32)
        with interrupted_then(gathered) as pressed, pytest.raises(KeyboardInterrupt):
            list(rows)
        assert time.monotonic() - pressed[0] < PROMPT
    assert server.hits == AT_ONCE
