"""Calling a sandbox by operationId, so that no test has to know a path."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from metrics24_sandbox import Sandbox
from metrics24_sandbox.spec import Spec

SPEC = Spec.load()
MAIN = "acmeshop01"
DAY = {"integration_id": MAIN, "start_date": "2025-02-03", "end_date": "2025-02-03"}
"""Query of a report over one day."""
WANTED = {"fields": "real_tx_id,offer,publisher,status", "extra_parameters": ""}
"""Query of an export."""

Json = dict[str, Any]


class Caller:
    """Sends requests to one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self._client = httpx.Client(base_url=box.base_url, headers={"API-KEY": box.api_key})

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __call__(
        self,
        operation: str,
        query: Mapping[str, Any] | None = None,
        *,
        path: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The response of an operation; the main integration unless `path` names another one."""
        definition = SPEC.operations[operation]
        url = definition.path.format_map({"integrationID": MAIN, **(path or {})})
        return self._client.request(definition.method, url, params=query, json=body, headers=headers)

    def raw(self, operation: str, body: bytes) -> httpx.Response:
        """The response to a body that is sent as it is."""
        definition = SPEC.operations[operation]
        url = definition.path.format_map({"integrationID": MAIN})
        return self._client.request(definition.method, url, content=body)

    def data(self, operation: str, query: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """The JSON of a successful response."""
        response = self(operation, query, **options)
        assert response.is_success, response.text
        return response.json()

    def page(self, operation: str = "getConversionReport", **query: Any) -> tuple[list[Json], Json]:
        """Rows and page info of a report, over one day unless told otherwise; `size`, `after` and `before` page."""
        paging = {f"page[{name}]": query.pop(name) for name in ("size", "after", "before") if name in query}
        found = self.data(operation, {**DAY, "page[size]": 100, **paging, **query})["data"]
        return found["data"], found["pageInfo"]

    def rows(self, operation: str = "getConversionReport", **query: Any) -> list[Json]:
        """All rows of a report, page after page."""
        rows, info = self.page(operation, **query)
        while info["hasNextPage"]:
            more, info = self.page(operation, **query, after=info["endCursor"])
            rows += more
        return rows

    def export(
        self, operation: str = "downloadConversions", headers: Mapping[str, str] | None = None, **query: Any
    ) -> str:
        """Start an export of one day; its id."""
        dates = {name: DAY[name] for name in ("start_date", "end_date")}
        started: Json = self.data(operation, {**WANTED, **dates, **query}, headers=headers)
        return str(started["id"])

    def finished_export(self, operation: str = "downloadConversions", **query: Any) -> str:
        """Start an export and let the time pass that it takes; its id."""
        identity = self.export(operation, **query)
        self.box.advance(5)
        return identity

    def export_state(self, identity: str) -> Json:
        """The state of an export in the Download Center."""
        state: Json = self.data("getExport", path={"exportID": identity})
        return state

    def url(self, identity: str, headers: Mapping[str, str] | None = None) -> str:
        """The signed URL of a finished export."""
        name = self.export_state(identity)["artifact_name"]
        return str(self.data("getExportUrl", {"artifact_name": name}, headers=headers)["url"])


Start = Callable[..., Caller]
"""Starts a sandbox with some options and returns a caller for it; it ends with the test."""


def error_code(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["error"]["code"]
