"""The reports of doctor and drift: lines for people, an object for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from metrics24.speccheck.comparison import STATUS, Comparison, Difference
from metrics24.speccheck.gathering import Gathered
from metrics24.speccheck.judgement import (
    CORRECTABLE,
    KEY_REFUSED,
    UNJUDGED,
    WORKS,
    Finding,
    Verdict,
    described,
    exit_code,
)

DIFFERS = 15  # drift's code of metrics24.cli.exit_codes

_SIGNS = {
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
_COLUMNS = ("kind", "where", "seen", "what", "patch")
_ABSENT = ("schema", "name", "path", "of")
_SANDBOX = "the responses are a sandbox's, or written by hand: they say nothing about the live API"


@frozen
class DoctorReport:
    """The findings about a server; the JSON is documented in docs/doctor.md."""

    findings: Sequence[Finding]
    base_url: str

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return exit_code(self.findings)

    @property
    def verdict(self) -> str:
        """One line for all findings together."""
        return _VERDICTS.get(self.exit_code, "the server or its responses cannot be used as they are")

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "base_url": self.base_url,
            "checks": [_check(each) for each in self.findings if not each.operation],
            "operations": [_operation(each) for each in self.findings if each.operation],
        }

    def lines(self) -> Iterator[str]:
        """Yield a line for each finding, then details and remedies."""
        for each in self.findings:
            route = f"{each.method} {each.path} ({each.evidence}): " if each.operation else ""
            yield f"{_SIGNS[each.verdict]:<10}{each.name:<24}{route}{each.summary}"
        for each in self.findings:
            if each.details or each.remedy:
                yield from ("", f"{each.name}: {each.verdict}")
                yield from (f"  {line}" for line in each.details)
                yield from (f"  > {line}" for line in each.remedy)
        yield from _ending(self.verdict, self.exit_code)


@frozen(kw_only=True)
class DriftReport:
    """The differences between responses and the spec; the JSON is documented in docs/drift.md.

    Attributes:
        spec: the name of the spec's file.
        gathered: the responses.
        compared: the comparison of the responses with the spec.
        left: the differences that remain; after the spec was corrected, those that the correction left.

    """

    spec: str
    gathered: Gathered
    compared: Comparison
    left: tuple[Difference, ...]

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return DIFFERS if self.left else UNJUDGED if self.gathered.unjudged else WORKS

    @property
    def verdict(self) -> str:
        """One line for the whole comparison."""
        unjudged = len(self.gathered.unjudged)
        part = f"; {_number(unjudged, 'operation')} could not be looked at" if unjudged else ""
        if not self.left:
            return f"the responses are as the spec says{part}"
        return f"the responses differ from the spec in {_number(len(self.left), 'place')}{part}"

    @property
    def responses(self) -> Mapping[str, int]:
        """The number of responses of each operation."""
        return dict(sorted(Counter(each.operation for each in self.gathered.responses).items()))

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "spec": self.spec,
            "sandbox": self.gathered.sandbox,
            "answers": self.responses,
            "left": len(self.left),
            "differences": [_difference(each) for each in self.compared.differences],
            "absent": [{name: getattr(each, name) for name in _ABSENT} for each in self.compared.absent],
            "confirmed": [{"name": each.name, "evidence": each.evidence} for each in self.compared.confirmed],
            "notes": [*self.gathered.unjudged, *self.gathered.notes],
        }

    def lines(self) -> Iterator[str]:
        """Yield a table of the differences, then what else is worth knowing."""
        compared, gathered = self.compared, self.gathered
        responses = _number(len(gathered.responses), "response")
        yield f"Compared {responses} of {_number(len(self.responses), 'operation')} with {self.spec}."
        if compared.differences:
            yield ""
            yield from _table([_COLUMNS, *map(_row, compared.differences)])
        if compared.absent:
            yield from ("", "Documented, optional, and in none of the objects seen, which may be chance:")
            yield from (f"  {each.schema}.{each.name} (0 of {each.of})" for each in compared.absent)
        if compared.confirmed:
            guesses = _number(len(compared.confirmed), "item")
            yield from ("", f"Seen as expected: {guesses} whose evidence a patch raises to observed.")
        notes = [*([_SANDBOX] if gathered.sandbox else []), *gathered.unjudged, *gathered.notes]
        if notes:
            yield from ("", *(f"Note: {each}." for each in notes))
        yield from _ending(self.verdict, self.exit_code)


def _ending(verdict: str, code: int) -> tuple[str, str]:
    return "", f"Verdict: {verdict} (exit code {code})"


def _check(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in ("name", "verdict", "summary", "details", "remedy")}


def _operation(finding: Finding) -> dict[str, Any]:
    own = {name: getattr(finding, name) for name in ("method", "path", "evidence", "status")}
    return _check(finding) | own | {"differences": [_difference(each) for each in finding.differences]}


def _difference(difference: Difference) -> dict[str, Any]:
    facts = asdict(difference, filter=lambda attribute, _: attribute.name != "place")
    return facts | {"found": dict(difference.found), "patch": difference.by_patch}


def _row(difference: Difference) -> tuple[str, ...]:
    where = f"{difference.schema}.{difference.name}" if difference.name else difference.schema
    by_hand = "see doctor" if difference.kind == STATUS else "by hand"
    patch = "added" if difference.by_patch else by_hand
    return difference.kind, where, f"{difference.seen} of {difference.of}", described(difference), patch


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    every = list(rows)
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
