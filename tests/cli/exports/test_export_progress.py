"""Progress of exports: what a line says, when it comes, and what a terminal shows."""

import re

import pytest

from cli.commands import Shell
from cli.exports.conftest import COLUMNS, EXPORT
from metrics24 import DownloadProgress, WaitProgress
from metrics24.cli.progress import DownloadCourse, display_download
from support.account import Stage
from support.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """A clock that moves when told."""
    return FakeClock()


@pytest.fixture
def course(clock: FakeClock) -> DownloadCourse:
    """An export of clicks that begins now."""
    return DownloadCourse(title="clicks", clock=clock.monotonic)


def arrived(count: int, total: int | None = 4_000_000) -> DownloadProgress:
    """So many bytes have arrived."""
    return DownloadProgress("exp_1", count, total, count // 100)


def test_waiting_tells_state_and_time(course: DownloadCourse) -> None:
    """While the server works its word for the state and the seconds are told, escaped."""
    assert course.describe(WaitProgress("exp_1", "PENDING", 1234.5)) == "PENDING for 1,234 s"
    assert course.describe(WaitProgress("exp_1", "\x1b[2J", 0)) == "\\x1b[2J for 0 s"
    assert course.describe(WaitProgress("exp_1", "COMPLETED", 32.4)) == "made after 32 s, downloading"


def test_a_download_tells_bytes_rate_and_rows(course: DownloadCourse, clock: FakeClock) -> None:
    """The rate counts only what arrived in this process, and none is told before time has passed."""
    assert course.describe(arrived(1_000_000)) == "1.0 MB of 4.0 MB, 10,000 rows"
    clock.sleep(2)
    assert course.describe(arrived(3_000_000)) == "3.0 MB of 4.0 MB, 1.0 MB/s, 30,000 rows"
    assert course.describe(arrived(3_000_000, None)) == "3.0 MB, 1.0 MB/s, 30,000 rows"
    assert course.describe("converting to Parquet") == "converting to Parquet"


def test_without_a_terminal_a_line_comes_every_five_seconds(
    course: DownloadCourse, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log gets a line when five seconds have passed since the last one, not with each step."""
    with display_download(course, quiet=False) as show:
        for seconds in range(12):
            show(WaitProgress("exp_1", "PENDING", seconds))
            clock.sleep(1)
    assert capsys.readouterr().err == "clicks: PENDING for 5 s\nclicks: PENDING for 10 s\n"


def test_quiet_and_closed_streams_show_nothing(
    course: DownloadCourse, clock: FakeClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is shown with --quiet, nor where there is no stderr."""
    with display_download(course, quiet=True) as show:
        clock.sleep(60)
        show(arrived(1))
    monkeypatch.setattr("sys.stderr", None)
    with display_download(course, quiet=False) as show:
        show(arrived(1))
    monkeypatch.undo()
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_a_bar(shell: Shell, stage: Stage) -> None:
    """On a terminal the bar shows kind, bytes and rows, and is gone when the summary comes."""
    ended = shell.run_on_terminal(*EXPORT, *COLUMNS, "-o", "rows.parquet", METRICS24_BASE_URL=stage.api.base_url)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ended.err)
    assert (ended.code, ended.out[:9]) == (0, "120 rows,")
    assert "clicks" in shown
    assert "converting to Parquet" in shown
