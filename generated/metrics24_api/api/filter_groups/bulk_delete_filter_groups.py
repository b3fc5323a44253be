"""Delete many filter groups."""

from typing import Any
from urllib.parse import quote

from ...models.bulk_delete_request import BulkDeleteRequest
from ...types import UNSET, Unset


def build_request(
    integration_id: str,
    *,
    body: BulkDeleteRequest,
    organization: str | Unset = UNSET,
) -> dict[str, Any]:
    """Deletes the filter groups whose ids stand in the body. Some proxies strip the body of a DELETE request; read
    the list afterwards to be sure.

    Args:
        body: What is sent as JSON.
        integration_id: `integrationID`.
        organization: `organization`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["organization"] = organization

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    request: dict[str, Any] = {
        "method": "delete",
        "url": "/api/v2/integrations/{integration_id}/filter-groups".format(
            integration_id=quote(str(integration_id), safe=""),
        ),
        "params": params,
    }

    request["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    request["headers"] = headers
    return request
