"""Update a filter group."""

from typing import Any
from urllib.parse import quote

from ...models.filter_group_update import FilterGroupUpdate


def build_request(
    integration_id: str,
    filter_group_id: str,
    *,
    body: FilterGroupUpdate,
) -> dict[str, Any]:
    """Changes the properties that the body carries. Left out, null and the empty list are three different things.

    Args:
        body: What is sent as JSON.
        integration_id: `integrationID`.
        filter_group_id: `filterGroupID`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """
    headers: dict[str, Any] = {}

    request: dict[str, Any] = {
        "method": "patch",
        "url": "/api/v2/integrations/{integration_id}/filter-groups/{filter_group_id}".format(
            integration_id=quote(str(integration_id), safe=""),
            filter_group_id=quote(str(filter_group_id), safe=""),
        ),
    }

    request["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    request["headers"] = headers
    return request
