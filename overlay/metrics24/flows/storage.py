"""Where a file is, and what storage answers. Bodies of its errors are not kept, since they repeat what was signed."""

from __future__ import annotations

import re
from datetime import datetime

from attrs import frozen

from metrics24.effects import Flow, Opened, RawResponse
from metrics24.errors import IntegrityError, Metrics24Error, ResponseError, SecurityError, StatusError
from metrics24.flows.retry import Policy, send
from metrics24.operations import Routes, build
from metrics24.responses import failure, read_single

STALE_URL = frozenset({400, 401, 403, 404, 410})
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})

_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18}|\*)")
_STRONG_ETAG = re.compile(r'"[!#-~]{0,1000}"')  # what cannot be sent back as a header is of no use
_ERROR_HEAD = 4096
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_PAGE = "Storage sent a page instead of the file, which was not saved. Try again later."


@frozen
class Part:
    """What a Content-Range says: the first byte, and the size of the whole file; None for what it does not say."""

    first: int | None
    size: int | None


def mint(artifact_name: str, policy: Policy, routes: Routes) -> Flow[str]:
    """Ask for a file's signed URL (documentation: "Get Download Center Export URL")."""
    answer = yield from send(build("getExportUrl", routes, artifact_name=artifact_name), policy)
    url = read_single(answer, "getExportUrl", policy.notices).get("url")
    if not isinstance(url, str) or not url:
        raise ResponseError(
            "The answer to getExportUrl holds no URL. The API has changed, and the spec must follow.",
            operation="getExportUrl",
            path="$.url",
        )
    return url


def part_of(opened: Opened) -> Part:
    """Read the Content-Range of an answer."""
    found = _CONTENT_RANGE.fullmatch(opened.headers.get("content-range", "").strip())
    if found is None:
        return Part(None, None)
    return Part(int(found[1]) if found[1] else None, int(found[2]) if found[2] != "*" else None)


def is_beginning(opened: Opened) -> bool:
    """Whether a part begins where the file does, and says how large the whole is."""
    part = part_of(opened)
    return part.first == 0 and part.size is not None


def length_of(opened: Opened) -> int | None:
    """The announced length of an answer."""
    length = opened.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 19 else None


def strong_etag(opened: Opened) -> str:
    """An ETag that vouches for every byte of the file; a weak one does not."""
    etag: str = opened.headers.get("etag", "")
    return usable(etag)


def usable(etag: str) -> str:
    """The ETag, if it is a strong one that can be sent back; otherwise nothing."""
    return etag if _STRONG_ETAG.fullmatch(etag) else ""


def is_packed(opened: Opened) -> bool:
    """Whether the file comes in gzip, as files do that are stored so.

    Raises:
        IntegrityError: it comes in another packing, or it is a page for people.

    """
    kind = opened.headers.get("content-type", "").lower()
    if "html" in kind or "xml" in kind:
        raise IntegrityError(_PAGE)
    coding = opened.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip"}:
        raise IntegrityError("Storage packed the file in a way that was not asked for, so it was not saved.")
    return "gzip" in coding


def refuse_page(beginning: bytes) -> bool:
    """Refuse what begins like HTML or XML: no column's name does. Whether there was anything but blanks to tell by.

    Raises:
        IntegrityError: it does.

    """
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        raise IntegrityError(_PAGE)
    return bool(text)


def error_code(body: bytes) -> str:
    """Storage's word for an error, out of its XML; nothing where there is none."""
    found = _CODE.search(body[:_ERROR_HEAD])
    return found[1].decode() if found else ""


def refusal(opened: Opened, code: str, now: datetime) -> Metrics24Error:
    """The error that an answer without a file stands for."""
    status = opened.status_code
    if 300 <= status < 400:
        return SecurityError("Storage sent elsewhere for the file, which is not followed. Report that to support.")
    error = failure(RawResponse(status, opened.headers, b""), "the download", now)
    if not isinstance(error, StatusError):
        return IntegrityError(f"Storage answered with status {status}, which is no file. Try again later.")
    said = f" ({code})" if code else ""
    error.args = (
        f"Storage answered the download with status {status}{said}. Exports are kept for a while only: see with "
        "exports.get(id) whether this one is still there, and try again later.",
    )
    return error
