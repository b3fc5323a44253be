"""What the doctor finds, and what it is worth as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from attrs import field, frozen

# The codes of metrics24.cli.exits, by what they mean here.
ANY_NAME = "*"
"""Stands for a property whose name is not shown, since it may be an id."""
WORKS, KEY_REFUSED, UNREACHABLE, UNREADABLE, UNSAFE, CORRECTABLE, UNJUDGED = 0, 3, 6, 7, 9, 12, 13


class Verdict(StrEnum):
    """What one check or operation turned out to be."""

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
}
_ORDER = (UNSAFE, KEY_REFUSED, CORRECTABLE, UNREACHABLE, UNREADABLE, UNJUDGED)
"""The first of these codes that a finding has is the verdict on the whole."""


@frozen
class Difference:
    """One place where an answer is not as the spec says; it holds names and types, never a value of the user's.

    Attributes:
        kind: "unknown field", "missing field", "type conflict" or "unknown value"; or "absent field", which proves
            nothing.
        path: where, as a JSON path; ``[]`` stands for any item of a list.
        schema: the schema of openapi/spec.yaml that needs the change.
        name: the property, or the schema's enum value that is new.
        expected: the type that the spec gives, empty where it gives none.
        found: the types seen, as JSON Schema calls them.
        format: the format that all texts seen have, if there is one.
        evidence: the spec's evidence for what it expects.

    """

    kind: str
    path: str
    schema: str
    name: str
    expected: str = ""
    found: tuple[str, ...] = ()
    format: str = ""
    evidence: str = ""


@frozen(kw_only=True)
class Finding:
    """What was found of one thing.

    Attributes:
        name: a check's name or an operation's id.
        verdict: what it is.
        summary: one line that says why.
        details: further lines.
        remedy: what to do, a line each.
        operation: whether it is one of the spec's operations.
        method: of an operation, the method that was used.
        path: of an operation, the path template that was used.
        evidence: of an operation, the spec's evidence for method and path.
        status: the HTTP status of the answer, None without one.
        differences: where the answer is not as the spec says.
        code: the exit code that this finding stands for.

    """

    name: str
    verdict: Verdict
    summary: str
    details: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()
    operation: bool = False
    method: str = ""
    path: str = ""
    evidence: str = ""
    status: int | None = None
    differences: tuple[Difference, ...] = ()
    code: int = field()

    @code.default
    def _usual_code(self) -> int:
        return _CODES.get(self.verdict, UNREACHABLE if self.verdict is Verdict.BROKEN else WORKS)


def exit_code(findings: Sequence[Finding]) -> int:
    """The exit code for all findings together."""
    codes = {finding.code for finding in findings}
    return next((code for code in _ORDER if code in codes), WORKS)
