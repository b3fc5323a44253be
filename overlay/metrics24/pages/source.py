"""A question to a report table, and the shapes its rows can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from metrics24.errors import UsageError
from metrics24.flows.paging import Query, Walk
from metrics24.flows.retry import Policy
from metrics24.models import columns, row_model
from metrics24.operations import Routes
from metrics24.sinks import Sink, open_sink, to_arrow

if TYPE_CHECKING:
    import pyarrow


@frozen(kw_only=True)
class Source:
    """A question to a report table, and how to put it."""

    query: Query
    policy: Policy = field(repr=False)
    routes: Routes = field(repr=False)

    @property
    def model(self) -> str:
        """The name of the rows' model."""
        return row_model(self.query.operation)

    def walk(self) -> Walk:
        """A new walk from the first row to the last."""
        return Walk(self.query, self.policy, self.routes)

    def sink(self, path: str | PathLike[str], **options: Any) -> Sink:
        """Open a file for the rows."""
        chosen = options.pop("columns")
        if chosen not in {None, "spec"}:
            raise UsageError(f"columns is 'spec' or left out, not {chosen!r}.")
        fixed = chosen == "spec"
        return open_sink(path, columns=columns(self.model), fixed=fixed, **options)

    def arrow(self, pages: Iterable[Sequence[Mapping[str, Any]]]) -> pyarrow.Table:
        """Put pages into one Arrow table."""
        return to_arrow(pages, columns=columns(self.model), fixed=False)
