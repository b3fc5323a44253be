"""Responses of handlers, in the forms that the behaviour options ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .options import Behaviour
    from .requests import Call

NO_BODY = object()


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a JSON body, or no body at all."""

    body: object
    status: int = 200


Handler = Callable[["Call"], Awaitable[Reply]]


def single(item: object, behaviour: Behaviour, *, status: int = 200) -> Reply:
    """One object, bare or wrapped."""
    return Reply({"data": item} if behaviour.wrap == "data" else item, status)


def listed(items: Sequence[object], behaviour: Behaviour) -> Sequence[object] | None:
    """A list, or null if it is empty and servers in Go are imitated."""
    return None if not items and behaviour.empty == "null" else items


def done(report: dict[str, object], behaviour: Behaviour) -> Reply:
    """The answer to a change or a deletion."""
    if behaviour.answer == "204":
        return Reply(NO_BODY, 204)
    return Reply(report if behaviour.answer == "report" else {})
