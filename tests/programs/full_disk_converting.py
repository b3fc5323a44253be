"""Convert a CSV file where a file may not grow beyond 20,000 bytes, as on a full disk. Argument: the source."""

import resource
import sys
from pathlib import Path

from metrics24.errors import SaveError
from metrics24.files.csv_import import convert_csv


def main(source: str) -> None:
    """Convert until it fails, as it must."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        convert_csv(Path(source), Path(source).with_suffix(".parquet"))
    except SaveError as error:
        sys.stdout.write(f"{error}\n")


main(*sys.argv[1:])
