"""Where pages wait to be given: as bytes in memory, and beyond that in a file without a name."""

from __future__ import annotations

import tempfile
import threading
from typing import IO

from metrics24.errors import SaveError

MOST_IN_MEMORY = 64 * 1024 * 1024

Ticket = bytes | tuple[int, int]
"""The bytes themselves, or where in the file they begin and how many they are."""


class Shelf:
    """Keeps the bytes of pages until they are taken; safe to share between threads.

    The file is the system's: it has no name that could be left behind, and vanishes with the process at the latest. It
    is used anew from its beginning whenever nothing is left in it.
    """

    def __init__(self, most: int = MOST_IN_MEMORY) -> None:
        self._most = most
        self._in_memory = self._in_file = self._end = 0
        self._file: IO[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def put(self, content: bytes) -> Ticket:
        """Keep a page; what is answered takes it back.

        Raises:
            SaveError: it does not fit into memory, and the file cannot be written.

        """
        with self._lock:
            if self._closed or self._in_memory + len(content) <= self._most:
                self._in_memory += len(content)
                return content
            try:
                return self._spilled(content)
            except OSError as error:
                problem = error.strerror
        raise SaveError(
            f"Pages that wait to be read fill the memory they may take, and the folder for temporary files cannot hold "
            f"more ({problem}). Make room in {tempfile.gettempdir()}, set TMPDIR to another folder, or ask with a "
            "smaller parallel=."
        )

    def take(self, ticket: Ticket) -> bytes:
        """Give a page back, and forget it."""
        with self._lock:
            if isinstance(ticket, bytes):
                self._in_memory -= len(ticket)
                return ticket
            start, length = ticket
            file = self._opened()
            file.seek(start)
            content = file.read(length)
            self._in_file -= 1
            if not self._in_file:
                self._end = 0
                file.truncate(0)
            return content

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

    def _spilled(self, content: bytes) -> tuple[int, int]:
        file = self._opened()
        file.seek(self._end)
        file.write(content)
        place = (self._end, len(content))
        self._end += len(content)
        self._in_file += 1
        return place

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="metrics24-")  # noqa: SIM115 - closed by close()
        return self._file
