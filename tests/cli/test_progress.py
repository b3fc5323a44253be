"""The output of a pull while rows arrive."""

from datetime import date

import pytest

from cli.commands import Shell
from cli.conftest import Metrics24, Serve
from metrics24 import Progress
from metrics24.cli.options import Range
from metrics24.cli.pull import PullProgress
from support.clock import FakeClock
from support.scripted import in_turn
from support.tables import newest_first, page

PULL = ("pull", "clicks", "--integration", "acmeshop01", "--start", "2025-02-01", "--end", "2025-02-27")
DAYS = Range(date(2025, 2, 1), date(2025, 2, 2), "")


def test_progress_shows_rows_their_rate_and_the_oldest_time() -> None:
    """The line has the rows so far, rows per second since the start, and how far back they go."""
    clock, shown = FakeClock(), list[str]()
    progress = PullProgress(DAYS, clock=clock.monotonic)
    progress.show = lambda text, _: shown.append(text)
    clock.sleep(10)
    progress(Progress(rows=12_345, oldest="2025-02-01 11:02:44"))
    progress(Progress(rows=5))
    assert shown == ["12,345 rows, 1,234 rows/s, back to 2025-02-01 11:02:44", "5 rows, 0 rows/s"]


@pytest.mark.parametrize(
    ("progress", "limit", "fraction"),
    [
        (Progress(rows=50, oldest="2025-02-02T12:00:00"), None, 0.25),
        (Progress(rows=50, oldest="2025-02-02T12:00:00+09:00"), None, 0.25),
        (Progress(rows=50, oldest="2025-02-02 00:00:00", newest="2025-02-02 12:00:00"), None, 1 / 3),
        (Progress(rows=50, oldest="2025-02-02 12:00:00"), 100, 0.5),
        (Progress(rows=50, oldest="2025-02-01 12:00:00"), 100, 0.75),
        (Progress(rows=50, oldest="2025-01-01 00:00:00"), None, 1.0),
        (Progress(rows=50, oldest="2025-03-01 00:00:00"), None, 0.0),
        (Progress(rows=50, oldest="last Tuesday"), None, None),
        (Progress(rows=50, oldest="2025-01-01", newest="2025-01-01"), None, None),
        (Progress(rows=50), 100, 0.5),
        (Progress(rows=50), 0, None),
    ],
    ids=str,
)
def test_progress_estimates_the_fraction_done(progress: Progress, limit: int | None, fraction: float | None) -> None:
    """The bar follows the limit or the time reached, whichever is further, and pulses where neither is known."""
    assert PullProgress(DAYS, limit=limit).fraction(progress) == fraction


def test_without_a_terminal_progress_is_a_line_now_and_then(
    metrics24: Metrics24, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If stderr is no terminal progress is plain lines."""
    monkeypatch.setattr("metrics24.cli.output.SECONDS_BETWEEN_LINES", 0.0)
    assert "clicks: 100 rows, " in metrics24(*PULL, "-o", "x.csv").err
    assert metrics24(*PULL, "-o", "y.csv", "--quiet").err == ""


@pytest.mark.parametrize("where", [("-o", "x.csv"), ("-o", "x.csv", "--via", "export"), ("--by-day", "x")])
def test_programs_get_no_progress(
    metrics24: Metrics24, monkeypatch: pytest.MonkeyPatch, where: tuple[str, ...]
) -> None:
    """With --json no plain lines come between the objects on stderr, however long it takes."""
    monkeypatch.setattr("metrics24.cli.output.SECONDS_BETWEEN_LINES", 0.0)
    ended = metrics24(*PULL, *where, "--json")
    assert (ended.code, [line for line in ended.err.splitlines() if not line.startswith("{")]) == (0, [])
    assert "clicks: " in metrics24(*PULL, where[0], f"other-{where[1]}", *where[2:]).err


def test_on_a_terminal_progress_moves(shell: Shell) -> None:
    """On a terminal stderr shows rows, rate and time within 80 columns and clears them; stdout has the result."""
    ended = shell.run_on_terminal(*PULL, "-o", "x.csv")
    assert ended.code == 0
    assert "rows/s, back to 2025-02-" in ended.err
    assert ended.err.rstrip().endswith("\x1b[2K")
    assert " rows of 2025-02-01 to 2025-02-27, " in ended.out
    assert "\x1b" not in ended.out


def test_no_color_is_honoured(shell: Shell) -> None:
    """With NO_COLOR progress moves without colours."""
    ended = shell.run_on_terminal(*PULL, "-o", "x.csv", NO_COLOR="1")
    assert "rows/s" in ended.err
    assert "\x1b[3" not in ended.err
    assert "\x1b[9" not in ended.err


def test_fault_61_a_server_cannot_speak_to_the_terminal(shell: Shell, serve: Serve) -> None:
    """Control characters in a row's time are escaped in the progress line."""
    rows = newest_first(200, 101)
    rows[-1]["request_time"] = "now\x1b[2J\x1b]0;mine\x07\u202e"
    server = serve(in_turn(page(rows, more=True), page(newest_first(100, 1))))
    ended = shell.run_on_terminal(*PULL, "-o", "x.csv", METRICS24_BASE_URL=server.base_url)
    assert ended.code == 0
    assert "\x1b]0;" not in ended.err
    assert "\x1b[2J" not in ended.err
    assert "\u202e" not in ended.err
