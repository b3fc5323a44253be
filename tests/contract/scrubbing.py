"""Requests and responses without what belongs to somebody. What is not known to be harmless is replaced."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from attrs import frozen

from contract import columns
from contract.bodies import UnscrubbableError, scrubbed, unpacked
from contract.pseudonyms import Pseudonyms
from metrics24_api.operation_table import API_KEY_HEADER, OPERATIONS

API_HOST = "api.invalid"
STORAGE_HOST = "storage.invalid"
KEY = "scrubbed-key"
TOKEN = "scrubbed-token"

_BEARER = "Bearer "
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9.+*-]{1,40}")
_RANGE = re.compile(r"(bytes=)?\d{1,18}-|bytes|none")
_WAIT = re.compile(r"\d{1,9}(\.\d+)?|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_PLAIN_HEADERS = {
    "accept": _MEDIA_TYPE,
    "content-type": _MEDIA_TYPE,
    "range": _RANGE,
    "accept-ranges": _RANGE,
    "retry-after": _WAIT,
}
_PART = 206
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@frozen
class Scrubber:
    """Scrubs one conversation after another; all that one scrubber sees is named alike.

    `base_url` is the API's address, `credentials` are what may be sent to it: what a header holds, and what is written
    in its place.
    """

    base_url: str
    credentials: Mapping[str, str]
    pseudonyms: Pseudonyms

    def interaction(self, request: Any, response: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """A request and its response as they may be written down; both are changed.

        Raises:
            UnscrubbableError: one of them cannot be understood.

        """
        of_api = self._is_api(request.uri)
        request.headers = dict(self._request_headers(request.headers))
        request.uri = self._api_url(request.method, request.uri) if of_api else self.pseudonyms.url(request.uri)
        request.body = scrubbed(_bytes(request.body), "application/json", self.pseudonyms)
        return request, self._response(response, table=not of_api)

    def _is_api(self, uri: str) -> bool:
        return urlsplit(uri)[:2] == urlsplit(self.base_url)[:2]

    def _request_headers(self, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for header, text in headers.items():
            match header.lower():
                case "authorization":
                    scheme = _BEARER if text.startswith(_BEARER) else ""
                    yield header.lower(), scheme + self._credential(text.removeprefix(_BEARER))
                case name if name == API_KEY_HEADER.lower():
                    yield name, self._credential(text)
                case "if-range":
                    yield "if-range", self._etag(text)
                case name if name in _PLAIN_HEADERS:
                    yield from self._plain(name, text)

    def _credential(self, text: str) -> str:
        return self.credentials.get(text) or self.pseudonyms.of(text)

    def _etag(self, text: str) -> str:
        weak = "W/" if text.startswith("W/") else ""
        return f'{weak}"{self.pseudonyms.hex(text, 16)}"'

    def _plain(self, name: str, text: str) -> Iterator[tuple[str, str]]:
        kept = text.partition(";")[0].strip() if name == "content-type" else text.strip()
        if _PLAIN_HEADERS[name].fullmatch(kept):
            yield name, kept

    def _api_url(self, method: str, uri: str) -> str:
        parts = urlsplit(uri)
        path = parts.path.removeprefix(urlsplit(self.base_url).path.rstrip("/"))
        query = urlencode([self._parameter(key, text) for key, text in parse_qsl(parts.query, keep_blank_values=True)])
        return f"https://{API_HOST}{self._path(method, path)}{'?' + query if query else ''}"

    def _path(self, method: str, path: str) -> str:
        """The path with pseudonyms where an operation's parameters stand, or everywhere if it is no operation's."""
        pieces = path.split("/")
        for operation in sorted(OPERATIONS.values(), key=lambda each: each.path.count("{")):
            template = operation.path.split("/")
            if operation.method == method and len(template) == len(pieces):
                pairs = list(zip(template, pieces, strict=True))
                if all(one == other or one.startswith("{") for one, other in pairs):
                    return "/".join(self._piece(other) if one.startswith("{") else other for one, other in pairs)
        return "/".join(map(self._piece, pieces))

    def _piece(self, piece: str) -> str:
        return quote(self.pseudonyms.of(unquote(piece)), safe="")

    def _parameter(self, key: str, text: str) -> tuple[str, str]:
        if re.fullmatch(r"filter(\[[^\[\]]*\])+", key):
            shown, column = columns.condition(key, self.pseudonyms)
            return shown, columns.value(column, text, self.pseudonyms)
        if key in columns.LISTS_OF_NAMES:
            return key, columns.names(text, self.pseudonyms)
        return columns.name(key, self.pseudonyms), columns.value(key, text, self.pseudonyms)

    def _response(self, response: dict[str, Any], *, table: bool) -> dict[str, Any]:
        headers = {name.lower(): values for name, values in response["headers"].items()}
        status = response["status"]["code"]
        if status == _PART:
            raise UnscrubbableError("A response is a part of a file, which cannot be read by itself.")
        body = unpacked(_bytes(response["body"]["string"]), ",".join(headers.get("content-encoding", [])))
        kept = {name: [shown] for name, values in headers.items() for shown in self._answer_header(name, values[0])}
        body = scrubbed(body, kept.get("content-type", [""])[0], self.pseudonyms, table=table and status == 200)
        if "content-length" in headers:
            kept["content-length"] = [str(len(body))]
        return {
            "status": {"code": status, "message": _PHRASES.get(status, "")},
            "headers": dict(sorted(kept.items())),
            "body": {"string": body},
        }

    def _answer_header(self, name: str, text: str) -> Iterator[str]:
        if name == "etag":
            yield self._etag(text)
        elif name in _PLAIN_HEADERS:
            yield from (shown for _, shown in self._plain(name, text))


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
