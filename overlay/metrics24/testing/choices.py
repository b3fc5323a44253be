"""What a sandbox for tests can be told, and the sandbox's package, which is an extra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypedDict, get_args, get_type_hints

from metrics24.errors import UsageError

if TYPE_CHECKING:
    from metrics24_sandbox import Sandbox
    from metrics24_sandbox.options import Answer, Created, Empty, EndDate, Fate, Filters, Wrap


class Choices(TypedDict, total=False):
    """How a sandbox is started and how it answers; `metrics24 sandbox --help` explains each.

    Days hold fewer rows than those of `metrics24 sandbox`, and exports are ready at once, unless said otherwise.
    """

    host: str
    port: int
    storage_port: int
    seed: int
    api_key: str | None
    database: str | None
    now: str | None
    tick: float
    conversions_per_day: int
    clicks_per_day: int
    impressions_per_day: int
    variation: float
    first_day: str
    settle_days: int
    utc_offset: int
    exports_per_day: int
    export_rows: int
    quota_status: int
    unknown_columns: bool
    preloaded: bool
    latency: float
    rate_limit: float
    end_date: EndDate
    wrap: Wrap
    empty: Empty
    answer: Answer
    created: Created
    filters: Filters
    export_fate: Fate
    pending: float
    running: float
    url_lifetime: float


SMALL: Choices = {
    "clicks_per_day": 100,
    "conversions_per_day": 50,
    "impressions_per_day": 200,
    "pending": 0.0,
    "running": 0.0,
}


def start(choices: Choices) -> Sandbox:
    """Start a sandbox; whoever does must close it.

    Raises:
        UsageError: a choice does not exist or makes no sense, or the packages of the extra `sandbox` are missing.

    """
    box = new_sandbox(choices)
    try:
        return box.start()
    except (ValueError, OSError) as error:
        raise UsageError(f"The sandbox cannot be started: {error}") from error


def new_sandbox(choices: Choices) -> Sandbox:
    """Make a sandbox that is not started yet.

    Raises:
        UsageError: a choice does not exist, or the packages of the extra `sandbox` are missing.

    """
    try:
        from metrics24_sandbox import Behaviour, Sandbox, SandboxOptions  # noqa: PLC0415  an extra of its own
    except ModuleNotFoundError as error:
        raise UsageError(f"The sandbox needs {error.name}: pip install 'metrics24[sandbox]'") from error
    chosen: dict[str, Any] = {**SMALL, **choices}
    behaviour = {one.name: chosen.pop(one.name) for one in fields(Behaviour) if one.name in chosen}
    words = {
        name: get_args(hint) for kind in (SandboxOptions, Behaviour) for name, hint in get_type_hints(kind).items()
    }
    for name, value in choices.items():
        _check(name, value, words)
    return Sandbox(SandboxOptions(**chosen, behaviour=Behaviour(**behaviour)))


def _check(name: str, value: object, words: Mapping[str, tuple[Any, ...]]) -> None:
    if name not in Choices.__annotations__:
        raise UsageError(f"A sandbox has no {name}; `metrics24 sandbox --help` lists what can be chosen.")
    allowed = words[name]
    if allowed and not isinstance(allowed[0], type) and value not in allowed:
        raise UsageError(f"{name} is one of {', '.join(map(str, allowed))}, not {value!r}.")
