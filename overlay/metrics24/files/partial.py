"""Partial downloads: a `.part` beside its target, with which a later attempt goes on."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock
from types import TracebackType
from typing import IO, Self

from metrics24.errors import SaveError
from metrics24.files.atomic import Saved, check_free, is_taken, lock, move_into_place
from metrics24.files.csv_import import CsvRecords

_STEP = 1024 * 1024
_LARGE = 256 * 1024
_OPENING = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_OWNERS = stat.S_IRUSR | stat.S_IWUSR


class PartialDownload:
    """The bytes of an export's file that have arrived, kept until the file is complete.

    Beside `clicks.csv` there are `clicks.csv.part`, and its label `clicks.csv.part.json` with the `identity` of the
    export. The process that writes a part holds a lock on it; other processes leave it alone. Leaving the context
    manager keeps the bytes, unless `commit()` was called. Reading a large part again takes a while; setting `abandoned`
    ends it.

    Attributes:
        size: the number of bytes so far.
        etag: the version of the file that they belong to, empty if unknown.
        records: counts the CSV records in them.

    Raises:
        UsageError: the target is taken, or nothing can be saved there.
        SaveError: the part cannot be written, or another process writes it.

    """

    def __init__(self, path: Path, *, overwrite: bool, identity: str, abandoned: Event | None = None) -> None:
        check_free(path, overwrite=overwrite)
        self.path, self._overwrite, self._identity = path, overwrite, identity
        self._draft = path.with_name(f"{path.name}.part")
        self._label = path.with_name(f"{path.name}.part.json")
        is_taken(self._label)  # a name that is too long for it must show before the first bytes arrive
        self.size, self.etag, self.records = 0, "", CsvRecords()
        self._file: IO[bytes] | None = None
        self._writer = ThreadPoolExecutor(1, "metrics24-writer")  # starts no thread before it is needed
        self._lock = Lock()  # an asynchronous download that is cancelled waits for the thread that writes
        with self._file_errors():
            self._file = self._locked()
            try:
                self._read_part(self._file, abandoned or Event())
            except BaseException:
                self._file.close()
                raise
            if overwrite:
                self._copy_mode(_OWNERS)  # the owner must be able to go on with the part

    def write(self, offset: int, data: bytes, etag: str) -> None:
        """Write the bytes that belong at `offset`: the end, or 0 to start over.

        Raises:
            SaveError: they cannot be written, for example because the disk is full.

        """
        with self._lock, self._file_errors():
            if offset != self.size:
                self._empty()
            if etag != self.etag:
                self._write_label(etag)
            self._append(self._open_file, data)
            self.size += len(data)

    def _append(self, file: IO[bytes], data: bytes) -> None:
        """Write the bytes and count their records, large blocks at the same time: a write releases the interpreter."""
        if len(data) < _LARGE:
            file.write(data)
            self.records.feed(data)
            return
        writing = self._writer.submit(file.write, data)
        try:
            self.records.feed(data)
        finally:  # nothing may be written after this method
            writing.result()

    def commit(self) -> Saved:
        """Give the complete file its final name.

        Raises:
            SaveError: the file cannot be written, or its path was taken meanwhile.

        """
        with self._lock, self._file_errors():
            file = self._open_file
            file.flush()
            os.fsync(file.fileno())
            if self._overwrite:
                self._copy_mode(0)
            move_into_place(self._draft, self.path, overwrite=self._overwrite)
            self._writer.shutdown()
            self._file = None
            file.close()
            with suppress(OSError):  # without its part the label means nothing
                self._label.unlink()
        return Saved(self.path, rows=self.records.records, bytes=self.size, misfits=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            if self._file is not None:
                self._leave(self._file)
                self._file = None

    def _leave(self, file: IO[bytes]) -> None:
        self._writer.shutdown()
        if not self.size:
            for path in (self._draft, self._label):
                with suppress(OSError):
                    path.unlink()
        with suppress(OSError):  # closing flushes, and the disk may be full
            file.close()

    @property
    def _open_file(self) -> IO[bytes]:
        if self._file is None:
            raise SaveError(f"The download to {self.path} was ended before; begin it again.")
        return self._file

    def _locked(self) -> IO[bytes]:
        """Open the part and lock it; again if the process that had it moved it meanwhile."""
        while True:
            file = os.fdopen(os.open(self._draft, _OPENING, 0o666), "r+b")
            try:
                if self._is_ours(file):
                    return file
            except BaseException:
                file.close()
                raise
            file.close()

    def _is_ours(self, file: IO[bytes]) -> bool:
        if not lock(file):
            raise SaveError(
                f"{self._draft} is being written by another process, and was left alone. Wait for it, or save under "
                "another name."
            )
        return self._is_draft(os.fstat(file.fileno()))

    def _is_draft(self, opened: os.stat_result) -> bool:
        """Return True if the opened file is still the part, and not the target too."""
        try:
            if not os.path.samestat(opened, self._draft.stat()):
                return False
        except FileNotFoundError:
            return False
        if opened.st_nlink > 1:  # a process was killed between giving it the target's name and removing this one
            self._draft.unlink()
            return False
        return True

    def _copy_mode(self, more: int) -> None:
        with suppress(OSError):  # nothing there yet, or a file system without modes
            self._draft.chmod(stat.S_IMODE(self.path.stat().st_mode) | more)

    def _write_label(self, etag: str) -> None:
        with os.fdopen(os.open(self._label, _OPENING | os.O_TRUNC, 0o666), "wb") as label:
            label.write(json.dumps({"export": self._identity, "etag": etag}).encode())
        self.etag = etag

    def _read_part(self, file: IO[bytes], abandoned: Event) -> None:
        """Go on with the bytes of an earlier attempt if they belong to the same file, else drop them."""
        self.etag = self._known_etag()
        if not self.etag:
            self._label.unlink(missing_ok=True)  # it names another file than the bytes to come
            self._empty(file)
            return
        while data := file.read(_STEP):
            if abandoned.is_set():
                raise SaveError(f"The download to {self.path} was called off while its part was being read.")
            self.size += len(data)
            self.records.feed(data)

    def _known_etag(self) -> str:
        try:
            label = json.loads(self._label.read_bytes())
            etag = label["etag"] if label["export"] == self._identity else ""
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return ""
        return etag if isinstance(etag, str) else ""

    def _empty(self, file: IO[bytes] | None = None) -> None:
        file = file or self._open_file
        file.seek(0)
        file.truncate()
        self.size, self.records = 0, CsvRecords()

    @contextmanager
    def _file_errors(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError as error:
            raise SaveError(
                f"{self.path} appeared during the download, and was left as it is. All that was downloaded is in "
                f"{self._draft}: save again with overwrite=True, and it is not fetched again."
            ).mentioning("overwrite") from error
        except OSError as error:
            raise SaveError(
                f"{self.path} could not be written ({error.strerror or error}); a file that was there before is "
                f"untouched. What was downloaded is in {self._draft}: make room, then save again, and it goes on there."
            ) from error
