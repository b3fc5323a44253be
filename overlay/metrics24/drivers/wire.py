"""What both drivers share: URLs, headers and bodies of requests and answers."""

from __future__ import annotations

import json
import platform
from urllib.parse import urlsplit

import httpx
from attrs import frozen

from metrics24 import __version__
from metrics24.drivers.body import ACCEPTED_ENCODING, Body
from metrics24.drivers.faults import Attempt
from metrics24.drivers.redaction import harmless_headers, remember, without_secrets
from metrics24.effects import Call, Open, RawResponse, Request
from metrics24.errors import UsageError
from metrics24.operations import API_KEY_HEADER
from metrics24.settings import Credential

USER_AGENT = f"metrics24/{__version__} httpx/{httpx.__version__} Python/{platform.python_version()}"
_UNSENT_SHARE = 0.9  # of an attempt's time, so that a connection that never stood is told from a lost answer


@frozen
class Wire:
    """Where requests go, and as whom."""

    base_url: str
    credential: Credential

    def attempt(self, call: Call) -> Attempt:
        """What messages say of a call."""
        return Attempt(urlsplit(self.base_url).netloc, call.request.operation, call.timeout)

    def request(self, call: Call) -> httpx.Request:
        """Make the request ready to be sent. The credential is in its headers and in no variable of ours.

        It goes to the transport as it is. httpx's client would first merge it with settings of its own, and then look
        for cookies, redirects and users' passwords, none of which there are: half of what a request costs.
        """
        return httpx.Request(
            call.request.method,
            httpx.URL(self.base_url + call.request.path, params=call.request.params or None),
            content=_content(call.request),
            headers=self._headers(call.request),
            extensions={"timeout": _timeout(call.timeout).as_dict()},
        )

    def _headers(self, request: Request) -> dict[str, str]:
        secret = self.credential.secret
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED_ENCODING,
            "Connection": "keep-alive",
            "User-Agent": USER_AGENT,
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if self.credential.scheme == "key":
            headers[API_KEY_HEADER] = secret.reveal()
        else:
            headers["Authorization"] = f"Bearer {secret.reveal()}"
        remember(secret)
        return headers

    def body(self, response: httpx.Response, call: Call) -> Body:
        """What collects the answer's body; transports for tests may give answers that are read and unpacked already."""
        consumed = response.is_stream_consumed
        encoding = "" if consumed else response.headers.get("content-encoding", "")
        body = Body(call.request.operation, encoding=encoding, is_error=response.status_code >= 300)
        if consumed:
            body.feed(response.content)
        return body

    def answer(self, response: httpx.Response, content: bytes) -> RawResponse:
        """Our own answer. Headers and errors that repeat the credential lose it here."""
        if response.status_code >= 400:
            content = without_secrets(content)
        return RawResponse(response.status_code, harmless_headers(response.headers), content)


def file_request(client: httpx.Client | httpx.AsyncClient, effect: Open) -> httpx.Request:
    """Make the request for a file ready to be sent. It carries no credential but its URL."""
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
    if effect.offset:
        headers["Range"] = f"bytes={effect.offset}-"
        headers["If-Range"] = effect.etag
    request = client.build_request("GET", effect.url.reveal(), headers=headers, timeout=_timeout(effect.timeout))
    for value in effect.url.values:
        value.reveal()
        remember(value)
    if effect.url.signature is not None:
        effect.url.signature.last = request.url.query.decode("ascii")  # httpx may write it otherwise, and logs that
        remember(effect.url.signature)
    return request


def _timeout(seconds: float) -> httpx.Timeout:
    unsent = seconds * _UNSENT_SHARE
    return httpx.Timeout(seconds, connect=unsent, pool=unsent)


def _content(request: Request) -> bytes | None:
    if request.body is None:
        return None
    try:
        return json.dumps(request.body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"The body for {request.operation} cannot be written as JSON: {error}.") from None
