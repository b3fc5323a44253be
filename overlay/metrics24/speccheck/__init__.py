"""Check whether a server matches the spec: the engine of the commands doctor and drift.

The doctor asks a server's operations, judges method, path and response of each, and says how to correct what is wrong.
Drift compares responses, live or recorded, with the file of the spec, and writes what is missing there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

import metrics24
from metrics24._core.requests import checked_routes
from metrics24.arguments import safe_id
from metrics24.client import Client
from metrics24.config import is_loopback
from metrics24.errors import ConfigurationError, Metrics24Error, SecurityError, UsageError
from metrics24.speccheck import environment
from metrics24.speccheck.comparison import compare
from metrics24.speccheck.corrections import as_diff as as_diff
from metrics24.speccheck.corrections import patched
from metrics24.speccheck.environment import base_url_in_force as base_url_in_force
from metrics24.speccheck.gathering import MOST_ROWS, Facts, Routes, examine_reads, probe
from metrics24.speccheck.gathering import Gathered as Gathered
from metrics24.speccheck.gathering import from_cassettes as from_cassettes
from metrics24.speccheck.judgement import Finding, Verdict
from metrics24.speccheck.probes import WritePermission as WritePermission
from metrics24.speccheck.probes import examine_last_day, examine_writes
from metrics24.speccheck.report import DoctorReport
from metrics24.speccheck.report import DriftReport as DriftReport
from metrics24.speccheck.spec import Spec as Spec

PATIENCE: Final = 10.0
"""Seconds for an attempt of the doctor, unless the user says otherwise."""

_IN_CHECKOUT = Path("openapi") / "spec.yaml"
_INSTALLED = Path("metrics24_sandbox") / "spec.yaml"

OnStep = Callable[[str], None]


def _id(integration: str | None) -> str | None:
    return None if integration is None else safe_id(integration, "integration")


@frozen(kw_only=True)
class DoctorOptions:
    """The options of the doctor.

    Attributes:
        start: the first day of the rows to read.
        end: the last day.
        integration: the integration to read from; None asks only what needs none.
        base_url: the base URL given as an option.
        key_file: the name of the key's file given as an option.
        key: the key in that file.
        routes: corrections of methods and paths.
        timeout: seconds for an attempt.
        permission: the permission to write, None for reads only.

    """

    start: date
    end: date
    integration: str | None = field(default=None, converter=_id)
    base_url: str | None = None
    key_file: str | None = None
    key: str | None = None
    routes: Routes
    timeout: float = PATIENCE
    permission: WritePermission | None = None


def run_doctor(
    options: DoctorOptions, environ: Mapping[str, str], open_client: Callable[[], Client], on_step: OnStep
) -> DoctorReport:
    """Check settings, server and operations, in this order, and end where nothing more can be learned.

    `open_client` makes a client of the same settings; `on_step` is told what is being asked.
    """
    url = base_url_in_force(options.base_url, environ)
    credential = environment.credential_source(environ, options.key_file, options.key)
    problem: Metrics24Error | None = None
    try:
        checked_routes(options.routes)
        client = open_client()
    except (ConfigurationError, SecurityError) as error:
        problem = error
    findings = [environment.check_settings(environ, options.base_url, url, credential, problem)]
    if credential is not None:
        findings.append(environment.check_key(credential))
    if problem is None:
        with client:
            on_step("reachability")
            contact = environment.contact(url, options.timeout)
            findings.append(environment.check_reachability(contact))
            if not contact.problem:
                now = datetime.now(UTC)
                certificate = environment.check_certificate(contact, now)
                findings += [*([certificate] if certificate else []), environment.check_clock(contact, now)]
                findings += _check_operations(options, client, on_step)
    return DoctorReport(findings, url)


def _check_operations(options: DoctorOptions, client: Client, on_step: OnStep) -> list[Finding]:
    permission = options.permission
    integration = options.integration or (permission.integration if permission else None)
    server = probe(client, options.routes, Facts(integration, options.start, options.end), timeout=options.timeout)
    findings = [*examine_reads(server, on_step), examine_last_day(server, on_step)]
    if not server.worked and any(each.status == 404 for each in findings):
        summary = "no operation works on this server: check the base URL first, the path in it included"
        findings.insert(0, Finding("base URL", Verdict.NOTE, summary))
    if permission is not None and not server.stopped:
        # One finding for each operation: one that could not be asked at first may have been asked since.
        first = {each.name: each for each in findings}
        for each in examine_writes(server, permission, on_step):
            if each.name not in first or first[each.name].status is None:
                first[each.name] = each
        findings = list(first.values())
    return findings


def gather_live(
    client: Client,
    on_step: OnStep,
    *,
    integration: str | None,
    days: tuple[date, date],
    routes: Routes,
    base_url: str,
) -> Gathered:
    """Ask each read operation of a server for its response, tables for up to a hundred rows; nothing is written.

    Raises:
        Metrics24Error: no operation gave a success: the reason of the last one.

    """
    facts = Facts(_id(integration), *days, MOST_ROWS)
    server = probe(client, routes, facts)
    findings = examine_reads(server, on_step)
    if not server.worked and server.problem is not None:
        raise server.problem
    good = (Verdict.WORKS, Verdict.DIFFERS)
    unjudged = tuple(f"{each.name}: {each.summary}" for each in findings if each.verdict not in good)
    sandbox = is_loopback(urlsplit(base_url).hostname or "")
    return Gathered(responses=tuple(server.responses), sandbox=sandbox, unjudged=unjudged)


def run_drift(spec: Spec, name: str, gathered: Gathered) -> DriftReport:
    """Compare responses with the spec; `name` is that of the spec's file."""
    compared = compare(spec, gathered.responses)
    return DriftReport(spec=name, gathered=gathered, compared=compared, left=compared.differences)


def corrected(spec: Spec, report: DriftReport) -> tuple[str, DriftReport]:
    """Correct the spec in memory; return its new text, and the report with the differences that this leaves."""
    text = patched(spec, report.compared)
    left = compare(Spec.parse(text), report.gathered.responses).differences
    return text, evolve(report, left=left)


def find_spec(file: Path | None, *, to_write: bool) -> Path:
    """Find the spec's file: the named one, that of this folder, of the checkout, or of the installation.

    Raises:
        UsageError: there is none, or none that may be written to.

    """
    if file is not None:
        return file
    packages = Path(metrics24.__file__).parents[1]
    candidates = [_IN_CHECKOUT, packages.parent / _IN_CHECKOUT, *([] if to_write else [packages / _INSTALLED])]
    found = next((each for each in candidates if each.is_file()), None)
    if found is None:
        raise UsageError(f"There is no {_IN_CHECKOUT.as_posix()} here: name the spec with --spec FILE.")
    return found
