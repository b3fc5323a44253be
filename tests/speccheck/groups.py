"""A scripted server of filter groups that the doctor may write to, and the arguments for it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from metrics24_api.operation_table import OPERATIONS
from speccheck.stage import META, NOT_FOUND, healthy, operation_of, root
from support.scripted import Received, Step
from support.steps import reset, respond_json

SCRATCH = ("--include-writes", "--scratch-integration", "acmeapps02", "--organization", "acmegroup1")
GROUPS = {each.id for each in OPERATIONS.values() if each.effect == "write" and each.tag == "Filter groups"}
EXPORTS = {"downloadClicks", "downloadConversions", "downloadImpressions", "deleteExport"}
NAME = "metrics24 doctor scratch "


class Groups:
    """A server that keeps filter groups; `lazy` operations succeed and do nothing."""

    def __init__(self, *lazy: str, lost: str = "none") -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self._lazy, self._lost = lazy, lost
        self._numbers = iter(range(100, 200))

    def __call__(self, request: Received) -> Step:
        name = operation_of(request)
        body = json.loads(request.body or b"{}")
        last = request.path.rpartition("/")[2]
        if name not in self._lazy:
            self._perform(name, body, last)
        if name == self._lost:
            return reset
        if name == "listFilterGroups":
            return respond_json({"data": list(self.kept.values()), "meta": META})
        if name == "getFilterGroup":
            return respond_json(self.kept[last]) if last in self.kept else respond_json({"no": "group"}, status=404)
        if name in GROUPS:
            return respond_json({"id": list(self.kept)[-1]} if name == "createFilterGroup" else {})
        return {"/": root(), **healthy()}.get(name or request.path, NOT_FOUND)

    def _perform(self, name: str, body: dict[str, Any], last: str) -> None:
        if name == "createFilterGroup":
            identity = f"group-{next(self._numbers)}"
            self.kept[identity] = {"id": identity, **body}
        elif name == "deleteFilterGroup":
            self.kept.pop(last, None)
        elif name == "updateFilterGroup":
            self.kept[last].update(body)
        for identity in body.get("data", ()):
            if name == "bulkDeleteFilterGroups":
                self.kept.pop(identity, None)
            elif name == "bulkUpdateFilterGroups":
                self.kept[identity]["monitoring_mode"] = body["monitoring_mode"]


class Failing(Groups):
    """A server of filter groups on which some operations fail from their n-th request on."""

    def __init__(self, **failures: tuple[int, Step]) -> None:
        super().__init__()
        self._failures = failures
        self.requests: Counter[str] = Counter()

    def __call__(self, request: Received) -> Step:
        name = operation_of(request)
        self.requests[name] += 1
        count, step = self._failures.get(name, (0, NOT_FOUND))
        return step if name in self._failures and self.requests[name] >= count else super().__call__(request)
