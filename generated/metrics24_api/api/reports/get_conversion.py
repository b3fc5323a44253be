"""Look up one conversion or event."""

import datetime
from typing import Any

from ...types import UNSET


def build_request(
    *,
    integration_id: str,
    request_date: datetime.date,
    offer: str,
    publisher: str,
    hash_: str,
) -> dict[str, Any]:
    """The one conversion or event that matches all keys; an error where none does.

    Args:
        integration_id: `integration_id`.
        request_date: `request_date`.
        offer: `offer`.
        publisher: `publisher`.
        hash_: `hash`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    params: dict[str, Any] = {}

    params["integration_id"] = integration_id

    json_request_date = request_date.isoformat()
    params["request_date"] = json_request_date

    params["offer"] = offer

    params["publisher"] = publisher

    params["hash"] = hash_

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    request: dict[str, Any] = {
        "method": "get",
        "url": "/api/v2/reports/v2/conversion",
        "params": params,
    }

    return request
