"""The properties of everything read from a server's bytes, parser by parser; errors of ours may come instead."""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from metrics24._core import downloads as integrity
from metrics24._core import downloads as storage
from metrics24._core import export_flows as export_records
from metrics24._core.downloads import Gzip
from metrics24._core.effects import Opened, RawResponse, SignedUrl
from metrics24._core.export_flows import is_complete, status_of
from metrics24._core.responses import (
    ResponseCheck,
    decode,
    failure,
    read_list,
    read_single,
    read_table,
    request_id,
    retry_after,
)
from metrics24._io.http import ERROR_LIMIT, RESPONSE_LIMIT, BodyReader
from metrics24._rows.decoding import model_decoder, models_of
from metrics24.arguments import ExportParams
from metrics24.config import is_loopback
from metrics24.errors import IntegrityError, ResponseError, quoted
from metrics24.files.csv_import import BLOCK_BYTES, CsvRecords, CsvSource
from metrics24.models import Notices, factory, item_model, response_model, row_model
from metrics24.speccheck.comparison import NOT_JSON, STATUS, RecordedResponse, compare
from metrics24.speccheck.corrections import spec_lines
from metrics24.speccheck.spec import Spec, client_spec

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
EXPORT_PARAMS = ExportParams(kind="clicks", integration="int1", fields=["real_tx_id"])
MIB = 1 << 20


def tables(given: tuple[str, RawResponse]) -> None:
    """A page of a report table: cursors are text or nothing, and every row becomes a model."""
    operation, response = given
    table = read_table(response, operation, Notices())
    assert all(
        cursor is None or (isinstance(cursor, str) and cursor) for cursor in (table.start_cursor, table.end_cursor)
    )
    assert isinstance(table.has_next, bool)
    models(row_model(operation), table.rows)


def decoded_rows(given: tuple[str, RawResponse]) -> None:
    """Decoded rows give the models that dicts give, and a page that is refused as dicts is refused as decoded rows."""
    operation, response = given
    model = row_model(operation)
    decoder = model_decoder(model).after([{"real_tx_id": "A", "new": 1}])
    slow: Any = None
    with suppress(ResponseError):
        slow = read_table(response, operation, Notices())
    fast = read_table(response, operation, Notices(), decoder)
    assert slow is not None
    assert models_of(model, fast.rows) == list(map(factory(model), slow.rows))
    assert (fast.start_cursor, fast.end_cursor, fast.has_next) == (slow.start_cursor, slow.end_cursor, slow.has_next)


def lists(given: tuple[str, RawResponse]) -> None:
    """A page of a list: every item becomes a model."""
    operation, response = given
    models(item_model(operation), read_list(response, operation, Notices()).rows)


def singles(given: tuple[str, RawResponse]) -> None:
    """A single object: there is something in it, and it becomes a model."""
    operation, response = given
    read = read_single(response, operation, Notices())
    assert read
    models(response_model(operation), [read])


def models(model: str, rows: list[dict[str, Any]]) -> None:
    """A value that passed the check becomes a model, and nothing that was sent is lost in it."""
    make = factory(model)
    for row in rows:
        made = make(row)
        kept = made.to_dict()
        assert {name for name, value in row.items() if value is not None} <= kept.keys()
        assert repr(made)


def model(given: tuple[str, Any]) -> None:
    """A value that passes the check becomes a model, whatever else it holds."""
    name, value = given
    ResponseCheck("getExport", Notices()).check(name, value)
    models(name, [value])


def error(response: RawResponse) -> None:
    """Every status but a success is an error, in words that can be printed and are not too many."""
    problem = failure(response, "getExport", NOW)
    assert (problem is None) == (200 <= response.status_code < 300)
    assert len(str(problem)) < 1000
    assert str(problem).isprintable()
    request_id(response)


def pause(response: RawResponse) -> None:
    """A pause is a number of seconds that one can wait."""
    seconds = retry_after(response, NOW)
    assert seconds is None or (isfinite(seconds) and seconds >= 0)


def head(given: tuple[int, Any, bytes]) -> None:
    """The head of storage's response: numbers are within bounds, errors keep nothing of the body."""
    status, headers, body = given
    opened = Opened(status, headers, None)
    part, length, code = storage.ContentRange.read(opened), storage.length_of(opened), storage.error_code(body)
    assert all(number is None or 0 <= number < 10**18 for number in (part.first, part.size))
    assert length is None or 0 <= length < 10**18
    assert storage.strong_etag(headers.get("etag", "")).isascii()
    assert not part.begins_file or part.size is not None
    assert len(code) <= 60
    error = storage.refusal(opened, code, NOW)
    assert len(str(error)) < 1000
    storage.is_packed(opened)
    assert storage.refuse_page(body) or not body.strip(b"\xef\xbb\xbf \t\r\n")


def url(given: Any) -> None:
    """A signed URL is encrypted or of this machine, in one line, and hides its signature."""
    signed = SignedUrl.read(given)
    assert signed.location.startswith("https://") or is_loopback(urlsplit(signed.location).hostname or "")
    assert "@" not in signed.host
    assert not any(character.isspace() or not character.isprintable() for character in signed.reveal())
    assert "s3cret" not in repr(signed)


def unpacked(blocks: list[bytes]) -> None:
    """Pieces are bounded, and together what Python's gzip module gives."""
    unpacking = Gzip()
    pieces = [piece for block in blocks for piece in unpacking.unpack(block)]
    assert all(0 < len(piece) <= MIB for piece in pieces)
    if unpacking.complete:
        assert gzip.decompress(b"".join(blocks)) == b"".join(pieces)


def body(given: tuple[str, bool, list[bytes]]) -> None:
    """A body never grows beyond its limit."""
    encoding, is_error, blocks = given
    collected = BodyReader("getExport", encoding=encoding, is_error=is_error)
    for block in blocks:
        collected.feed(block)
    assert len(collected.content()) <= (ERROR_LIMIT if is_error else RESPONSE_LIMIT)


def csv_records(blocks: list[bytes]) -> None:
    """Blocks of any size are counted as the whole is; and what is well formed as Python's csv module does it."""
    apart, whole = CsvRecords(), CsvRecords()
    for block in blocks:
        apart.feed(block)
    data = b"".join(blocks)
    whole.feed(data)
    assert (apart.records, apart.ended, apart.open_quote) == (whole.records, whole.ended, whole.open_quote)
    assert 0 <= whole.records <= data.count(b"\n")


def written(given: tuple[list[list[str]], int, int]) -> None:
    """A file that Python's csv module wrote, with line ends and quotes in cells, has as many records as it wrote."""
    rows, width, step = given
    text = io.StringIO(newline="")
    csv.writer(text).writerows([row[:width] or [""] for row in rows])
    data, records = text.getvalue().encode(), CsvRecords()
    for place in range(0, len(data), step):
        records.feed(data[place : place + step])
    assert (records.records, records.ended, records.open_quote) == (max(0, len(rows) - 1), True, False)


def csv_file(data: bytes) -> None:
    """Columns have names of their own, and blocks are the file."""
    source = CsvSource(Path("export.csv"), io.BytesIO(data), delimiter=",")
    assert len({*source.names}) == len(source.names)
    assert all(source.names)
    blocks = list(source.blocks(7))
    assert data.endswith(b"".join(blocks))
    assert all(len(block) <= BLOCK_BYTES for block in blocks)


def export(record: dict[str, Any]) -> None:
    """All that is read out of an export, however strange it is."""
    ResponseCheck("getExport", Notices()).check("Export", record)
    assert isinstance(status_of(record), str)
    assert is_complete(record) in {True, False}
    assert all(export_records.names_in(record))
    created = export_records.created_at(record)
    assert created is None or created.tzinfo is UTC
    export_records.has_failed(record)
    export_records.has_id(record)
    export_records.is_of_kind(record, "clicks")
    export_records.narrowing(record)
    export_records.is_narrowed(record)
    assert export_records.repeats(record, EXPORT_PARAMS) in {True, False}
    integrity.rows_promised(record)


def counted(given: tuple[list[bytes], dict[str, Any]]) -> None:
    """No file that ends amid a line passes."""
    blocks, record = given
    records = CsvRecords()
    for block in blocks:
        records.feed(block)
    try:
        integrity.check_whole(records, record)
    except IntegrityError:
        return
    assert records.ended


@cache
def _spec() -> Spec:
    return Spec.parse((Path(__file__).parents[2] / "openapi" / "spec.yaml").read_text("utf-8"))


def compared(given: tuple[str, RawResponse]) -> None:
    """Any response is compared, with the spec's file and with the client's: each difference has a place and lines."""
    operation, response = given
    recorded = RecordedResponse.of(operation, response)
    for spec in (_spec(), client_spec()):
        differences = compare(spec, [recorded]).differences
        assert all(each.kind and each.path.startswith("$") for each in differences)
    spec_lines(each for each in differences if each.kind not in (STATUS, NOT_JSON))


def decoded(response: RawResponse) -> None:
    """JSON is decoded, or refused."""
    decode(response, "getExport")


def words(text: str) -> None:
    """A quoted text can be printed, and is short."""
    assert quoted(text).isprintable() or not text
    assert len(quoted(text)) <= 203
