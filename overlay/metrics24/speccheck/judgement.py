"""Compare an answer with the spec's model, and write what the spec lacks. Values are looked at, never kept.

From what a server answered to what it means: pure functions, no I/O.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from ipaddress import IPv4Address, ip_address
from typing import Any
from uuid import UUID

from attrs import field, frozen

from metrics24._core.effects import RawResponse
from metrics24._core.requests import Operation, Route
from metrics24._core.responses import decode
from metrics24.config import TOKEN_VARIABLE
from metrics24.errors import Metrics24Error, ResponseError, StatusError, TransportError, UsageError
from metrics24.models import Property, declared_in, known_values, properties
from metrics24.speccheck import corrections
from metrics24.speccheck.findings import ANY_NAME, UNREADABLE, Difference, Finding, Verdict

TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}
_NAME = re.compile(r"[A-Za-z_][\w.:\[\]-]{0,63}", re.ASCII)
WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z-]*[0-9]{4,}[0-9A-Za-z-]*|[0-9a-f-]{16,}", re.ASCII)
_DEEPEST_ABSENCE = 2  # what lies in optional objects of optional objects is absent more often than not


@frozen
class _Seen:
    """What was seen in one place, over all items of all lists."""

    kind: str
    schema: str
    expected: str = ""
    evidence: str = ""
    types: set[str] = field(factory=set)
    formats: set[str] = field(factory=set)


def compare(model: str, value: object) -> tuple[Difference, ...]:
    """Every place where `value` is not as the spec describes `model`.

    A model for which the spec lists no properties allows anything. An optional property that is documented and in no
    object of its kind is an "absent field", which may be chance; one that is null is none.
    """
    comparison = _Comparison()
    comparison.of_object(model, value, "$")
    comparison.absences()
    return tuple(_difference(path, name, seen) for (path, name), seen in comparison.seen.items())


@frozen
class _Comparison:
    """Collects what differs, and which properties the objects in each place have."""

    seen: dict[tuple[str, str], _Seen] = field(factory=dict)
    keys: dict[tuple[str, str], set[str]] = field(factory=dict)

    def note(self, path: str, name: str, seen: _Seen, found: object) -> None:
        place = self.seen.setdefault((path, name), seen)
        place.types.add(TYPE_NAMES[type(found)])
        if isinstance(found, str):
            place.formats.add(text_format(found))

    def of_object(self, model: str, value: object, path: str) -> None:
        if not isinstance(value, dict):
            self.note(path, model, _Seen("type conflict", model, "object", "inferred"), value)
            return
        known = {each.name: each for each in properties(model)}
        self.keys.setdefault((model, path), set()).update(value)
        for prop in known.values():
            self.of_property(model, prop, value.get(prop.name), f"{path}.{prop.name}")
        for name in [each for each in value if known and each not in known]:
            shown = name if is_name(name) else ANY_NAME
            self.note(f"{path}.{shown}", shown, _Seen("unknown field", model), value[name])

    def of_property(self, model: str, prop: Property, found: object, path: str) -> None:
        if found is None and not prop.required:
            return
        if found is None or not _fits(prop.type, found):
            kind = "missing field" if found is None else "type conflict"
            self.note(path, prop.name, _Seen(kind, declared_in(model, prop.name), prop.type, prop.evidence), found)
        elif prop.model:
            items = [(found, path)] if not isinstance(found, list) else [(item, f"{path}[]") for item in found]
            for item, where in items:
                self.of_object(prop.model, item, where)
        elif isinstance(found, str):
            schema, values = known_values(model, prop.attribute)
            if values and found not in values and WORD.fullmatch(found):  # what is no word may be data
                self.note(path, found, _Seen("unknown value", schema, prop.type, prop.evidence), found)

    def absences(self) -> None:
        for (model, path), keys in self.keys.items():
            if len(path.replace(".data", "").split(".")) > _DEEPEST_ABSENCE:
                continue
            for prop in properties(model):
                if prop.evidence == "documented" and not prop.required and prop.name not in keys:
                    seen = _Seen("absent field", declared_in(model, prop.name), prop.type, prop.evidence)
                    self.seen[f"{path}.{prop.name}", prop.name] = seen


def _fits(expected: str, found: object) -> bool:
    name = TYPE_NAMES[type(found)]
    return expected in ("any", name) or (expected == "number" and name == "integer")


def is_name(name: str) -> bool:
    """Whether a property's name is a word of the API and not an id, as in objects that are keyed by ids."""
    return bool(_NAME.fullmatch(name)) and not _ID.fullmatch(name)


def _difference(path: str, name: str, seen: _Seen) -> Difference:
    order = list(TYPE_NAMES.values())
    types = tuple(sorted(seen.types, key=order.index))
    shape = next(iter(seen.formats)) if len(seen.formats) == 1 else ""
    return Difference(seen.kind, path, seen.schema, name, seen.expected, types, shape, seen.evidence)


def _parses(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def text_format(text: str) -> str:
    """The JSON Schema format of a text, empty if it has none that is known for sure."""
    if re.match(r"https?://", text):
        return "uri"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "date" if _parses(date.fromisoformat, text) else ""
    if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        zoned = _parses(datetime.fromisoformat, text) and datetime.fromisoformat(text).tzinfo is not None
        return "date-time" if zoned else ""
    if len(text) == 36 and _parses(UUID, text):
        return "uuid"
    if _parses(ip_address, text):
        return "ipv4" if isinstance(ip_address(text), IPv4Address) else "ipv6"
    return ""


_ID_LIKE = re.compile(r"(?=[\w-]*\d)[\w-]+")
NOT_ASKED = "not asked: "
_OTHER_KEY = (
    "check that the key is complete, active, and of an account on this server",
    f"a bearer token is no key: it belongs into {TOKEN_VARIABLE}",
)
_PERMISSION = "ask the administrator of the organization for the permission"


@frozen
class Judgement:
    """What a request ended in: an answer with a success status, or an error."""

    answer: RawResponse | None = None
    error: Metrics24Error | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status, None if no answer arrived."""
        if self.answer is not None:
            return self.answer.status_code
        return self.error.status_code if isinstance(self.error, StatusError) else None


@frozen(kw_only=True)
class AskedOperation:
    """One operation as it was asked.

    Attributes:
        operation: the operation, as the spec has it.
        route: method and path template that were used.
        sent: the ids and keys that were sent, which answers may repeat.
        unproven: what could be at fault for a 404 besides the path, empty if nothing.
        own_arguments: whether all arguments are the user's own and none comes out of answers.

    """

    operation: Operation
    route: Route
    sent: tuple[str, ...] = field(default=(), repr=False)
    unproven: str = ""
    own_arguments: bool = True

    @property
    def rerouted(self) -> bool:
        """Whether method and path are not those of the spec."""
        return (self.route.method, self.route.path) != (self.operation.method, self.operation.path)

    def finding(self, verdict: Verdict, summary: str, status: int | None = None, **more: Any) -> Finding:
        """A finding about this operation."""
        return Finding(
            name=self.operation.id,
            verdict=verdict,
            summary=summary,
            operation=True,
            method=self.route.method,
            path=self.route.path,
            evidence="given" if self.rerouted else self.operation.evidence,
            status=status,
            **more,
        )


def judge(asked: AskedOperation, outcome: Judgement, nonsense: Judgement | None, *, key_works: bool) -> Finding:
    """Judge an operation by its answer; a 404 also by the answer to a `nonsense` path under the same prefix."""
    if outcome.answer is not None:
        return _judge_answer(asked, outcome.answer)
    if isinstance(outcome.error, StatusError):
        return _judge_status(asked, outcome.error, nonsense, key_works=key_works)
    if isinstance(outcome.error, TransportError):
        return asked.finding(Verdict.BROKEN, "no answer", details=(str(outcome.error),))
    if isinstance(outcome.error, UsageError):  # which quotes the id
        return asked.finding(Verdict.INCONCLUSIVE, f"{NOT_ASKED}an id or key of another answer cannot be sent")
    return asked.finding(Verdict.BROKEN, "no usable answer", code=UNREADABLE, details=(str(outcome.error),))


def _judge_status(asked: AskedOperation, error: StatusError, nonsense: Judgement | None, *, key_works: bool) -> Finding:
    status = error.status_code
    if status in (404, 405):
        return _judge_missing(asked, error, nonsense) if status == 404 else _judge_method(asked, error.headers)
    if status == 401 and not key_works:
        return asked.finding(Verdict.REFUSED, "the server does not accept the key (401)", status, remedy=_OTHER_KEY)
    if status in (401, 403):
        summary = f"the key may not do this ({status}), so method and path cannot be judged"
        return asked.finding(Verdict.FORBIDDEN, summary, status, remedy=(_PERMISSION,))
    if status >= 500:
        return asked.finding(Verdict.BROKEN, f"the server failed ({status}), also when asked again", status)
    if status == 429:
        return asked.finding(Verdict.INCONCLUSIVE, "too many requests (429): try again later", status)
    summary = f"the server refuses the parameters ({status}), so method and path seem to exist"
    said = (str(error),) if asked.own_arguments else ()
    return asked.finding(Verdict.INCONCLUSIVE, summary, status, details=said)


def _judge_missing(asked: AskedOperation, error: StatusError, nonsense: Judgement | None) -> Finding:
    if nonsense is None or not isinstance(nonsense.error, StatusError) or nonsense.status != 404:
        return asked.finding(Verdict.INCONCLUSIVE, "404, and no other path to compare the answer with", 404)
    if not same_answer(error.body, nonsense.error.body, asked.sent):
        summary = "404, but another one than for a path that does not exist: an id or key is not known there"
        return asked.finding(Verdict.INCONCLUSIVE, summary, 404)
    remedy = corrections.of_path(asked.operation, asked.route.method, asked.route.path)
    if asked.unproven:
        summary = f"404, as for a path that does not exist: either the path is wrong, or {asked.unproven}"
        return asked.finding(Verdict.INCONCLUSIVE, summary, 404, remedy=remedy)
    return asked.finding(Verdict.WRONG_PATH, "404, as for a path that does not exist", 404, remedy=remedy)


def _judge_method(asked: AskedOperation, headers: Mapping[str, str]) -> Finding:
    allow = next((value for name, value in headers.items() if name.lower() == "allow"), "")
    allowed = [each.strip().upper() for each in allow.split(",") if each.strip().isalpha()]
    others = [each for each in allowed if each not in ("HEAD", "OPTIONS", asked.route.method)]
    offered = f"; the server offers {', '.join(allowed)}" if allowed else ""
    remedy = corrections.of_method(asked.operation, asked.route.method, asked.route.path, others)
    return asked.finding(
        Verdict.WRONG_METHOD, f"405, the path exists, the method does not{offered}", 405, remedy=remedy
    )


def _judge_answer(asked: AskedOperation, answer: RawResponse) -> Finding:
    status = answer.status_code
    route = f"{asked.route.method} {asked.route.path}"
    moved = (corrections.for_good(asked.operation, route),) if asked.rerouted else ()
    if asked.operation.effect == "write" and not answer.content.strip():
        return asked.finding(Verdict.WORKS, f"{status} without a body", status, remedy=moved)
    try:
        body = decode(answer, asked.operation.id)
    except ResponseError as error:
        details = (str(error),)
        return asked.finding(Verdict.BROKEN, "the answer is not JSON", status, code=UNREADABLE, details=details)
    model, value = described_part(asked.operation, body)
    differences = compare(model, value)
    found = [each for each in differences if each.kind != "absent field"]
    yaml = (*corrections.of_answer(found), f"# then {corrections.REGENERATE}") if found else ()
    places = "one place" if len(found) == 1 else f"{len(found)} places"
    return asked.finding(
        Verdict.DIFFERS if found else Verdict.WORKS,
        f"method and path work, the answer differs from the spec in {places}" if found else _amount(value),
        status,
        details=(*map(_described, found), *_absent(differences)),
        remedy=(*moved, *yaml),
        differences=differences,
    )


def described_part(operation: Operation, body: object) -> tuple[str, object]:
    """The part of an answer that the spec describes, and its model: single objects may come wrapped in `data`."""
    model = operation.response
    names = {each.name for each in properties(model)}
    if isinstance(body, dict) and "data" in body and "data" not in names:
        body = body["data"]
    identity = properties("CreatedItem")
    if operation.effect == "write" and isinstance(body, dict) and body.keys() == {each.name for each in identity}:
        model = "CreatedItem"
    return model, body


def same_answer(one: bytes, other: bytes, removed: Iterable[str]) -> bool:
    """Whether two error bodies are the same, ids and other texts with digits in them aside."""
    texts = sorted(filter(None, removed), key=len, reverse=True)
    return _normal(one, texts) == _normal(other, texts)


def _normal(body: bytes, removed: list[str]) -> object:
    try:
        return _normal_value(json.loads(body), removed)
    except (ValueError, RecursionError):
        return _normal_text(body.decode("utf-8", "replace"), removed)


def _normal_value(value: object, removed: list[str]) -> object:
    match value:
        case dict():
            return {key: _normal_value(each, removed) for key, each in value.items()}
        case list():
            return [_normal_value(each, removed) for each in value]
        case str():
            return _normal_text(value, removed)
        case bool() | None:
            return value
    return "#"


def _normal_text(text: str, removed: list[str]) -> str:
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


def _absent(differences: Iterable[Difference]) -> tuple[str, ...]:
    """One line about what the documentation knows and the answer does not have."""
    places = [each.path for each in differences if each.kind == "absent field"]
    return (f"documented, and absent from this answer, which may be chance: {', '.join(places)}",) if places else ()


def _described(difference: Difference) -> str:
    name, place = difference.name, difference.path
    said = f"{difference.expected}, {difference.evidence}"
    found = " or ".join(difference.found) + (f" ({difference.format})" if difference.format else "")
    strict = ", so the client refuses such answers" if difference.evidence == "documented" else ""
    match difference.kind:
        case "missing field":
            return f"missing field {place} ({said}, required){strict}"
        case "unknown value":
            return f"unknown value {name} at {place}"
        case "type conflict":
            return f"type conflict {place}: {found}, where the spec says {said}{strict}"
    return f"unknown field {place}: {found}"
