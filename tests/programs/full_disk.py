"""Save rows where a file may not grow beyond 20,000 bytes, as on a full disk. Argument: the target."""

import resource
import secrets
import sys

from metrics24._rows.schema import Column
from metrics24.errors import SaveError
from metrics24.files.writers import open_writer


def main(target: str) -> None:
    """Write until it fails, as it must."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    page = [{"real_tx_id": secrets.token_hex(500)} for _ in range(500)]
    try:
        with open_writer(target, columns=[Column("real_tx_id", "text")], overwrite=True) as sink:
            for _ in range(4):
                sink.write(page)
            sink.commit()
    except SaveError as error:
        sys.stdout.write(f"{error}\n")


main(*sys.argv[1:])
