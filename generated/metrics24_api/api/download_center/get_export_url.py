"""Get the signed URL of an export's file."""

from typing import Any

from ...types import UNSET


def build_request(
    *,
    artifact_name: str,
) -> dict[str, Any]:
    """A URL on another host, valid for a while, that serves the file without credentials.

    Args:
        artifact_name: `artifact_name`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    params: dict[str, Any] = {}

    params["artifact_name"] = artifact_name

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    request: dict[str, Any] = {
        "method": "get",
        "url": "/api/v2/download-center/url",
        "params": params,
    }

    return request
