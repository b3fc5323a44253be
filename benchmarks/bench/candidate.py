"""One candidate in a process of its own: reads a job, warms up, does the work and prints what it took.

Prints `{"not_measured": reason}` where the candidate cannot take part.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import resource
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

from bench.job import Job, NotMeasured, Outcome, Result

MODULES = {
    "metrics24": "own",
    "generated": "generated",
    "requests": "peer_requests",
    "httpx": "peer_httpx",
    "httpx_orjson": "peer_httpx_orjson",
    "aiohttp": "peer_aiohttp",
    "dlt": "peer_dlt",
    "raw": "raw",
    "curl": "peer_curl",
}


def measured(job: Job) -> Outcome:
    """Warm up, then work."""
    try:
        module = importlib.import_module(f"bench.{MODULES[job.candidate]}")
    except ImportError as error:
        raise NotMeasured(f"cannot be imported: {error}") from error
    module.run(job.warm_up())
    cpu, started = cpu_seconds(), time.perf_counter()
    result: Result = module.run(job)
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
    peak = peak_mb(children=job.candidate == "curl")
    first, last, order = ends(result)
    size = sum(Path(name).stat().st_size for name in result.files)
    shutil.rmtree(job.folder)
    return Outcome(
        seconds=seconds,
        cpu=cpu,
        peak_mb=peak,
        rows=result.rows,
        first=first,
        last=last,
        order=order,
        written=size,
        read=result.read,
    )


def cpu_seconds() -> float:
    """CPU time so far, with that of children that ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb(*, children: bool) -> float:
    """The most memory that this process had, or its largest child.

    Linux hands the figure of getrusage down from whatever the process was before it became this program, so the
    kernel's own figure for this program is taken where there is one.
    """
    status = Path("/proc/self/status")
    if not children and status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def ends(result: Result) -> tuple[str | None, str | None, str]:
    """The first id, the last one, and a digest of all in order, read from the file if there is one; not timed.

    The order of rows in several files is nowhere defined, so nothing is said of them.
    """
    files = [Path(name) for name in result.files if not name.endswith(".csv")]
    if len(files) != 1:
        return result.first, result.last, ""
    ids = ids_of(files[0])
    return ids[0], ids[-1], hashlib.sha256("\n".join(ids).encode()).hexdigest()


def ids_of(path: Path) -> list[str]:
    """The ids of all rows of a file."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415 - not every candidate has it, or should pay for it

        found: list[str] = pq.read_table(path, columns=["real_tx_id"]).column(0).to_pylist()
        return found
    packed = path.read_bytes()
    text = gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
    return [json.loads(line)["real_tx_id"] for line in text.splitlines()]


def main() -> None:
    """Do the job on standard input."""
    job = Job.loads(sys.stdin.read())
    try:
        print(json.dumps(asdict(measured(job))))
    except NotMeasured as reason:
        print(json.dumps({"not_measured": str(reason)}))


if __name__ == "__main__":
    main()
