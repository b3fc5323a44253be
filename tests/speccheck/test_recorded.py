"""Responses out of cassettes, whatever they look like."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from metrics24.errors import UsageError
from metrics24.speccheck.comparison import JsonBody
from metrics24.speccheck.gathering import Gathered, from_cassettes
from metrics24.speccheck.spec import Spec
from speccheck.cassettes import LIVE, interaction, keep
from speccheck.small import SPEC

PAGE = {"data": [{"id": "ü"}]}
BYTES = json.dumps(PAGE, ensure_ascii=False).encode()


def read(folder: Path) -> Gathered:
    """The responses of the small API in a folder."""
    return from_cassettes(Spec.parse(SPEC), folder)


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        {"string": BYTES},
        {"string": BYTES.decode()},
        {"string": gzip.compress(BYTES)},
        {"base64_string": base64.b64encode(BYTES).decode()},
        {"base64_string": base64.b64encode(gzip.compress(BYTES)).decode(), "encoding": "gzip"},
    ],
    ids=["text", "bytes", "unescaped", "gzip", "base64", "base64 and gzip"],
)
def test_a_body_is_read_in_every_form(tmp_path: Path, body: Any) -> None:
    """A body of text, bytes or base64, packed or not, is the same response."""
    responses = read(keep(tmp_path / "a.yaml", interaction("/v1/rows", body))).responses
    assert [(each.operation, each.status, each.body) for each in responses] == [("listRows", 200, JsonBody(PAGE))]


def test_empty_and_unreadable_bodies_are_told_apart(tmp_path: Path) -> None:
    """An empty body is none, and one that is no JSON or nested without end is kept with the problem."""
    bodies = ({"string": ""}, {"string": None}, {"string": "<html>"}, {"string": b"\xff"}, {"string": "[" * 100_000})
    responses = read(keep(tmp_path / "a.yaml", *(interaction("/v1/rows", body) for body in bodies))).responses
    assert [(each.body, bool(each.problem)) for each in responses] == [(None, False)] * 2 + [(None, True)] * 3


def test_operations_are_told_by_method_and_path(tmp_path: Path) -> None:
    """The host and a prefix of the path do not matter, method and path do, and what is left over is counted."""
    found = read(
        keep(
            tmp_path / "deep" / "a.yml",
            interaction("/prefix/v1/rows", PAGE),
            interaction("/v1/rows/7", {"id": "7"}),
            interaction("/v1/rows/7", {}, method="DELETE"),
            interaction("/v1/rows", {}, method="POST"),
            interaction("/v1/rows/7/more", {}),
            interaction("/files/export.csv", {"string": "a,b"}),
        ).parent
    )
    assert [each.operation for each in found.responses] == ["listRows", "getRow", "deleteRow"]
    assert found.notes == ("requests that are none of the spec's operations, such as downloads: 3",)


@pytest.mark.parametrize(
    ("header", "host", "sandbox"),
    [
        ("", LIVE, False),
        ("# kind: live\n# recorded: 2025-02-01\n", LIVE, False),
        ("# kind: sandbox\n", LIVE, True),
        ("# Written by hand, not recorded from the live API.\n", LIVE, True),
        ("", "http://sandbox.invalid", True),
        ("", "http://127.0.0.1:8024", True),
        ("", "http://localhost:8024", True),
    ],
)
def test_a_sandbox_is_recognized(tmp_path: Path, header: str, host: str, sandbox: bool) -> None:
    """Responses are live if the cassette's header says so; without a header the name of the host decides."""
    folder = keep(tmp_path / "a.yaml", interaction("/v1/rows", PAGE, host=host), header=header)
    assert read(folder).sandbox is sandbox


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    """YAML that is no cassette is named, and files of other kinds are not looked at."""
    keep(tmp_path / "a.yaml", interaction("/v1/rows", PAGE))
    (tmp_path / "notes.yaml").write_text("- just a list\n")
    (tmp_path / "a.json").write_text("{")
    found = read(tmp_path)
    assert (len(found.responses), found.notes) == (1, ("notes.yaml is no cassette",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("interactions: [", "is not YAML that can be read"),
        ("interactions: !!python/name:os.system ''", "is not YAML that can be read"),
        ("\x00", "is not YAML that can be read"),
        ("interactions: []", "holds no cassette with a response"),
        ("interactions: [1, {request: 2}]", "holds no cassette with a response"),
    ],
    ids=["broken", "code", "binary", "empty", "nonsense"],
)
def test_a_cassette_that_cannot_be_read_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    """A cassette that is broken, holds code or has no response is refused, and never shown."""
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        read(tmp_path)


def test_a_file_of_other_bytes_is_named(tmp_path: Path) -> None:
    """A file that is no text is refused with its name."""
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(UsageError, match=r"a\.yaml cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("body", "status"),
    [(PAGE, None), (PAGE, "200"), ({"base64_string": "a"}, 200), ({"string": b"\x1f\x8b damaged"}, 200)],
    ids=["no status", "text as status", "half of a base64", "half of a gzip"],
)
def test_a_damaged_response_is_named(tmp_path: Path, body: Any, status: Any) -> None:
    """A response without a status, or whose body cannot be unpacked, is refused with file and operation."""
    folder = keep(tmp_path / "a.yaml", interaction("/v1/rows", body, status=status))
    with pytest.raises(UsageError, match=r"a\.yaml.*listRows.*record it again"):
        read(folder)
