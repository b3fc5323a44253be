"""One page of rows or items, from which both neighbours can be reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from metrics24.drivers.driver import AsyncDriver, Driver
from metrics24.effects import Flow
from metrics24.models import factory
from metrics24.pages.source import Source
from metrics24.pages.typed import maker
from metrics24.responses import Table
from metrics24.sinks import Cells

T = TypeVar("T")
Record = dict[str, Any]


class _Page(Generic[T]):
    """What both kinds of page have."""

    def __init__(self, source: Source, table: Table) -> None:
        self._source, self._table = source, table
        self._items: list[T] | None = None

    @property
    def items(self) -> list[T]:
        """The page's rows as models, newest first."""
        if self._items is None:
            rows, model = self._table.rows, self._source.model
            kind: type[Cells] | None = type(rows[0]) if rows and isinstance(rows[0], Cells) else None
            make: Callable[[Any], T] = factory(model) if kind is None else maker(model, kind)
            self._items = list(map(make, rows))
        return self._items

    @property
    def records(self) -> list[Record]:
        """The page's rows as plain dicts, with every field that the server sent."""
        return self._table.rows

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first row; None on pages of lists, which have numbers."""
        return self._table.start_cursor

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last row; where a limit cut the page, of the last that was kept."""
        return self._table.end_cursor

    @property
    def has_next(self) -> bool:
        """Whether the server says that more rows follow: older ones, in report tables."""
        return self._table.has_next

    @property
    def total(self) -> int | None:
        """How many items the whole list has, as the server says; None where it does not, and in report tables."""
        return self._table.total

    def _neighbour(self, *, after: bool) -> Flow[Table | None]:
        return self._source.neighbour(self._table, after=after)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._table.rows)} rows, has_next={self.has_next})"


class Page(_Page[T]):
    """One page of rows (documentation: "Reports", "Pagination")."""

    def __init__(self, source: Source, table: Table, driver: Driver) -> None:
        super().__init__(source, table)
        self._driver = driver

    def next_page(self) -> Page[T] | None:
        """Fetch the page after this one (older rows, in report tables); None if the server says there is none."""
        return self._made(self._driver.run(self._neighbour(after=True)))

    def previous_page(self) -> Page[T] | None:
        """Fetch the page before this one; None if there is none (the server's own flag is not reliable)."""
        return self._made(self._driver.run(self._neighbour(after=False)))

    def _made(self, table: Table | None) -> Page[T] | None:
        return None if table is None else Page(self._source, table, self._driver)


class AsyncPage(_Page[T]):
    """One page of rows (documentation: "Reports", "Pagination")."""

    def __init__(self, source: Source, table: Table, driver: AsyncDriver) -> None:
        super().__init__(source, table)
        self._driver = driver

    async def next_page(self) -> AsyncPage[T] | None:
        """Fetch the page after this one (older rows, in report tables); None if the server says there is none."""
        return self._made(await self._driver.run(self._neighbour(after=True)))

    async def previous_page(self) -> AsyncPage[T] | None:
        """Fetch the page before this one; None if there is none (the server's own flag is not reliable)."""
        return self._made(await self._driver.run(self._neighbour(after=False)))

    def _made(self, table: Table | None) -> AsyncPage[T] | None:
        return None if table is None else AsyncPage(self._source, table, self._driver)
