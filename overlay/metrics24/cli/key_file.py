"""API keys in files that nobody else can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from metrics24.errors import ConfigurationError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 64 * 1024


def read_key(path: Path) -> str:
    """Read an API key from a file; a line break at its end does not count.

    Raises:
        ConfigurationError: the file cannot be read, is open to other users, or holds more than a key.

    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error.strerror}.") from None
    if os.name == "posix" and mode & _OTHERS:
        raise ConfigurationError(f"Other users of this machine may read the key file {path}; run: chmod 600 {path}")
    try:
        key = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigurationError(f"The key file {path} is not text.") from None
    if len(content) > _MOST_BYTES or not key:
        raise ConfigurationError(f"The key file {path} is {'empty' if not key else 'too long for a key'}.")
    return key
