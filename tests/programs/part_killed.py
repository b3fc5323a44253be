"""Kill this very process amid a download. Arguments: the target, and how many blocks of 4,000 bytes come before."""

import os
import signal
import sys
from pathlib import Path

from metrics24.files.partial import PartialDownload


def main(target: str, blocks: str) -> None:
    """Write some blocks and die."""
    data = b"".join(b"%06d\n" % number for number in range(10_000))
    with PartialDownload(Path(target), overwrite=False, identity="e1") as part:
        for number in range(int(blocks)):
            part.write(number * 4_000, data[number * 4_000 : (number + 1) * 4_000], '"v1"')
        os.kill(os.getpid(), signal.SIGKILL)


main(*sys.argv[1:])
