"""The doctor and the last day of a range, which a server may count or not: the documentation does not say."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

import pytest

from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from speccheck.conftest import Doctor, Serve
from speccheck.stage import healthy, private_row, stage
from support.scripted import Received, Step
from support.steps import respond_html, respond_json
from support.tables import page

HERE = ("--integration", "acmeshop01", "--json")
WEEK = ("--start", "2025-02-01", "--end", "2025-02-07")
TODAY = "2025-02-20T15:30:00"
REFUSED = respond_json({"error": "one day is too little"}, status=400)


def small(**options: object) -> SandboxOptions:
    """A sandbox that has few rows and stands still in time."""
    few = {"conversions_per_day": 60, "clicks_per_day": 60, "impressions_per_day": 60}
    return SandboxOptions(**{"now": TODAY, **few, **options})  # type: ignore[arg-type]


def ranges(box: Sandbox, table: str = "getClickReport") -> list[tuple[str, ...]]:
    """The days that a table was asked for."""
    asked = [dict(parse_qsl(each.query)) for each in box.requests if each.operation == table]
    return [(each["start_date"], each["end_date"]) for each in asked]


@pytest.mark.parametrize("end_date", ["exclusive", "midnight"])
def test_a_last_day_that_does_not_count_is_a_note(doctor: Doctor, end_date: str) -> None:
    """A server that leaves the last day out, or all but its first moment, gets a note that says how to pull it."""
    behaviour = Behaviour(end_date=end_date)  # type: ignore[arg-type]
    with Sandbox(small(behaviour=behaviour)) as box:
        ended = doctor(box, *HERE, *WEEK)
    found = ended.named("last day")
    assert (ended.code, found["verdict"]) == (0, "note")
    assert found["summary"].startswith("does not count: from S to E gives no rows of day E")
    assert [each.partition(":")[0] for each in found["remedy"]] == [
        "metrics24 pull -o",
        "metrics24 pull --by-day",
        "in Python",
    ]


def test_a_last_day_that_counts_costs_one_request(doctor: Doctor) -> None:
    """If last days count, the newest day with rows is asked for alone, once, and the check works."""
    with Sandbox(small()) as box:
        ended = doctor(box, *HERE, *WEEK)
        assert ranges(box) == [("2025-02-01", "2025-02-07"), ("2025-02-07", "2025-02-07")]
    assert (ended.code, ended.verdicts["last day"]) == (0, "works")


def test_times_written_in_another_zone_do_not_deceive(doctor: Doctor) -> None:
    """If a row's written day is not the one that it is filed under, the days beside it are asked for as well."""
    with Sandbox(small(utc_offset=14 * 60, now="2025-02-07T15:30:00")) as box:
        ended = doctor(box, *HERE, *WEEK)
        assert ranges(box)[1:] == [("2025-02-08", "2025-02-08"), ("2025-02-07", "2025-02-07")]
    assert ended.verdicts["last day"] == "works"


def test_a_range_of_one_day_tells_by_itself(doctor: Doctor) -> None:
    """Rows of a range from a day to the same one show that last days count, and nothing more is asked."""
    with Sandbox(small()) as box:
        ended = doctor(box, *HERE, "--start", "2025-02-03")
        assert ranges(box) == [("2025-02-03", "2025-02-03")]
    assert ended.verdicts["last day"] == "works"


def test_without_rows_the_last_day_cannot_be_judged(doctor: Doctor, box: Sandbox) -> None:
    """Days without rows say nothing of last days, which is inconclusive and says what to do."""
    ended = doctor(box, *HERE, "--start", "2001-01-01")
    found = ended.named("last day")
    assert (ended.code, found["verdict"]) == (13, "inconclusive")
    assert "cannot be judged: no rows" in found["summary"]
    assert box.hits("getClickReport") == 1


def test_rows_at_midnight_alone_say_nothing(doctor: Doctor, serve: Serve) -> None:
    """A table whose rows all stand at midnight leaves the last day to the next table, and to nobody in the end."""
    night = "2025-02-02T00:00:00Z"
    rows = page([private_row(request_time=night)])
    conversions = page([private_row("conversion", conversion_time=night)])
    answers = healthy(getClickReport=rows, getImpressionReport=rows, getConversionReport=conversions)
    ended = doctor(serve(stage(answers)), *HERE, *WEEK)
    assert ended.verdicts["last day"] == "inconclusive"


@pytest.mark.parametrize("answer", [REFUSED, respond_html()], ids=["status", "html"])
def test_a_single_day_that_is_refused_leaves_it_open(doctor: Doctor, serve: Serve, answer: Step) -> None:
    """A server that gives rows for several days and no usable answer for one is not said to leave last days out."""

    def script(request: Received) -> Step:
        one_day = request.parameter("start_date") == "2025-02-02" == request.parameter("end_date")
        return answer if one_day else stage(healthy())(request)

    ended = doctor(serve(script), *HERE, *WEEK)
    assert (ended.code, ended.verdicts["last day"]) == (13, "inconclusive")
    assert "no usable response of getClickReport" in ended.named("last day")["summary"]


def test_the_first_and_the_last_day_of_all_have_one_neighbour(doctor: Doctor, serve: Serve) -> None:
    """At the end of the calendar, the day beside is not asked for."""
    row = private_row(request_time="9999-12-31T10:00:00Z")
    asked: list[str] = []

    def script(request: Received) -> Step:
        if request.parameter("start_date") != "2025-02-01" and request.parameter("start_date"):
            asked.append(str(request.parameter("start_date")))
            return page([])
        return stage(healthy(getClickReport=page([row])))(request)

    ended = doctor(serve(script), *HERE, *WEEK)
    assert (ended.verdicts["last day"], asked) == ("note", [str(date.max), "9999-12-30"])


def test_without_an_integration_the_last_day_is_not_asked_for(doctor: Doctor, box: Sandbox) -> None:
    """No table can be read without an integration, so the check names the option."""
    ended = doctor(box, "--json")
    assert ended.named("last day")["summary"] == "not asked: it needs an integration: give --integration ID"
