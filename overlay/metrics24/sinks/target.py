"""A file that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from metrics24.errors import SaveError, UsageError

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class Target:
    """Writes to a temporary file in the target's folder, and puts it into place in one step at the end.

    Raises:
        UsageError: the target exists and must not be replaced, or its folder is not there.
        SaveError: the folder cannot be written to.

    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self._overwrite = overwrite
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file.")
        self._refuse_existing(path.exists())
        if not path.parent.is_dir():
            raise UsageError(f"The folder {path.parent} does not exist; create it first.")
        self._temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
        try:
            self.file: BinaryIO = self._temporary.open("xb")
        except OSError as error:
            raise self.failed(error) from error

    def commit(self) -> int:
        """Put the file into place; answer its size in bytes."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            size = self.file.tell()
            self.file.close()
            self._put_into_place()
            self._sync_folder()
        except OSError as error:
            self.abort()
            raise self.failed(error) from error
        return size

    def abort(self) -> None:
        """Throw the temporary file away."""
        with suppress(OSError):
            self.file.close()
        self._temporary.unlink(missing_ok=True)

    def failed(self, error: OSError) -> SaveError:
        """The error for a file that could not be written."""
        return SaveError(
            f"{self.path} could not be written: {error.strerror or error}. What was there before is untouched; free "
            "space or choose another place, and save again."
        )

    def _put_into_place(self) -> None:
        if self._overwrite:
            self._temporary.replace(self.path)
            return
        try:
            os.link(self._temporary, self.path)
        except FileExistsError:
            self.abort()
            self._refuse_existing(True)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._refuse_existing(self.path.exists())
            self._temporary.rename(self.path)
        else:
            self._temporary.unlink()

    def _refuse_existing(self, exists: bool) -> None:
        if exists and not self._overwrite:
            raise UsageError(f"{self.path} exists; pass overwrite=True to replace it.")

    def _sync_folder(self) -> None:
        """Make the new name survive a power cut, where the system can."""
        with suppress(OSError):
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
