"""Wait for an export (documentation: "Get Download Center Export")."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from metrics24.effects import Flow, Now, Sleep, ask
from metrics24.errors import (
    ExportCanceled,
    ExportFailed,
    ExportTimeout,
    Metrics24Error,
    NotFound,
    UnexpectedAnswerWarning,
    warn,
)
from metrics24.flows.export_records import names_in
from metrics24.flows.retry import Policy, send
from metrics24.models import ArtifactStatus
from metrics24.operations import Routes, build
from metrics24.responses import quoted, read_single
from metrics24.settings import Waiting

Record = dict[str, Any]

_FILE_DUE = 60.0  # seconds after COMPLETED until the file's name must be there
_GOING_ON = frozenset({ArtifactStatus.PENDING, ArtifactStatus.IN_PROGRESS})


@frozen
class WaitProgress:
    """How long an export has been waited for, after each look.

    Attributes:
        export_id: the export.
        status: its state, as the server says.
        seconds: since the waiting began.

    """

    export_id: str
    status: str
    seconds: float


def read_export(export_id: str, policy: Policy, routes: Routes) -> Flow[Record]:
    """Read one export. Its id stays the one that was asked with, whatever the server repeats."""
    answer = yield from send(build("getExport", routes, export_id=export_id), policy)
    return {**read_single(answer, "getExport", policy.notices), "id": export_id}


class Watch:
    """One wait for one export: looks at it in growing intervals until it has a file."""

    def __init__(self, export: Record, waiting: Waiting, policy: Policy, routes: Routes) -> None:
        self.export = export
        self._waiting, self._policy, self._routes = waiting, policy, routes
        self._id = str(export["id"])
        self._pause = waiting.first
        self._started: float | None = None
        self._complete_since: float | None = None
        self._strange: set[str] = set()

    @property
    def done(self) -> bool:
        """Whether the export has a file."""
        return is_complete(self.export) and next(names_in(self.export), None) is not None

    def next_look(self) -> Flow[WaitProgress]:
        """Wait a while, then look.

        Raises:
            ExportFailed: the server could not make the export, or it says that it did and names no file for a minute.
            ExportCanceled: the export was canceled on the server.
            ExportTimeout: it is not ready in time; it goes on.

        """
        now = (yield from ask(Now())).monotonic
        if self._started is None:
            self._started = now
        # The answer to the request may lack the file's name although the file is there: then look without waiting.
        if not is_complete(self.export) or self._complete_since is not None:
            yield from self._sleep(now, self._started)
        try:
            self.export = yield from read_export(self._id, self._policy, self._routes)
        except Metrics24Error as error:
            if not isinstance(error, NotFound):
                error.add_note(f"The export {self._id} goes on all the same; take it up again with exports.resume(id).")
            raise
        now = (yield from ask(Now())).monotonic
        self._judge(now)
        return WaitProgress(self._id, status_of(self.export), now - self._started)

    def _sleep(self, now: float, started: float) -> Flow[None]:
        left = started + self._waiting.timeout - now
        if left <= 0:
            raise ExportTimeout(
                f"The export {self._id} was not ready within {self._waiting.timeout:g} s (it is "
                f"{quoted(status_of(self.export))}). Nothing is lost: it goes on, and exports.resume({self._id!r}) "
                "takes it up again; nothing was deleted.",
                export_id=self._id,
            )
        yield from ask(Sleep(min(self._pause, left)))
        self._pause = min(self._pause * self._waiting.factor, self._waiting.max)

    def _judge(self, now: float) -> None:
        """Notice an end other than a file, and a state that nobody knows."""
        status = status_of(self.export)
        raise_if_failed(self.export)
        if is_complete(self.export):
            self._complete_since = now if self._complete_since is None else self._complete_since
            if not self.done and now - self._complete_since >= _FILE_DUE:
                raise ExportFailed(
                    f"The server says that the export {self._id} is complete, and does not name its file, for "
                    f"{_FILE_DUE:g} s now. Look at it again later with exports.resume({self._id!r}).",
                    export_id=self._id,
                )
            return
        self._complete_since = None
        if status not in _GOING_ON and status not in self._strange:
            self._strange.add(status)
            warn(
                f"The export {self._id} is in a state that the API's documentation does not know: {quoted(status)!r}. "
                "It is waited for all the same.",
                UnexpectedAnswerWarning,
            )


def status_of(export: Record) -> str:
    """The state of an export, as the server says."""
    return str(export.get("status") or "in an unknown state")


def is_complete(export: Record) -> bool:
    """Whether the server says that an export is complete."""
    return export.get("status") == ArtifactStatus.COMPLETED


def raise_if_failed(export: Record) -> None:
    """Raise the error that an export ended with, if it did."""
    identity, status = str(export["id"]), export.get("status")
    if status == ArtifactStatus.ERROR:
        said = export.get("error")
        reason = f": {quoted(said)}" if said and isinstance(said, str) else ""
        raise ExportFailed(
            f"The server could not make the export {identity}{reason}. Ask for fewer days or columns, or report it "
            "with the export's id.",
            export_id=identity,
        )
    if status == ArtifactStatus.CANCELED:
        raise ExportCanceled(
            f"The export {identity} was canceled on the server. Ask for it again if you need it.", export_id=identity
        )
