"""Create a filter group."""

from typing import Any
from urllib.parse import quote

from ...models.filter_group_create import FilterGroupCreate


def build_request(
    integration_id: str,
    *,
    body: FilterGroupCreate,
) -> dict[str, Any]:
    """Creates a filter group in an integration. The body repeats the integration of the path and names its
    organization. The priority must be unique within the integration.

    Args:
        body: What is sent as JSON.
        integration_id: `integrationID`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """
    headers: dict[str, Any] = {}

    request: dict[str, Any] = {
        "method": "post",
        "url": "/api/v2/integrations/{integration_id}/filter-groups".format(
            integration_id=quote(str(integration_id), safe=""),
        ),
    }

    request["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    request["headers"] = headers
    return request
