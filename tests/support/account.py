"""An account with one export, whose file lies in a storage of its own."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest

from metrics24 import Metrics24Error
from metrics24._core.requests import OPERATIONS
from support import steps
from support.clock import FakeClock
from support.running import Running, collect
from support.scripted import Received, ScriptedServer, Step
from support.storage import ETAG, LARGE, Storage

IDENTITY = "exp_1"


def record(**changes: Any) -> dict[str, Any]:
    """Give an export as the API describes it."""
    whole = {
        "id": IDENTITY,
        "integration": "int1",
        "organization": "org1",
        "type": "click_logs",
        "status": "COMPLETED",
        "artifact_name": "clicks.csv",
    }
    return whole | changes


@cache
def _templates() -> list[tuple[str, str, re.Pattern[str]]]:
    """Every operation with its method and a pattern of its path, those without placeholders first."""
    ordered = sorted(OPERATIONS.values(), key=lambda operation: operation.path.count("{"))
    return [(each.id, each.method, re.compile(re.sub(r"\{[^{}]*\}", "[^/]+", each.path))) for each in ordered]


def operation_of(request: Received) -> str:
    """Say which operation of the API a request is; none if the API has no such path."""
    known = (
        identity
        for identity, method, path in _templates()
        if (method, path.fullmatch(request.path) is None) == (request.method, False)
    )
    return next(known, "")


class Account:
    """The script of an API with one export. `say_next` queues responses to an operation; the last one stays.

    Attributes:
        export: the export as it is now.
        exports: what the list of exports shows.
        calls: the operations that were called.

    """

    def __init__(self, address: Callable[[], str], export: dict[str, Any]) -> None:
        self.export, self.exports = export, [export]
        self.calls: list[str] = []
        self._address = address
        self._said: dict[str, list[Step]] = {}

    def say_next(self, operation: str, *steps: Step) -> None:
        """Queue responses to an operation."""
        self._said[operation] = [*steps]

    def __call__(self, request: Received) -> Step:
        """Answer one request."""
        operation = operation_of(request)
        self.calls.append(operation)
        said = self._said.get(operation)
        if said:
            return said.pop(0) if len(said) > 1 else said[0]
        match operation:
            case "getExportUrl":
                return steps.respond_json({"url": self._address()})
            case "listExports":
                return steps.respond_json(
                    {"data": self.exports, "meta": {"total_count": len(self.exports), "total_page": 1}}
                )
            case "deleteExport":
                return steps.respond(b"", status=204)
        return steps.respond_json(self.export)


class _Serve(Protocol):
    def __call__(self, script: Any, /) -> ScriptedServer: ...


class Stage:
    """An account and its storage, being served."""

    def __init__(self, serve: _Serve, content: bytes = LARGE, *, etag: str = ETAG, **changes: Any) -> None:
        self.storage = Storage(content, etag)
        self.bucket = serve(self.storage)
        self.account = Account(
            lambda: f"{self.bucket.base_url}/files/clicks.csv?{self.storage.sign()}", record(**changes)
        )
        self.api = serve(self.account)

    def job(self, run: Running, clock: FakeClock | None, **options: Any) -> Any:
        """Take the export up with a client of its own."""
        client = run.client(self.api, clock=clock, **options)
        return run.result(client.exports.resume(IDENTITY))

    def urls(self) -> int:
        """The number of signed URLs that were requested."""
        return self.account.calls.count("getExportUrl")


def leftovers(folder: Path) -> list[str]:
    """Name what lies in a folder, hidden and unfinished files included."""
    return sorted(path.name for path in folder.iterdir())


class Fetching:
    """One export being fetched, by whichever lane: saved as a file, or read as bytes.

    Attributes:
        target: where it is saved, alone in its folder.
        stage: the export and its storage.
        options: what the clients are made with.

    """

    def __init__(self, run: Running, clock: FakeClock, folder: Path, stage: Stage) -> None:
        self.run, self.clock, self.stage = run, clock, stage
        self.target = folder / "clicks.csv"
        self.options: dict[str, Any] = {}

    @property
    def part(self) -> Path:
        """The file of the partial download."""
        return self.target.with_name("clicks.csv.part")

    def job(self) -> Any:
        """Take the export up with a client of its own, as another process would."""
        return self.stage.job(self.run, self.clock, **self.options)

    def saved(self, **options: Any) -> bytes:
        """Save, and return the file's content; no other file may lie beside it."""
        done = self.run.result(self.job().save(self.target, **options))
        assert (done.path, done.bytes) == (self.target, self.target.stat().st_size)
        assert leftovers(self.target.parent) == [self.target.name]
        return self.target.read_bytes()

    def read(self, **options: Any) -> bytes:
        """Read the bytes without a file."""
        return b"".join(collect(self.run, self.job().iter_bytes(**options)))

    def by(self, lane: str, **options: Any) -> bytes:
        """Fetch it by a lane: save or read."""
        return self.saved(**options) if lane == "save" else self.read(**options)

    def failed(self, kind: type[Metrics24Error], **options: Any) -> Metrics24Error:
        """Save in vain, and give the error: of this very kind, and no target is there afterwards."""
        with pytest.raises(kind) as caught:
            self.run.result(self.job().save(self.target, **options))
        assert type(caught.value) is kind
        assert not self.target.exists()
        return caught.value
