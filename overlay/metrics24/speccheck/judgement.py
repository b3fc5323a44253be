"""Judge what a server's response says about an operation's method and path, and about the spec.

Pure functions, no I/O. A finding holds names, types and formats, never a value of the user's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from metrics24._core.requests import Operation, Route
from metrics24.config import TOKEN_VARIABLE
from metrics24.errors import Metrics24Error, StatusError, TransportError, UsageError
from metrics24.models import properties
from metrics24.speccheck import corrections
from metrics24.speccheck.comparison import (
    ABSENT,
    MISSING,
    NOT_JSON,
    STATUS,
    UNKNOWN,
    VALUE,
    Difference,
    RecordedResponse,
    compare,
)
from metrics24.speccheck.spec import client_spec

# The codes of metrics24.cli.exit_codes, by what they mean here.
WORKS, KEY_REFUSED, UNREACHABLE, UNREADABLE, UNSAFE, CORRECTABLE, UNJUDGED = 0, 3, 6, 7, 9, 12, 13
NOT_ASKED = "not asked: "
_OTHER_KEY = (
    "check that the key is complete, active, and of an account on this server",
    f"a bearer token is no key: it belongs into {TOKEN_VARIABLE}",
)
_PERMISSION = "ask the administrator of the organization for the permission"
_ID_LIKE = re.compile(r"(?=[\w-]*\d)[\w-]+")
_DEEPEST_ABSENCE = 2  # properties of optional objects in optional objects are absent more often than not


class Verdict(StrEnum):
    """The result of one check, or of asking one operation."""

    WORKS = "works"
    NOTE = "note"
    DIFFERS = "differs"
    WRONG_PATH = "wrong path"
    WRONG_METHOD = "wrong method"
    FORBIDDEN = "forbidden"
    INCONCLUSIVE = "inconclusive"
    BROKEN = "broken"
    REFUSED = "key refused"


_CODES = {
    Verdict.REFUSED: KEY_REFUSED,
    Verdict.DIFFERS: CORRECTABLE,
    Verdict.WRONG_PATH: CORRECTABLE,
    Verdict.WRONG_METHOD: CORRECTABLE,
    Verdict.FORBIDDEN: UNJUDGED,
    Verdict.INCONCLUSIVE: UNJUDGED,
    Verdict.BROKEN: UNREACHABLE,
}
SEVERITY = (UNSAFE, KEY_REFUSED, CORRECTABLE, UNREACHABLE, UNREADABLE, UNJUDGED)
"""The first of these codes that any finding has is the exit code of all."""


@frozen
class Finding:
    """The result of one check, or of asking one operation.

    Attributes:
        name: the name of the check, or the operation's id.
        verdict: the result.
        summary: one line that gives the reason.
        details: further lines.
        remedy: what to do, a line each.
        operation: True for an operation of the spec; the next four are for operations only.
        method: the method that was used.
        path: the path template that was used.
        evidence: the spec's evidence for method and path, or "given" where the user corrected them.
        status: the HTTP status of the response, None without one.
        differences: where the response differs from the spec.
        code: the exit code that this finding stands for.

    """

    name: str
    verdict: Verdict
    summary: str
    details: Sequence[str] = field(default=(), kw_only=True)
    remedy: Sequence[str] = field(default=(), kw_only=True)
    operation: bool = field(default=False, kw_only=True)
    method: str = field(default="", kw_only=True)
    path: str = field(default="", kw_only=True)
    evidence: str = field(default="", kw_only=True)
    status: int | None = field(default=None, kw_only=True)
    differences: Sequence[Difference] = field(default=(), kw_only=True)
    code: int = field(kw_only=True)

    @code.default
    def _usual_code(self) -> int:
        return _CODES.get(self.verdict, WORKS)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return the exit code of all findings together."""
    codes = {finding.code for finding in findings}
    return next((code for code in SEVERITY if code in codes), WORKS)


@frozen
class ProbeResult:
    """The end of one request: its response if one arrived, and the error that it ended in, if any."""

    response: RecordedResponse | None = None
    error: Metrics24Error | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status, None if no response arrived."""
        return None if self.response is None else self.response.status

    @property
    def body(self) -> Any:
        """The decoded JSON of a success; None if there is none."""
        if self.error is not None or self.response is None or self.response.body is None:
            return None
        return self.response.body.value


@frozen(kw_only=True)
class ProbedOperation:
    """An operation and the request that it was probed with.

    Attributes:
        operation: the operation of the spec.
        route: the method and path template that were used.
        sent: the ids and keys that were sent, which error bodies may repeat.
        doubt: another possible reason of a 404 than the path, empty if there is none.
        own_arguments: True if all arguments are the user's own, and none is out of a response.

    """

    operation: Operation
    route: Route
    sent: tuple[str, ...] = field(default=(), repr=False)
    doubt: str = ""
    own_arguments: bool = True

    @property
    def rerouted(self) -> bool:
        """True if the user corrected method or path."""
        return (self.route.method, self.route.path) != (self.operation.method, self.operation.path)

    def finding(self, verdict: Verdict, summary: str, status: int | None = None, **more: Any) -> Finding:
        """Make a finding about this operation."""
        method, path, name = self.route.method, self.route.path, self.operation.id
        evidence = "given" if self.rerouted else self.operation.evidence
        more |= {"operation": True, "method": method, "path": path, "evidence": evidence, "status": status}
        return Finding(name, verdict, summary, **more)


def judge(probed: ProbedOperation, result: ProbeResult, nonsense: ProbeResult | None, *, key_works: bool) -> Finding:
    """Judge an operation by its response, and a 404 also by the response to a `nonsense` path under the same prefix."""
    error = result.error
    if error is None and result.response is not None:
        return _judge_success(probed, result.response)
    if isinstance(error, StatusError):
        return _judge_status(probed, error, nonsense, key_works=key_works)
    if isinstance(error, TransportError):
        return probed.finding(Verdict.BROKEN, "no response", details=(str(error),))
    if isinstance(error, UsageError):  # its message quotes the id
        return probed.finding(Verdict.INCONCLUSIVE, f"{NOT_ASKED}an id or key of another response cannot be sent")
    return probed.finding(Verdict.BROKEN, "no usable response", code=UNREADABLE, details=(str(error),))


def _judge_status(
    probed: ProbedOperation, error: StatusError, nonsense: ProbeResult | None, *, key_works: bool
) -> Finding:
    status, verdict, more = error.status_code, Verdict.INCONCLUSIVE, dict[str, Any]()
    if status == 404:
        return _judge_missing(probed, error, nonsense)
    if status == 405:
        return _judge_method(probed, error.headers)
    if status == 401 and not key_works:
        verdict, summary, more = Verdict.REFUSED, "the server does not accept the key (401)", {"remedy": _OTHER_KEY}
    elif status in (401, 403):
        verdict, more = Verdict.FORBIDDEN, {"remedy": (_PERMISSION,)}
        summary = f"the key may not do this ({status}), so method and path cannot be judged"
    elif status >= 500:
        verdict, summary = Verdict.BROKEN, f"the server failed ({status}), also when asked again"
    elif status == 429:
        summary = "too many requests (429): try again later"
    else:
        summary = f"the server refuses the parameters ({status}), so method and path seem to exist"
        more = {"details": (str(error),) if probed.own_arguments else ()}
    return probed.finding(verdict, summary, status, **more)


def _judge_missing(probed: ProbedOperation, error: StatusError, nonsense: ProbeResult | None) -> Finding:
    if nonsense is None or not isinstance(nonsense.error, StatusError) or nonsense.status != 404:
        return probed.finding(Verdict.INCONCLUSIVE, "404, and no other path to compare the response with", 404)
    if not same_body(error.body, nonsense.error.body, probed.sent):
        summary = "404, but another one than for a path that does not exist: an id or key is not known there"
        return probed.finding(Verdict.INCONCLUSIVE, summary, 404)
    remedy = corrections.path_remedy(probed.operation, probed.route.method, probed.route.path)
    if probed.doubt:
        summary = f"404, as for a path that does not exist: either the path is wrong, or {probed.doubt}"
        return probed.finding(Verdict.INCONCLUSIVE, summary, 404, remedy=remedy)
    return probed.finding(Verdict.WRONG_PATH, "404, as for a path that does not exist", 404, remedy=remedy)


def _judge_method(probed: ProbedOperation, headers: Mapping[str, str]) -> Finding:
    allow = next((value for name, value in headers.items() if name.lower() == "allow"), "")
    allowed = [each.strip().upper() for each in allow.split(",") if each.strip().isalpha()]
    others = [each for each in allowed if each not in ("HEAD", "OPTIONS", probed.route.method)]
    offered = f"; the server offers {', '.join(allowed)}" if allowed else ""
    remedy = corrections.method_remedy(probed.operation, probed.route.method, probed.route.path, others)
    summary = f"405, the path exists, the method does not{offered}"
    return probed.finding(Verdict.WRONG_METHOD, summary, 405, remedy=remedy)


def _judge_success(probed: ProbedOperation, response: RecordedResponse) -> Finding:
    operation, status, body = probed.operation, response.status, response.body
    route = f"{probed.route.method} {probed.route.path}"
    moved = (corrections.spec_remedy(operation, route),) if probed.rerouted else ()
    if body is None and not response.problem and operation.effect == "write":
        return probed.finding(Verdict.WORKS, f"{status} without a body", status, remedy=moved)
    if body is None:
        reason = response.problem or "It is empty."
        return probed.finding(Verdict.BROKEN, "the response is not JSON", status, code=UNREADABLE, details=(reason,))
    compared = compare(client_spec(), [response])
    found = compared.differences
    absent = [each for each in compared.absent if each.path.replace(".data", "").count(".") <= _DEEPEST_ABSENCE]
    details = [_detail(each) for each in found]
    if absent:
        places = ", ".join(each.path for each in absent)
        details.append(f"documented, and absent from this response, which may be chance: {places}")
    summary, remedy = _amount(described_part(operation, body.value)[1]), list(moved)
    if found:
        places = "one place" if len(found) == 1 else f"{len(found)} places"
        summary = f"method and path work, the response differs from the spec in {places}"
        remedy += [*corrections.spec_lines(found), f"# then {corrections.REGENERATE}"]
    return probed.finding(
        Verdict.DIFFERS if found else Verdict.WORKS,
        summary,
        status,
        details=details,
        remedy=remedy,
        differences=(*found, *absent),
    )


def described_part(operation: Operation, body: object) -> tuple[str, object]:
    """Return the model that a response's body has, and the body without an envelope named `data`."""
    model = operation.response
    names = {each.name for each in properties(model)}
    if isinstance(body, dict) and "data" in body and "data" not in names:
        body = body["data"]
    return model, body


def same_body(one: bytes, other: bytes, removed: Iterable[str]) -> bool:
    """Return True if two error bodies are the same, apart from numbers, ids and other texts with digits in them."""
    texts = sorted(filter(None, removed), key=len, reverse=True)
    return _normal(one, texts) == _normal(other, texts)


def _normal(body: bytes, removed: list[str]) -> str:
    try:
        text = json.dumps(json.loads(body, parse_float=lambda _: 0), ensure_ascii=False, sort_keys=True)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
    for each in removed:
        text = text.replace(each, "#")
    return _ID_LIKE.sub("#", text)


def _amount(value: object) -> str:
    items = value.get("data") if isinstance(value, dict) else None
    rows = items.get("data") if isinstance(items, dict) else items
    if isinstance(rows, list):
        return f"{len(rows)} read" if rows else "empty, so nothing could be compared with the spec"
    if isinstance(value, dict) and rows is None and "data" in value:
        return "empty, so nothing could be compared with the spec"
    return "as the spec says"


def _detail(difference: Difference) -> str:
    if difference.kind == VALUE:
        return f"unknown value {difference.name} at {difference.path}"
    strict = difference.evidence == "documented"
    refused = ", so the client refuses such responses" if strict else ""
    return f"{difference.kind} {difference.path}: {described(difference)}{refused}"


def described(difference: Difference) -> str:
    """Say what was seen, beside what the spec says of it."""
    expected = " or ".join(difference.expected)
    evidence = f", {difference.evidence}" if difference.evidence else ""
    if difference.kind == MISSING:
        return f"required {expected}{evidence}"
    if difference.kind in (STATUS, VALUE, NOT_JSON, ABSENT):
        return ""
    if difference.kind == UNKNOWN:
        items = f" of {' or '.join(difference.items)}" if difference.items else ""
        text_format = f" ({difference.format})" if difference.format else ""
        nulls = f", {difference.nulls} null" if difference.nulls and difference.types else ""
        return f"{' or '.join(difference.types) or 'null only'}{items}{text_format}{nulls}"
    return f"{' or '.join(name for name, _ in difference.found)}, where the spec says {expected}{evidence}"
