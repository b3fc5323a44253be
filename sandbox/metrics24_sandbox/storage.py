"""The second origin: object storage that serves files to anyone who holds a signed URL, without credentials."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from .signing import BUCKET

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .export_archive import ExportArchive
    from .signing import Signer
    from .spec import Spec
    from .surroundings import Surroundings

_ERROR = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'


class Storage:
    """The ASGI application of the storage origin. Range, If-Range, ETag and HEAD work; errors are XML."""

    def __init__(self, archive: ExportArchive, signer: Signer, spec: Spec, surroundings: Surroundings) -> None:
        self._archive, self._signer, self._shared = archive, signer, surroundings
        self._credentials = tuple(spec.credential_headers().values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._shared.serve("storage", self._serve, scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._response(Request(scope))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        now = self._shared.clock.now()
        bucket, _, name = request.url.path.removeprefix("/").partition("/")
        if any(header in request.headers for header in self._credentials):
            self._shared.journal.leaked_credentials += 1
            return _error(400, "InvalidArgument", "Only one authentication mechanism is allowed")
        if request.method not in ("GET", "HEAD"):
            return _error(405, "MethodNotAllowed", "The specified method is not allowed")
        if bucket != BUCKET or not self._signer.is_genuine(name, request.query_params):
            return _error(403, "SignatureDoesNotMatch", "The signature does not match the request")
        if self._signer.is_expired(request.query_params, now):
            return _error(403, "AccessDenied", "Request has expired")
        job = await self._archive.by_artifact(name, now)
        if job is None or job.result is None:
            return _error(404, "NoSuchKey", f"There is no file {name}")
        path = await self._archive.file(job)
        headers = {"etag": job.result["etag"], "last-modified": formatdate(job.due / 1000, usegmt=True)}
        return FileResponse(path, headers=headers, media_type="text/csv")


def _error(status: int, code: str, message: str) -> Response:
    body = _ERROR.format(code=code, message=escape(message))
    return Response(body, status, media_type="application/xml")
