"""What the server says of an export, read with care: much of it is not documented."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from metrics24.errors import UsageError
from metrics24.models import ArtifactStatus
from metrics24.operations import safe_id

_EQUAL = "equalvalues"


def created_at(export: Mapping[str, Any]) -> datetime | None:
    """When an export was asked for; None if the server does not say, or not in which time zone."""
    try:
        created = datetime.fromisoformat(str(export.get("created_at")))
        return created.astimezone(UTC) if created.tzinfo else None
    except (ValueError, OverflowError):
        return None


def asked_on(export: Mapping[str, Any], day: date) -> bool:
    """Whether an export was asked for on a day, as UTC has it; not if the server does not say."""
    created = created_at(export)
    return created is not None and created.date() == day


def has_failed(export: Mapping[str, Any]) -> bool:
    """Whether an export will never have a file."""
    return export.get("status") in (ArtifactStatus.ERROR, ArtifactStatus.CANCELED)


def has_id(export: Mapping[str, Any]) -> bool:
    """Whether an export has an id by which it can be asked for."""
    identity = export.get("id")
    try:
        return isinstance(identity, str | int) and bool(safe_id(str(identity), "id"))
    except UsageError:
        return False


def is_of_kind(export: Mapping[str, Any], kind: str) -> bool:
    """Whether an export holds rows of a kind. The documentation names types for two of the three kinds."""
    return re.match(rf"{kind.removesuffix('s')}s?([^a-z]|$)", str(export.get("type")).lower()) is not None


def names_in(export: Mapping[str, Any]) -> Iterator[str]:
    """The names under which the server knows an export's file, the likeliest first."""
    file = part(export, "artifact")
    for name in (export.get("artifact_name"), file.get("name")):
        if isinstance(name, str) and name:
            yield name


def part(export: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within an export; an empty one where there is none."""
    value = export.get(name)
    return value if isinstance(value, dict) else {}


def columns_named(options: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """A list of names, also one that stands there as null (empty) or as one text; None if there is none."""
    if name not in options:
        return None
    match options[name]:
        case None | "":
            return ()
        case str() as text:
            return tuple(text.split(","))
        case list() as names:
            return tuple(map(str, names))
    return None


def filters_named(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """The filters that the server repeats, by name and operator; None if it does not, or in another shape."""
    if "filters" not in options:
        return None
    filters = options["filters"] or {}
    return {name: by for name, by in filters.items() if by} if isinstance(filters, dict) else None


def narrowing(export: Mapping[str, Any]) -> dict[str, Any]:
    """To which values the rows of an export were narrowed, by column, but for its own integration.

    Values of any other shape than the documented one are there as they are.
    """
    filters = part(export, "reports_query_option").get("filters") or {}
    if not isinstance(filters, dict):
        return {"": filters}
    found: dict[str, Any] = {}
    for name, by in filters.items():
        used = {word: values for word, values in by.items() if values} if isinstance(by, dict) else by
        values = used[_EQUAL] if isinstance(used, dict) and used.keys() == {_EQUAL} else used
        if values and values != [export.get("integration")]:
            found[name] = values
    return found


def is_narrowed(export: Mapping[str, Any]) -> bool:
    """Whether an export may lack rows of its days, since it was filtered."""
    return bool(narrowing(export) or part(export, "export_list_options").get("filters"))
