"""Credentials and rate limits of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .problems import ApiError, too_many

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from .spec import Spec

_BEARER = "bearer "


class Doorkeeper:
    """Checks credentials. Either of the spec's two schemes opens; a wrong credential never does."""

    def __init__(self, spec: Spec, api_key: str, token: str) -> None:
        headers = spec.credential_headers()
        self._key_header, self._token_header = headers["apiKey"], headers["http"]
        self._api_key, self._token = api_key, token

    def admit(self, headers: Headers) -> str:
        """The credential that was used; 401 if there is none or it is unknown."""
        key, authorization = headers.get(self._key_header), headers.get(self._token_header, "")
        if key is not None:
            if key == self._api_key:
                return key
        elif authorization[: len(_BEARER)].lower() == _BEARER and authorization[len(_BEARER) :] == self._token:
            return self._token
        raise ApiError(401, "unauthorized", "send a valid key or token", {"WWW-Authenticate": "Bearer"})


class Turnstile:
    """A token bucket per credential and rate; it holds one second's worth of requests."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, float], tuple[float, int]] = {}

    def pass_through(self, credential: str, rate: float, now: int) -> None:
        """Count one request; 429 with the time to wait if it is one too many."""
        if rate <= 0:
            return
        room, since = self._buckets.get((credential, rate), (max(1.0, rate), now))
        room = min(max(1.0, rate), room + (now - since) / 1000 * rate)
        if room < 1:
            self._buckets[credential, rate] = (room, now)
            raise too_many(f"more than {rate:g} requests in a second", (1 - room) / rate)
        self._buckets[credential, rate] = (room - 1, now)
