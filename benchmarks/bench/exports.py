"""The download of an export from a storage on the same machine, against curl."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.job import Job
from bench.plan import NAMES
from bench.runner import Case

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, used through a folder of our own
_LINE = (
    '01JK4HP3M7JDPACZ31V{0:07d},approved,Kestrel Bank,"Halcyon, Install",298,deals-1594,2025-02-02 23:59:41,19.53\r\n'
)
_LINES_AT_ONCE = 10_000


def place(mb: int) -> Path | None:
    """A file system in memory with room for the file twice; None if there is none."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2.2e6 * mb else None


def prepare(path: Path, mb: int) -> int:
    """Write a CSV file of so many MB, and say how many rows it has."""
    block = "".join(_LINE.format(number) for number in range(_LINES_AT_ONCE)).encode()
    blocks = max(1, round(mb * 1e6 / len(block)))
    with path.open("wb") as file:
        file.write(b"real_tx_id,status,advertiser,offer,publisher,sub_id,conversion_time,payout\r\n")
        for _ in range(blocks):
            file.write(block)
    return blocks * _LINES_AT_ONCE


def cases(base_url: str, rows: int, rounds: int) -> list[Case]:
    """Both downloads."""
    small, large = ({"export": name, "file_url": f"{base_url}/storage/{name}.csv"} for name in ("small", "large"))
    options = {**large, "rows": rows, "warm_up": small}
    jobs = [
        Job(candidate=each, work="export", base_url=base_url, folder="", options=options)
        for each in ("metrics24", "curl")
    ]
    return [Case("export", job, NAMES[job.candidate], rounds) for job in jobs]
