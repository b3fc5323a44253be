"""`python -m metrics24_sandbox`: serve a local 24Metrics until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from .options import HEADER_PREFIX, Behaviour, SandboxOptions
from .server import Sandbox
from .spec import ENVIRONMENT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

_DESCRIPTION = """\
A local 24Metrics: made-up clicks, conversions and impressions, filter groups and exports, over real HTTP. It prints its
URLs and a key, then serves until Ctrl-C."""

_EPILOG = f"""\
For one request, headers outrank the behaviour chosen here ({HEADER_PREFIX}latency: 0.5), and {HEADER_PREFIX}fault asks
for a fault: 503x2, reset, lost, cut, drip, stall, html and more. The environment variable {ENVIRONMENT_VARIABLE}
names another OpenAPI spec to serve. Example: metrics24 sandbox --seed 7 --json"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and serve. Exit code 0 after Ctrl-C or SIGTERM, 2 if the arguments or ports are no good."""
    parser = _parser()
    chosen = vars(parser.parse_args(arguments))
    as_json = chosen.pop("json")
    behaviour = Behaviour(**{one.name: chosen.pop(one.name) for one in fields(Behaviour)})
    stop = threading.Event()
    _set_on_signals(stop)
    try:
        sandbox = Sandbox(SandboxOptions(**chosen, behaviour=behaviour)).start()
    except (OSError, ValueError) as error:
        parser.error(str(error))
    try:
        sys.stdout.write(_introduction(sandbox, as_json=as_json))
        sys.stdout.flush()
        stop.wait()
    finally:
        sandbox.close()
    return 0


def _introduction(sandbox: Sandbox, *, as_json: bool) -> str:
    facts = {
        "base_url": sandbox.base_url,
        "storage_url": sandbox.storage_url,
        "api_key": sandbox.api_key,
        "token": sandbox.token,
        "organization": sandbox.organization,
        "integrations": list(sandbox.integrations),
    }
    if as_json:
        return json.dumps(facts) + "\n"
    return (
        f"24Metrics sandbox (seed {sandbox.options.seed}), Ctrl-C to stop\n"
        f"  API           {sandbox.base_url}\n"
        f"  storage       {sandbox.storage_url}\n"
        f"  integrations  {', '.join(sandbox.integrations)} (organization {sandbox.organization})\n\n"
        f"export METRICS24_BASE_URL={sandbox.base_url}\n"
        f"export METRICS24_API_KEY={sandbox.api_key}\n"
    )


def _set_on_signals(event: threading.Event) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        event.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("metrics24_sandbox", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--json", action="store_true", help="print the URLs and the key as one line of JSON")
    for title, options in (("sandbox", SandboxOptions), ("behaviour", Behaviour)):
        group, hints = parser.add_argument_group(title), get_type_hints(options, include_extras=True)
        for option in fields(options):
            if option.name != "behaviour":
                _add(group, option, hints[option.name])
    return parser


def _add(group: argparse._ArgumentGroup, option: Field[Any], annotated: Any) -> None:
    """One option of the command line for one field."""
    hint, meaning = get_args(annotated)
    shown = "" if option.default is None else " (%(default)s)"
    settings: dict[str, Any] = {"default": option.default, "help": meaning + shown}
    if hint is bool:
        settings["action"] = argparse.BooleanOptionalAction
    elif get_origin(hint) is Literal:
        settings |= {"choices": get_args(hint), "type": type(option.default)}
    else:
        settings |= {"type": hint if hint in (int, float) else str, "metavar": "N" if hint in (int, float) else "TEXT"}
    group.add_argument(f"--{option.name.replace('_', '-')}", **settings)


if __name__ == "__main__":
    sys.exit(main())
