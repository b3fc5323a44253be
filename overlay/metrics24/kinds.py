"""Clicks, conversions and impressions: one `Kind` for each, the only place that knows how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from attrs import frozen

KindName = Literal["clicks", "conversions", "impressions"]


@frozen(kw_only=True)
class Kind:
    """One kind of rows, with the names of its operations, column and model in the API.

    Attributes:
        name: the kind's name in calls, commands and file names.
        report: the operation that gives its report table, page by page.
        export: the operation that starts an export of it.
        time_column: the column by which its table is ordered and cut into days.
        model: the model of its rows.
        look_up: the operation that gives one row by its keys; empty if the API has none.

    """

    name: KindName
    report: str
    export: str
    time_column: str
    model: str
    look_up: str = ""


CLICKS = Kind(
    name="clicks",
    report="getClickReport",
    export="downloadClicks",
    look_up="getClick",
    time_column="request_time",
    model="Click",
)
CONVERSIONS = Kind(
    name="conversions",
    report="getConversionReport",
    export="downloadConversions",
    look_up="getConversion",
    time_column="conversion_time",
    model="Conversion",
)
IMPRESSIONS = Kind(
    name="impressions",
    report="getImpressionReport",
    export="downloadImpressions",
    time_column="request_time",
    model="Impression",
)
KINDS: Mapping[str, Kind] = MappingProxyType({each.name: each for each in (CLICKS, CONVERSIONS, IMPRESSIONS)})
TIME_COLUMNS = ("request_time", "conversion_time", "click_time", "impression_time")
"""The columns that may hold the time of a row, the documented ones first."""


def time_of(row: Any) -> str | None:
    """Return the time of a row of any kind as the server writes it; None if it has none."""
    return next((str(time) for column in TIME_COLUMNS if (time := row.get(column))), None)
