"""Parts of downloads that were left behind."""

from __future__ import annotations

from pathlib import Path

from metrics24.files.partial import PartialDownload

DATA = b"a,b\n" + b"1,2\n" * 5
ETAG = '"v1"'


def begun(path: Path, data: bytes = DATA, *, identity: str = "e1", etag: str = ETAG) -> None:
    """Leave a part behind."""
    with PartialDownload(path, overwrite=True, identity=identity) as part:
        part.write(0, data, etag)
