"""`metrics24 filter-groups create`, `update`, `add-offers` and `remove-offers`, for one group."""

import json
from pathlib import Path

import pytest

from cli.conftest import Metrics24, Serve
from cli.groups.conftest import FIRST, SECOND, Groups, writes
from metrics24_sandbox import Sandbox
from support.scripted import in_turn
from support.steps import respond_json

NEW = ("--organization", "acmegroup1", "--name", "Summer sale", "--priority", "7")
EVERYTHING = (
    *("--inactive", "--monitoring-mode", "--no-rtb", "--offer", "o1", "--offer", "o2", "--publisher", "p1"),
    *("--advertiser", "a1", "--tag", "t1", "--description", "for July", "--click-preset", "3"),
    *("--conversion-preset", "4", "--filters-file", "filters.json"),
)
MEANT = {
    "active": False,
    "monitoring_mode": True,
    "rtb_enabled": False,
    "offer_ids": ["o1", "o2"],
    "publisher_ids": ["p1"],
    "advertiser_ids": ["a1"],
    "tags": ["t1"],
    "description": "for July",
    "click_filter_preset_id": 3,
    "conversion_filter_preset_id": 4,
    "filters": [{"type": "vpn", "odd": [1]}],
}


@pytest.fixture(autouse=True)
def filters_file(desk: Path) -> Path:
    """A file of filters on the desk."""
    path = desk / "filters.json"
    path.write_text(json.dumps(MEANT["filters"]), encoding="utf-8")
    return path


def test_create_sends_every_property(command: Metrics24, groups: Groups) -> None:
    """Each option arrives as the property that it names, and the group is shown as the server has it."""
    created = json.loads(command("create", *NEW, *EVERYTHING, "--json").out)
    assert {**created, **MEANT, "name": "Summer sale", "priority": 7} == created
    assert groups()[created["id"]].items() >= MEANT.items()


def test_create_says_what_it_made(command: Metrics24) -> None:
    """For people a headline comes first, then the fields; --quiet leaves the headline out."""
    ended = command("create", *NEW)
    assert (ended.code, ended.err, ended.out.splitlines()[0]) == (0, "", "Created:")
    assert command("create", *NEW[:-1], "8", "--quiet").out.startswith("id ")


def test_a_dry_run_of_create_shows_the_group_and_who_has_its_priority(command: Metrics24, box: Sandbox) -> None:
    """Nothing is written; the properties are shown and checked, and a priority that is taken is told."""
    ended = command("create", *NEW[:-1], "100", "--offer", "o1", "--dry-run")
    assert ended.out.splitlines()[0] == "Would create:"
    assert f"priority 100 is taken by the filter group {FIRST}" in ended.err
    assert json.loads(command("create", *NEW, "--dry-run", "--json").out)["priority"] == 7
    assert command("create", *NEW, "--offer", "o1", "--offer", "o1", "--dry-run").code == 2
    assert writes(box) == 0


def test_update_sends_only_what_was_given(command: Metrics24, box: Sandbox, groups: Groups) -> None:
    """Every option changes its property, and what is not named stays as it was."""
    before = groups()[FIRST]
    ended = command("update", FIRST, "--inactive", "--json")
    after = groups()[FIRST]
    assert (ended.code, json.loads(ended.out)["active"]) == (0, False)
    assert {name for name in before if before[name] != after[name]} == {"active", "updated_at"}
    assert command("update", FIRST, *EVERYTHING, "--name", "N", "--priority", "9").code == 0
    assert groups()[FIRST].items() >= {**MEANT, "name": "N", "priority": 9}.items()


def test_fault_54_left_out_null_and_empty_stay_different(command: Metrics24, groups: Groups) -> None:
    """--clear empties a list and sets everything else to null; what is left out keeps its value."""
    command("update", FIRST, *EVERYTHING)
    ended = command("update", FIRST, "--clear", "offers", "--clear", "description", "--clear", "monitoring-mode", "-q")
    after = groups()[FIRST]
    assert ended.code == 0
    assert (after["offer_ids"], after["description"], after["monitoring_mode"]) == ([], None, None)
    assert (after["tags"], after["click_filter_preset_id"]) == (["t1"], 3)


def test_a_dry_run_of_update_shows_the_differences(command: Metrics24, box: Sandbox) -> None:
    """Nothing is written; each property that would change is told with its old and new value, and no other."""
    ended = command("update", FIRST, "--inactive", "--no-monitoring-mode", "--dry-run")
    assert ended.out.splitlines() == [f"would change  {FIRST}  Trusted publishers", "    active: true -> false"]
    plan = json.loads(command("update", FIRST, SECOND, "--active", "--dry-run", "--json").out)
    assert [group["changes"] for group in plan["groups"]] == [{}, {}]
    assert command("update", FIRST, "--active", "--dry-run").out.startswith("unchanged  ")
    assert writes(box) == 0


def test_offers_are_added_and_removed_one_by_one(command: Metrics24, desk: Path, groups: Groups) -> None:
    """Offers come from arguments and a file, others stay, and what is there already changes nothing."""
    (desk / "offers.txt").write_text("acme-1000\n\n  o9  \n", encoding="utf-8")
    added = command("add-offers", FIRST, "o8", "o8", "--offers-from", "offers.txt")
    assert (added.code, added.out.splitlines()[0]) == (0, "Now:")
    assert groups()[FIRST]["offer_ids"] == ["acme-1000", "acme-1001", "acme-1002", "o8", "o9"]
    assert command("remove-offers", FIRST, "acme-1001", "nothing", "--json").code == 0
    assert groups()[FIRST]["offer_ids"] == ["acme-1000", "acme-1002", "o8", "o9"]


def test_a_dry_run_of_offers_shows_the_lists(command: Metrics24, box: Sandbox) -> None:
    """Nothing is written; the offers before and after are shown, or that nothing would change."""
    added = command("add-offers", FIRST, "o9", "--dry-run").out
    removed = command("remove-offers", FIRST, "acme-1000", "--dry-run").out
    assert (
        'offer_ids: ["acme-1000", "acme-1001", "acme-1002"] -> ["acme-1000", "acme-1001", "acme-1002", "o9"]' in added
    )
    assert '-> ["acme-1001", "acme-1002"]' in removed
    assert command("remove-offers", FIRST, "nothing", "--dry-run").out.startswith("unchanged  ")
    assert writes(box) == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("create", *NEW[:-2]), "--priority"),
        (("create", *NEW, "--tag", "", "--inactive"), "--tag must hold"),
        (("create", *NEW, "--filters-file", "none.json"), "none.json cannot be read (No such file"),
        (("create", *NEW, "--filters-file", "bad.json"), "bad.json does not hold JSON"),
        (("create", *NEW, "--filters-file", "object.json"), "must hold a JSON array of filters, not dict"),
        (("create", *NEW, "--filters-file", "binary.json"), "is not text in UTF-8"),
        (("update", FIRST), "Nothing to change"),
        (("update", "--inactive"), "No ids were given"),
        (("update", "..", "--inactive"), "ids"),
        (("update", FIRST, "--offer", "a", "--clear", "offers"), "offers is both set and cleared"),
        (("update", FIRST, "--clear", "name"), "'name' is not one of"),
        (("update", FIRST, SECOND, "--priority", "3"), "priority is unique"),
        (("update", "--ids-from", "-", "--filters-file", "-"), "stdin cannot hold both"),
        (("add-offers", FIRST), "No offers were given"),
        (("bulk-update", FIRST), "--monitoring-mode or --no-monitoring-mode"),
    ],
    ids=str,
)
def test_wrong_arguments_are_code_2_before_anything_is_sent(
    command: Metrics24, box: Sandbox, desk: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    """A call that cannot be meant ends with code 2 and the reason, and the server hears nothing."""
    (desk / "bad.json").write_text("[", encoding="utf-8")
    (desk / "object.json").write_text("{}", encoding="utf-8")
    (desk / "binary.json").write_bytes(b"\xff")
    ended = command(*arguments)
    assert (ended.code, box.requests) == (2, ())
    assert complaint in ended.err


def test_fault_49_a_create_of_unknown_fate_is_code_14_with_the_candidates(command: Metrics24, serve: Serve) -> None:
    """If the answer names no group and two could be it, the code is 14 and both ids are told."""
    twins = [{"id": each, "name": "Summer sale", "priority": 7, "organization": "acmegroup1"} for each in ("g1", "g2")]
    listed = respond_json({"data": twins, "meta": {"total_count": 2, "total_page": 1}})
    for arguments in ((), ("--json",)):
        server = serve(in_turn(respond_json({}), listed))
        ended = command("create", *NEW, *arguments, "--base-url", server.base_url)
        assert (ended.code, ended.out) == (14, "")
        assert "Candidates: g1, g2." in ended.err
    assert json.loads(ended.err)["error"]["candidates"] == ["g1", "g2"]


def test_fault_49_a_create_whose_answer_is_lost_is_adopted(command: Metrics24, box: Sandbox, groups: Groups) -> None:
    """A lost answer does not make a second group: the one that is there is shown."""
    box.fail_next("createFilterGroup", "lost")
    assert command("create", *NEW).code == 0
    assert [group["priority"] for group in groups().values()].count(7) == 1
