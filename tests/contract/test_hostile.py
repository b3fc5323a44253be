"""Whatever a server sends back while it is recorded, no cassette holds anything secret: it is replaced, or not kept."""

import base64
import contextlib
import gzip
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

import metrics24
from contract import canary, cassettes, recording
from contract.bodies import UnscrubbableError
from contract.cassettes import Origin
from contract.scrubbing import KEY
from metrics24 import Client, Retrying
from support.scripted import ScriptedServer, Step, in_turn
from support.steps import redirect, respond, respond_json

SECRET = "k3y/That+no=cassette.may-hold"
WORD = "CanaryThatIsAWord"
EMAIL = "anna.person@company.example.com"
ORIGIN = Origin("sandbox", cassettes.spec_hash(), "acmeshop01", "acmegroup1", "2025-02-01", "2025-02-02")
ESCAPED = '{"error":{"message":"no key k3y\\/\\u0054hat+no=c\\u0061ssette.may-hold"}}'
PAGE = f"<html><body>You sent API-KEY: {SECRET}, said {EMAIL}</body></html>"

ECHOES: dict[str, Step] = {
    "the body": respond_json({"data": [{"id": "e1", "error": f"bad key {SECRET}"}]}, status=400),
    "a property of its own": respond_json({"data": [{"id": "e1", "echo": SECRET}]}),
    "a property's name": respond_json({"data": [{"id": "e1", SECRET: 1}]}),
    "a header": respond_json({"data": []}, headers=[("X-Api-Key", SECRET), ("ETag", f'"{SECRET}"')]),
    "an allowed header": respond_json({"data": []}, headers=[("Retry-After", SECRET), ("Accept-Ranges", SECRET)]),
    "the media type": respond(b"{}", content_type=f"application/json; key={SECRET}"),
    "a cookie": respond_json({"data": []}, headers=[("Set-Cookie", f"session={SECRET}; Path=/")]),
    "basic authentication": respond_json({"auth": base64.b64encode(f"user:{SECRET}".encode()).decode()}, status=401),
    "a packed body": respond(gzip.compress(json.dumps({"x": SECRET}).encode()), headers=[("Content-Encoding", "gzip")]),
    "gzip inside JSON": respond_json({"blob": base64.b64encode(gzip.compress(SECRET.encode())).decode()}),
    "JSON escapes": respond(ESCAPED.encode(), status=403),
    "a redirect": redirect(f"https://elsewhere.example/?key={quote(SECRET, safe='')}"),
    "a page": respond(PAGE.encode(), status=500, content_type="text/html"),
    "storage's words": respond(f"<Error><Code>{SECRET}</Code></Error>".encode(), status=403, content_type="text/xml"),
    "plain text": respond(SECRET.encode(), status=502, content_type="text/plain"),
    "bytes": respond(b"\xff\xfe" + SECRET.encode(), status=502, content_type="application/octet-stream"),
    "a status": respond_json({"data": [{"id": "e1", "status": SECRET}]}),
    "a link": respond_json({"url": f"https://storage.example/exports/{SECRET}?X-Amz-Signature={SECRET}"}),
    "a list": respond_json({"data": [{"id": "e1", "export_list_options": {"fields": [SECRET, "offer"]}}]}),
    "an e-mail in free text": respond_json({"data": [{"id": "e1", "error": f"refused by {EMAIL} for {SECRET}"}]}),
}
UNKEPT: dict[str, Step] = {
    "a word where words may stand": respond_json({"data": [{"id": "e1", "status": WORD}]}),
    "a name where names may stand": respond_json({"data": [{"id": "e1", WORD: 1}]}),
    "a name in a list of names": respond_json({"data": [{"id": "e1", "export_list_options": {"fields": [WORD]}}]}),
    "storage's word for an error": respond(
        f"<Error><Code>{WORD}</Code></Error>".encode(), status=403, content_type="application/xml"
    ),
}


def recorded(step: Step, secret: str, path: Path) -> str:
    """Record a conversation in which a server that gets a secret responds with a step, and return the cassette."""
    with ScriptedServer(in_turn(step)) as server:
        scrubber = recording.scrubber_for(server.base_url, {secret: KEY}, b"salt", {})

        def talk() -> None:
            client = Client(api_key=secret, base_url=server.base_url, retrying=Retrying(attempts=1))
            with client, contextlib.suppress(metrics24.Metrics24Error):
                client.request("listExports")

        cassettes.record(path, ORIGIN, scrubber, {"the key": secret}, talk)
    return path.read_text("utf-8")


@pytest.mark.parametrize("where", ECHOES)
def test_a_key_is_replaced_that_comes_back_in(where: str, tmp_path: Path) -> None:
    """The cassette holds the exchange, and neither the key in any form nor the e-mail address."""
    text = recorded(ECHOES[where], SECRET, tmp_path / "echo.yaml")
    assert "interactions:" in text
    assert KEY in text
    assert not canary.holds(text.encode(), SECRET)
    assert EMAIL not in text


@pytest.mark.parametrize("where", UNKEPT)
def test_nothing_is_kept_if_the_key_passes_for(where: str, tmp_path: Path) -> None:
    """A key that looks like a value that may stay is found by the canary, and earlier files of the scenario go too."""
    path = tmp_path / "echo.yaml"
    path.write_text("an earlier recording")
    path.with_suffix(".json").write_text("its result")
    with pytest.raises(canary.LeakError, match=r"echo\.yaml holds the key"):
        recorded(UNKEPT[where], WORD, path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "step",
    [
        respond(b"not gzip", headers=[("Content-Encoding", "gzip")]),
        respond(b"{}", headers=[("Content-Encoding", "br")]),
        respond(b"a,b\n1,2\n", status=206, content_type="text/csv"),
        respond(b"[" * 200_000, content_type="application/json"),
    ],
    ids=["broken gzip", "an unknown packing", "a part of a file", "nested without end"],
)
def test_what_cannot_be_understood_is_not_kept(step: Step, tmp_path: Path) -> None:
    """A response that cannot be read is not written down as it came."""
    path = tmp_path / "echo.yaml"
    path.write_text("an earlier recording")
    with pytest.raises(UnscrubbableError):
        recorded(step, SECRET, path)
    assert list(tmp_path.iterdir()) == []


def test_a_secret_in_the_result_deletes_the_cassette_too(tmp_path: Path) -> None:
    """The file beside a cassette is searched as well, and takes the cassette with it."""
    path = tmp_path / "clicks.yaml"
    path.write_text("a good cassette")
    with pytest.raises(canary.LeakError, match=r"clicks\.json holds the key"):
        cassettes.write(path.with_suffix(".json"), f'["{SECRET}"]', [("the key", SECRET)])
    assert list(tmp_path.iterdir()) == []


def test_what_got_a_pseudonym_must_not_be_anywhere_else(tmp_path: Path) -> None:
    """An id that was replaced in one place and stands in another, as in a property's name, keeps the cassette out."""
    step = respond_json({"data": [{"integration": "acmeshop01", "rows_of": {"acmeshop01": 1}}]})
    with pytest.raises(canary.LeakError, match="something that was replaced"):
        recorded(step, SECRET, tmp_path / "echo.yaml")
    assert list(tmp_path.iterdir()) == []


def test_no_kept_cassette_looks_like_somebody() -> None:
    """Every e-mail address, signature and credential in the kept cassettes is one that scrubbing made."""
    for path in [*cassettes.FOLDER.glob("*.*"), *cassettes.FOLDER.glob("live/*.*")]:
        text = path.read_text("utf-8")
        assert not canary.holds(text.encode(), recording.CANARY), path.name
        assert set(re.findall(r"[\w.+-]+@([\w.-]+)", text)) <= {"example.invalid"}, path.name
        assert "127.0.0.1" not in text, path.name
        assert "Amz" not in text, path.name
