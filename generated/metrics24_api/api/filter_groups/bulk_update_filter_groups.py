"""Update many filter groups."""

from typing import Any
from urllib.parse import quote

from ...models.bulk_update_request import BulkUpdateRequest
from ...types import UNSET, Unset


def build_request(
    integration_id: str,
    *,
    body: BulkUpdateRequest,
    organization: str | Unset = UNSET,
) -> dict[str, Any]:
    """Switches the monitoring mode of several filter groups at once.

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
        "method": "patch",
        "url": "/api/v2/integrations/{integration_id}/filter-groups".format(
            integration_id=quote(str(integration_id), safe=""),
        ),
        "params": params,
    }

    request["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    request["headers"] = headers
    return request
