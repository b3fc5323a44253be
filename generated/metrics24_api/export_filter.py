"""The documented filters of listExports, generated from openapi/spec.yaml; never edited by hand."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple, TypedDict


class ExportFilter(NamedTuple):
    """A documented filter: the property it looks at, its operator ("" for equality), and the type of its values."""

    field: str
    operator: str
    type: str
    format: str


class ExportFilterFields(TypedDict, total=False):
    """The documented filters of listExports, by names that can be typed; enumerated values are not the only ones."""

    offer_ids: str | Iterable[str]
    """Offers that the export was narrowed to."""
    publishers: str | Iterable[str]
    """Publishers that the export was narrowed to."""
    advertisers: str | Iterable[str]
    """Advertisers that the export was narrowed to."""
    integration_ids: str | Iterable[str]
    """Integrations that the export was narrowed to."""
    start_date: date | str
    """First day that the export asked for. Compared as text, so only the exact day matches."""
    end_date: date | str
    """Last day that the export asked for. Compared as text, so only the exact day matches."""
    status: Literal["UNKNOWN", "PENDING", "IN_PROGRESS", "ERROR", "CANCELED"] | str
    """State of the export."""
    type: Literal["conversion_logs", "click_logs"] | str
    """Kind of rows that the export holds."""
    results_meta_total_gte: int
    """Least number of rows in the file."""
    results_meta_total_lte: int
    """Greatest number of rows in the file."""
    results_meta_duration_seconds_gte: int
    """Least time that the export took, in seconds."""
    results_meta_duration_seconds_lte: int
    """Greatest time that the export took, in seconds."""


EXPORT_FILTERS: Mapping[str, ExportFilter] = {
    "offer_ids": ExportFilter("reports_query_option.filters.offer_id.equalvalues", "", "array", ""),
    "publishers": ExportFilter("reports_query_option.filters.publisher.equalvalues", "", "array", ""),
    "advertisers": ExportFilter("reports_query_option.filters.advertiser.equalvalues", "", "array", ""),
    "integration_ids": ExportFilter("reports_query_option.filters.integration_id.equalvalues", "", "array", ""),
    "start_date": ExportFilter("reports_query_option.start_date", "", "string", "date"),
    "end_date": ExportFilter("reports_query_option.end_date", "", "string", "date"),
    "status": ExportFilter("status", "", "string", ""),
    "type": ExportFilter("type", "", "string", ""),
    "results_meta_total_gte": ExportFilter("results_meta.total", "gte", "integer", ""),
    "results_meta_total_lte": ExportFilter("results_meta.total", "lte", "integer", ""),
    "results_meta_duration_seconds_gte": ExportFilter("results_meta.duration_seconds", "gte", "integer", ""),
    "results_meta_duration_seconds_lte": ExportFilter("results_meta.duration_seconds", "lte", "integer", ""),
}
