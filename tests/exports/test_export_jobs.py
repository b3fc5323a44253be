"""The return values and checks of a job, with Client and with AsyncClient."""

from __future__ import annotations

import pytest

from metrics24 import TruncatedExportWarning
from metrics24.config import Limits
from support.account import IDENTITY, Fetching
from support.storage import LARGE


def test_waiting_and_refreshing_return_the_job_itself(fetch: Fetching) -> None:
    """wait() and refresh() can be chained, and the job says which export it is."""
    job = fetch.job()
    assert fetch.run.result(job.wait()) is job
    assert fetch.run.result(job.refresh()) is job
    assert repr(job) == f"{type(job).__name__}(id={IDENTITY!r}, status='COMPLETED')"


def test_a_file_of_as_many_rows_as_there_may_be_is_warned_of(fetch: Fetching, lane: str) -> None:
    """An export as long as the limit is fetched, and the warning says that there may have been more."""
    fetch.options["limits"] = Limits(export_rows=40_000)
    with pytest.warns(TruncatedExportWarning):
        assert fetch.by(lane) == LARGE
