"""Unpack a gzip stream in bounded steps."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from metrics24.errors import IntegrityError

_STEP = 1024 * 1024
_GZIP = 31  # zlib's window bits for "gzip, with its header and checksum"


class Gzip:
    """A gzip stream, of one member or more."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)

    @property
    def complete(self) -> bool:
        """Whether the stream has come to its end."""
        return self._inflate.eof

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Unpack the next bytes, in pieces of 1 MiB at most.

        Raises:
            IntegrityError: they are not gzip, or damaged.

        """
        try:
            while True:
                if self._inflate.eof and data:
                    self._inflate = zlib.decompressobj(_GZIP)
                piece = self._inflate.decompress(data, _STEP)
                if piece:
                    yield piece
                data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
                if not data and (self._inflate.eof or len(piece) < _STEP):
                    return
        except zlib.error:
            raise IntegrityError("The file arrived damaged: its packing does not open. Try again later.") from None
