"""Save rows, but commit only when told to on stdin. Arguments: the target, a name, and maybe "overwrite"."""

import sys

from metrics24._rows.schema import Column
from metrics24.errors import SaveError
from metrics24.files.writers import open_writer


def main(target: str, name: str, *options: str) -> None:
    """Write, say that it is done, wait for a line, and commit."""
    with open_writer(target, columns=[Column("real_tx_id", "text")], overwrite="overwrite" in options) as sink:
        sink.write([{"real_tx_id": name}] * 3_000)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        try:
            sink.commit()
        except SaveError:
            sys.stdout.write("SaveError\n")
        else:
            sys.stdout.write("saved\n")


main(*sys.argv[1:])
