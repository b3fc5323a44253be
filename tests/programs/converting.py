"""Convert two CSV files to Parquet with inferred types; print the rows and the peak memory in MiB after each.

Arguments: the smaller and the larger CSV file. The peak is the kernel's for this program alone.
"""

import re
import sys
from pathlib import Path

from metrics24.files.csv_import import convert_csv


def peak_mib() -> float:
    """Give the most memory that this program ever held."""
    [kib] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kib) / 1024


for name in sys.argv[1:]:
    saved = convert_csv(Path(name), Path(name).with_suffix(".parquet"), delimiter=",", infer_types=True)
    sys.stdout.write(f"{saved.rows} {peak_mib():.1f}\n")
