"""Drift where a part of the server's operations cannot be looked at."""

from __future__ import annotations

from metrics24_sandbox import Sandbox
from speccheck.conftest import Drift, Serve
from speccheck.stage import NOT_FOUND, healthy, stage

HERE = ("--live", "--integration", "acmeshop01")


def test_a_route_is_followed(drift: Drift, shared: Sandbox) -> None:
    """With --route an operation is asked for elsewhere, here where the server has nothing."""
    ended = drift(*HERE, "--json", "--route", "getImpressionReport=GET /nowhere", server=shared)
    assert (ended.code, ended.facts["answers"]["getImpressionReport"]) == (13, 1)
    assert "/nowhere" in [each.path for each in shared.requests]


def test_what_could_not_be_asked_is_noted(drift: Drift, serve: Serve) -> None:
    """A wrong path is no difference: the notes name the operation, and why those that follow from it were not asked."""
    ended = drift(*HERE, "--json", server=serve(stage(healthy(getClickReport=NOT_FOUND))))
    notes = ended.facts["notes"]
    assert (ended.code, ended.facts["verdict"].partition("says")[2]) == (13, "; 2 operations could not be looked at")
    assert [each.partition(":")[0] for each in notes] == ["getClick", "getClickReport"]
    assert "as for a path that does not exist" in notes[1]


def test_without_an_integration_the_comparison_is_not_called_complete(drift: Drift, shared: Sandbox) -> None:
    """If operations were left out, code and verdict say so, and the notes name the option that is missing."""
    ended = drift("--live", server=shared)
    assert ended.code == 13
    assert "Note: getClickReport: not asked: it needs an integration: give --integration ID." in ended.out
    assert "as the spec says; 7 operations could not be looked at (exit code 13)" in ended.out
