"""Read responses: check them against the spec, turn bodies into rows and error statuses into errors.

A body that cannot be read is an error, never an empty result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import isfinite
from typing import Any

import msgspec
from attrs import field, frozen

from metrics24._core.effects import RawResponse
from metrics24._rows.decoding import DICTS, DecodedRow, RowDecoder, values_of
from metrics24._rows.schema import strict_json
from metrics24.errors import (
    BadRequest,
    Forbidden,
    Metrics24Error,
    NotFound,
    RateLimited,
    RequestFailed,
    ResponseError,
    SecurityError,
    ServerError,
    StatusError,
    Unauthorized,
    quoted,
    server_message,
)
from metrics24.models import Notices, properties, response_model, row_model

_TYPES: Mapping[str, frozenset[type]] = {
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "object": frozenset({dict}),
    "array": frozenset({list}),
    "any": frozenset({str, int, float, bool, dict, list}),
}
_MANY = 20  # rows; checking fewer of them column by column is slower
_NAMES = {str: "text", int: "an integer", float: "a number", bool: "true or false", dict: "an object", list: "an array"}


@frozen
class _Rule:
    """The rule for one property; `types` are the Python types that its decoded value may have."""

    name: str
    required: bool
    documented: bool
    types: frozenset[type]
    model: str = field(default="")

    @property
    def must_be_there(self) -> bool:
        """True if a response without it is refused."""
        return self.required and self.documented


@frozen
class ResponseCheck:
    """The check of one response to an operation against the spec."""

    operation: str
    notices: Notices

    def check(self, model: str, value: object, path: str = "$") -> None:
        """Check `value` against the spec's `model`, at any depth.

        Raises:
            ResponseError: a documented property is missing or of the wrong type. Other properties of the wrong type
                cause a warning, once.

        """
        if not isinstance(value, dict):
            raise self.error(path, f"an object was expected, not {_kind(value)}")
        for rule in _rules(model):
            found = value.get(rule.name)
            if found is None:
                if rule.must_be_there:
                    raise self.error(f"{path}.{rule.name}", "it is documented as required, and is missing or null")
            else:
                self._check_value(model, rule, found, f"{path}.{rule.name}")

    def check_nested(self, model: str, rows: Sequence[DecodedRow]) -> None:
        """Check the nested values of decoded rows, whose other values the decoder has checked."""
        for rule in _rules(model):
            if rule.model:
                self._check_column(model, rule, values_of(rows, rule.name), "$.data.data")

    def _check_value(self, model: str, rule: _Rule, found: object, where: str) -> None:
        if type(found) not in rule.types:
            self._report_type(model, rule, found, where)
        elif rule.model:
            self._check_models(rule, found, where)

    def _check_models(self, rule: _Rule, found: object, where: str) -> None:
        if not isinstance(found, list):
            self.check(rule.model, found, where)
        elif len(found) < _MANY or not self._check_by_column(rule.model, found, where):
            for index, item in enumerate(found):
                if isinstance(item, dict) or rule.documented:
                    self.check(rule.model, item, f"{where}[{index}]")

    def _check_by_column(self, model: str, rows: list[Any], where: str) -> bool:
        """Check rows column by column, which takes half the time; return False if they must be checked one by one.

        They must if their fields or the order of their fields differ, or if one of them is not as documented.
        """
        if set(map(type, rows)) != {dict} or len(set(map(tuple, rows))) != 1:
            return False
        columns = dict(zip(rows[0], zip(*map(dict.values, rows), strict=True), strict=True))
        for rule in _rules(model):
            types = set(map(type, columns.get(rule.name, (None,))))
            if not types <= {*rule.types, type(None)} or (rule.must_be_there and type(None) in types):
                return False
        for rule in _rules(model):
            if rule.model:
                self._check_column(model, rule, columns.get(rule.name, ()), where)
        return True

    def _check_column(self, model: str, rule: _Rule, values: Sequence[Any], where: str) -> None:
        """Check the nested values of one column: the items of all lists at once, if they are alike."""
        if set(map(type, values)) <= {list, type(None)}:
            items = [item for found in values for item in found or ()]
            if not items or (_is_flat(rule.model) and self._check_by_column(rule.model, items, where)):
                return
        for index, found in enumerate(values):
            if found is not None:
                self._check_value(model, rule, found, f"{where}[{index}].{rule.name}")

    def _report_type(self, model: str, rule: _Rule, found: object, where: str) -> None:
        """Raise for a value of the wrong type if its type is documented, else warn."""
        expected = " or ".join(sorted(_NAMES[each] for each in rule.types))
        if rule.documented:
            raise self.error(where, f"{expected} was expected, not {_kind(found)}")
        self.notices.once(
            f"{model}.{rule.name}",
            f"{where} in the response to {self.operation}: {expected} was expected, not {_kind(found)}. The value is "
            "kept as sent. This part of the spec is not documented by the API: it may need correcting.",
        )

    def error(self, path: str, problem: str) -> ResponseError:
        """Return the error for a response that is not as documented."""
        return ResponseError(
            f"The response to {self.operation} is not as documented at {path}: {problem}. Either it did not come from "
            "the API, or the API has changed and the spec must follow.",
            operation=self.operation,
            path=path,
        )


def _kind(value: object) -> str:
    return "null" if value is None else _NAMES.get(type(value), type(value).__name__)


@lru_cache(maxsize=128)
def _is_flat(model: str) -> bool:
    """Return True if the model nests no other model."""
    return not any(rule.model for rule in _rules(model))


@lru_cache(maxsize=128)
def _rules(model: str) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(each.name, each.required, each.evidence == "documented", _TYPES[each.type], each.model)
        for each in properties(model)
    )


_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id", "cf-ray")

_ERRORS: dict[int, tuple[type[StatusError], str]] = {
    400: (BadRequest, "A parameter is missing or malformed: compare the call with what the server says."),
    401: (Unauthorized, "The credential was not accepted: check that it is complete, active and of the right account."),
    402: (RequestFailed, "The parameters were valid, but the request failed: see what the server says."),
    403: (Forbidden, "The credential may not do this: ask the administrator of the organization for the permission."),
    404: (
        NotFound,
        "It does not exist, or the path in the spec is a wrong guess: check the ids first, then correct the path "
        "(routes=, on the command line --route).",
    ),
    429: (RateLimited, "Too many requests: slow down, or give the calls a longer deadline."),
}


@frozen
class Table:
    """One page of a report table or of a list, as the server sent it.

    Report tables have cursors; the pages of lists have a number, and the server's count of all items.
    """

    rows: list[Any]
    start_cursor: str | None
    end_cursor: str | None
    has_next: bool
    number: int = 0
    total: int | None = None


@frozen
class Listed:
    """One page of a list: its items, and how many items and pages there are, if the server says."""

    rows: list[dict[str, Any]]
    total: int | None
    pages: int | None


def read_table(response: RawResponse, operation: str, notices: Notices, decoder: RowDecoder = DICTS) -> Table:
    """Read a page of a report table (documentation: "Reports", "Pagination").

    Rows are decoded by `decoder` if every row of the page fits it, else they are dicts.

    Raises:
        ResponseError: the body is not JSON, or not a table.

    """
    check = ResponseCheck(operation, notices)
    page = decoder.decode(response.content)
    if page is not None:
        check.check_nested(row_model(operation), page.rows)
        return Table(*page)
    body = decode(response, operation)
    check.check(response_model(operation), body)
    page_info = body["data"]["pageInfo"]
    return Table(
        rows=decoder.with_raw(body["data"].get("data") or [], response.content),
        start_cursor=page_info.get("startCursor") or None,
        end_cursor=page_info.get("endCursor") or None,
        has_next=page_info["hasNextPage"],
    )


def read_list(response: RawResponse, operation: str, notices: Notices) -> Listed:
    """Read a page of a list in numbered pages (documentation: "Pagination").

    Raises:
        ResponseError: the body is not JSON, or holds no list.

    """
    body = decode(response, operation)
    check = ResponseCheck(operation, notices)
    check.check(response_model(operation), body)
    if "data" not in body:
        raise check.error("$.data", "a list was expected, and is missing")
    rows = [] if body["data"] is None else body["data"]
    if not isinstance(rows, list):
        raise check.error("$.data", "a list was expected")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise check.error(f"$.data[{index}]", "an object was expected")
    meta = body.get("meta") or {}
    return Listed(rows, total=meta.get("total_count"), pages=meta.get("total_page"))


def read_single(response: RawResponse, operation: str, notices: Notices) -> dict[str, Any]:
    """Read a single object, which may come bare or wrapped in `data`.

    Raises:
        ResponseError: the body is not JSON, not an object, or an empty one.

    """
    body = decode(response, operation)
    check = ResponseCheck(operation, notices)
    inner = body.get("data", body) if isinstance(body, dict) else body
    if not isinstance(inner, dict) or not inner:
        raise check.error("$", "an object was expected")
    check.check(response_model(operation), inner, "$" if inner is body else "$.data")
    return inner


def decode(response: RawResponse, operation: str) -> Any:
    """Decode a body strictly: no NaN, no infinity, no excessive nesting; the last of duplicate keys wins.

    Raises:
        ResponseError: the body is not such JSON.

    """
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):  # the slow decoder below copes, or says why not
        return msgspec.json.decode(response.content)
    try:
        return strict_json(response.content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else _reason(error)
    kind = response.headers.get("content-type", "no content type")
    raise ResponseError(
        f"The response to {operation} ({response.status_code}, {quoted(kind)}, {len(response.content)} bytes) is not "
        f"usable JSON: {problem}. Such responses come from a proxy, a wrong base URL or a broken server.",
        operation=operation,
    )


def failure(response: RawResponse, operation: str, now: datetime) -> Metrics24Error | None:
    """Return the error for a response's status, None for a success."""
    status = response.status_code
    if 200 <= status < 300:
        return None
    if status < 400:
        return SecurityError(
            f"The server redirected {operation} ({status}). That was not followed, since it could take the credential "
            "elsewhere. Correct the base URL, or the operation's path (routes=, on the command line --route)."
        )
    kind, remedy = _ERRORS.get(status, (ServerError if status >= 500 else StatusError, _default_remedy(status)))
    words = server_message(response.content)
    said = f" It says: {words!r}." if words else ""
    error = kind(
        f"The server responded to {operation} with status {status}.{said} {remedy}",
        status_code=status,
        operation=operation,
        request_id=request_id(response),
        body=response.content,
        headers=response.headers,
    )
    if isinstance(error, RateLimited):
        error.retry_after = retry_after(response, now)
    return error


def request_id(response: RawResponse) -> str | None:
    """Return the id that the server gave the request, None if it sent none."""
    return next((response.headers[name] for name in _REQUEST_IDS if name in response.headers), None)


def retry_after(response: RawResponse, now: datetime) -> float | None:
    """Return the seconds that the server asks to wait; None if it does not say, or says nothing sensible."""
    value = response.headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, now) if value else None
    return seconds if isfinite(seconds) and seconds >= 0 else None


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (then - now).total_seconds()) if then.tzinfo else None


def _default_remedy(status: int) -> str:
    return "The fault is the server's: try again later." if status >= 500 else "The API does not document this status."


def _reason(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at character {error.pos}"
        case UnicodeDecodeError():
            return "it is not UTF-8"
    return "an integer has too many digits" if "digits" in str(error) else str(error)
