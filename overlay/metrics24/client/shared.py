"""What both kinds of client have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Self, Unpack

from metrics24.client.links import Late
from metrics24.client.options import Options, Params, Settings

if TYPE_CHECKING:
    from metrics24.drivers.clock import Clock
    from metrics24.effects import Flow, RawResponse


class Shared:
    """Settings, a driver that is made when it is first needed, and whether it is this client's to close."""

    @classmethod
    def _on_clock(cls, clock: Clock, **settings: Any) -> Self:
        """Make a client whose flows live on `clock`; for tests of what takes time."""
        client = cls(**settings)
        client._link.get().clock = clock
        return client

    _link: Late[Any]

    def _set_up(self, settings: Settings, base_url: str, link: Late[Any], *, owner: bool) -> None:
        self._settings, self._base_url, self._link, self._owner = settings, base_url, link, owner

    def with_options(self, **changes: Unpack[Options]) -> Self:
        """Make a client with other options that shares this one's connections; closing it closes nothing shared."""
        client = object.__new__(type(self))
        client._set_up(self._settings.changed(changes), self._base_url, self._link, owner=False)
        return client

    def _asked(
        self, operation: str, path: Mapping[str, str] | None, query: Params | None, body: object
    ) -> Flow[RawResponse]:
        from metrics24.flows.retry import send  # noqa: PLC0415 - loads what reads answers
        from metrics24.operations import build_raw  # noqa: PLC0415 - loads the table of operations

        request = build_raw(operation, self._settings.routes, path=path, query=query, body=body)
        return send(request, self._settings.policy)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._base_url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A client is never pickled, since it holds a credential; make one in each process.")
