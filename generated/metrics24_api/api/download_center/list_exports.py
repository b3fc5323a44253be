"""List exports."""

import datetime
from typing import Any

from ...models.export_status_filter import ExportStatusFilter
from ...models.export_type_filter import ExportTypeFilter
from ...models.filter_conditions import FilterConditions
from ...types import UNSET, Unset


def build_request(
    *,
    filterreports_query_option_filters_offer_id_equalvalues: list[str] | Unset = UNSET,
    filterreports_query_option_filters_publisher_equalvalues: list[str] | Unset = UNSET,
    filterreports_query_option_filters_advertiser_equalvalues: list[str] | Unset = UNSET,
    filterreports_query_option_filters_integration_id_equalvalues: list[str] | Unset = UNSET,
    filterreports_query_option_start_date: datetime.date | Unset = UNSET,
    filterreports_query_option_end_date: datetime.date | Unset = UNSET,
    filterstatus: ExportStatusFilter | str | Unset = UNSET,
    filtertype: ExportTypeFilter | str | Unset = UNSET,
    filterresults_meta_totalgte: int | Unset = UNSET,
    filterresults_meta_totallte: int | Unset = UNSET,
    filterresults_meta_duration_secondsgte: int | Unset = UNSET,
    filterresults_meta_duration_secondslte: int | Unset = UNSET,
    filter_: FilterConditions | Unset = UNSET,
    sort: str | Unset = UNSET,
    pagenumber: int | Unset = UNSET,
    pagesize: int | Unset = UNSET,
) -> dict[str, Any]:
    """All exports that were asked for, in numbered pages. Twelve filters are documented by name; `filter` takes any
    other.

    Args:
        filterreports_query_option_filters_offer_id_equalvalues: `filter[reports_query_option.filters.offer_id.equalvalues]`.
        filterreports_query_option_filters_publisher_equalvalues: `filter[reports_query_option.filters.publisher.equalvalues]`.
        filterreports_query_option_filters_advertiser_equalvalues: `filter[reports_query_option.filters.advertiser.equalvalues]`.
        filterreports_query_option_filters_integration_id_equalvalues: `filter[reports_query_option.filters.integration_id.equalvalues]`.
        filterreports_query_option_start_date: `filter[reports_query_option.start_date]`.
        filterreports_query_option_end_date: `filter[reports_query_option.end_date]`.
        filterstatus: `filter[status]`.
        filtertype: `filter[type]`.
        filterresults_meta_totalgte: `filter[results_meta.total][gte]`.
        filterresults_meta_totallte: `filter[results_meta.total][lte]`.
        filterresults_meta_duration_secondsgte: `filter[results_meta.duration_seconds][gte]`.
        filterresults_meta_duration_secondslte: `filter[results_meta.duration_seconds][lte]`.
        filter_: `filter`.
        sort: `sort`.
        pagenumber: `page[number]`.
        pagesize: `page[size]`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    params: dict[str, Any] = {}

    json_filterreports_query_option_filters_offer_id_equalvalues: list[str] | Unset = UNSET
    if not isinstance(filterreports_query_option_filters_offer_id_equalvalues, Unset):
        json_filterreports_query_option_filters_offer_id_equalvalues = (
            filterreports_query_option_filters_offer_id_equalvalues
        )

    params["filter[reports_query_option.filters.offer_id.equalvalues]"] = (
        json_filterreports_query_option_filters_offer_id_equalvalues
    )

    json_filterreports_query_option_filters_publisher_equalvalues: list[str] | Unset = UNSET
    if not isinstance(filterreports_query_option_filters_publisher_equalvalues, Unset):
        json_filterreports_query_option_filters_publisher_equalvalues = (
            filterreports_query_option_filters_publisher_equalvalues
        )

    params["filter[reports_query_option.filters.publisher.equalvalues]"] = (
        json_filterreports_query_option_filters_publisher_equalvalues
    )

    json_filterreports_query_option_filters_advertiser_equalvalues: list[str] | Unset = UNSET
    if not isinstance(filterreports_query_option_filters_advertiser_equalvalues, Unset):
        json_filterreports_query_option_filters_advertiser_equalvalues = (
            filterreports_query_option_filters_advertiser_equalvalues
        )

    params["filter[reports_query_option.filters.advertiser.equalvalues]"] = (
        json_filterreports_query_option_filters_advertiser_equalvalues
    )

    json_filterreports_query_option_filters_integration_id_equalvalues: list[str] | Unset = UNSET
    if not isinstance(filterreports_query_option_filters_integration_id_equalvalues, Unset):
        json_filterreports_query_option_filters_integration_id_equalvalues = (
            filterreports_query_option_filters_integration_id_equalvalues
        )

    params["filter[reports_query_option.filters.integration_id.equalvalues]"] = (
        json_filterreports_query_option_filters_integration_id_equalvalues
    )

    json_filterreports_query_option_start_date: str | Unset = UNSET
    if not isinstance(filterreports_query_option_start_date, Unset):
        json_filterreports_query_option_start_date = filterreports_query_option_start_date.isoformat()
    params["filter[reports_query_option.start_date]"] = json_filterreports_query_option_start_date

    json_filterreports_query_option_end_date: str | Unset = UNSET
    if not isinstance(filterreports_query_option_end_date, Unset):
        json_filterreports_query_option_end_date = filterreports_query_option_end_date.isoformat()
    params["filter[reports_query_option.end_date]"] = json_filterreports_query_option_end_date

    json_filterstatus: str | Unset
    if isinstance(filterstatus, Unset):
        json_filterstatus = UNSET
    elif isinstance(filterstatus, ExportStatusFilter):
        json_filterstatus = filterstatus.value
    else:
        json_filterstatus = filterstatus
    params["filter[status]"] = json_filterstatus

    json_filtertype: str | Unset
    if isinstance(filtertype, Unset):
        json_filtertype = UNSET
    elif isinstance(filtertype, ExportTypeFilter):
        json_filtertype = filtertype.value
    else:
        json_filtertype = filtertype
    params["filter[type]"] = json_filtertype

    params["filter[results_meta.total][gte]"] = filterresults_meta_totalgte

    params["filter[results_meta.total][lte]"] = filterresults_meta_totallte

    params["filter[results_meta.duration_seconds][gte]"] = filterresults_meta_duration_secondsgte

    params["filter[results_meta.duration_seconds][lte]"] = filterresults_meta_duration_secondslte

    json_filter_: dict[str, Any] | Unset = UNSET
    if not isinstance(filter_, Unset):
        json_filter_ = filter_.to_dict()
    if not isinstance(json_filter_, Unset):
        params.update(json_filter_)

    params["sort"] = sort

    params["page[number]"] = pagenumber

    params["page[size]"] = pagesize

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    request: dict[str, Any] = {
        "method": "get",
        "url": "/api/v2/download-center",
        "params": params,
    }

    return request
