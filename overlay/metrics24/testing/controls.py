"""What can be done with a running sandbox, wherever it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from metrics24.errors import UsageError

if TYPE_CHECKING:
    from metrics24_sandbox import Sandbox


class Controls(Protocol):
    """The ways to ask and to steer a sandbox."""

    def hits(self, operation: str) -> int:
        """How many requests an operation has had."""

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation meet faults."""

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still."""

    def reset(self) -> None:
        """Begin anew."""


class LocalControls:
    """Steers a sandbox of this process."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    def hits(self, operation: str) -> int:
        """How many requests an operation has had."""
        return self._box.hits(operation)

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation meet faults."""
        from metrics24_sandbox.problems import ApiError  # noqa: PLC0415  an extra of its own

        try:
            self._box.fail_next(operation, plan)
        except ApiError as error:
            raise UsageError(f"{error}; docs/testing.md lists the faults.") from None

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still."""
        try:
            self._box.advance(seconds)
        except ValueError as error:
            raise UsageError(f"{error}.") from None

    def reset(self) -> None:
        """Begin anew."""
        self._box.reset()


def facts(box: Sandbox) -> dict[str, object]:
    """What a user of a running sandbox needs to know of it."""
    return {
        "base_url": box.base_url,
        "storage_url": box.storage_url,
        "api_key": box.api_key,
        "token": box.token,
        "organization": box.organization,
        "integrations": list(box.integrations),
        "forbidden_integration": box.forbidden_integration,
    }
