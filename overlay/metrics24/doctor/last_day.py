"""Find out whether the last day of a range counts, which is not documented: else `pull S..E` ends a day early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from metrics24.doctor.examination import Server
from metrics24.doctor.findings import Finding, Verdict
from metrics24.doctor.judgement import NOT_ASKED
from metrics24.doctor.probes import Unknown, choices, rows_in
from metrics24.errors import Metrics24Error
from metrics24.flows.planning import TABLES, is_midnight, moment
from metrics24.operations import OPERATIONS
from metrics24.responses import decode

NAME = "last day"

_REMEDY = (
    "metrics24 pull -o: give --end a day later than the last one that you want, or the last day is missing",
    "metrics24 pull --by-day: nothing to do, each file holds its whole day",
    "in Python: end= a day later; for exports, exports.plan sees to it",
)


def examine_last_day(server: Server, on_step: Callable[[str], None]) -> Finding:
    """Ask a table that had rows for one day alone, from that day to the same: it has rows only if last days count.

    The rows that the tables gave before say which day has some. In which zone days are cut is not documented either, so
    the days beside it are asked for where it is empty: three requests at most, and one where last days count.
    """
    facts = server.facts
    (scope,) = facts.scope().values()
    if server.stopped or isinstance(scope, Unknown):
        return _open(f"{NOT_ASKED}{scope.reason if isinstance(scope, Unknown) else server.stopped}")
    table, day = next(_tables_with_rows(server), ("", None))
    if day is None:
        return _open(
            "whether it counts cannot be judged: no rows whose time tells a day, midnight aside; give --start and "
            "--end of days that have some"
        )
    if facts.start == facts.end:
        return _counts()
    on_step(NAME)
    for each in _with_neighbours(day):
        counted = _has_rows(server, table, each)
        if counted is None:
            return _open(f"whether it counts cannot be judged: no usable answer of {table} for a single day")
        if counted:
            return _counts()
    summary = "does not count: from S to E gives no rows of day E, or those of its first moment alone"
    return Finding(name=NAME, verdict=Verdict.NOTE, summary=summary, remedy=_REMEDY)


def _tables_with_rows(server: Server) -> Iterator[tuple[str, date]]:
    """Each table that gave rows, and the day of the newest one that does not stand at midnight.

    A server may count the first moment of a last day, so that rows at midnight prove nothing.
    """
    for table in TABLES.values():
        moments = [moment(row) for row in server.facts.tables.get(table, ()) if not is_midnight(row)]
        days = [each.date() for each in moments if each is not None]
        if days:
            yield table, max(days)


def _with_neighbours(day: date) -> Iterator[date]:
    for number in (day.toordinal(), day.toordinal() - 1, day.toordinal() + 1):
        if date.min.toordinal() <= number <= date.max.toordinal():
            yield date.fromordinal(number)


def _has_rows(server: Server, table: str, day: date) -> bool | None:
    """Whether a range of this day alone has rows besides those at midnight; None if the server does not say."""
    operation = OPERATIONS[table]
    chosen = choices(operation, server.facts)
    assert not isinstance(chosen, Unknown)  # noqa: S101 - it was asked before
    outcome = server.ask(operation, {**chosen[0], "start_date": day, "end_date": day})
    if outcome.answer is None:
        return None
    try:
        rows = rows_in(operation, decode(outcome.answer, table))
    except Metrics24Error:
        return None
    return any(not is_midnight(row) for row in rows)


def _counts() -> Finding:
    return Finding(name=NAME, verdict=Verdict.WORKS, summary="counts: from S to E gives the rows of day E too")


def _open(summary: str) -> Finding:
    return Finding(name=NAME, verdict=Verdict.INCONCLUSIVE, summary=summary)
