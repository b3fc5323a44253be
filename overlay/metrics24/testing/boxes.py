"""What a sandbox for tests can be told, and the sandbox's package, which is an extra.

What can be done with a running sandbox, wherever it runs.

A sandbox in a process of its own.

Sandboxes for tests, in this process or in one of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, Unpack, get_args, get_type_hints

from metrics24._core.requests import OPERATIONS
from metrics24.client import AsyncClient, Client
from metrics24.errors import UsageError

if TYPE_CHECKING:
    from metrics24_sandbox import Sandbox
    from metrics24_sandbox.options import Answer, Created, Empty, EndDate, Fate, Filters, Wrap


class Choices(TypedDict, total=False):
    """How a sandbox is started and how it answers; `metrics24 sandbox --help` explains each.

    Days hold fewer rows than those of `metrics24 sandbox`, and exports are ready at once, unless said otherwise.
    """

    host: str
    port: int
    storage_port: int
    seed: int
    api_key: str | None
    database: str | None
    now: str | None
    tick: float
    conversions_per_day: int
    clicks_per_day: int
    impressions_per_day: int
    variation: float
    first_day: str
    settle_days: int
    utc_offset: int
    exports_per_day: int
    export_rows: int
    quota_status: int
    unknown_columns: bool
    preloaded: bool
    latency: float
    rate_limit: float
    end_date: EndDate
    wrap: Wrap
    empty: Empty
    answer: Answer
    created: Created
    filters: Filters
    export_fate: Fate
    pending: float
    running: float
    url_lifetime: float


SMALL: Choices = {
    "clicks_per_day": 100,
    "conversions_per_day": 50,
    "impressions_per_day": 200,
    "pending": 0.0,
    "running": 0.0,
}


def start(choices: Choices) -> Sandbox:
    """Start a sandbox; whoever does must close it.

    Raises:
        UsageError: a choice does not exist or makes no sense, or the packages of the extra `sandbox` are missing.

    """
    box = new_sandbox(choices)
    try:
        return box.start()
    except (ValueError, OSError) as error:
        raise UsageError(f"The sandbox cannot be started: {error}") from error


def new_sandbox(choices: Choices) -> Sandbox:
    """Make a sandbox that is not started yet.

    Raises:
        UsageError: a choice does not exist, or the packages of the extra `sandbox` are missing.

    """
    try:
        from metrics24_sandbox import (  # noqa: PLC0415
            Behaviour,
            Sandbox,
            SandboxOptions,
        )
    except ModuleNotFoundError as error:
        raise UsageError(f"The sandbox needs {error.name}: pip install 'metrics24[sandbox]'") from error
    chosen: dict[str, Any] = {**SMALL, **choices}
    behaviour = {one.name: chosen.pop(one.name) for one in fields(Behaviour) if one.name in chosen}
    words = {
        name: get_args(hint) for kind in (SandboxOptions, Behaviour) for name, hint in get_type_hints(kind).items()
    }
    for name, value in choices.items():
        _check(name, value, words)
    return Sandbox(SandboxOptions(**chosen, behaviour=Behaviour(**behaviour)))


def _check(name: str, value: object, words: Mapping[str, tuple[Any, ...]]) -> None:
    if name not in Choices.__annotations__:
        raise UsageError(f"A sandbox has no {name}; `metrics24 sandbox --help` lists what can be chosen.")
    allowed = words[name]
    if allowed and not isinstance(allowed[0], type) and value not in allowed:
        raise UsageError(f"{name} is one of {', '.join(map(str, allowed))}, not {value!r}.")


class Controls(Protocol):
    """The ways to ask and to steer a sandbox."""

    def hits(self, operation: str) -> int:
        """How many requests an operation has had."""

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation meet faults."""

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still."""

    def reset(self) -> None:
        """Begin anew."""


class LocalControls:
    """Steers a sandbox of this process."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    def hits(self, operation: str) -> int:
        """How many requests an operation has had."""
        return self._box.hits(operation)

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation meet faults."""
        from metrics24_sandbox.problems import ApiError  # noqa: PLC0415  an extra of its own

        try:
            self._box.fail_next(operation, plan)
        except ApiError as error:
            raise UsageError(f"{error}; docs/testing.md lists the faults.") from None

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still."""
        try:
            self._box.advance(seconds)
        except ValueError as error:
            raise UsageError(f"{error}.") from None

    def reset(self) -> None:
        """Begin anew."""
        self._box.reset()


def facts(box: Sandbox) -> dict[str, object]:
    """What a user of a running sandbox needs to know of it."""
    return {
        "base_url": box.base_url,
        "storage_url": box.storage_url,
        "api_key": box.api_key,
        "token": box.token,
        "organization": box.organization,
        "integrations": list(box.integrations),
        "forbidden_integration": box.forbidden_integration,
    }


# -P: what lies in the working directory must not stand in for the modules that are meant.
_PROGRAM = (sys.executable, "-P", "-m", "metrics24.testing.serve")
_SECONDS_TO_END = 10.0


class RemoteControls:
    """Steers a sandbox of another process; from any thread, one command at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._turn = process, Lock()

    def hits(self, operation: str) -> int:
        """How many requests an operation has had."""
        return int(self.ask("hits", operation))

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation meet faults."""
        self.ask("fail_next", operation, plan)

    def advance(self, seconds: float) -> None:
        """Move a clock that stands still."""
        self.ask("advance", seconds)

    def reset(self) -> None:
        """Begin anew."""
        self.ask("reset")

    def ask(self, *command: object) -> Any:
        """Send a command and give its result."""
        return self.send(command)

    def send(self, line: object) -> Any:
        """Send a line of JSON and give the result in the answer.

        Raises:
            UsageError: what was asked for cannot be done, or the process has ended.

        """
        commands, answers = self._process.stdin, self._process.stdout
        assert commands is not None  # noqa: S101  for the type checker: both are pipes
        assert answers is not None  # noqa: S101  likewise
        with self._turn:
            try:
                commands.write(json.dumps(line) + "\n")
                commands.flush()
                text = answers.readline()
            except (OSError, ValueError):
                text = ""
        if not text:
            raise UsageError("The sandbox's process has ended; what it said stands on stderr.")
        answer = json.loads(text)
        if "error" in answer:
            raise UsageError(answer["error"])
        return answer["result"]


@contextmanager
def start_process(choices: Choices) -> Iterator[tuple[Mapping[str, Any], Controls]]:
    """Start a sandbox in another process; gives what is known of it and the controls, and ends it with the block."""
    process = subprocess.Popen(_PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  see above
    try:
        controls = RemoteControls(process)
        yield controls.send(choices), controls
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):  # what could not be sent any more is lost anyway
            if stream is not None:
                stream.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_STORAGE = "storage"


class SandboxBox:
    """A sandbox that runs.

    Attributes:
        base_url: where the API is.
        storage_url: where the signed URLs of exports lead to.
        api_key: the key that it accepts.
        token: the bearer token that it accepts instead.
        organization: the organization that the integrations belong to.
        integrations: the integrations that exist; the first is the main one.
        forbidden_integration: one that exists and that the key may not see.

    """

    def __init__(self, known: Mapping[str, Any], controls: Controls) -> None:
        self.base_url: str = known["base_url"]
        self.storage_url: str = known["storage_url"]
        self.api_key: str = known["api_key"]
        self.token: str = known["token"]
        self.organization: str = known["organization"]
        self.integrations: tuple[str, ...] = tuple(known["integrations"])
        self.forbidden_integration: str = known["forbidden_integration"]
        self._controls = controls

    def client(self, **options: Any) -> Client:
        """Make a client of this sandbox; it takes the options of `metrics24.Client`."""
        return Client(**self._connected(options))

    def async_client(self, **options: Any) -> AsyncClient:
        """Make an asynchronous client of this sandbox; it takes the options of `metrics24.AsyncClient`."""
        return AsyncClient(**self._connected(options))

    def environment(self) -> dict[str, str]:
        """The variables with which programs find this sandbox; METRICS24_TOKEN must not be set beside them."""
        return {"METRICS24_BASE_URL": self.base_url, "METRICS24_API_KEY": self.api_key}

    def hits(self, operation: str) -> int:
        """How many requests an operation has had since the start or the last reset.

        Args:
            operation: its id in the OpenAPI spec, such as "getClickReport", or "storage" for downloads.

        """
        return self._controls.hits(_known(operation))

    def fail_next(self, operation: str, plan: str) -> None:
        """Let the next requests of an operation fail.

        Args:
            operation: its id in the OpenAPI spec, such as "getClickReport", or "storage" for downloads.
            plan: what happens to them, such as "503", "429x2@1" (twice, with Retry-After 1), "reset" or "lost".

        Raises:
            UsageError: there is no such operation or fault.

        """
        self._controls.fail_next(_known(operation), plan)

    def advance(self, seconds: float) -> None:
        """Move the clock of a sandbox that was started with `now`.

        Raises:
            UsageError: it was not.

        """
        self._controls.advance(seconds)

    def reset(self) -> None:
        """Forget what was created, requested and queued, as if the sandbox had just been started."""
        self._controls.reset()

    def __repr__(self) -> str:
        return f"SandboxBox(base_url={self.base_url!r})"

    def _connected(self, options: Mapping[str, Any]) -> dict[str, Any]:
        key = {} if "token" in options else {"api_key": self.api_key}
        return {"base_url": self.base_url, **key, **options}


@contextmanager
def sandbox(**choices: Unpack[Choices]) -> Iterator[SandboxBox]:
    """Run a sandbox in a thread of this process until the block ends.

    Raises:
        UsageError: a choice does not exist or makes no sense, or the packages of the extra `sandbox` are missing.

    """
    box = start(choices)
    try:
        yield SandboxBox(facts(box), LocalControls(box))
    finally:
        box.close()


@contextmanager
def sandbox_process(**choices: Unpack[Choices]) -> Iterator[SandboxBox]:
    """Run a sandbox in a process of its own until the block ends.

    For tests that fork or block the whole process, and for programs in other languages. The process ends with the
    one that started it, however that ends.

    Raises:
        UsageError: a choice does not exist or makes no sense, or the packages of the extra `sandbox` are missing.

    """
    new_sandbox(choices)  # tells what is wrong or missing before a process is started in vain
    with start_process(choices) as (known, controls):
        yield SandboxBox(known, controls)


def _known(operation: str) -> str:
    if operation not in OPERATIONS and operation != _STORAGE:
        raise UsageError(f"There is no operation {operation!r}; there are {', '.join([*OPERATIONS, _STORAGE])}.")
    return operation
