"""`metrics24 pull --via`: the same file by pages and by an export, against a sandbox."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Metrics24
from files.round_trip import files_in, read_csv
from metrics24_sandbox import Behaviour, Sandbox, SandboxOptions

RANGE = ("--integration", "acmeshop01", "--start", "2025-02-01", "--end", "2025-03-31")
PULL = ("pull", "conversions", *RANGE)
DIFFERENCES = (
    "The export has extra_parameters as text of its own, where pages have JSON: do not mix this file with those of "
    "pages.\n"
    "An export does not tell null from empty text, and its order is the server's: docs/exports.md.\n"
)
NESTED = "extra_parameters"  # which the sandbox's exports write as text of its own


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    """Serve two months of some 60 rows a day, of which exports are ready at once; five may be asked for."""
    at_once = Behaviour(pending=0, running=0)
    rows: dict[str, Any] = dict.fromkeys(("conversions_per_day", "clicks_per_day", "impressions_per_day"), 60)
    with Sandbox(SandboxOptions(**rows, behaviour=at_once, exports_per_day=5)) as sandbox:
        yield sandbox


@pytest.fixture
def box(served: Sandbox) -> Sandbox:  # overrides the one that other tests share
    """The sandbox, as new."""
    served.reset()
    return served


@pytest.mark.parametrize("table", ["clicks", "conversions", "impressions"])
def test_an_export_makes_the_same_csv_file(metrics24: Metrics24, box: Sandbox, desk: Path, table: str) -> None:
    """Columns, order and cells are those of pages, but for nested fields; the server is asked for one export."""
    pull = ("pull", table, *RANGE)
    assert metrics24(*pull, "-o", "pages.csv").code == 0
    ended = metrics24(*pull, "--via", "export", "-o", "export.csv")
    (header, *pages), (names, *export) = (read_csv(desk / name) for name in ("pages.csv", "export.csv"))
    assert (ended.code, names) == (0, header)
    place = header.index(NESTED)
    assert [row[:place] + row[place + 1 :] for row in export] == [row[:place] + row[place + 1 :] for row in pages]
    assert len(export) > 3_000
    assert ended.err.startswith("Export 01")
    assert ended.err.endswith(DIFFERENCES)
    assert ended.out.startswith(f"{len(export):,} rows of 2025-02-01 to 2025-03-31, ")
    assert files_in(desk) == ["export.csv", "pages.csv"]
    assert box.hits(f"download{table.title()}") == 1


def test_filters_and_formulas_are_heeded(metrics24: Metrics24, desk: Path) -> None:
    """An export has the filtered rows alone, and its cells are made safe for spreadsheets if that is asked."""
    options = ("--filter", "status=rejected", "--spreadsheet-safe", "--via", "export", "--quiet", "-o", "some.csv")
    ended = metrics24(*PULL, *options)
    header, *lines = read_csv(desk / "some.csv")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert {line[header.index("status")] for line in lines} == {"rejected"}


def test_the_summary_for_programs_names_the_way(metrics24: Metrics24, desk: Path) -> None:
    """With --json the summary says `via`, and names the export; nothing else is said."""
    ended = metrics24(*PULL, "--via", "export", "--json", "-o", "rows.csv")
    facts = json.loads(ended.out)
    assert (ended.err, facts["via"], len(facts["export_id"])) == ("", "export", 26)
    assert [facts[name] for name in ("newest", "oldest", "cursor", "misfits")] == [None, None, None, 0]
    assert (facts["as_text"], facts["missing"]) == ([NESTED], [])
    assert (facts["rows"], facts["bytes"]) == (len(read_csv(desk / "rows.csv")) - 1, (desk / "rows.csv").stat().st_size)


def test_an_equal_export_is_taken_again(metrics24: Metrics24, box: Sandbox, desk: Path) -> None:
    """With --reuse a second pull takes the export of the first, and spares the quota."""
    for name in ("one.csv", "two.csv"):
        assert metrics24(*PULL, "--via", "export", "--reuse", "3600", "-o", name).code == 0
    assert (desk / "one.csv").read_bytes() == (desk / "two.csv").read_bytes()
    assert box.hits("downloadConversions") == 1


def test_a_quota_that_is_used_up_ends_an_export(metrics24: Metrics24, box: Sandbox, desk: Path) -> None:
    """--via export ends with the server's refusal and says what else can be done; nothing is left behind."""
    for number in range(5):
        start = ("export", "clicks", *RANGE, "--field", f"offer,sub_id_{number + 2}", "--start-only")
        assert metrics24(*start).code == 0
    ended = metrics24(*PULL, "--via", "export", "-o", "rows.csv")
    assert ended.code == 1
    assert "402" in ended.err
    assert "--via pages" in ended.err
    assert files_in(desk) == []


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--via", "export", "--limit", "5", "-o", "rows.csv"), "--limit does not go with --via export"),
        (("--via", "export", "--after", "x", "-o", "rows.csv"), "--after does not go with --via export"),
        (("--via", "export", "--before", "x", "-o", "rows.csv"), "--before does not go with --via export"),
        (("--via", "export", "--by-day", "days"), "--via cannot go with --by-day"),
        (("--via", "auto", "-o", "rows.csv"), "'auto' is not one of 'pages', 'export'"),
        (("--reuse", "60", "--by-day", "days"), "--reuse cannot go with --by-day"),
        (("--reuse", "60", "-o", "rows.csv"), "--reuse needs --via export"),
        (("--via", "export", "-o", "rows.txt"), "does not say its format"),
        (("--via", "export", "-o", "none/rows.csv"), "does not exist"),
        (("--via", "export", "--filter", "nonsense", "-o", "rows.csv"), "is not a filter"),
    ],
)
def test_what_makes_no_sense_is_refused(
    metrics24: Metrics24, box: Sandbox, desk: Path, options: tuple[str, ...], problem: str
) -> None:
    """Options that an export cannot heed, and files that cannot be written, are code 2 before anything is sent."""
    ended = metrics24(*PULL, *options)
    assert (ended.code, files_in(desk)) == (2, [])
    assert problem in ended.err
    assert len(box.requests) == 0
