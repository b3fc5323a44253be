"""Kill this very process amid writing. Argument: the target."""

import os
import signal
import sys

from metrics24._rows.schema import Column
from metrics24.files.writers import open_writer


def main(target: str) -> None:
    """Write some rows and die."""
    with open_writer(target, columns=[Column("real_tx_id", "text")]) as sink:
        sink.write([{"real_tx_id": "A"}] * 2_500)
        os.kill(os.getpid(), signal.SIGKILL)


main(*sys.argv[1:])
