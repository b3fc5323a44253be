"""`metrics24 sandbox`: a local 24Metrics to try things on."""

from __future__ import annotations

from collections.abc import Sequence

import click

from metrics24.errors import UsageError


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def sandbox(options: Sequence[str]) -> int:
    """Serve a local 24Metrics with made-up data until Ctrl-C.

    Prints its URLs and a key. All options go to the sandbox: `metrics24 sandbox --help` lists them.
    """
    try:
        from metrics24_sandbox.__main__ import main  # noqa: PLC0415  an extra of its own
    except ModuleNotFoundError as error:
        raise UsageError(f"The sandbox needs {error.name}: pip install 'metrics24[sandbox]'") from error
    return main(list(options))
