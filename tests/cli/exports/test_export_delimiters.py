"""The delimiter of an export that becomes a Parquet file, as the server or the command names it."""

from pathlib import Path

import pytest
from pyarrow import parquet

from cli.conftest import Metrics24
from files.round_trip import files_in
from support.account import IDENTITY, Stage

RESUME = ("exports", "resume", IDENTITY)


@pytest.mark.parametrize(
    ("style", "arguments"),
    [({"delimiter": ";"}, ()), ({}, ("--delimiter", ";")), (None, ("--delimiter", ";"))],
    ids=str,
)
def test_the_delimiter_of_a_conversion_is_known(
    metrics24: Metrics24, stage: Stage, desk: Path, style: dict[str, str] | None, arguments: tuple[str, ...]
) -> None:
    """A conversion takes the delimiter that the server repeats, or that the command names."""
    stage.storage.content = b"number;word\n1;a\n"
    stage.account.export["format"] = style
    assert metrics24(*RESUME, *arguments, "-o", "rows.parquet").code == 0
    assert parquet.read_table(desk / "rows.parquet").to_pydict() == {"number": ["1"], "word": ["a"]}


def test_a_delimiter_that_the_server_cannot_mean_is_told(metrics24: Metrics24, stage: Stage, desk: Path) -> None:
    """A conversion is code 7 if the server repeats what sets no cells apart, and done if the command names another."""
    stage.storage.content = b"number;word\n1;a\n"
    stage.account.export["format"] = {"delimiter": ";;"}
    ended = metrics24(*RESUME, "-o", "rows.parquet")
    assert ended.code == 7
    assert f"';;' separates the cells of export {IDENTITY}" in ended.err
    assert metrics24(*RESUME, "--delimiter", ";", "-o", "rows.parquet").code == 0
    assert files_in(desk) == ["rows.parquet"]
