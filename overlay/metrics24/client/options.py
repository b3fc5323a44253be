"""A client's options, checked once and changed by `with_options`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypedDict

from attrs import evolve, field, frozen

from metrics24.drivers.wire import Wire
from metrics24.errors import ConfigurationError
from metrics24.flows.retry import Pacer, Policy
from metrics24.operations import DEFAULT_BASE_URL, Routes, checked_routes
from metrics24.settings import Limits, Retrying, base_url, checked_number, credential

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
    """A client's settings, checked."""

    policy: Policy
    routes: Routes = field(factory=dict)
    limits: Limits = field(factory=Limits)

    def changed(self, options: Options) -> Settings:
        """These settings with some of them changed.

        Raises:
            ConfigurationError: one of the options makes no sense.

        """
        for name in options.keys() - Options.__annotations__.keys():
            raise ConfigurationError(
                f"There is no option {name!r} to change; make another Client for other credentials."
            )
        for name, kind in (("retrying", Retrying), ("limits", Limits)):
            if name in options and not isinstance(options.get(name), kind):
                raise ConfigurationError(f"{name} must be a metrics24.{kind.__name__}, not {options.get(name)!r}.")
        policy = self.policy
        if "timeout" in options:
            policy = evolve(policy, timeout=_positive("timeout", options["timeout"]))
        if "retrying" in options:
            policy = evolve(policy, retrying=options["retrying"])
        if "rate" in options:
            rate = options["rate"]
            policy = evolve(policy, pacer=Pacer(None if rate is None else _positive("rate", rate)))
        routes = checked_routes(options["routes"]) if "routes" in options else self.routes
        return Settings(policy=policy, routes=routes, limits=options.get("limits", self.limits))


def _positive(name: str, value: float) -> float:
    checked_number(name, value, 0, included=False)
    return float(value)


def settings(options: Options) -> Settings:
    """Settings for a new client."""
    return Settings(policy=Policy(timeout=30.0, retrying=RETRYING)).changed(options)


def wire(api_key: Key | None, token: Key | None, url: str | None) -> Wire:
    """Where a new client sends to, and as whom."""
    return Wire(base_url(url, DEFAULT_BASE_URL), credential(api_key, token))


def connections(count: int) -> int:
    """A number of connections that works."""
    checked_number("max_connections", count, 1, whole=True)
    return count
