"""Whatever goes wrong around a write: it is not done twice, does not loop, and ends in a result or a typed error."""

from __future__ import annotations

import warnings
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from filter_groups.fake_groups import LOST, SPRING, GroupServer, groups_of
from metrics24._core.group_flows import bulk_delete, bulk_update, change_offers, create, delete, update
from metrics24.errors import AmbiguousWrite, Metrics24Error, NotFound

FORMS = ["", "wrapped", "id", "nothing", "204", "html"]
FAULTS = ["connect", "429", "400", "403", *LOST, *(f"after {fault}" for fault in LOST)]
WHIMS = st.lists(st.sampled_from([*FORMS, *FAULTS]), max_size=12)
IDS = ("g1", "g2", "g3")
ATTEMPTS = 3


def ended(server: GroupServer, flow: Any) -> Any:
    """Run a flow to its end, and give what it ends in: a result, or an error of ours."""
    with warnings.catch_warnings(action="ignore"):  # forms that a whim gives to the wrong answer are warned of
        try:
            outcome = server.driver.run(flow)
        except Metrics24Error as error:
            outcome = error
    sends = len(server.requests)
    assert sends <= ATTEMPTS * (ATTEMPTS * 3 + 3)
    assert server.driver.now - 1000 <= 120 * (sends + 1)
    return outcome


@given(whims=WHIMS, taken=st.booleans(), dated=st.booleans(), more=st.sampled_from([{}, {"offer_ids": ["o1"]}]))
@example(whims=["after reset", "html"], taken=False, dated=True, more={})
def test_a_group_is_never_created_twice(whims: list[str], taken: bool, dated: bool, more: dict[str, Any]) -> None:
    """At most one group comes to be, a result is that group, and a refusal means that there is none."""
    server = GroupServer(whims, dated=dated)
    server.has("old", name="Autumn", priority=SPRING["priority"] if taken else 1)
    outcome = ended(server, create(groups_of(attempts=ATTEMPTS), {**SPRING, **more}))
    assert server.created <= 1
    if isinstance(outcome, Metrics24Error):
        assert server.created == 0 or isinstance(outcome, AmbiguousWrite)
    else:
        assert (outcome.id, outcome.name, server.created) == ("new1", "Spring", 1)


@given(whims=WHIMS, offers=st.booleans())
def test_a_change_that_is_reported_is_there(whims: list[str], offers: bool) -> None:
    """A result has the values that were sent, and only a refusal says that nothing was changed."""
    server = GroupServer(whims)
    server.has("g1", offer_ids=["o1"])
    rules = groups_of(attempts=ATTEMPTS)
    flow = change_offers(rules, "g1", add=["o2"]) if offers else update(rules, "g1", {"offer_ids": ["o1", "o2"]})
    outcome = ended(server, flow)
    changed = server.groups["g1"]["offer_ids"] == ["o1", "o2"]
    if isinstance(outcome, Metrics24Error):
        assert not changed or isinstance(outcome, AmbiguousWrite) or outcome.__notes__
    else:
        assert changed
    assert server.asked("updateFilterGroup") <= ATTEMPTS


@given(whims=WHIMS, there=st.booleans())
def test_a_deletion_that_is_reported_is_done(whims: list[str], there: bool) -> None:
    """Success and NotFound mean that the group is gone, and other groups are never touched."""
    server = GroupServer(whims)
    server.has("g2")
    if there:
        server.has("g1")
    outcome = ended(server, delete(groups_of(attempts=ATTEMPTS), "g1"))
    if outcome is None:
        assert "g1" not in server.groups
    if isinstance(outcome, NotFound):
        assert not there
    assert "g2" in server.groups


@given(whims=WHIMS, deleting=st.booleans(), named=st.permutations([*IDS, "g9"]))
def test_a_bulk_verdict_is_true(whims: list[str], deleting: bool, named: list[str]) -> None:
    """Each id is in exactly one list, what is ok is so, and what is missing never was."""
    server = GroupServer(whims)
    for number, identity in enumerate(IDS):
        server.has(identity, monitoring_mode=False, priority=number)
    rules = groups_of(attempts=ATTEMPTS)
    outcome = ended(server, bulk_delete(rules, named) if deleting else bulk_update(rules, named, monitoring_mode=True))
    if isinstance(outcome, Metrics24Error):
        return
    assert sorted(outcome.ok + outcome.missing + outcome.unverified) == sorted(named)
    assert {*outcome.missing} <= {"g9"}
    for identity in outcome.ok:
        assert identity not in server.groups if deleting else server.groups[identity]["monitoring_mode"]
    assert server.asked("bulkDeleteFilterGroups") + server.asked("bulkUpdateFilterGroups") <= ATTEMPTS
