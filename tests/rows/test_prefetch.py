"""The next page is fetched while one is used: always when iterating, and when saving only if pages take a while."""

import asyncio
import threading
import time
from typing import Any

import pytest

from metrics24._core.effects import Flow, Sleep, ask
from metrics24._core.responses import Table
from metrics24._io.driver import Abandoned, AsyncDriver, Driver
from metrics24._io.http import Endpoint
from metrics24._io.prefetch import Prefetch, prefetched, prefetched_async
from metrics24.config import Credential, Secret
from metrics24.errors import PaginationError

ENDPOINT = Endpoint("http://127.0.0.1:1", Credential("key", Secret("a-key-for-prefetching", "a key")))
DRIVER = Driver(ENDPOINT, max_connections=1)
PAGES = 60


class SlowPaginator:
    """A paginator whose pages take so many seconds to come."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.done, self.asked, self.changed = False, 0, threading.Event()

    @property
    def prefetches(self) -> bool:
        return not self.done

    def finish(self) -> None:
        return None

    def next_page(self) -> Flow[Table]:
        self.asked += 1
        self.changed.set()
        if self._seconds:
            yield from ask(Sleep(self._seconds))
        self.done = self.asked == PAGES
        return Table([], None, None, has_next=not self.done)


def ahead(paginator: Any, *, frugal: bool) -> int:
    """Count the pages during whose use the next one is asked for."""
    found, taken = 0, 0
    for _ in prefetched(paginator, DRIVER, frugal=frugal):
        taken += 1
        running = any(thread.name == "metrics24-prefetch" for thread in threading.enumerate())
        while running and not paginator.done and paginator.asked == taken and paginator.changed.wait(0.05):
            paginator.changed.clear()
        found += paginator.asked > taken
    assert taken == PAGES
    return found


@pytest.mark.parametrize(("seconds", "frugal"), [(0.01, True), (0.01, False), (0.0, False)])
def test_the_next_page_is_under_way_while_one_is_used(seconds: float, *, frugal: bool) -> None:
    """The next page is under way when iterating, and also when saving if pages take ten milliseconds."""
    assert ahead(SlowPaginator(seconds), frugal=frugal) == PAGES - 1


def test_pages_that_are_there_at_once_are_saved_one_after_the_other() -> None:
    """No thread is started for pages that take no time, but for a moment's hiccup of the machine."""
    assert ahead(SlowPaginator(0.0), frugal=True) < PAGES / 2


def test_no_thread_outlives_its_pages() -> None:
    """The thread ends with the last page, and when the pages are given up in the middle."""
    for most in (PAGES, 3):
        pages = prefetched(SlowPaginator(0.001), DRIVER)  # type: ignore[arg-type]  # not one of ours
        for _ in range(most):
            next(pages)
        mine = [thread for thread in threading.enumerate() if thread.name == "metrics24-prefetch"]
        assert mine
        pages.close()
        for thread in mine:
            thread.join(5)
            assert not thread.is_alive()


def napping(seconds: float) -> Flow[Table]:
    """Sleep twice, then give an empty page."""
    yield Sleep(seconds)
    yield Sleep(seconds)
    return Table([], None, None, has_next=False)


def failing() -> Flow[Table]:
    """Fail at once."""
    yield Sleep(0)
    raise PaginationError("broken")


def test_a_thread_gives_results_and_errors_and_is_closed_at_once() -> None:
    """A page or its error comes out, another can follow, and closing ends the one that is under way."""
    prefetch = Prefetch(DRIVER)
    for _ in range(2):
        prefetch.start(napping(0.001))
        table, seconds = prefetch.result()
        assert (table.rows, seconds >= 0.002) == ([], True)
    prefetch.start(failing())
    with pytest.raises(PaginationError, match="broken"):
        prefetch.result()
    started = time.monotonic()
    prefetch.start(napping(60))
    prefetch.close()
    with pytest.raises(Abandoned):
        prefetch.result()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("fails", [True, False])
async def test_a_task_that_is_given_up_leaves_no_complaint(*, fails: bool) -> None:
    """Giving up the pages cancels the task of the next one, or drops its error if it has failed already."""
    paginator = SlowPaginator(0.0)
    pages = prefetched_async(paginator, AsyncDriver(ENDPOINT, max_connections=1))  # type: ignore[arg-type]
    await anext(pages)
    paginator.next_page = failing if fails else lambda: napping(60)  # type: ignore[method-assign]
    await anext(pages)
    await asyncio.sleep(0.01)
    await asyncio.wait_for(pages.aclose(), 5)
    assert asyncio.all_tasks() == {asyncio.current_task()}
