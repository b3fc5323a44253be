"""The patch adds what was seen and raises evidence, and touches nothing else."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from pathlib import Path

import pytest

from metrics24.errors import UsageError
from metrics24.speccheck.corrections import as_diff
from metrics24.speccheck.spec import Spec, import_extra
from speccheck.small import SPEC, correction, page, patched, reported, response

ROW = {"id": "a", "price": 1.5, "tags": ["x"], "state": "NEW"}


def added(old: str, new: str) -> list[str]:
    """The lines that came; nothing else may have changed but the words of evidence."""
    before, after = (
        [re.sub(r"x-evidence: '?\w+'?", "x-evidence: ?", line) for line in text.splitlines()] for text in (old, new)
    )
    steps = difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    assert {step[0] for step in steps} <= {"equal", "insert"}
    return [line for kind, _, _, start, end in steps if kind == "insert" for line in new.splitlines()[start:end]]


def test_a_field_is_added_behind_the_others() -> None:
    """A new field stands on one line behind the last one of its schema, before the blank line and the next comment."""
    text = patched(page(ROW | {"speed": 3}))
    assert added(SPEC, text) == ['            speed: {type: [integer, "null"], x-evidence: observed}']
    assert "*note\n            speed: {" in text
    assert "observed}\n\n    # the words\n" in text


def test_fields_keep_the_order_in_which_they_were_seen() -> None:
    """Several new fields come one below the other, each with its form."""
    row = ROW | {"at": "2025-02-01 10:00:00", "ids": [1, 2], "mixed": [1, "a"], "geo": {"x": 1}, "day": "2025-02-01"}
    assert [line.strip() for line in added(SPEC, patched(page(row)))] == [
        'at: {type: [string, "null"], description: Looks like date-time without zone., x-evidence: observed}',
        'ids: {type: [array, "null"], items: {type: integer}, x-evidence: observed}',
        'mixed: {type: [array, "null"], items: {}, x-evidence: observed}',
        'geo: {type: [object, "null"], additionalProperties: true, x-evidence: observed}',
        'day: {type: [string, "null"], description: Looks like date., x-evidence: observed}',
    ]


@pytest.mark.parametrize("name", ["on", "null", "page[size]", "Yes", "a.b", "odd:name"])
def test_a_name_that_yaml_could_mistake_is_quoted(name: str) -> None:
    """Names that are words or signs of YAML come back as the names they are."""
    text = patched(page(ROW | {name: 1}))
    assert f'"{name}": {{type: [integer, "null"]' in text
    assert name in Spec.parse(text).at(("components", "schemas", "Row", "allOf", 1, "properties"))


FLOW = SPEC.replace('items: {$ref: "#/components/schemas/Row"}', 'items: {$ref: "#/components/schemas/Base"}')


def test_a_field_is_added_inside_braces() -> None:
    """If fields stand on one line in braces, a new one joins them there."""
    text = patched(page({"id": "a", "kind": "k", "speed": 3}), spec=FLOW)
    assert 'x-evidence: observed}, speed: {type: [integer, "null"], x-evidence: observed}}\n' in text
    assert Spec.parse(text).at(("components", "schemas", "Base", "properties", "speed", "type")) == ["integer", "null"]


def test_a_field_is_added_behind_a_folded_text() -> None:
    """The last field may end in a folded text, whose trailing lines do not belong to it."""
    spec = re.sub(r"            # one of the words below\n(.+\n){4}", "", SPEC)
    text = patched(page({"id": "a", "speed": 3}), spec=spec)
    assert "                at the end.\n            speed: {" in text


@pytest.mark.parametrize(
    ("enum", "corrected"),
    [
        ("enum: [NEW, OLD] # more may come", "enum: [NEW, OLD, LOST] # more may come"),
        ("enum:\n        - NEW\n        - OLD # more", "enum:\n        - NEW\n        - OLD # more\n        - LOST"),
    ],
    ids=["flow", "block"],
)
def test_a_value_joins_its_enum(enum: str, corrected: str) -> None:
    """A new value stands behind the others, in brackets or on a line of its own."""
    spec = SPEC.replace("enum: [NEW, OLD] # more may come", enum)
    assert f"{corrected}\n" in patched(page(ROW | {"state": "LOST"}), spec=spec)


def test_a_status_is_added_in_order() -> None:
    """A new failure stands between those with smaller and larger numbers, and is described like the others."""
    text = patched(page(ROW), response({"no": 1}, status=422))
    assert added(SPEC, text) == [
        '        "422":',
        "          description: Not documented; its name in HTTP is Unprocessable Entity.",
        "          x-evidence: observed",
        "          content:",
        "            application/json:",
        '              schema: {$ref: "#/components/schemas/Error"}',
    ]
    assert text.index('"400"') < text.index('"422"') < text.index('"5XX"')


def test_a_success_is_described_like_the_usual_one() -> None:
    """A new success has the schema of 200, also where that is a choice, and comes right behind it."""
    text = patched(response(ROW, operation="getRow", status=203))
    kinds = '{$ref: "#/components/schemas/Row"}, {$ref: "#/components/schemas/Envelope"}'
    assert f"schema: {{anyOf: [{kinds}]}}" in added(SPEC, text)[-1]


def test_an_unknown_number_has_no_name() -> None:
    """A status without a name in HTTP can be added, too."""
    assert "its name in HTTP is unknown." in patched(response({}, status=299))


def test_evidence_is_raised_where_it_was_weaker() -> None:
    """Inferred and sibling become observed, in whatever quotes, with the comments behind them; documented stays."""
    text = patched(page(ROW | {"kind": "k"}))
    assert added(SPEC, text) == []
    assert "x-evidence: observed # a guess\n" in text
    assert 'price: {type: [number, "null"], x-evidence: observed} # in euros\n' in text
    assert text.count("x-evidence: documented") == SPEC.count("x-evidence: documented")
    assert "x-evidence: inferred" in text  # the deletion, of which nothing was seen


def test_the_patched_spec_describes_the_answers() -> None:
    """A patched difference is gone afterwards, and patching again changes nothing."""
    responses = page(ROW | {"speed": 3, "state": "LOST"}), response({}, status=418)
    before, (text, after) = reported(*responses), correction(*responses)
    assert (len(before.left), before.exit_code) == (3, 15)
    assert (after.left, after.exit_code) == ((), 0)
    assert patched(*responses, spec=text) == text


def test_what_needs_judgement_is_left() -> None:
    """Conflicts, missing fields and fields without one type stay differences, and no line of the spec tells of them."""
    text, report = correction(page(ROW | {"price": "1", "speed": None, "odd": 1}, ROW | {"odd": "x"}))
    assert {each.name for each in report.left} == {"price", "speed", "odd"}
    assert added(SPEC, text) == []


@pytest.mark.parametrize("first", ["\ufeff", "# \U0001f600 \u2028\n", "---\n"], ids=["mark", "signs", "start"])
def test_whatever_stands_first_the_places_are_right(first: str) -> None:
    """A byte order mark, signs beyond the basic plane and a document's start do not shift the places of edits."""
    assert patched(page(ROW | {"speed": 3}), spec=first + SPEC) == first + patched(page(ROW | {"speed": 3}))


def test_line_ends_are_kept() -> None:
    """A document with the line ends of Windows has them on the new lines as well, and a missing last one stays so."""
    windows = patched(page(ROW | {"speed": 3}), spec=SPEC.replace("\n", "\r\n"))
    assert windows.replace("\r\n", "") == patched(page(ROW | {"speed": 3})).replace("\n", "")
    bare = SPEC.rstrip() + "\n    Row2: {}"
    assert patched(page(ROW | {"speed": 3}), spec=bare).endswith("Row2: {}")


@pytest.mark.parametrize("tail", ["", "\n"], ids=["no newline at the end", "newline at the end"])
def test_git_takes_the_patch(tmp_path: Path, tail: str) -> None:
    """The patch applies to the spec's file and gives the corrected one, also where the last line has no end."""
    old = SPEC.rstrip() + tail
    new = patched(page(ROW | {"speed": 3, "state": "LOST"}), spec=old)
    file = tmp_path / "openapi" / "spec.yaml"
    file.parent.mkdir()
    file.write_text(old, encoding="utf-8")
    (tmp_path / "it.patch").write_text(as_diff(old, new, "openapi/spec.yaml"), encoding="utf-8")
    done = subprocess.run(
        ["git", "apply", "it.patch"],  # noqa: S607 - git has no fixed place
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text("utf-8") == new


def test_a_status_is_added_inside_braces() -> None:
    """If the answers of an operation stand on one line, a new one joins them there."""
    flow = re.sub(
        r"(operationId: deleteRow(?:\n.+){2}\n      responses:)(\n.+){2}", r'\1 {"200": {description: x}}', SPEC
    )
    text = patched(response({}, operation="deleteRow", status=418), spec=flow)
    assert Spec.parse(text).operations["deleteRow"].node["responses"]["418"]["x-evidence"] == "observed"
    assert text.count("\n") == flow.count("\n")


@pytest.mark.parametrize("enum", ["enum: []", "enum: [ ]", "enum: [NEW,]", "enum: [*note, *note ]"])
def test_a_value_joins_any_brackets(enum: str) -> None:
    """Empty brackets, a comma at the end and aliases in them do not make the list unreadable."""
    spec = SPEC.replace("enum: [NEW, OLD]", enum)
    text = patched(page(ROW | {"state": "LOST"}, ROW | {"state": "FOUND"}), spec=spec)
    assert Spec.parse(text).at(("components", "schemas", "State", "enum"))[-2:] == ["LOST", "FOUND"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "not an OpenAPI document"), ("- a", "not an OpenAPI document"), ("a: [", "not YAML"), ("a: b", "OpenAPI")],
)
def test_another_document_is_no_spec(text: str, complaint: str) -> None:
    """A file that is no YAML or no OpenAPI document is refused with the reason."""
    with pytest.raises(UsageError, match=complaint):
        Spec.parse(text)


def test_what_cannot_be_placed_is_refused() -> None:
    """YAML that can be read but whose places cannot be told is refused when it should be corrected, not before."""
    odd = SPEC + "    Row2:\tx\n"
    assert reported(page(ROW), spec=odd).exit_code == 0
    with pytest.raises(UsageError, match="is not YAML that can be corrected"):
        patched(page(ROW), spec=odd)


def test_a_missing_package_is_named() -> None:
    """Without what the extra installs, the message says what to install."""
    with pytest.raises(UsageError, match=r"Drift needs no_such_yaml: pip install 'metrics24\[drift\]'"):
        import_extra("no_such_yaml")
