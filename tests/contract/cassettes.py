"""Recorded conversations: one YAML file a scenario, its result beside it, where it comes from, and its replay."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import vcr
from attrs import frozen
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from contract import canary
from contract.bodies import UnscrubbableError
from contract.scrubbing import Scrubber
from metrics24_api.operation_table import API_KEY_HEADER

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "cassettes"
SPEC = ROOT / "openapi" / "spec.yaml"
REMEDIES = {
    "sandbox": "run `make record`",
    "live": "run `make record LIVE=1` with the options of docs/contract.md, or delete the file",
}
_LINE = re.compile(r"# ([a-z]+): (.*)")
_CREDENTIALS = (API_KEY_HEADER.lower(), "authorization")


@frozen
class Origin:
    """The origin of a conversation, and the account that it was recorded with; the names are pseudonyms.

    `kind` is "sandbox" or "live", `recorded` the day of a live one; `credential` is "key" or "token".
    """

    kind: str
    spec: str
    integration: str
    organization: str
    start: str
    end: str
    credential: str = "key"
    recorded: str = ""

    def header(self) -> str:
        """The lines that a cassette begins with."""
        facts = {name: getattr(self, name) for name in self.__annotations__}
        return "".join(f"# {name}: {text}\n" for name, text in facts.items() if text)


def spec_hash(spec: Path = SPEC) -> str:
    """A hash of the specification."""
    return sha256(spec.read_bytes()).hexdigest()


def origin_of(path: Path) -> Origin:
    """Read a cassette's header.

    Raises:
        ValueError: it has none.

    """
    facts = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            found = _LINE.fullmatch(line.rstrip("\n"))
            if found is None:
                break
            facts[found[1]] = found[2]
    if not Origin.__annotations__.keys() >= facts.keys() or facts.get("kind") not in REMEDIES:
        raise ValueError(f"{path.name} has no header that says where it comes from")
    return Origin(**{"spec": "", "integration": "", "organization": "", "start": "", "end": "", **facts})


def problems(names: Mapping[str, bool], folder: Path = FOLDER, spec: Path = SPEC) -> list[str]:
    """List what is wrong with the cassettes as files, each with its remedy; `names` are those that there must be."""
    wanted = spec_hash(spec)
    found = [
        f"{name}.yaml is missing: {REMEDIES['sandbox']}" for name in names if not (folder / f"{name}.yaml").exists()
    ]
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("live/*.yaml")]):
        shown = str(path.relative_to(folder))
        try:
            origin = origin_of(path)
        except ValueError as error:
            found.append(f"{error}: {REMEDIES['sandbox']}")
            continue
        if path.stem not in names:
            found.append(f"{shown} belongs to no scenario: delete it")
        if origin.kind != ("live" if path.parent.name == "live" else "sandbox"):
            found.append(f"{shown} was recorded from the {origin.kind}, which is not where such cassettes are kept")
        if origin.spec != wanted:
            found.append(
                f"{shown} was recorded for another openapi/spec.yaml: run `make regenerate` unless that is done, then "
                f"{REMEDIES[origin.kind]}"
            )
        if not path.with_suffix(".json").exists():
            found.append(f"{shown} has no result beside it: {REMEDIES[origin.kind]}")
    return found


def record(
    path: Path, origin: Origin, scrubber: Scrubber, secrets: Mapping[str, str], talk: Callable[[], object]
) -> None:
    """Write down what is said during a talk, scrubbed, unless a secret is found in what would be written.

    Raises:
        LeakError: a secret was found. Nothing is kept, an earlier cassette included.
        UnscrubbableError: a response cannot be understood, or there is none; as with a leak.

    """
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    recorder = vcr.VCR(record_mode="all")
    recorder.register_persister(_Nowhere)
    with recorder.use_cassette(str(path)) as said:
        talk()
    if not said.data:
        raise UnscrubbableError("Nothing was answered, so there is nothing to keep.")
    # Not in one of vcrpy's hooks: where they raise, its patches stay.
    requests, responses = zip(*(scrubber.interaction(*each) for each in said.data), strict=True)
    for response in responses:
        guard(path, response["body"]["string"], forbidden(scrubber, secrets))
    text = serialize({"requests": requests, "responses": responses}, yamlserializer)
    write(path, origin.header() + text, forbidden(scrubber, secrets))


def forbidden(scrubber: Scrubber, secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Everything that must not be found: the secrets, and what got a pseudonym and identifies its owner."""
    return [*secrets.items(), *(("something that was replaced", text) for text in scrubber.pseudonyms.originals)]


def write(path: Path, text: str, secrets: list[tuple[str, str]]) -> None:
    """Write a file whole, and delete it if a secret is in it.

    Raises:
        LeakError: one is.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    guard(path, path.read_bytes(), secrets)


def guard(path: Path, data: bytes, secrets: list[tuple[str, str]]) -> None:
    """Delete a cassette and its result if a secret is in the data.

    Raises:
        LeakError: one is.

    """
    try:
        canary.refuse(path.name, data, secrets)
    except canary.LeakError:
        path.with_suffix(".yaml").unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
        raise


def as_result(found: object) -> str:
    """A scenario's result as it is kept for review."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


@contextmanager
def replaying(path: Path) -> Iterator[Any]:
    """Answer from a cassette, each response once; a request that is not in it is an error."""
    player = vcr.VCR(record_mode="none")
    player.register_matcher("query", _same_query)
    player.register_matcher("credential", _same_credential)
    player.match_on = ("method", "host", "path", "query", "body", "credential")
    with player.use_cassette(str(path)) as cassette:
        yield cassette


def _same_query(one: Any, other: Any) -> None:
    sent, kept = (sorted(parse_qsl(urlsplit(each.uri).query, keep_blank_values=True)) for each in (one, other))
    assert sent == kept, f"{sent} was sent, {kept} was recorded"


def _same_credential(one: Any, other: Any) -> None:
    sent, kept = ([each.headers.get(name) for name in _CREDENTIALS] for each in (one, other))
    assert sent == kept, f"{sent} was sent, {kept} was recorded"


class _Nowhere:
    """A persister for vcrpy that keeps nothing, since nothing is scrubbed yet."""

    @staticmethod
    def load_cassette(cassette_path: str, serializer: Any) -> Any:
        raise CassetteNotFoundError

    @staticmethod
    def save_cassette(cassette_path: str, cassette_dict: dict[str, Any], serializer: Any) -> None:
        pass
