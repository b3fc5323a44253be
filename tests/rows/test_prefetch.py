"""Pages are asked for ahead of their use: always for those who iterate, and only where it pays for those who save."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from metrics24._core.effects import Flow, Sleep, ask
from metrics24._core.responses import Table
from metrics24._io.driver import Driver
from metrics24._io.http import Endpoint
from metrics24._io.prefetch import tables
from metrics24.config import Credential, Secret

DRIVER = Driver(Endpoint("http://127.0.0.1:1", Credential("key", Secret("k", "a key"))), max_connections=1)
PAGES = 60


class Walk:
    """A walk and its source at once, whose pages take so many seconds to come."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.done, self.asked, self.changed = False, 0, threading.Event()

    @property
    def looks_ahead(self) -> bool:
        return not self.done

    def walk(self, _: object) -> Walk:
        return self

    def fan(self, _: object) -> None:
        return None

    def finish(self) -> None:
        return None

    def next_page(self) -> Flow[Table]:
        self.asked += 1
        self.changed.set()
        if self._seconds:
            yield from ask(Sleep(self._seconds))
        self.done = self.asked == PAGES
        return Table([], None, None, has_next=not self.done)


def ahead(walk: Any, *, frugal: bool) -> int:
    """Count the pages after which the next one is asked for while they are in use."""
    found, taken = 0, 0
    for _ in tables(walk, DRIVER, None, frugal=frugal):
        taken += 1
        looking = any(thread.name == "metrics24-prefetch" for thread in threading.enumerate())
        while looking and not walk.done and walk.asked == taken and walk.changed.wait(0.05):
            walk.changed.clear()
        found += walk.asked > taken
    assert taken == PAGES
    return found


@pytest.mark.parametrize(("seconds", "frugal"), [(0.01, True), (0.01, False), (0.0, False)])
def test_the_next_page_is_under_way_while_one_is_used(seconds: float, *, frugal: bool) -> None:
    """Whoever iterates has the next page under way, and so does who saves if pages take ten milliseconds."""
    assert ahead(Walk(seconds), frugal=frugal) == PAGES - 1


def test_pages_that_are_there_at_once_are_saved_one_after_the_other() -> None:
    """No thread is begun for pages that take no time, but for a moment's hiccup of the machine."""
    assert ahead(Walk(0.0), frugal=True) < PAGES / 2


def test_no_thread_outlives_its_walk() -> None:
    """The thread that looks ahead ends with the walk, and with one that is given up in the middle."""
    for most in (PAGES, 3):
        pages = tables(Walk(0.001), DRIVER, None)  # type: ignore[arg-type]  # walk and source at once
        for _ in range(most):
            next(pages)
        mine = [thread for thread in threading.enumerate() if thread.name == "metrics24-prefetch"]
        assert mine
        pages.close()
        for thread in mine:
            thread.join(5)
            assert not thread.is_alive()
