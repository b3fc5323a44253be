"""Files that appear whole or not at all, and locks on open files."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from attrs import frozen

from metrics24.errors import SaveError, UsageError

if sys.platform == "win32":
    import msvcrt

    _BEYOND_ANY_DATA = 1 << 60

    def lock(file: IO[bytes]) -> bool:
        """Lock a file for this handle, without waiting; return False if another handle has the lock."""
        place = file.tell()
        file.seek(_BEYOND_ANY_DATA)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(place)
        return True

else:
    import fcntl

    def lock(file: IO[bytes]) -> bool:
        """Lock a file for this handle, without waiting; return False if another handle has the lock.

        The lock ends with the process, however that ends.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class AtomicFile:
    """A file that is written under a hidden, unique name beside its path, and moved there by `commit()`.

    Until then the path is as it was before, whatever happens. A process that is killed leaves the hidden file
    (``.metrics24-*.tmp``) behind.

    Overwriting a symbolic link replaces the link, not its target. A new file has the permissions of the umask; one that
    replaces another file has the permissions of that file. On a file system without hard links a new file is empty for
    a moment.

    Raises:
        UsageError: the path is taken and may not be overwritten, or cannot be written at all.

    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        check_free(path, overwrite=overwrite)
        self.path = path
        self._overwrite = overwrite
        self._draft = path.parent / f".metrics24-{secrets.token_hex(8)}.tmp"
        try:
            self.file: BinaryIO = self._draft.open("xb")
        except OSError as error:
            raise UsageError(f"{path.parent} cannot be written to ({_reason(error)}); choose another folder") from error
        if overwrite:
            with suppress(OSError):  # nothing there yet, or a file system without modes
                shutil.copymode(path, self._draft)

    def commit(self) -> int:
        """Complete the file, move it to its path and return its size in bytes."""
        self.file.flush()
        os.fsync(self.file.fileno())
        size = self.file.tell()
        self.file.close()
        move_into_place(self._draft, self.path, overwrite=self._overwrite)
        return size

    def abort(self) -> None:
        """Remove the unfinished file. A second call, or one after a commit, does nothing."""
        with suppress(OSError):  # closing flushes, and the disk may be full
            self.file.close()
        with suppress(OSError):
            self._draft.unlink()


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into errors that say what they mean for the file being saved.

    Raises:
        SaveError: in place of any OSError.

    """
    try:
        yield
    except FileExistsError as error:
        raise SaveError(
            f"{path} appeared while its rows were being fetched, and was left as it is; save under another name, "
            "or pass overwrite=True"
        ).mentioning("overwrite") from error
    except OSError as error:
        raise SaveError(
            f"{path} could not be written ({_reason(error)}); nothing was left behind, and a file that was there "
            "before is untouched; make room or choose another place, then save again"
        ) from error


def as_path(path: object) -> Path:
    """Return the path that a caller named by text, bytes or a path.

    Raises:
        UsageError: it is something else, or holds a NUL.

    """
    if not isinstance(path, str | bytes | os.PathLike):
        raise UsageError(f"The file must be named by text or a path, not {type(path).__name__}")
    name = os.fsdecode(path)
    if "\0" in name:
        raise UsageError("A file's name cannot hold the character NUL")
    return Path(name)


def check_free(path: Path, *, overwrite: bool) -> None:
    """Check that a file may be saved at a path.

    Raises:
        UsageError: the path is taken and may not be overwritten, is no regular file, or its folder does not exist.

    """
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} does not exist; create it first")
    taken = is_taken(path)
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a regular file; choose another name")
    if taken and not overwrite:
        raise UsageError(
            f"{path} exists already; pass overwrite=True to replace it, or choose another name",
            arguments=("overwrite",),
        )


def is_taken(path: Path) -> bool:
    """Return True if something is at a path, even a link that leads nowhere.

    Raises:
        UsageError: nothing can be there, for example because the name is too long.

    """
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        reason = _reason(error)
    except ValueError as error:
        reason = str(error)
    else:
        return True
    raise UsageError(f"a file cannot be called {path.name!r} ({reason}); choose another name")


def move_into_place(draft: Path, path: Path, *, overwrite: bool) -> None:
    """Give a complete file its final name.

    Raises:
        FileExistsError: another process took the name first, and may not be overwritten.

    """
    if overwrite:
        draft.replace(path)
    else:
        _move_to_free_path(draft, path)
    _sync_folder(path.parent)


def _move_to_free_path(draft: Path, path: Path) -> None:
    """Move a file to a free path; FileExistsError if another process took it first."""
    try:
        os.link(draft, path)  # unlike a rename, a link never replaces
    except FileExistsError:
        raise
    except OSError:
        _claim_and_replace(draft, path)  # no hard links on this file system
    else:
        draft.unlink()


def _claim_and_replace(draft: Path, path: Path) -> None:
    path.open("xb").close()
    try:
        draft.replace(path)
    except BaseException:
        path.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the platform can sync a folder; the file itself is complete."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


@frozen
class Saved:
    """A file that was saved.

    Attributes:
        path: the file.
        rows: the number of its rows.
        bytes: its size.
        misfits: the number of values that have no column, or do not fit theirs, and stand in the column ``_extra``
            instead. 0 in JSON Lines, which keeps every row as it was sent.
        export_id: the export that the rows came by; None if they came by pages.
        missing: columns of the report table that the export lacked, and that are empty therefore.
        as_text: columns of nested values that the export had as text of its own.

    """

    path: Path
    rows: int
    bytes: int
    misfits: int
    export_id: str | None = None
    missing: tuple[str, ...] = ()
    as_text: tuple[str, ...] = ()
