"""Read a filter group."""

from typing import Any
from urllib.parse import quote


def build_request(
    integration_id: str,
    filter_group_id: str,
) -> dict[str, Any]:
    """One filter group of an integration.

    Args:
        integration_id: `integrationID`.
        filter_group_id: `filterGroupID`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    request: dict[str, Any] = {
        "method": "get",
        "url": "/api/v2/integrations/{integration_id}/filter-groups/{filter_group_id}".format(
            integration_id=quote(str(integration_id), safe=""),
            filter_group_id=quote(str(filter_group_id), safe=""),
        ),
    }

    return request
