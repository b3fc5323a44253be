"""The next page is fetched while one is used: always when iterating, and when saving only if pages take a while."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from metrics24._core.effects import Flow, Sleep, ask
from metrics24._core.responses import Table
from metrics24._io.driver import Driver
from metrics24._io.http import Endpoint
from metrics24._io.prefetch import prefetched
from metrics24.config import Credential, Secret

DRIVER = Driver(Endpoint("http://127.0.0.1:1", Credential("key", Secret("k", "a key"))), max_connections=1)
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
