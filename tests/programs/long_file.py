"""Save 300,000 rows of 1 KB; print how many, and the peak memory in MiB after 100,000 and at the end.

Argument: the target. The peak is the kernel's for this program alone: `getrusage` would hand down that of the process
that started it.
"""

import re
import sys
from pathlib import Path

from metrics24._rows.schema import Column
from metrics24.files.writers import FileWriter, open_writer

PAGE_ROWS = 1_000


def peak_mib() -> float:
    """Give the most memory that this program ever held."""
    [kib] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kib) / 1024


def write_pages(sink: FileWriter, start: int, end: int) -> None:
    """Write the rows from start to end, keeping no page."""
    for first in range(start, end, PAGE_ROWS):
        numbers = range(first, first + PAGE_ROWS)
        sink.write([{"real_tx_id": f"{number:01000d}", "sessions": number} for number in numbers])


def main(target: str) -> None:
    """Write and measure."""
    with open_writer(target, columns=[Column("real_tx_id", "text"), Column("sessions", "integer")]) as sink:
        write_pages(sink, 0, 100_000)
        early = peak_mib()
        write_pages(sink, 100_000, 300_000)
        saved = sink.commit()
    sys.stdout.write(f"{saved.rows} {early:.1f} {peak_mib():.1f}\n")


main(*sys.argv[1:])
