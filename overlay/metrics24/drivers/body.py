"""Collect the body of an answer within bounds, decompressing it on the way."""

from __future__ import annotations

import zlib

from metrics24.errors import ResponseError, TransportError

ACCEPTED_ENCODING = "gzip"
ANSWER_LIMIT = 32 * 1024 * 1024
ERROR_LIMIT = 64 * 1024
_STEP = 1024 * 1024
_GZIP_OR_ZLIB = 47  # zlib's window bits for "gzip or zlib, whichever the header says"


class Body:
    """A body in the making. httpx would decompress without a bound; this never holds more than its limit.

    The body of an error is cut at its limit, and kept packed if nobody can unpack it: what the status says must not
    be hidden by what the body looks like. Any other body must arrive whole.
    """

    def __init__(self, operation: str, *, encoding: str, is_error: bool) -> None:
        coding = encoding.strip().lower()
        packed = coding in {"gzip", "x-gzip", "deflate"}
        if not packed and not is_error and coding not in {"", "identity"}:
            raise ResponseError(
                f"The answer to {operation} is packed in an encoding that was not asked for; only gzip was.",
                operation=operation,
            )
        self._operation = operation
        self._is_error = is_error
        self._limit = ERROR_LIMIT if is_error else ANSWER_LIMIT
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None
        self._parts: list[bytes] = []
        self._size = 0
        self.full = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes off the wire.

        Raises:
            ResponseError: the body is larger than the limit.
            TransportError: it cannot be decompressed.

        """
        if self._inflate is None:
            self._keep(data)
        elif not self._unpack(data):
            self.full = True
            if not self._is_error:
                raise TransportError(f"The compressed answer to {self._operation} arrived damaged.")

    def content(self) -> bytes:
        """The whole body.

        Raises:
            TransportError: the compressed stream ended too early.

        """
        if self._inflate is not None and self._parts and not self._inflate.eof and not self._is_error:
            raise TransportError(f"The compressed answer to {self._operation} ended too early.")
        return b"".join(self._parts)

    def _unpack(self, data: bytes) -> bool:
        """Decompress in small steps, so that a bomb is noticed early; False if the stream is damaged."""
        try:
            while data and not self.full and self._inflate is not None:
                self._keep(self._inflate.decompress(data, _STEP))
                data = self._inflate.unconsumed_tail
                if self._inflate.unused_data:
                    data, self._inflate = self._inflate.unused_data, zlib.decompressobj(_GZIP_OR_ZLIB)
        except zlib.error:
            return False
        return True

    def _keep(self, data: bytes) -> None:
        room = self._limit - self._size
        if len(data) > room:
            if not self._is_error:
                raise ResponseError(
                    f"The answer to {self._operation} is larger than {self._limit >> 20} MiB, so it was not read on. "
                    "No page of this API is that large: is the base URL right?",
                    operation=self._operation,
                )
            data, self.full = data[:room], True
        self._size += len(data)
        self._parts.append(data)
