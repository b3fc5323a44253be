"""The findings as text for people and as JSON for programs.

The whole consultation: settings, server, operations, in this order, ending where nothing more can be learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from attrs import asdict, frozen

from metrics24._core.requests import DEFAULT_BASE_URL, checked_routes
from metrics24.client import Client
from metrics24.config import BASE_URL_VARIABLE, Retrying
from metrics24.errors import ConfigurationError, SecurityError
from metrics24.speccheck import environment as checks
from metrics24.speccheck.environment import reach
from metrics24.speccheck.findings import CORRECTABLE, KEY_REFUSED, UNJUDGED, WORKS, Finding, Verdict, exit_code
from metrics24.speccheck.probing import Facts, Routes, ServerProbe, examine_last_day, examine_reads
from metrics24.speccheck.write_probes import Permission, examine_writes

SIGNS = {
    Verdict.WORKS: "works",
    Verdict.NOTE: "note",
    Verdict.DIFFERS: "differs",
    Verdict.WRONG_PATH: "WRONG",
    Verdict.WRONG_METHOD: "WRONG",
    Verdict.FORBIDDEN: "forbidden",
    Verdict.INCONCLUSIVE: "unsure",
    Verdict.BROKEN: "BROKEN",
    Verdict.REFUSED: "REFUSED",
}
_VERDICTS = {
    WORKS: "everything works",
    KEY_REFUSED: "key or settings are not accepted",
    CORRECTABLE: "something is wrong and can be corrected",
    UNJUDGED: "nothing wrong found, but some operations could not be judged",
}
_NAMES = 24
_SIGNS = 10


def verdict(findings: Sequence[Finding]) -> str:
    """One line for all findings together."""
    return _VERDICTS.get(exit_code(findings), "the server or its answers cannot be used as they are")


def as_text(findings: Sequence[Finding], printable: Callable[[str], str]) -> str:
    """A line per finding, then what is worth knowing or doing about those that are not plain."""
    lines = [_line(each) for each in findings]
    for each in findings:
        more = [*(f"  {line}" for line in each.details), *(f"  > {line}" for line in each.remedy)]
        if more:
            lines += ["", f"{each.name}: {each.verdict}", *more]
    return "\n".join(map(printable, [*lines, "", f"Verdict: {verdict(findings)} (exit code {exit_code(findings)})"]))


def as_json(findings: Sequence[Finding], *, base_url: str) -> dict[str, Any]:
    """The findings as an object whose shape is documented in docs/doctor.md."""
    return {
        "verdict": verdict(findings),
        "exit_code": exit_code(findings),
        "base_url": base_url,
        "checks": [_check(each) for each in findings if not each.operation],
        "operations": [_operation(each) for each in findings if each.operation],
    }


def _line(finding: Finding) -> str:
    route = f"{finding.method} {finding.path} ({finding.evidence}): " if finding.operation else ""
    return f"{SIGNS[finding.verdict]:<{_SIGNS}}{finding.name:<{_NAMES}}{route}{finding.summary}"


def _check(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "verdict": finding.verdict.value,
        "summary": finding.summary,
        "details": list(finding.details),
        "remedy": list(finding.remedy),
    }


def _operation(finding: Finding) -> dict[str, Any]:
    return _check(finding) | {
        "method": finding.method,
        "path": finding.path,
        "evidence": finding.evidence,
        "status": finding.status,
        "differences": [asdict(each) | {"found": list(each.found)} for each in finding.differences],
    }


RETRYING = Retrying(attempts=2, deadline=15.0)
PATIENCE = 10.0  # seconds for an attempt, unless the user says otherwise


@frozen(kw_only=True)
class DoctorOptions:
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


def base_url(question: DoctorOptions, environ: Mapping[str, str]) -> str:
    """The base URL in force, without what does not belong into one and may be secret."""
    url = question.base_url or environ.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    return checks.without_secrets(url).rstrip("/")


def consult(
    question: DoctorOptions,
    environ: Mapping[str, str],
    open_client: Callable[[], Client],
    on_step: Callable[[str], None],
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


def _operations(question: DoctorOptions, client: Client, on_step: Callable[[str], None]) -> list[Finding]:
    patient = client.with_options(retrying=RETRYING, timeout=question.timeout, routes=question.routes)
    permission = question.permission
    integration = question.integration or (permission.integration if permission else None)
    server = ServerProbe(patient, question.routes, Facts(integration, question.start, question.end))
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
