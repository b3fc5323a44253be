"""The return values and checks of a job, with Client and with AsyncClient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metrics24 import IntegrityError, TruncatedExportWarning
from metrics24.config import Limits
from support.account import IDENTITY, Stage
from support.clock import FakeClock
from support.running import Running, collect
from support.scripted import Serve

FILE = b"real_tx_id\r\na\r\nb\r\n"


def job_of(run: Running, serve: Serve, clock: FakeClock, content: bytes = FILE, **options: Any) -> Any:
    """Take up an export of two rows."""
    return Stage(serve, content, results_meta={"total": 2}).job(run, clock, **options)


def test_waiting_and_asking_again_give_the_job_itself(run: Running, serve: Serve, clock: FakeClock) -> None:
    """wait() and refresh() can be chained, and the job says which export it is."""
    job = job_of(run, serve, clock)
    assert run.result(job.wait()) is job
    assert run.result(job.refresh()) is job
    assert repr(job) == f"{type(job).__name__}(id={IDENTITY!r}, status='COMPLETED')"


def test_both_ways_of_reading_check_the_file(run: Running, serve: Serve, clock: FakeClock, tmp_path: Path) -> None:
    """A row too few is an IntegrityError for save() and for iter_bytes(), and is accepted with verify=False."""
    short = FILE[: -len(b"b\r\n")]
    job = job_of(run, serve, clock, short)
    with pytest.raises(IntegrityError, match="1 rows"):
        run.result(job.save(tmp_path / "a.csv"))
    with pytest.raises(IntegrityError, match="1 rows"):
        collect(run, job.iter_bytes())
    assert run.result(job.save(tmp_path / "b.csv", verify=False)).rows == 1
    assert b"".join(collect(run, job.iter_bytes(verify=False))) == short


def test_a_file_of_as_many_rows_as_there_may_be_is_warned_of(
    run: Running, serve: Serve, clock: FakeClock, tmp_path: Path
) -> None:
    """An export as long as the limit is saved, and the warning says that there may have been more."""
    job = job_of(run, serve, clock, limits=Limits(export_rows=2))
    with pytest.warns(TruncatedExportWarning):
        assert run.result(job.save(tmp_path / "a.csv")).rows == 2
    with pytest.warns(TruncatedExportWarning):
        collect(run, job.iter_bytes())
