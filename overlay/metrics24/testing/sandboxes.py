"""Sandboxes for tests, in this process or in one of their own.

Commands control a running sandbox. Each names one of its methods, which is called directly in this process, and by a
line of JSON in another.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from threading import Lock
from typing import TYPE_CHECKING, Any, TextIO, TypedDict, Unpack, get_args, get_type_hints

from metrics24._core.requests import OPERATIONS
from metrics24.client import AsyncClient, Client
from metrics24.errors import UsageError

if TYPE_CHECKING:
    from metrics24_sandbox import Sandbox
    from metrics24_sandbox.options import Answer, Created, Empty, EndDate, Fate, Filters, Wrap

Command = Callable[..., Any]
COMMANDS = ("hits", "fail_next", "advance", "reset")
_STORAGE = "storage"
# -P: files of the working directory must not be taken for the modules.
_PROGRAM = (sys.executable, "-P", "-c", "from metrics24.testing.sandboxes import run_process; run_process()")
_SECONDS_TO_END = 10.0


class Choices(TypedDict, total=False):
    """The options and behaviours of a sandbox; `metrics24 sandbox --help` explains each.

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


class SandboxBox:
    """A running sandbox.

    Attributes:
        base_url: the API's address.
        storage_url: the address that the signed URLs of exports lead to.
        api_key: the key that it accepts.
        token: the bearer token that it accepts instead.
        organization: the organization that the integrations belong to.
        integrations: the integrations that exist; the first is the main one.
        forbidden_integration: an integration that exists, but that the key may not see.

    """

    def __init__(self, facts: Mapping[str, Any], command: Command) -> None:
        self.base_url: str = facts["base_url"]
        self.storage_url: str = facts["storage_url"]
        self.api_key: str = facts["api_key"]
        self.token: str = facts["token"]
        self.organization: str = facts["organization"]
        self.integrations: tuple[str, ...] = tuple(facts["integrations"])
        self.forbidden_integration: str = facts["forbidden_integration"]
        self._command = command

    def client(self, **options: Any) -> Client:
        """Make a client of this sandbox; it takes the options of `metrics24.Client`."""
        return Client(**self._connected(options))

    def async_client(self, **options: Any) -> AsyncClient:
        """Make an asynchronous client of this sandbox; it takes the options of `metrics24.AsyncClient`."""
        return AsyncClient(**self._connected(options))

    def environment(self) -> dict[str, str]:
        """Return the variables by which programs find this sandbox; METRICS24_TOKEN must not be set beside them."""
        return {"METRICS24_BASE_URL": self.base_url, "METRICS24_API_KEY": self.api_key}

    def hits(self, operation: str) -> int:
        """Return the number of requests to an operation since the start or the last reset.

        Args:
            operation: its id in the OpenAPI spec, such as "getClickReport", or "storage" for downloads.

        """
        return int(self._command("hits", _known(operation)))

    def fail_next(self, operation: str, plan: str) -> None:
        """Make the next requests of an operation fail.

        Args:
            operation: its id in the OpenAPI spec, such as "getClickReport", or "storage" for downloads.
            plan: the faults that they meet, such as "503", "429x2@1" (twice, with Retry-After 1), "reset" or "lost".

        Raises:
            UsageError: there is no such operation or fault.

        """
        self._command("fail_next", _known(operation), plan)

    def advance(self, seconds: float) -> None:
        """Advance the clock of a sandbox that was started with `now`.

        Raises:
            UsageError: the sandbox was started without `now`.

        """
        self._command("advance", seconds)

    def reset(self) -> None:
        """Forget everything that was created, requested and queued, as if the sandbox had just been started."""
        self._command("reset")

    def __repr__(self) -> str:
        return f"SandboxBox(base_url={self.base_url!r})"

    def _connected(self, options: Mapping[str, Any]) -> dict[str, Any]:
        key = {} if "token" in options else {"api_key": self.api_key}
        return {"base_url": self.base_url, **key, **options}


def _known(operation: str) -> str:
    if operation not in OPERATIONS and operation != _STORAGE:
        raise UsageError(f"There is no operation {operation!r}; there are {', '.join([*OPERATIONS, _STORAGE])}.")
    return operation


@contextmanager
def sandbox(**choices: Unpack[Choices]) -> Iterator[SandboxBox]:
    """Run a sandbox in a thread of this process until the block ends.

    Raises:
        UsageError: a choice does not exist or makes no sense, or the packages of the extra `sandbox` are missing.

    """
    box = start(choices)
    try:
        yield SandboxBox(facts(box), commands_of(box))
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
    new_sandbox(choices)  # to find mistakes before a process is started in vain
    process = subprocess.Popen(_PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  fixed
    try:
        remote = RemoteCommands(process)
        yield SandboxBox(remote.send(choices), remote)
    finally:
        _end(process)


def start(choices: Choices) -> Sandbox:
    """Start a sandbox, to be closed by the caller.

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
        from metrics24_sandbox import Behaviour, Sandbox, SandboxOptions  # noqa: PLC0415  an extra of its own
    except ModuleNotFoundError as error:
        raise UsageError(f"The sandbox needs {error.name}: pip install 'metrics24[sandbox]'") from error
    hints = {**get_type_hints(SandboxOptions), **get_type_hints(Behaviour)}
    for name, value in choices.items():
        if name not in Choices.__annotations__:
            raise UsageError(f"A sandbox has no {name}; `metrics24 sandbox --help` lists what can be chosen.")
        allowed = get_args(hints[name])
        if allowed and not isinstance(allowed[0], type) and value not in allowed:
            raise UsageError(f"{name} is one of {', '.join(map(str, allowed))}, not {value!r}.")
    options: dict[str, Any] = {**SMALL, **choices}
    behaviour = {one.name: options.pop(one.name) for one in fields(Behaviour) if one.name in options}
    return Sandbox(SandboxOptions(**options, behaviour=Behaviour(**behaviour)))


def facts(box: Sandbox) -> dict[str, object]:
    """Return the facts of a running sandbox that its users need."""
    return {
        "base_url": box.base_url,
        "storage_url": box.storage_url,
        "api_key": box.api_key,
        "token": box.token,
        "organization": box.organization,
        "integrations": list(box.integrations),
        "forbidden_integration": box.forbidden_integration,
    }


def commands_of(box: Sandbox) -> Command:
    """Return the commands of a sandbox of this process."""
    from metrics24_sandbox.problems import ApiError  # noqa: PLC0415  an extra of its own

    def command(name: str, *arguments: object) -> Any:
        try:
            return getattr(box, COMMANDS[COMMANDS.index(name)])(*arguments)
        except ApiError as error:
            raise UsageError(f"{error}; docs/testing.md lists the faults.") from None
        except ValueError as error:
            raise UsageError(f"{error}.") from None

    return command


class RemoteCommands:
    """The commands of a sandbox of another process; from any thread, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._turn = process, Lock()

    def __call__(self, *command: object) -> Any:
        """Send a command and return its result."""
        return self.send(command)

    def send(self, line: object) -> Any:
        """Send a line of JSON and return the result in the response.

        Raises:
            UsageError: the sandbox refuses the command, or the process has ended.

        """
        requests, responses = self._process.stdin, self._process.stdout
        assert requests is not None  # noqa: S101  for the type checker: both are pipes
        assert responses is not None  # noqa: S101  likewise
        with self._turn:
            try:
                requests.write(json.dumps(line) + "\n")
                requests.flush()
                text = responses.readline()
            except (OSError, ValueError):
                text = ""
        if not text:
            raise UsageError("The sandbox's process has ended; its messages are on stderr.")
        response = json.loads(text)
        if "error" in response:
            raise UsageError(response["error"])
        return response["result"]


def serve(requests: TextIO, responses: TextIO) -> None:
    """Run a sandbox for another process: JSON commands come in, a line of JSON for each goes out.

    The first line holds the sandbox's choices, and its response the sandbox's addresses and keys; each other line is a
    command with its arguments. The sandbox ends with the commands, so it never outlives the other process.
    """

    def respond(**response: object) -> None:
        responses.write(json.dumps(response) + "\n")
        responses.flush()

    try:
        box = start(json.loads(requests.readline()))
    except UsageError as error:
        respond(error=str(error))
        return
    try:
        command = commands_of(box)
        respond(result=facts(box))
        for line in requests:
            try:
                respond(result=command(*json.loads(line)))
            except UsageError as error:
                respond(error=str(error))
    finally:
        box.close()


def run_process() -> None:
    """Run the process that `sandbox_process` starts."""
    # Ctrl-C reaches all processes of a terminal; the process that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin, sys.stdout)


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):  # a command that could not be sent any more is lost anyway
            if stream is not None:
                stream.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
