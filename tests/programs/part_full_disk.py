"""Download where a file may not grow beyond 20,000 bytes, as on a full disk. Argument: the target."""

import resource
import sys
from pathlib import Path

from metrics24.errors import SaveError
from metrics24.files.partial import PartialDownload


def main(target: str) -> None:
    """Write until it fails, as it must; when there is room again, go on with what was kept."""
    room = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, room[1]))
    data = b"".join(b"%06d\n" % number for number in range(10_000))
    try:
        with PartialDownload(Path(target), overwrite=True, identity="e1") as part:
            for start in range(0, len(data), 3_000):
                part.write(start, data[start : start + 3_000], '"v1"')
            part.commit()
    except SaveError as error:
        sys.stdout.write(f"{error}\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, room)
    with PartialDownload(Path(target), overwrite=True, identity="e1") as part:
        sys.stdout.write(f"{part.size} {data.startswith(Path(f'{target}.part').read_bytes())}\n")


main(*sys.argv[1:])
