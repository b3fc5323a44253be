"""From answers to a report and a patch."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve, frozen

import metrics24
from metrics24.drift.comparison import Heard, compare
from metrics24.drift.document import Spec
from metrics24.drift.findings import findings
from metrics24.drift.patch import patched
from metrics24.drift.recorded import by_operation, recorded
from metrics24.drift.report import Report
from metrics24.errors import UsageError

_NAME = "spec.yaml"
_IN_CHECKOUT = Path("openapi") / _NAME
_INSTALLED = Path("metrics24_sandbox") / _NAME


@frozen(kw_only=True)
class Source:
    """Answers, and what is known of them; `silent` has a line for each operation that was not answered as it should."""

    answers: list[Heard]
    sandbox: bool
    notes: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@frozen
class Outcome:
    """The report as the spec is, the report as a patch leaves it, and the spec's text before and after."""

    before: Report
    after: Report
    before_text: str
    text: str


def from_cassettes(spec: Spec, folder: Path) -> Source:
    """The answers that a folder of cassettes holds."""
    found = recorded(spec, folder)
    notes = [f"{name} is no cassette" for name in found.others]
    if found.foreign:
        notes.append(f"requests that are none of the spec's operations, such as downloads: {found.foreign}")
    return Source(answers=found.answers, sandbox=found.sandbox, notes=tuple(notes))


def examine(spec: Spec, name: str, source: Source, *, correct: bool) -> Outcome:
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
    return Outcome(before, evolve(before, left=left), spec.text, text)


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
