"""A client's options, checked once and changed by `with_options`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from attrs import evolve, field, frozen

from metrics24.client.links import Late
from metrics24.errors import ConfigurationError
from metrics24.settings import Credential, Limits, Retrying, base_url, checked_number, credential

if TYPE_CHECKING:
    from metrics24.flows.retry import Policy
    from metrics24.operations import Routes

Key = str | Callable[[], str]
Params = Mapping[str, object] | Iterable[tuple[str, object]]
RouteTable = Mapping[str, tuple[str, str]]


RETRYING = Retrying()
LIMITS = Limits()


class Options(TypedDict, total=False):
    """What `with_options` can change."""

    timeout: float
    rate: float | None
    retrying: Retrying
    limits: Limits
    routes: RouteTable | None


@frozen(kw_only=True)
class Settings:
    """A client's settings, checked. The policy follows when the first call needs it."""

    routes: Routes = field(factory=dict)
    limits: Limits = LIMITS
    _policy: Late[Policy]

    @property
    def policy(self) -> Policy:
        """How calls are made."""
        return self._policy.get()

    def changed(self, options: Options) -> Settings:
        """These settings with some of them changed.

        Raises:
            ConfigurationError: one of the options makes no sense.

        """
        _check(options)
        policy = _changed(self.policy, options)  # at once: what many changes leave for later would be a deep chain
        return self._with(options, Late(lambda: policy))

    def _with(self, options: Options, policy: Late[Policy]) -> Settings:
        routes = _routes(options["routes"]) if "routes" in options else self.routes
        return Settings(policy=policy, routes=routes, limits=options.get("limits", self.limits))


def _check(options: Options) -> None:
    for name in options.keys() - Options.__annotations__.keys():
        raise ConfigurationError(f"There is no option {name!r} to change; make another Client for other credentials.")
    for name, kind in (("retrying", Retrying), ("limits", Limits)):
        if name in options and not isinstance(options.get(name), kind):
            raise ConfigurationError(f"{name} must be a metrics24.{kind.__name__}, not {options.get(name)!r}.")
    if "timeout" in options:
        checked_number("timeout", options["timeout"], 0, included=False)
    if options.get("rate") is not None:
        checked_number("rate", options["rate"], 0, included=False)


def _changed(policy: Policy, options: Options) -> Policy:
    from metrics24.flows.retry import Pacer  # noqa: PLC0415 - loads what reads answers

    changes: dict[str, Any] = {}
    if "timeout" in options:
        changes["timeout"] = float(options["timeout"])
    if "retrying" in options:
        changes["retrying"] = options["retrying"]
    if "rate" in options:
        rate = options["rate"]
        changes["pacer"] = Pacer(None if rate is None else float(rate))
    return evolve(policy, **changes)


def _first_policy(options: Options) -> Policy:
    from metrics24.flows.retry import Policy  # noqa: PLC0415 - loads what reads answers

    return _changed(Policy(timeout=30.0, retrying=RETRYING), options)


def _routes(table: RouteTable | None) -> Routes:
    if table is None:
        return {}
    from metrics24.operations import checked_routes  # noqa: PLC0415 - loads the table of operations

    return checked_routes(table)


def settings(options: Options) -> Settings:
    """Settings for a new client.

    Raises:
        ConfigurationError: one of the options makes no sense.

    """
    _check(options)
    policy = Late(lambda: _first_policy(options))
    return Settings(policy=policy)._with(options, policy)


def address(api_key: Key | None, token: Key | None, url: str | None) -> tuple[str, Credential]:
    """Where a new client sends to, and as whom."""
    return base_url(url, _servers), credential(api_key, token)


def _servers() -> str:
    from metrics24.operations import DEFAULT_BASE_URL  # noqa: PLC0415 - loads the table of operations

    return DEFAULT_BASE_URL


def connections(count: int) -> int:
    """A number of connections that works."""
    checked_number("max_connections", count, 1, whole=True)
    return count
