"""Export impressions."""

import datetime
from typing import Any
from urllib.parse import quote

from ...models.filter_conditions import FilterConditions
from ...types import UNSET, Unset


def build_request(
    integration_id: str,
    *,
    delimiter: str | Unset = UNSET,
    start_date: datetime.date | Unset = UNSET,
    end_date: datetime.date | Unset = UNSET,
    fields: str,
    extra_parameters: str,
    filter_: FilterConditions | Unset = UNSET,
) -> dict[str, Any]:
    """Asks for a CSV export of impressions; the answer describes the job, not the file.

    Args:
        integration_id: `integrationID`.
        delimiter: `delimiter`.
        start_date: `start_date`.
        end_date: `end_date`.
        fields: `fields`.
        extra_parameters: `extra_parameters`.
        filter_: `filter`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    params: dict[str, Any] = {}

    params["delimiter"] = delimiter

    json_start_date: str | Unset = UNSET
    if not isinstance(start_date, Unset):
        json_start_date = start_date.isoformat()
    params["start_date"] = json_start_date

    json_end_date: str | Unset = UNSET
    if not isinstance(end_date, Unset):
        json_end_date = end_date.isoformat()
    params["end_date"] = json_end_date

    params["fields"] = fields

    params["extra_parameters"] = extra_parameters

    json_filter_: dict[str, Any] | Unset = UNSET
    if not isinstance(filter_, Unset):
        json_filter_ = filter_.to_dict()
    if not isinstance(json_filter_, Unset):
        params.update(json_filter_)

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    request: dict[str, Any] = {
        "method": "post",
        "url": "/api/v2/integrations/{integration_id}/download-center/impressions".format(
            integration_id=quote(str(integration_id), safe=""),
        ),
        "params": params,
    }

    return request
