"""The findings as text for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import asdict

from metrics24.doctor.findings import CORRECTABLE, KEY_REFUSED, UNJUDGED, WORKS, Finding, Verdict, exit_code

SIGNS = {
    Verdict.WORKS: "works",
    Verdict.NOTE: "note",
    Verdict.DIFFERS: "differs",
    Verdict.WRONG_PATH: "WRONG",
    Verdict.WRONG_METHOD: "WRONG",
    Verdict.FORBIDDEN: "forbidden",
    Verdict.INCONCLUSIVE: "unsure",
    Verdict.BROKEN: "BROKEN",
    Verdict.REFUSED: "REFUSED",
}
_VERDICTS = {
    WORKS: "everything works",
    KEY_REFUSED: "key or settings are not accepted",
    CORRECTABLE: "something is wrong and can be corrected",
    UNJUDGED: "nothing wrong found, but some operations could not be judged",
}
_NAMES = 24
_SIGNS = 10


def verdict(findings: Sequence[Finding]) -> str:
    """One line for all findings together."""
    return _VERDICTS.get(exit_code(findings), "the server or its answers cannot be used as they are")


def as_text(findings: Sequence[Finding], printable: Callable[[str], str]) -> str:
    """A line per finding, then what is worth knowing or doing about those that are not plain."""
    lines = [_line(each) for each in findings]
    for each in findings:
        more = [*(f"  {line}" for line in each.details), *(f"  > {line}" for line in each.remedy)]
        if more:
            lines += ["", f"{each.name}: {each.verdict}", *more]
    return "\n".join(map(printable, [*lines, "", f"Verdict: {verdict(findings)} (exit code {exit_code(findings)})"]))


def as_json(findings: Sequence[Finding], *, base_url: str) -> dict[str, Any]:
    """The findings as an object whose shape is documented in docs/doctor.md."""
    return {
        "verdict": verdict(findings),
        "exit_code": exit_code(findings),
        "base_url": base_url,
        "checks": [_check(each) for each in findings if not each.operation],
        "operations": [_operation(each) for each in findings if each.operation],
    }


def _line(finding: Finding) -> str:
    route = f"{finding.method} {finding.path} ({finding.evidence}): " if finding.operation else ""
    return f"{SIGNS[finding.verdict]:<{_SIGNS}}{finding.name:<{_NAMES}}{route}{finding.summary}"


def _check(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "verdict": finding.verdict.value,
        "summary": finding.summary,
        "details": list(finding.details),
        "remedy": list(finding.remedy),
    }


def _operation(finding: Finding) -> dict[str, Any]:
    return _check(finding) | {
        "method": finding.method,
        "path": finding.path,
        "evidence": finding.evidence,
        "status": finding.status,
        "differences": [asdict(each) | {"found": list(each.found)} for each in finding.differences],
    }
