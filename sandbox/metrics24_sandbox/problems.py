"""Failures that the sandbox answers on purpose."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal: becomes `{"error": {"code", "message"}}` with this status."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}

    def body(self) -> dict[str, object]:
        """The error as it is sent."""
        return {"error": {"code": self.code, "message": self.message}}


def bad_request(message: str) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, "bad_request", message)


def failed(message: str) -> ApiError:
    """402: the request is fine, the state does not allow it."""
    return ApiError(402, "request_failed", message)


def forbidden(message: str) -> ApiError:
    """403: the key may not do this."""
    return ApiError(403, "forbidden", message)


def not_found(what: str) -> ApiError:
    """404: there is no such thing."""
    return ApiError(404, "not_found", f"{what} does not exist")


def too_many(message: str, wait: float) -> ApiError:
    """429 with the seconds to wait."""
    return ApiError(429, "too_many_requests", message, {"Retry-After": str(max(1, round(wait + 0.5)))})
