"""All errors and warnings of metrics24.

* Metrics24Error
  x ConfigurationError        the client was set up wrongly
  x UsageError                a call was made wrongly; nothing was sent
    · FilterError
  + TransportError            no response arrived
    · RequestTimeout
  + StatusError               the API responded with an error status
    · BadRequest              400
    · Unauthorized            401
    · RequestFailed           402
    · Forbidden               403
    · NotFound                404
    · RateLimited             429
    · ServerError             5xx
  + ResponseError             a response that cannot be read, or lacks what is documented
  + PaginationError           pages that cannot be followed safely
  + ExportFailed
  + ExportCanceled
  + ExportTimeout
  + IntegrityError            a download that is not what the server promised
  + AmbiguousWrite            a write that may have happened or not
  x SecurityError             something that could leak a credential was refused
  x SaveError                 a file could not be written

* Metrics24Warning
  + FilterIgnoredWarning      rows contradict the requested filter
  + UnexpectedAnswerWarning   a response differs from the documentation, but can still be used
  + TruncatedExportWarning    an export has as many rows as one may have: the rest is missing

Messages say what happened, whose fault it is and what to do next. They never hold a credential or a row.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

_WORDS = ("message", "detail", "description", "error", "title")
_LONGEST_QUOTE = 200


class Metrics24Error(Exception):
    """Base class of all errors that metrics24 raises."""


class _ArgumentError(Metrics24Error):
    def __init__(self, message: str = "", *, arguments: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.arguments = tuple(arguments)


class ConfigurationError(_ArgumentError):
    """The client's settings are wrong: credentials, base URL, routes. Nothing was sent.

    Attributes:
        arguments: the names of the arguments at fault, as they stand in the message.

    """


class UsageError(_ArgumentError):
    """A call's arguments are wrong. Nothing was sent.

    Attributes:
        arguments: the names of the arguments at fault, as they stand in the message.

    """


class FilterError(UsageError):
    """A filter cannot be expressed in the API's filter syntax. Nothing was sent."""


class TransportError(Metrics24Error):
    """The API could not be reached, or the connection broke before the whole response arrived.

    Attributes:
        sent: True if the request may have reached the server, False only if it surely did not.
        permanent: True if trying again cannot help, as with a certificate that is not trusted.

    """

    def __init__(self, message: str, *, sent: bool = True, permanent: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.permanent = permanent


class RequestTimeout(TransportError):
    """The whole response did not arrive within `timeout` seconds of wall-clock time."""


class StatusError(Metrics24Error):
    """The API responded with an error status (documentation: "Status Codes", "Errors").

    Attributes:
        status_code: the HTTP status.
        operation: the operation's id, as in the OpenAPI spec.
        request_id: the server's id of the request, if it sent one: quote it to support.
        body: the response's body as received (bytes, cut after 64 KiB). The format of error bodies is not documented.
        headers: the response's headers.

    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        operation: str = "",
        request_id: str | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.operation = operation
        self.request_id = request_id
        self.body = body
        self.headers: Mapping[str, str] = headers if headers is not None else {}

    @property
    def server_message(self) -> str:
        """The server's own words, printable and cut to a readable length; empty if the body has no usual shape."""
        return server_message(self.body)


class BadRequest(StatusError):
    """400: the request was unacceptable, often because a parameter is missing or malformed."""


class Unauthorized(StatusError):
    """401: the API did not accept the credential."""


class RequestFailed(StatusError):
    """402: the parameters were valid, but the request failed."""


class Forbidden(StatusError):
    """403: the credential may not do this."""


class NotFound(StatusError):
    """404: the resource does not exist, or the path in the spec is wrong."""


class RateLimited(StatusError):
    """429: too many requests.

    Attributes:
        retry_after: seconds that the server asks to wait, or None if it does not say.

    """

    retry_after: float | None = None


class ServerError(StatusError):
    """5xx: something went wrong on the server's side."""


class ResponseError(Metrics24Error):
    """The response cannot be read, or lacks what the documentation promises.

    Attributes:
        operation: the operation's id, as in the OpenAPI spec.
        path: the place in the response, as a JSON path such as ``$.data.pageInfo.hasNextPage``.

    """

    def __init__(self, message: str, *, operation: str = "", path: str = "$") -> None:
        super().__init__(message)
        self.operation = operation
        self.path = path


class PaginationError(Metrics24Error):
    """The server's cursors cannot be followed without losing or doubling rows.

    Attributes:
        cursor: the last cursor that the server accepted, None for the start of the table.

    """

    def __init__(self, message: str, *, cursor: str | None = None) -> None:
        super().__init__(message)
        self.cursor = cursor


class _ExportError(Metrics24Error):
    def __init__(self, message: str, *, export_id: str = "") -> None:
        super().__init__(message)
        self.export_id = export_id


class ExportFailed(_ExportError):
    """The server could not make the export (status ERROR). `.export_id` names it."""


class ExportCanceled(_ExportError):
    """The export was canceled on the server. `.export_id` names it."""


class ExportTimeout(_ExportError):
    """The export was not ready in time; it goes on, and `.export_id` resumes it."""


class IntegrityError(Metrics24Error):
    """A download is not what the server promised: length, range, last line or number of rows."""


class AmbiguousWrite(Metrics24Error):
    """A write was sent and its response lost; reading back could not show if it happened.

    Attributes:
        candidates: the objects found that may be the result of the write.

    """

    def __init__(self, message: str, *, candidates: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.candidates: tuple[Any, ...] = tuple(candidates)


class SecurityError(Metrics24Error):
    """Something was refused because it could leak a credential or data: a redirect, a plain http URL."""


class SaveError(Metrics24Error):
    """A file could not be written. The target is as it was before."""


def server_message(body: bytes) -> str:
    """Return the server's own words in the body of an error; empty if the body has no usual shape."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for _ in range(2):
        if isinstance(found, dict):
            found = next((found[word] for word in _WORDS if found.get(word)), None)
    return quoted(found) if isinstance(found, str) else ""


def quoted(text: str) -> str:
    """Return text from the server, printable and cut to a readable length."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= _LONGEST_QUOTE else printable[:_LONGEST_QUOTE] + "..."


def warn(message: str, category: type[Metrics24Warning]) -> None:
    """Issue a warning that points to the line of the user's program that called this package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("metrics24."):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level + 1)


class Metrics24Warning(UserWarning):
    """Base class of all warnings that metrics24 emits."""


class FilterIgnoredWarning(Metrics24Warning):
    """Rows contradict the requested filter: the server seems to ignore it."""


class UnexpectedAnswerWarning(Metrics24Warning):
    """A response differs from the documentation, but can still be used: it was kept as sent."""


class TruncatedExportWarning(Metrics24Warning):
    """An export has as many rows as the server allows, so the rest will be missing."""
