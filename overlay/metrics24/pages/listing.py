"""The items of a list in numbered pages: rows like any others, which the server also counts."""

from __future__ import annotations

from contextlib import aclosing, closing
from typing import TypeVar

from metrics24.pages.rows import AsyncRows, Rows

T = TypeVar("T")


class Listing(Rows[T]):
    """The items of a list (documentation: "Pagination"). Nothing is fetched until they are iterated.

    An item that comes twice, since the list shifted meanwhile, is delivered once.
    """

    def total(self) -> int | None:
        """How many items the list has, as the server says (one request); None if it does not say."""
        with closing(self.by_page()) as pages:
            return next((page.total for page in pages), None)


class AsyncListing(AsyncRows[T]):
    """The items of a list; the asynchronous twin of `Listing`."""

    async def total(self) -> int | None:
        """How many items the list has, as the server says (one request); None if it does not say."""
        async with aclosing(self.by_page()) as pages:
            async for page in pages:
                return page.total
        return None
