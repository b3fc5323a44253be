"""One pool of connections for each event loop, closed when the loop ends."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, Callable

import httpx


class LoopPools:
    """Keeps a pool for every event loop that asks for one."""

    def __init__(self, open_pool: Callable[[], httpx.AsyncClient]) -> None:
        self._open_pool = open_pool
        self._keepers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[httpx.AsyncClient]]
        self._keepers = weakref.WeakKeyDictionary()
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient]
        self._clients = weakref.WeakKeyDictionary()

    async def of_this_loop(self) -> httpx.AsyncClient:
        """The running loop's pool."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._forget_ended_loops()
            client = self._open_pool()
            self._clients[loop] = client
            self._keepers[loop] = keeper = _open_until_the_loop_ends(client)
            await anext(keeper)
        return self._clients[loop]

    async def close(self) -> None:
        """Close the pool of the running loop."""
        keeper = self._keepers.pop(asyncio.get_running_loop(), None)
        if keeper is not None:
            await keeper.aclose()

    def _forget_ended_loops(self) -> None:
        """Let go of loops that ended: their connections refer to them, so that weak keys alone would keep them."""
        for reference in self._clients.keyrefs():  # a list, since loops in other threads may add theirs meanwhile
            loop = reference()
            if loop is not None and loop.is_closed():
                self._clients.pop(loop, None)
                self._keepers.pop(loop, None)


async def _open_until_the_loop_ends(client: httpx.AsyncClient) -> AsyncGenerator[httpx.AsyncClient]:
    """Close the client when its event loop ends: loops close the asynchronous generators that began in them."""
    async with client:
        yield client
