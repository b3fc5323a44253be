"""The whole consultation: settings, server, operations, in this order, ending where nothing more can be learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from attrs import frozen

from metrics24.client.clients import Client
from metrics24.doctor import checks
from metrics24.doctor.examination import Routes, Server, examine_reads
from metrics24.doctor.findings import Finding
from metrics24.doctor.last_day import examine_last_day
from metrics24.doctor.probes import Facts
from metrics24.doctor.reach import reach
from metrics24.doctor.writes import Permission, examine_writes
from metrics24.errors import ConfigurationError, SecurityError
from metrics24.operations import DEFAULT_BASE_URL, checked_routes
from metrics24.settings import BASE_URL_VARIABLE, Retrying

RETRYING = Retrying(attempts=2, deadline=15.0)
PATIENCE = 10.0  # seconds for an attempt, unless the user says otherwise


@frozen(kw_only=True)
class Question:
    """What the doctor is asked.

    Attributes:
        start: the first day of the rows to look at.
        end: the last day.
        integration: the integration to look at, None for only what needs none.
        base_url: the base URL given as an option.
        key_file: the name of the key's file, given as an option.
        key: the key in that file.
        routes: corrections of methods and paths.
        timeout: seconds for an attempt.
        permission: what may be written, None for nothing.

    """

    start: date
    end: date
    integration: str | None = None
    base_url: str | None = None
    key_file: str | None = None
    key: str | None = None
    routes: Routes
    timeout: float = PATIENCE
    permission: Permission | None = None


def base_url(question: Question, environ: Mapping[str, str]) -> str:
    """The base URL in force, without what does not belong into one and may be secret."""
    url = question.base_url or environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    return checks.without_secrets(url).rstrip("/")


def consult(
    question: Question, environ: Mapping[str, str], open_client: Callable[[], Client], on_step: Callable[[str], None]
) -> list[Finding]:
    """Find out what works; `open_client` makes a client of the same settings."""
    credential = checks.source(environ, question.key_file, question.key)
    shape = [] if credential is None else [checks.key_shape(credential)]
    url = base_url(question, environ)
    try:
        checked_routes(question.routes)
        client = open_client()
    except (ConfigurationError, SecurityError) as error:
        return [checks.environment(environ, question.base_url, url, credential, error), *shape]
    with client:
        settings = checks.environment(environ, question.base_url, url, credential, None)
        on_step("reachability")
        reached = reach(url, question.timeout)
        now = datetime.now(UTC)
        findings = [settings, *shape, checks.reachability(reached)]
        if reached.problem:
            return findings
        findings += [each for each in (checks.certificate(reached, now), checks.clock(reached, now)) if each]
        return findings + _operations(question, client, on_step)


def _operations(question: Question, client: Client, on_step: Callable[[str], None]) -> list[Finding]:
    patient = client.with_options(retrying=RETRYING, timeout=question.timeout, routes=question.routes)
    permission = question.permission
    integration = question.integration or (permission.integration if permission else None)
    server = Server(patient, question.routes, Facts(integration, question.start, question.end))
    findings = [*examine_reads(server, on_step), examine_last_day(server, on_step)]
    if not server.worked and any(each.status == 404 for each in findings):
        findings.insert(0, checks.nothing_found())
    if permission is not None and not server.stopped:
        findings = _merged(findings, examine_writes(server, permission, on_step))
    return findings


def _merged(reads: list[Finding], trials: list[Finding]) -> list[Finding]:
    """All findings, each operation's once: what could not be asked at first may have been asked since."""
    tried = {each.name: each for each in trials}
    first = [tried.pop(each.name, each) if each.status is None else each for each in reads]
    known = {each.name for each in first}
    return [*first, *(each for each in trials if each.name not in known)]
