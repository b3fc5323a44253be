"""Delete an export."""

from typing import Any
from urllib.parse import quote


def build_request(
    export_id: str,
) -> dict[str, Any]:
    """Deletes the export together with its file.

    Args:
        export_id: `exportID`.

    Returns:
        Keyword arguments for `httpx.Client.request`.
    """

    request: dict[str, Any] = {
        "method": "delete",
        "url": "/api/v2/download-center/{export_id}".format(
            export_id=quote(str(export_id), safe=""),
        ),
    }

    return request
