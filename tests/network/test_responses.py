"""Statuses become errors, bodies become rows, and nothing unreadable becomes nothing."""

import warnings
from typing import Any

import httpx
import pytest

from metrics24 import errors
from metrics24._core.effects import RawResponse
from metrics24._core.responses import ResponseCheck, decode, failure, read_table
from metrics24._rows.schema import file_columns
from metrics24.errors import RateLimited, ResponseError, SecurityError, StatusError, UnexpectedAnswerWarning
from metrics24.models import Notices, row_model
from support.fake_driver import NOON, page, raw

NAMED = dict(enumerate(("BadRequest", "Unauthorized", "RequestFailed", "Forbidden", "NotFound"), 400))
NAMED[429] = "RateLimited"
NAMED_VALUE = {"name": "a", "value": "b"}


def failed(response: RawResponse) -> StatusError:
    """Return the error of a response."""
    error = failure(response, "getClick", NOON)
    assert isinstance(error, StatusError)
    return error


@pytest.mark.parametrize("status", [*NAMED, 409, 500, 520, 599, 600])
def test_each_status_has_its_error(status: int) -> None:
    """Documented statuses have a class each, 5xx is ServerError, the rest StatusError; 429 says how long to wait."""
    name = NAMED.get(status, "ServerError" if status >= 500 else "StatusError")
    error = failed(raw(status, {"x": 1}, [("X-Request-Id", "r1"), ("Retry-After", "3")]))
    assert type(error) is getattr(errors, name)
    assert (error.status_code, error.operation, error.request_id, error.body) == (status, "getClick", "r1", b'{"x": 1}')
    assert f"getClick with status {status}" in str(error)
    assert not isinstance(error, RateLimited) or error.retry_after == 3
    assert failed(raw(status)).request_id is None


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299, 301, 302, 303, 307, 308])
def test_success_is_no_failure_and_a_redirect_is_a_matter_of_security(status: int) -> None:
    """A 2xx is a success, and a redirect, which could carry the credential away, a SecurityError with the remedy."""
    error = failure(raw(status), "getClick", NOON)
    assert error is None if status < 300 else isinstance(error, SecurityError) and "routes=" in str(error)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "no"}, "It says: 'no'"),
        ({"error": {"detail": "no"}}, "It says: 'no'"),
        ({"message": "a\x1b[2Jb"}, "'a?[2Jb'"),
        ({"message": "x" * 999}, "x" * 200 + "..."),
        ({"message": {"deep": {"er": 1}}}, None),
        ({"errors": []}, None),
        (["no"], None),
        ("no", "It says: 'no'"),
    ],
)
def test_the_servers_own_words_are_quoted(body: object, said: str | None) -> None:
    """An error body of a usual shape is quoted, short and printable; others stay in `.body` only."""
    message = str(failed(raw(400, body)))
    assert ("It says" in message) is (said is not None)
    assert (said or "") in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "at character 0"),
        (b"", "at character 0"),
        (b"\xff", "not UTF-8"),
        (b"[NaN]", "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"1e999", "too large"),
        (b"9" * 5000, "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_cannot_be_used_is_refused(content: bytes, words: str) -> None:
    """A body that is not JSON, or not usable as such, is ResponseError with the reason and the content type."""
    with pytest.raises(ResponseError, match=words) as caught:
        decode(RawResponse(200, httpx.Headers({"content-type": "a/b\x01"}), content), "getClick")
    assert "a/b?" in str(caught.value)


def test_json_is_read_as_it_is() -> None:
    """A byte order mark is skipped, the last of duplicate keys wins, and large integers stay exact."""
    body = b'\xef\xbb\xbf{"a": 1, "a": 12345678901234567890123, "b": 1.5}'
    found = decode(RawResponse(200, httpx.Headers(), body), "getClick")
    assert found == {"a": 12345678901234567890123, "b": 1.5}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", []),
        ("$.data", None),
        ("$.data", []),
        ("$.data.data", {}),
        ("$.data.data[0]", 1),
        ("$.data.pageInfo", None),
        ("$.data.pageInfo.hasNextPage", None),
        ("$.data.pageInfo.hasNextPage", "true"),
        ("$.data.pageInfo.hasNextPage", 1),
        ("$.data.pageInfo.endCursor", 3),
    ],
)
def test_fault_16_a_table_that_is_none_is_named_by_its_path(path: str, value: object) -> None:
    """A documented part that is missing or of the wrong type is ResponseError with the JSON path."""
    table: Any = page([1], more=False).json()
    broken: Any = {"$": table}
    *way, last = path.replace("[0]", ".0").split(".")
    for key in way:
        broken = broken[int(key) if isinstance(broken, list) else key]
    broken[int(last) if isinstance(broken, list) else last] = value
    whole = value if path == "$" else table
    with pytest.raises(ResponseError) as caught:
        read_table(raw(body=whole), "getClickReport", Notices())
    assert (caught.value.path, caught.value.operation) == (path, "getClickReport")


@pytest.mark.parametrize(
    "info", [{"hasPreviousPage": None}, {"startCursor": None, "endCursor": None}, {"endCursor": ""}]
)
def test_fault_15_19_a_table_may_lack_cursors_and_rows(info: dict[str, object]) -> None:
    """Absent, null and empty cursors are none, and a null list is no rows."""
    body = {"data": {"data": None, "pageInfo": {"hasNextPage": False, **info}}}
    table = read_table(raw(body=body), "getClickReport", Notices())
    assert (table.rows, table.start_cursor, table.end_cursor, table.has_next) == ([], None, None, False)


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"real_tx_id": 7}, "$.data.data[2].real_tx_id"),
        ({"real_tx_id": "x", "one_more": 1}, None),
        ({"extra_parameters": [NAMED_VALUE, {**NAMED_VALUE, "name": 5}]}, "[2].extra_parameters[1].name"),
        ({"extra_parameters": [NAMED_VALUE, 5]}, None),
        ({"extra_parameters": {"name": "a"}}, "[2].extra_parameters"),
        ({"isp": None, "extra_parameters": None}, None),
    ],
)
def test_one_wrong_row_among_many_alike_is_named(wrong: dict[str, object], path: str | None, count: int) -> None:
    """Rows checked at once or one by one: an error names the row that is wrong."""
    usual = {"isp": "i", "extra_parameters": [NAMED_VALUE]}
    rows: list[dict[str, object]] = [{"real_tx_id": str(n), **usual} for n in range(count)]
    rows[2] = rows[2] | wrong
    body = {"data": {"data": rows, "pageInfo": {"hasNextPage": False}}}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table = read_table(raw(body=body), "getConversionReport", Notices())
        except ResponseError as error:
            found = str(error.path)
        else:
            assert table.rows == rows
            found = " ".join(str(each.message).split(" in the response")[0] for each in caught)
    assert found.endswith(path) if path else not found


def test_undocumented_parts_are_kept_and_warned_of_once() -> None:
    """A sibling's property of another type is one warning per client, and the value is kept."""
    notices = Notices()
    response = page([1, 2], more=False, sub_id={"a": 1})
    with pytest.warns(UnexpectedAnswerWarning, match=r"\$\.data\.data\[0\]\.sub_id") as warned:
        tables = [read_table(response, "getClickReport", notices) for _ in range(2)]
    assert len(warned) == 1
    assert tables[1].rows[1]["sub_id"] == {"a": 1}


def test_a_value_of_an_impossible_type_is_named() -> None:
    """The check says what it found even for values that JSON cannot hold."""
    with pytest.raises(ResponseError, match="not set"):
        ResponseCheck("getClick", Notices()).check("Click", set())


def test_rows_models_and_columns_come_from_the_spec() -> None:
    """Each table knows its rows' model, and merely inferred columns are left to the data."""
    kinds = ["Click", "Conversion", "Impression"]
    assert [row_model(f"get{kind}Report") for kind in kinds] == kinds
    assert [column.name for column in file_columns("Click")].count("real_tx_id") == 1
