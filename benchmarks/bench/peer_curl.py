"""curl, for the download of an export. It gets the file's URL for nothing, and checks no rows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bench.job import NotMeasured, Result

if TYPE_CHECKING:
    from bench.job import Job


def run(job: Job) -> Result:
    """Download to a file. Memory and CPU are those of the child."""
    curl = shutil.which("curl")
    if curl is None:
        raise NotMeasured("curl is not installed")
    path = Path(job.folder, "curl.csv")
    subprocess.run([curl, "--silent", "--fail", "--output", str(path), job.options["file_url"]], check=True)
    return Result(rows=-1, files=(str(path),))
