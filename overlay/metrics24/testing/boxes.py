"""Sandboxes for tests, in this process or in one of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Unpack

from metrics24.client.clients import AsyncClient, Client
from metrics24.errors import UsageError
from metrics24.operations import OPERATIONS
from metrics24.testing.choices import Choices, new_sandbox, start
from metrics24.testing.controls import Controls, LocalControls, facts
from metrics24.testing.processes import start_process

_STORAGE = "storage"


class SandboxBox:
    """A sandbox that runs.

    Attributes:
        base_url: where the API is.
        storage_url: where the signed URLs of exports lead to.
        api_key: the key that it accepts.
        token: the bearer token that it accepts instead.
        organization: the organization that the integrations belong to.
        integrations: the integrations that exist; the first is the main one.
        forbidden_integration: one that exists and that the key may not see.

    """

    def __init__(self, known: Mapping[str, Any], controls: Controls) -> None:
        self.base_url: str = known["base_url"]
        self.storage_url: str = known["storage_url"]
        self.api_key: str = known["api_key"]
        self.token: str = known["token"]
        self.organization: str = known["organization"]
        self.integrations: tuple[str, ...] = tuple(known["integrations"])
        self.forbidden_integration: str = known["forbidden_integration"]
        self._controls = controls

    def client(self, **options: Any) -> Client:
        """Make a client of this sandbox; it takes the options of `metrics24.Client`."""
        return Client(**self._connected(options))

    def async_client(self, **options: Any) -> AsyncClient:
        """Make an asynchronous client of this sandbox; it takes the options of `metrics24.AsyncClient`."""
        return AsyncClient(**self._connected(options))

    def environment(self) -> dict[str, str]:
        """The variables with which programs find this sandbox; METRICS24_TOKEN must not be set beside them."""
        return {"METRICS24_BASE_URL": self.base_url, "METRICS24_API_KEY": self.api_key}

    def hits(self, operation: str) -> int:
        """How many requests an operation has had since the start or the last reset.

        Args:
            operation: its id in the OpenAPI spec, such as "getClickReport", or "storage" for downloads.

        """
        return self._controls.hits(_known(operation))

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation fail.

        Args:
            operation: its id in the OpenAPI spec, such as "getClickReport", or "storage" for downloads.
            plan: what happens to them, such as "503", "429x2@1" (twice, with Retry-After 1), "reset" or "lost".

        Raises:
            UsageError: there is no such operation or fault.

        """
        self._controls.fail_next(_known(operation), plan)

    def advance(self, seconds: float) -> None:
        """Move the clock of a sandbox that was started with `now`.

        Raises:
            UsageError: it was not.

        """
        self._controls.advance(seconds)

    def reset(self) -> None:
        """Forget what was created, requested and queued, as if the sandbox had just been started."""
        self._controls.reset()

    def __repr__(self) -> str:
        return f"SandboxBox(base_url={self.base_url!r})"

    def _connected(self, options: Mapping[str, Any]) -> dict[str, Any]:
        key = {} if "token" in options else {"api_key": self.api_key}
        return {"base_url": self.base_url, **key, **options}


@contextmanager
def sandbox(**choices: Unpack[Choices]) -> Iterator[SandboxBox]:
    """Run a sandbox in a thread of this process until the block ends.

    Raises:
        UsageError: a choice does not exist or makes no sense, or the packages of the extra `sandbox` are missing.

    """
    box = start(choices)
    try:
        yield SandboxBox(facts(box), LocalControls(box))
    finally:
        box.close()


@contextmanager
def sandbox_process(**choices: Unpack[Choices]) -> Iterator[SandboxBox]:
    """Run a sandbox in a process of its own until the block ends.

    For tests that fork or block the whole process, and for programs in other languages. The process ends with the
    one that started it, however that ends.

    Raises:
        UsageError: a choice does not exist or makes no sense, or the packages of the extra `sandbox` are missing.

    """
    new_sandbox(choices)  # tells what is wrong or missing before a process is started in vain
    with start_process(choices) as (known, controls):
        yield SandboxBox(known, controls)


def _known(operation: str) -> str:
    if operation not in OPERATIONS and operation != _STORAGE:
        raise UsageError(f"There is no operation {operation!r}; there are {', '.join([*OPERATIONS, _STORAGE])}.")
    return operation
