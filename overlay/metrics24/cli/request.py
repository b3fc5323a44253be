"""`metrics24 request`: call any operation of the API by its id."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from metrics24.cli.options import STDIN_OR_FILE, ConnectionOptions, argument, command, example, option, read_text
from metrics24.errors import ResponseError, UsageError


@frozen(kw_only=True)
class RequestOptions(ConnectionOptions):
    """The options of `metrics24 request`."""

    operation: str = argument(metavar="OPERATION")
    path: tuple[str, ...] = option(
        "--path", multiple=True, metavar="NAME=VALUE", help="A path parameter, by the API's own name; once for each."
    )
    query: tuple[str, ...] = option(
        "--query", multiple=True, metavar="NAME=VALUE", help="A query parameter, by the API's own name; once for each."
    )
    body: Path | None = option(
        "--body", type=STDIN_OR_FILE, metavar="FILE", help="File with the JSON to send; - is stdin."
    )

    def content(self) -> Any:
        """Return the JSON to send.

        Raises:
            UsageError: the file cannot be read, or does not hold JSON.

        """
        if self.body is None:
            return None
        try:
            return json.loads(read_text(self.body))
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{self.body} does not hold JSON") from error


def _pairs(texts: Sequence[str], name: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts]
    for text, (key, sign, _) in zip(texts, pairs, strict=True):
        if not key or not sign:
            raise UsageError(f"{name} {text!r} must look like NAME=VALUE")
    return [(key, value) for key, _, value in pairs]


@command("request", RequestOptions, example=example("metrics24 request listExports --query page=1"))
def request(options: RequestOptions) -> None:
    """Call an operation by its id in the OpenAPI spec, and print its response as JSON.

    For what the other commands do not do. A write is sent as it stands, without a question.
    """
    path, query, body = dict(_pairs(options.path, "--path")), _pairs(options.query, "--query"), options.content()
    with options.open_client() as client:
        response = client.request(options.operation, path=path or None, query=query or None, body=body)
    try:
        found = response.json() if response.content else None
    except (ValueError, RecursionError) as error:
        raise ResponseError("The response is not JSON.", operation=options.operation) from error
    options.output.result(found, json.dumps(found, indent=2, ensure_ascii=False).splitlines())
