"""The arguments of report tables are checked before anything is sent."""

from typing import Any

import httpx
import pytest

from metrics24 import AsyncClient, Client, UsageError

RANGE = {"start": "2025-02-01", "end": "2025-02-27"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"after": "r1", "before": "r2"}, "after and before exclude each other"),
    ({"after": ""}, "after must be a row's cursor"),
    ({"before": 5}, "before must be a row's cursor"),
    ({"page_size": 0}, "page_size must be a whole number, 1 to 100"),
    ({"page_size": 101}, "page_size"),
    ({"page_size": -1}, "page_size"),
    ({"page_size": "10"}, "page_size"),
    ({"page_size": None}, "page_size"),
    ({"limit": True}, "limit must be a whole number, 0 or more"),
    ({"limit": 1.5}, "limit"),
    ({"limit": -1}, "limit"),
    ({"filter": "status=rejected"}, "filter must be built with metrics24.field"),
    ({"start": "2025-02-27", "end": "2025-02-01"}, "lies after end"),
    ({"start": "yesterday-ish"}, "start='yesterday-ish' is not a day"),
    ({"end": "2025-02-30"}, "end='2025-02-30' is not a day"),
    ({"start": 20250201}, "start must be a datetime.date or ISO text"),
    ({"parallel": 2, "after": "r1"}, "parallel reads whole days"),
    ({"parallel": 2, "before": "r1"}, "parallel reads whole days"),
    ({"parallel": 0}, "parallel must be a whole number, 1 to 32"),
    ({"parallel": 33}, "parallel"),
    ({"parallel": True}, "parallel"),
    ({"parallel": "2"}, "parallel"),
    ({"parallel": 2.0}, "parallel"),
]


def refuse(request: httpx.Request) -> httpx.Response:
    """Fail the test: nothing may be sent."""
    raise AssertionError(f"{request.url} was asked for")


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("client_type", [Client, AsyncClient])
def test_fault_28_29_wrong_arguments_are_never_sent(client_type: Any, arguments: dict[str, Any], words: str) -> None:
    """Arguments that cannot be meant are UsageError in the words of the call, and nothing is sent."""
    client = client_type(api_key="k", base_url="http://127.0.0.1:1", transport=httpx.MockTransport(refuse))
    for kind in ("clicks", "conversions", "impressions"):
        with pytest.raises(UsageError, match=words):
            getattr(client.reports, kind)("int1", **{**RANGE, **arguments})
