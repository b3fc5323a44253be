"""`make record`: write the cassettes again from the sandbox, or from the live API. See docs/contract.md."""

import argparse
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

import metrics24
from contract import cassettes, recording
from contract.bodies import UnscrubbableError
from contract.canary import LeakError
from contract.cassettes import Origin
from contract.scenarios import SCENARIOS, Scenario
from contract.scrubbing import API_HOST, KEY, TOKEN, Scrubber
from contract.stage import Stage, UnsuitedError, live_stage
from metrics24_api.operation_table import DEFAULT_BASE_URL
from metrics24_sandbox import Sandbox
from support.clock import FakeClock

_LEAST = 6  # letters
_VARIABLES = {"METRICS24_API_KEY": ("key", "api_key", KEY), "METRICS24_TOKEN": ("token", "token", TOKEN)}


@frozen
class Account:
    """The live account: where it is, how it is opened, and what is options for."""

    origin: Origin
    base_url: str
    credential: dict[str, str]
    stand_in: str


def main(arguments: Sequence[str] | None = None, clock: FakeClock | None = None) -> int:
    """Record; gives the exit code: 1 if a scenario failed or was not kept, 2 if the call was wrong.

    A `clock` makes waiting cost no time; for tests.
    """
    options = _parser().parse_args(arguments)
    if not options.live:
        return _sandbox(options.into or cassettes.FOLDER, options.only)
    try:
        account = _account(options)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    needs = {"reads", "writes"} if options.writes else {"reads"}
    wanted = [each for each in SCENARIOS.values() if each.needs in needs and options.only in ("", each.name)]
    if not wanted:
        sys.stderr.write(f"No scenario is called {options.only!r} and can be played live this way.\n")
        return 2
    outcomes = list(_live(wanted, account, options.into or cassettes.FOLDER / "live", clock))
    return 1 if "failed" in outcomes else 0


def _sandbox(folder: Path, only: str) -> int:
    wanted = [scenario for scenario in SCENARIOS.values() if only in ("", scenario.name)]
    for path in folder.glob("*.*"):
        if path.stem not in SCENARIOS and path.suffix in (".yaml", ".json"):
            path.unlink()
    with Sandbox(recording.FROZEN) as box:
        for scenario in wanted:
            recording.of_sandbox(scenario, box, folder)
    sys.stdout.write(f"{len(wanted)} conversations with the sandbox are recorded in {folder}.\n")
    return 0


def _live(wanted: list[Scenario], account: Account, folder: Path, clock: FakeClock | None) -> Iterator[str]:
    secret = next(iter(account.credential.values()))
    netloc = urlsplit(account.base_url).netloc
    hosts = {netloc: API_HOST}
    scrubber = recording.scrubber_for(account.base_url, {secret: account.stand_in}, secrets.token_bytes(32), hosts)
    hidden = {
        "the credential": secret,
        "the integration's id": _telling(account.origin.integration),
        "the organization's id": _telling(account.origin.organization),
        "the API's address": "" if account.base_url == DEFAULT_BASE_URL else netloc,
    }
    for scenario in wanted:
        with live_stage(account.origin, account.base_url, account.credential, clock) as stage:
            outcome, said = _one(scenario, stage, scrubber, hidden, folder)
        sys.stdout.write(f"{scenario.name}: {outcome}{': ' + said if said else ''}\n")
        yield outcome


def _one(scenario: Scenario, stage: Stage, scrubber: Scrubber, hidden: dict[str, str], folder: Path) -> tuple[str, str]:
    """Record a scenario and clean up after it, however it ended."""
    try:
        recording.record(scenario, stage, scrubber, hidden, folder)
    except UnsuitedError as error:
        ending = "skipped", str(error)
    except (LeakError, UnscrubbableError) as error:
        ending = "failed", str(error)
    except Exception as error:  # noqa: BLE001 - one scenario that fails must not keep the next from being cleaned up
        ending = "failed", _harmless(error)
    else:
        ending = "recorded", ""
    if scenario.needs == "writes":
        try:
            stage.clean_up()
        except metrics24.Metrics24Error as error:
            ending = "failed", f"could not clean up, look for {', '.join(stage.started)}: {_harmless(error)}"
    return ending


def _telling(text: str) -> str:
    """A text that does not stand in files by chance, or nothing."""
    return text if len(text) >= _LEAST else ""


def _harmless(error: Exception) -> str:
    """The text of an error, if it is one of ours; others may quote data."""
    return f"{type(error).__name__}{': ' + str(error) if isinstance(error, metrics24.Metrics24Error) else ''}"


def _account(options: argparse.Namespace) -> Account:
    found = {name: os.environ[name] for name in _VARIABLES if os.environ.get(name)}
    if len(found) != 1:
        raise ValueError("Set METRICS24_API_KEY or METRICS24_TOKEN, one of them.")
    if not options.integration or (options.writes and not options.organization):
        raise ValueError("Name a scratch integration: INTEGRATION=..., and with WRITES=1 also ORGANIZATION=...")
    [(variable, secret)] = found.items()
    kind, argument, stand_in = _VARIABLES[variable]
    today = datetime.now(UTC).date()
    days = options.start or str(today - timedelta(days=2)), options.end or str(today - timedelta(days=1))
    where = options.integration, options.organization
    origin = Origin("live", cassettes.spec_hash(), *where, *days, kind, str(today))
    base_url = (os.environ.get("METRICS24_BASE_URL") or DEFAULT_BASE_URL).rstrip("/")
    return Account(origin, base_url, {argument: secret}, stand_in)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make record", description=__doc__)
    parser.add_argument("--live", action="store_true", help="from the live API; reads only")
    parser.add_argument("--writes", action="store_true", help="with what creates and deletes filter groups and exports")
    parser.add_argument("--integration", default="", help="a scratch integration")
    parser.add_argument("--organization", default="", help="the organization that it belongs to")
    parser.add_argument("--start", default="", help="first day; the day before yesterday by default")
    parser.add_argument("--end", default="", help="last day; yesterday by default")
    parser.add_argument("--only", default="", help="one scenario, by its name")
    parser.add_argument("--into", type=Path, help="another folder for the cassettes")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
