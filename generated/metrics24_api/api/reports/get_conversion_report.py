"""Page through conversions."""

import datetime
from typing import Any

from ...models.filter_conditions import FilterConditions
from ...types import UNSET, Unset


def build_request(
    *,
    integration_id: str,
    start_date: datetime.date,
    end_date: datetime.date,
    pagesize: int,
    pagebefore: str | Unset = UNSET,
    pageafter: str | Unset = UNSET,
    filter_: FilterConditions | Unset = UNSET,
) -> dict[str, Any]:
    """Conversions and events between two days, newest first, paged by cursor.

    Args:
        integration_id: `integration_id`.
        start_date: `start_date`.
        end_date: `end_date`.
        pagesize: `page[size]`.
        pagebefore: `page[before]`.
        pageafter: `page[after]`.
        filter_: `filter`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    params: dict[str, Any] = {}

    params["integration_id"] = integration_id

    json_start_date = start_date.isoformat()
    params["start_date"] = json_start_date

    json_end_date = end_date.isoformat()
    params["end_date"] = json_end_date

    params["page[size]"] = pagesize

    params["page[before]"] = pagebefore

    params["page[after]"] = pageafter

    json_filter_: dict[str, Any] | Unset = UNSET
    if not isinstance(filter_, Unset):
        json_filter_ = filter_.to_dict()
    if not isinstance(json_filter_, Unset):
        params.update(json_filter_)

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    request: dict[str, Any] = {
        "method": "get",
        "url": "/api/v2/reports/v2/conversion-table",
        "params": params,
    }

    return request
