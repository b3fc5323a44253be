"""Bad weather: a seeded share of all requests meets a fault, for sync and async clients alike."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import httpx

from support.clock import FakeClock

FAULTS = (
    *("500", "502", "503", "504", "520", "429", "429@0", "408"),
    *("reset", "reset", "lost", "lost", "cut", "cut", "html", "text", "empty"),
    *("drip", "stall"),
)
_HEADER = "X-Sandbox-Fault"
_SPARED = {
    ("drip", "download"): "cut",  # a download that comes further has no deadline: it would take hours
    ("empty", "write"): "html",  # a success without a body is how some servers answer writes, and is believed
}


class Weather:
    """Decides which request meets which fault: about one in `every`, in an order that follows from a number.

    Attributes:
        requests: how many requests were sent.
        faults: how many of them met which fault.

    """

    def __init__(self, number: int, every: int) -> None:
        self._random, self._every = random.Random(number), every
        self._turn = threading.Lock()
        self.requests = 0
        self.faults: Counter[str] = Counter()

    def strike(self, request: httpx.Request) -> None:
        """Count a request, and let it meet a fault or not."""
        with self._turn:
            self.requests += 1
            if not self._random.randrange(self._every):
                fault = self._random.choice(FAULTS)
                fault = _SPARED.get((fault, _kind(request)), fault)
                self.faults[fault] += 1
                request.headers[_HEADER] = fault


class StormyTransport(httpx.HTTPTransport):
    """Sends what a Client sends through the weather."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        self._weather.strike(request)
        return super().handle_request(request)


class StormyAsyncTransport(httpx.AsyncHTTPTransport):
    """Sends what an AsyncClient sends through the weather."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        self._weather.strike(request)
        return await super().handle_async_request(request)


class QuickClock(FakeClock):
    """A clock on which pauses are short. Its wall time stands still but for whole days, as a sandbox's can."""

    def add_day(self) -> None:
        """Begin the next day."""
        self.jump(86_400)

    def monotonic(self) -> float:
        """Give the machine's seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause for a moment, which on an event loop disturbs no other worker: each has its own."""
        time.sleep(min(seconds, 0.005))


def _kind(request: httpx.Request) -> str:
    if b"ignature" in request.url.query:
        return "download"
    return "read" if request.method == "GET" else "write"
