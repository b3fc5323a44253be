"""Locks on open files, which end with the process that holds them, however it ends."""

from __future__ import annotations

import sys
from typing import IO

if sys.platform == "win32":
    import msvcrt

    _BEYOND_ANY_DATA = 1 << 60

    def lock(file: IO[bytes]) -> bool:
        """Lock a file for this handle alone, without waiting; False if another one has it."""
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
        """Lock a file for this handle alone, without waiting; False if another one has it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
