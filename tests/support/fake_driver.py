"""A fake driver: responses come from a script, time moves only by sleeping, and every effect is recorded."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import httpx

from metrics24._core.effects import Call, Flow, Instant, Now, RawResponse, Request, Sleep
from metrics24._core.retry import Policy
from metrics24.arguments import ReportParams
from metrics24.config import Retrying
from metrics24.errors import Metrics24Error
from metrics24.kinds import CLICKS

T = TypeVar("T")
Row = dict[str, Any]
Outcome = RawResponse | Metrics24Error
Script = Callable[[Request], Outcome]

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
READ = Request("getClickReport", "GET", "/x")
WRITE = Request("createFilterGroup", "POST", "/x", access="write")


class FakeDriver:
    """Runs flows without a network; each call takes `taking` seconds, or its timeout if that is shorter."""

    def __init__(self, script: Script, *, taking: float = 0.0) -> None:
        self._script, self._taking = script, taking
        self.calls: list[Call] = []
        self.slept: list[float] = []
        self.now = 1000.0

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except Metrics24Error as error:
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value

    def _perform(self, effect: object) -> object:
        match effect:
            case Now():
                return Instant(self.now, NOON + timedelta(seconds=self.now))
            case Sleep(seconds):
                self.slept.append(seconds)
                self.now += seconds
                return None
            case Call():
                return self._answer(effect)
        raise AssertionError(f"unknown effect {effect!r}")

    def _answer(self, call: Call) -> RawResponse:
        self.calls.append(call)
        self.now += min(self._taking, call.timeout)
        outcome = self._script(call.request)
        if isinstance(outcome, Metrics24Error):
            raise outcome
        return outcome


def in_turn(*outcomes: Outcome) -> Script:
    """Give these outcomes one after the other; asking once more than that is a bug."""
    left = list(outcomes)

    def script(request: Request) -> Outcome:
        assert left, f"{request.operation} was asked for once too often"
        return left.pop(0)

    return script


def always(outcome: Callable[[], Outcome]) -> Script:
    """Give a new outcome of the same kind every time."""
    return lambda _: outcome()


def raw(status: int = 200, body: object = None, headers: Iterable[tuple[str, str]] = ()) -> RawResponse:
    """Make a response with a JSON body."""
    return RawResponse(status, httpx.Headers(list(headers)), json.dumps(body).encode())


def page(numbers: Sequence[int], *, more: bool, end: int | str | None = "last", **columns: object) -> RawResponse:
    """Make a page of rows by their numbers; its end cursor is that of the last row unless told otherwise."""
    rows = [{"real_tx_id": str(number), **columns} for number in numbers]
    last = (numbers[-1] if numbers else None) if end == "last" else end
    info = {
        "startCursor": str(numbers[0]) if numbers else None,
        "endCursor": None if last is None else str(last),
        "hasPreviousPage": True,
        "hasNextPage": more,
    }
    return raw(body={"data": {"data": rows, "pageInfo": info}})


def policy(*, attempts: int = 5, deadline: float = 120.0, timeout: float = 30.0, **changes: Any) -> Policy:
    """Make a policy whose random pauses are always the longest that they can be."""
    retrying = Retrying(attempts=attempts, deadline=deadline)
    return Policy(timeout=timeout, retrying=retrying, **{"uniform": lambda _, most: most, **changes})


def params(**changes: Any) -> ReportParams:
    """Ask for clicks of February."""
    days: dict[str, Any] = {"start": date(2025, 2, 1), "end": date(2025, 2, 27)}
    return ReportParams(CLICKS, "int1", **{**days, **changes})
