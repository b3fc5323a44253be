"""From answers to a report and a patch.

The report: a table for people, an object for programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, evolve, frozen

import metrics24
from metrics24.errors import UsageError
from metrics24.speccheck.comparison import (
    DIFFERS,
    IN_PART,
    MISSING,
    STATUS,
    UNKNOWN,
    UNREADABLE,
    VALUE,
    Findings,
    RecordedResponse,
    SpecDifference,
    compare,
    findings,
)
from metrics24.speccheck.document import Spec
from metrics24.speccheck.patching import patched
from metrics24.speccheck.recordings import by_operation, recorded

_NAME = "spec.yaml"
_IN_CHECKOUT = Path("openapi") / _NAME
_INSTALLED = Path("metrics24_sandbox") / _NAME


@frozen(kw_only=True)
class ResponseSource:
    """Answers, and what is known of them; `silent` has a line for each operation that was not answered as it should."""

    answers: list[RecordedResponse]
    sandbox: bool
    notes: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@frozen
class DriftOutcome:
    """The report as the spec is, the report as a patch leaves it, and the spec's text before and after."""

    before: Report
    after: Report
    before_text: str
    text: str


def from_cassettes(spec: Spec, folder: Path) -> ResponseSource:
    """The answers that a folder of cassettes holds."""
    found = recorded(spec, folder)
    notes = [f"{name} is no cassette" for name in found.others]
    if found.foreign:
        notes.append(f"requests that are none of the spec's operations, such as downloads: {found.foreign}")
    return ResponseSource(answers=found.answers, sandbox=found.sandbox, notes=tuple(notes))


def examine(spec: Spec, name: str, source: ResponseSource, *, correct: bool) -> DriftOutcome:
    """Compare answers with the spec, and with `correct` patch it in memory and see what that leaves."""
    seen = compare(spec, source.answers)
    found = findings(spec, seen)
    text = patched(spec, seen, found) if correct else spec.text
    corrected = Spec(text) if text != spec.text else spec
    left = findings(corrected, compare(corrected, source.answers)).differences
    before = Report(
        spec=name,
        sandbox=source.sandbox,
        answers=by_operation(source.answers),
        findings=found,
        left=found.differences,
        notes=source.notes,
        silent=source.silent,
    )
    return DriftOutcome(before, evolve(before, left=left), spec.text, text)


def place_of_spec(given: Path | None, *, to_write: bool) -> Path:
    """The spec's file: the one that is named, that of the folder one is in, of the checkout, or of the installation.

    Raises:
        UsageError: there is none, or none that may be written to.

    """
    if given is not None:
        return given
    packages = Path(metrics24.__file__).parents[1]
    candidates = [_IN_CHECKOUT, packages.parent / _IN_CHECKOUT, *([] if to_write else [packages / _INSTALLED])]
    found = next((each for each in candidates if each.is_file()), None)
    if found is None:
        raise UsageError(f"There is no {_IN_CHECKOUT.as_posix()} here: name the spec with --spec FILE.")
    return found


_COLUMNS = ("kind", "where", "seen", "what", "patch")
_SANDBOX = "the answers are a sandbox's, or written by hand: they say nothing about the live API"


@frozen(kw_only=True)
class Report:
    """What was found, and in which answers.

    Attributes:
        spec: the name of the spec's file.
        sandbox: whether some answers are not from a live API: given by a sandbox, or written by hand.
        answers: how many answers each operation gave.
        findings: what was found.
        left: the differences that a patch leaves, once it is made; before that, all.
        notes: lines about what could not be looked at.
        silent: lines about operations that were asked for and could not be looked at.

    """

    spec: str
    sandbox: bool
    answers: Mapping[str, int]
    findings: Findings
    left: tuple[SpecDifference, ...]
    notes: tuple[str, ...]
    silent: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """The code of the command."""
        return DIFFERS if self.left else IN_PART if self.silent else 0

    @property
    def verdict(self) -> str:
        """One line for everything."""
        part = f"; {_many(len(self.silent), 'operation')} could not be looked at" if self.silent else ""
        if not self.left:
            return f"the answers are as the spec says{part}"
        return f"the answers differ from the spec in {_many(len(self.left), 'place')}{part}"


def as_json(report: Report) -> dict[str, Any]:
    """The report as an object whose shape is documented in docs/drift.md."""
    return {
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "spec": report.spec,
        "sandbox": report.sandbox,
        "answers": dict(report.answers),
        "left": len(report.left),
        "differences": [_object(each) for each in report.findings.differences],
        "absent": [asdict(each) for each in report.findings.absent],
        "confirmed": [{"name": each.name, "evidence": each.evidence} for each in report.findings.confirmed],
        "notes": [*report.silent, *report.notes],
    }


def as_text(report: Report, printable: Callable[[str], str]) -> str:
    """A table of the differences, then what else is worth knowing."""
    found = report.findings
    counted = f"{_many(sum(report.answers.values()), 'answer')} of {_many(len(report.answers), 'operation')}"
    lines = [f"Compared {counted} with {report.spec}."]
    if found.differences:
        lines += ["", *_table([_COLUMNS, *(_cells(each) for each in found.differences)])]
    if found.absent:
        lines += ["", "Documented, optional, and in none of the objects seen, which may be chance:"]
        lines += [f"  {each.schema}.{each.name} (0 of {each.of})" for each in found.absent]
    if found.confirmed:
        marks = _many(len(found.confirmed), "item")
        lines += ["", f"Seen as expected: {marks} whose evidence a patch raises to observed."]
    notes = [*([_SANDBOX] if report.sandbox else []), *report.silent, *report.notes]
    if notes:
        lines += ["", *(f"Note: {each}." for each in notes)]
    return "\n".join(map(printable, [*lines, "", f"Verdict: {report.verdict} (exit code {report.exit_code})"]))


def _object(difference: SpecDifference) -> dict[str, Any]:
    return {
        "kind": difference.kind,
        "schema": difference.schema,
        "name": difference.name,
        "path": difference.path,
        "operations": list(difference.operations),
        "seen": difference.seen,
        "of": difference.of,
        "nulls": difference.nulls,
        "found": dict(difference.found),
        "items": list(difference.items),
        "format": difference.format,
        "expected": list(difference.expected),
        "evidence": difference.evidence,
        "patch": difference.by_patch,
    }


def _cells(difference: SpecDifference) -> tuple[str, ...]:
    where = f"{difference.schema}.{difference.name}" if difference.name else difference.schema
    seen = f"{difference.seen} of {difference.of}"
    by_hand = "see doctor" if difference.kind == STATUS else "by hand"
    return difference.kind, where, seen, _what(difference), "added" if difference.by_patch else by_hand


def _what(difference: SpecDifference) -> str:
    expected = " or ".join(difference.expected)
    if difference.kind == MISSING:
        return f"required {expected}, {difference.evidence}"
    if difference.kind in (STATUS, VALUE, UNREADABLE):
        return ""
    shape = f" ({difference.format})" if difference.format else ""
    nulls = f", {difference.nulls} null" if difference.nulls and difference.types else ""
    if difference.kind == UNKNOWN:
        items = f" of {' or '.join(difference.items)}" if difference.items else ""
        return f"{' or '.join(difference.types) or 'null only'}{items}{shape}{nulls}"
    types = " or ".join(name for name, _ in difference.found)
    return f"{types}, where the spec says {expected}{f', {difference.evidence}' if difference.evidence else ''}"


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    every = list(rows)
    widths = [max(len(row[column]) for row in every) for column in range(len(_COLUMNS))]
    for row in every:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
