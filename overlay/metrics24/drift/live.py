"""Answers of a live server: each read operation is asked as the doctor asks it, with larger pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from attrs import define, field, frozen

from metrics24.client.clients import Client
from metrics24.doctor.consultation import RETRYING
from metrics24.doctor.examination import Routes, Server, examine_reads
from metrics24.doctor.findings import Verdict
from metrics24.doctor.judgement import Outcome
from metrics24.doctor.probes import Arguments, Facts
from metrics24.drift.comparison import Heard
from metrics24.drift.recorded import heard
from metrics24.errors import Metrics24Error, StatusError
from metrics24.operations import Operation

LARGEST_PAGE: Final = 100
_GOOD = frozenset({Verdict.WORKS, Verdict.DIFFERS})


class _ManyRows(Facts):
    """What the doctor knows, asked for by the hundred: counts say more than a sample."""

    def days(self) -> Arguments:
        """The arguments that are no ids."""
        return {name: LARGEST_PAGE if name == "pagesize" else value for name, value in super().days().items()}


@define
class _Listener(Server):
    """The doctor's server, whose answers are kept for comparison."""

    answers: list[Heard] = field(factory=list)
    problem: Metrics24Error | None = None

    def ask(self, operation: Operation, arguments: Arguments, body: object = None) -> Outcome:
        """Send one request and keep what is answered."""
        outcome = super().ask(operation, arguments, body)
        if outcome.answer is not None:
            self.answers.append(heard(operation.id, outcome.answer.status_code, outcome.answer.content))
        elif isinstance(outcome.error, StatusError) and outcome.status is not None:
            self.answers.append(heard(operation.id, outcome.status, outcome.error.body))
        self.problem = outcome.error or self.problem
        return outcome


@frozen
class Listened:
    """The answers, and a line for each operation that gave none that tells anything."""

    answers: list[Heard]
    silent: tuple[str, ...]


def listen(
    client: Client,
    integration: str | None,
    days: tuple[date, date],
    on_step: Callable[[str], None],
    routes: Routes,
) -> Listened:
    """Ask each read operation, some by `routes` of their own; nothing is written.

    Raises:
        Metrics24Error: nothing was answered with success: why the last operation was not.

    """
    server = _Listener(client.with_options(retrying=RETRYING, routes=routes), routes, _ManyRows(integration, *days))
    findings = examine_reads(server, on_step)
    if not server.worked and server.problem is not None:
        raise server.problem
    silent = [f"{each.name}: {each.summary}" for each in findings if each.verdict not in _GOOD]
    return Listened(server.answers, tuple(silent))
