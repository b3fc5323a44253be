"""List the filter groups of an integration."""

from typing import Any
from urllib.parse import quote

from ...models.filter_conditions import FilterConditions
from ...types import UNSET, Unset


def build_request(
    integration_id: str,
    *,
    filter_: FilterConditions | Unset = UNSET,
    sort: str | Unset = UNSET,
    pagenumber: int | Unset = UNSET,
    pagesize: int | Unset = UNSET,
) -> dict[str, Any]:
    """All filter groups of one integration, in numbered pages.

    Args:
        integration_id: `integrationID`.
        filter_: `filter`.
        sort: `sort`.
        pagenumber: `page[number]`.
        pagesize: `page[size]`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    params: dict[str, Any] = {}

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
        "url": "/api/v2/integrations/{integration_id}/filter-groups".format(
            integration_id=quote(str(integration_id), safe=""),
        ),
        "params": params,
    }

    return request
