"""Look up one click or conversion (documentation: "Get Click", "Get Conversion or Event")."""

from __future__ import annotations

from typing import Any

from metrics24.effects import Flow
from metrics24.errors import NotFound
from metrics24.flows.retry import Policy, send
from metrics24.models import answer_model, factory
from metrics24.operations import Routes, build
from metrics24.responses import read_single

_ADVICE = (
    "Check the date first: it must be the day of the row in the account's time zone. Then the transaction id or hash, "
    "the offer and the publisher, each exactly as in the report, and last the integration."
)


def look_up(operation: str, policy: Policy, routes: Routes, **keys: object) -> Flow[Any]:
    """Fetch the one row that has all of `keys`.

    Raises:
        NotFound: there is none; the message says which key to check first.

    """
    try:
        answer = yield from send(build(operation, routes, **keys), policy)
    except NotFound as error:
        error.args = (f"{error} {_ADVICE}",)
        raise
    return factory(answer_model(operation))(read_single(answer, operation, policy.notices))
