"""Progress of exports: what a line says, when it comes, and what a terminal shows."""

import re

import pytest

from cli.commands import Shell
from cli.exports.conftest import COLUMNS, EXPORT
from metrics24 import DownloadProgress, WaitProgress
from metrics24.cli.export_commands import ExportProgress
from metrics24.cli.output import Output
from support.account import Stage
from support.clock import FakeClock


def arrived(count: int, total: int | None = 4_000_000) -> DownloadProgress:
    """Return the progress after so many bytes."""
    return DownloadProgress("exp_1", count, total, count // 100)


def test_a_step_of_an_export_is_a_text_and_a_fraction() -> None:
    """The server's state and the waiting time come first, then bytes, the rate of this process and rows."""
    shown: list[tuple[str, float | None]] = []
    clock = FakeClock()
    show = ExportProgress(lambda text, fraction: shown.append((text, fraction)), converts=True, clock=clock.monotonic)
    show(WaitProgress("exp_1", "PENDING", 1234.5))
    show(WaitProgress("exp_1", "COMPLETED", 32.4))
    show(arrived(1_000_000))
    clock.sleep(2)
    for step in (arrived(3_000_000), arrived(3_000_000, None), arrived(4_000_000)):
        show(step)
    assert shown == [
        ("PENDING for 1,234 s", None),
        ("made after 32 s, downloading", None),
        ("1.0 MB of 4.0 MB, 10,000 rows", 0.25),
        ("3.0 MB of 4.0 MB, 1.0 MB/s, 30,000 rows", 0.75),
        ("3.0 MB, 1.0 MB/s, 30,000 rows", None),
        ("4.0 MB of 4.0 MB, 1.5 MB/s, 40,000 rows, converting to Parquet", 1.0),
    ]


def test_without_a_terminal_a_line_comes_every_five_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """A log gets a line when five seconds have passed since the last one, escaped; with --quiet it gets none."""
    for output in (Output(), Output(quiet=True), Output(as_json=True)):
        clock = FakeClock()
        with output.progress("clicks", "waiting", clock=clock.monotonic) as show:
            for seconds in range(12):
                show(f"\x1b[2J for {seconds} s", None)
                clock.sleep(1)
    assert capsys.readouterr().err == "clicks: \\x1b[2J for 5 s\nclicks: \\x1b[2J for 10 s\n"


def test_a_terminal_shows_a_bar(shell: Shell, stage: Stage) -> None:
    """On a terminal the bar shows kind, bytes and rows, and is gone when the summary comes."""
    ended = shell.run_on_terminal(*EXPORT, *COLUMNS, "-o", "rows.parquet", METRICS24_BASE_URL=stage.api.base_url)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ended.err)
    assert (ended.code, ended.out[:9]) == (0, "120 rows,")
    assert "clicks" in shown
    assert "converting to Parquet" in shown
