"""What errors about exports call by name, and which words lead to which operation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metrics24 import AsyncClient, Client, UsageError
from metrics24.export_job import check_target
from metrics24.exports import Columns, planned, seconds, wanted

WRONG: dict[str, Any] = {
    "start": "2025-02-30",
    "end": "2025-02-30",
    "integration": "a/b",
    "fields": "status",
    "extra_parameters": "status",
}


def asked(**changes: Any) -> object:
    """Want an export with something changed."""
    given: dict[str, Any] = {"start": "2025-02-01", "end": "2025-02-02", "integration": "int1"}
    columns: dict[str, Any] = {"fields": ["status"], "extra_parameters": (), "delimiter": None}
    columns |= {name: changes.pop(name) for name in [*changes] if name in columns}
    given |= changes
    days = {name: given[name] for name in ("start", "end")}
    return wanted("clicks", given["integration"], Columns(**columns), filter=None, **days)


@pytest.mark.parametrize("name", WRONG)
def test_an_argument_of_an_export_that_is_wrong_is_named(name: str) -> None:
    """The message of UsageError holds the name of the argument, as it is written in the call."""
    with pytest.raises(UsageError, match=rf"\b{name}(?![~\w])"):
        asked(**{name: WRONG[name]})


@pytest.mark.parametrize("name", ["start", "end", "integration"])
def test_an_argument_of_a_plan_that_is_wrong_is_named(name: str) -> None:
    """So it is for plans."""
    given = {"integration": "int1", "start": "2025-02-01", "end": "2025-02-02", name: WRONG[name]}
    with pytest.raises(UsageError, match=rf"\b{name}(?![~\w])"):
        planned("clicks", **given)


PLANS = {
    "clicks": "getClickReport",
    "conversions": "getConversionReport",
    "impressions": "getImpressionReport",
}


@pytest.mark.parametrize("kind", PLANS)
def test_a_plan_samples_the_table_of_its_kind(kind: str) -> None:
    """Each kind of export is planned by the report table of the same rows."""
    assert planned(kind, "int1", "2025-02-01", "2025-02-02").operation == PLANS[kind]


def test_the_longest_time_that_can_be_meant_is_a_billion_seconds() -> None:
    """A billion seconds are taken, and one second more is refused."""
    assert seconds("reuse", 1e9) == 1e9
    with pytest.raises(UsageError, match="from 0 to"):
        seconds("reuse", 1e9 + 1)


ORIGIN: dict[str, Any] = {"api_key": "k", "base_url": "http://127.0.0.1:9"}
START: dict[str, Any] = {"fields": ["status"], "reuse": -1}


async def test_ids_and_ages_that_are_wrong_are_named_by_both_clients() -> None:
    """What is wrong is named before anything is sent, by Client and by AsyncClient."""
    with Client(**ORIGIN) as client:
        for call in (client.exports.get, client.exports.delete, client.exports.resume):
            with pytest.raises(UsageError, match=r"\bexport_id(?![~\w])"):
                call("a/b")
        with pytest.raises(UsageError, match=r"\breuse(?![~\w])"):
            client.exports.start("clicks", "int1", **START)
        with pytest.raises(UsageError, match="artifact_name"):
            client.exports.url("")
    async with AsyncClient(**ORIGIN) as twin:
        for acall in (twin.exports.get, twin.exports.delete, twin.exports.resume):
            with pytest.raises(UsageError, match=r"\bexport_id(?![~\w])"):
                await acall("a/b")
        with pytest.raises(UsageError, match=r"\breuse(?![~\w])"):
            await twin.exports.start("clicks", "int1", **START)
        with pytest.raises(UsageError, match="artifact_name"):
            await twin.exports.url("")


OTHERS = [".jsonl", ".ndjson", ".json", ".gz", ".zip", ".xlsx", ".JSON"]


@pytest.mark.parametrize("suffix", OTHERS)
def test_a_download_that_promises_another_format_is_refused(suffix: str) -> None:
    """A file that would be called otherwise than what it holds is a UsageError that says what to write."""
    with pytest.raises(UsageError, match=r"end in \.csv"):
        check_target(f"clicks{suffix}")


@pytest.mark.parametrize("name", ["clicks.csv", "clicks.tsv", "clicks", "json"])
def test_a_download_may_have_any_other_name(name: str) -> None:
    """What promises no format is left as it was written."""
    assert check_target(name) == Path(name)
