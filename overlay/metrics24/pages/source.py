"""A question to a report table or a list, and the shapes its rows can take."""

from __future__ import annotations

from os import PathLike
from typing import Any, Protocol

from attrs import field, frozen

from metrics24.effects import Flow
from metrics24.errors import UsageError
from metrics24.flows.listing import ListQuery, ListWalk, numbered_neighbour
from metrics24.flows.paging import Query, Walk, neighbour
from metrics24.flows.retry import Policy
from metrics24.flows.sharding import ranges
from metrics24.flows.shards import Shards
from metrics24.models import columns, item_model, row_model
from metrics24.operations import Routes
from metrics24.pages.fan import Fan
from metrics24.pages.typed import model_lens
from metrics24.responses import Table
from metrics24.sinks import Gathering, Lens, Sink, open_sink


class Walking(Protocol):
    """One walk from the first page to the last."""

    done: bool

    @property
    def looks_ahead(self) -> bool:
        """Whether the next page is worth fetching before it is asked for."""

    def next_page(self) -> Flow[Table]:
        """Fetch the next page."""

    def finish(self) -> None:
        """Report what was noticed on the way."""


class Source(Protocol):
    """A question, and how to put it."""

    @property
    def query(self) -> object:
        """What is asked."""

    @property
    def model(self) -> str:
        """The name of the rows' model."""

    @property
    def ordered(self) -> bool:
        """Whether pages come in the server's order."""

    def lens(self) -> Lens:
        """What rows are best decoded into on their way to models."""

    def walk(self, lens: Lens | None = None) -> Walking:
        """A new walk from the first row to the last, its rows decoded into what the lens has."""

    def fan(self, lens: Lens | None = None) -> Fan | None:
        """A new walk of several parts at once; None if it is to be walked plainly."""

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page after or before `page`."""


@frozen(kw_only=True)
class TableSource:
    """A question to a report table."""

    query: Query
    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)
    parallel: int = 1
    ordered: bool = True

    @property
    def model(self) -> str:
        """The name of the rows' model."""
        return row_model(self.query.operation)

    def lens(self) -> Lens:
        """What rows are best decoded into on their way to models."""
        return model_lens(self.model)

    def walk(self, lens: Lens | None = None) -> Walk:
        """A new walk from the newest row to the oldest, its rows decoded into what the lens has."""
        return Walk(self.query, self.policy, self.routes, lens)

    def fan(self, lens: Lens | None = None) -> Fan | None:
        """A new walk of several days at once, if that was asked for and there are several."""
        if self.parallel == 1 or self.query.limit == 0 or len(ranges(self.query)) < 2:
            return None
        shards = Shards(self.query, self.policy, self.routes, parallel=self.parallel, ordered=self.ordered)
        return Fan(shards, self.query, self.policy, lens, parallel=self.parallel)

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page of older or newer rows."""
        return neighbour(self.query, self.policy, self.routes, page, older=after)


@frozen(kw_only=True)
class ListSource:
    """A question to a list in numbered pages."""

    query: ListQuery
    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)
    ordered: bool = True

    @property
    def model(self) -> str:
        """The name of the items' model."""
        return item_model(self.query.operation)

    def lens(self) -> Lens:
        """Nothing special: lists are short."""
        return Lens()

    def walk(self, _: Lens | None = None) -> ListWalk:
        """A new walk from the first page to the last. Lists are short: their items are dicts."""
        return ListWalk(self.query, self.policy, self.routes)

    def fan(self, _: Lens | None = None) -> None:
        """Lists are short: there is nothing to do at once."""

    def neighbour(self, page: Table, *, after: bool) -> Flow[Table | None]:
        """Fetch the page with the next number, or the one before."""
        return numbered_neighbour(self.query, self.policy, self.routes, page, after=after)


def file_for(model: str, path: str | PathLike[str], **options: Any) -> Sink:
    """Open a file for the rows of a model."""
    chosen = options.pop("columns")
    if chosen not in {None, "spec"}:
        raise UsageError(f"columns is 'spec' or left out, not {chosen!r}.")
    return open_sink(path, columns=columns(model), fixed=chosen == "spec", **options)


def gathering(model: str) -> Gathering:
    """Gather rows of a model in an Arrow table."""
    return Gathering(columns=columns(model))
