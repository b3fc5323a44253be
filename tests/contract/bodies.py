"""Bodies of requests and responses without what belongs to somebody: JSON, CSV, and texts of any kind."""

import csv
import gzip
import io
import json
import re
import zlib
from typing import Any

from contract import columns
from contract.pseudonyms import Pseudonyms

_LARGEST = 64 * 1024 * 1024
_CODE = re.compile(r"<Code>([A-Za-z]{1,40})</Code>")
_DELIMITER = re.compile(r"[^\w\"]")


class UnscrubbableError(Exception):
    """A body that cannot be understood and might hold anything; nothing of it is kept."""


def unpacked(body: bytes, encoding: str) -> bytes:
    """A body without its packing.

    Raises:
        UnscrubbableError: the packing is unknown or broken, or what comes out is too large.

    """
    try:
        match encoding.strip().lower():
            case "" | "identity":
                return body
            case "gzip" | "x-gzip":
                found = gzip.decompress(body)
            case "deflate":
                found = zlib.decompress(body)
            case _:
                raise UnscrubbableError(f"The body is packed with {encoding!r}, which the scrubbing does not know.")
    except (OSError, EOFError, zlib.error):
        raise UnscrubbableError("The body is not packed as its header says.") from None
    if len(found) > _LARGEST:
        raise UnscrubbableError("The body is too large for a cassette.")
    return found


def scrubbed(body: bytes, media_type: str, pseudonyms: Pseudonyms, *, table: bool = False) -> bytes:
    """A body as it may be written down; `table` says that it is a file and may be CSV.

    Raises:
        UnscrubbableError: it is nested too deep to be read.

    """
    if not body:
        return b""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"bytes-{pseudonyms.hex(body.hex(), 10)}".encode()
    if table and "csv" in media_type:
        return of_csv(text, pseudonyms).encode()
    try:
        return json.dumps(of_json(json.loads(text), pseudonyms), ensure_ascii=False, separators=(",", ":")).encode()
    except RecursionError:
        raise UnscrubbableError("The body is nested too deep for a cassette.") from None
    except ValueError:
        return _of_text(text, pseudonyms).encode()


def of_json(found: Any, pseudonyms: Pseudonyms, column: str = "") -> Any:
    """A JSON value as it may be written down. Names stay where they are words, values where their column allows it."""
    match found:
        case dict():
            return {
                columns.name(key, pseudonyms): of_json(each, pseudonyms, column if key in columns.OPERATORS else key)
                for key, each in found.items()
            }
        case list() if column in columns.LISTS_OF_NAMES:
            return [_of_name(each, pseudonyms) for each in found]
        case list():
            return [of_json(each, pseudonyms, column) for each in found]
        case str():
            return columns.value(column, found, pseudonyms)
        case bool() | None:
            return found
        case _:
            return columns.number(column, found, pseudonyms)


def of_csv(text: str, pseudonyms: Pseudonyms) -> str:
    """A CSV file as it may be written down, with as many rows and columns, and its own delimiter and line ends."""
    found = _DELIMITER.search(text.partition("\n")[0].rstrip("\r"))
    delimiter = found[0] if found else ","
    ending = "\r\n" if "\r\n" in text else "\n"
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not rows:
        return ""
    header = rows[0]
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=ending)
    writer.writerow([columns.name(each, pseudonyms) for each in header])
    for row in rows[1:]:
        named = zip([*header, *[""] * len(row)], row, strict=False)
        writer.writerow([columns.value(column, cell, pseudonyms) for column, cell in named])
    return written.getvalue() if text.endswith("\n") else written.getvalue().removesuffix(ending)


def _of_name(found: Any, pseudonyms: Pseudonyms) -> Any:
    return columns.name(found, pseudonyms) if isinstance(found, str) else of_json(found, pseudonyms)


def _of_text(text: str, pseudonyms: Pseudonyms) -> str:
    """Scrub free text, neither JSON nor CSV: only its kind and storage's word for an error are left."""
    mark = f"text-{pseudonyms.hex(text, 10)}"
    if not text.lstrip().startswith("<"):
        return mark
    if "<html" in text.lower():
        return f"<html><body>{mark}</body></html>"
    code = _CODE.search(text)
    said = f"<Code>{code[1]}</Code>" if code else ""
    return f"<Error>{said}<Message>{mark}</Message></Error>"
