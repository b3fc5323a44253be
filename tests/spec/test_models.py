"""The generated models keep what they are given."""

import copy
import pickle
from importlib import import_module
from typing import Any

import pytest

import metrics24_api.models
from metrics24_api.models import (
    Artifact,
    ArtifactStatus,
    Click,
    ClickPage,
    Export,
    ExportTypeFilter,
    Filter,
    FilterGroup,
    FilterGroupList,
    FilterGroupUpdate,
    PageInfo,
)
from metrics24_api.operation_table import MODELS, Property
from metrics24_api.types import UNSET

ARTIFACT = {"id": "e", "integration": "i", "organization": "o", "status": "PENDING", "type": "click_logs"}
BODIES = {"FilterGroupCreate", "FilterGroupUpdate", "BulkUpdateRequest", "BulkDeleteRequest"}
SAMPLES: dict[str, Any] = {"string": "text", "integer": 7, "number": 1.5, "boolean": True}


def sample(prop: Property) -> Any:
    """A value that fits a property, one level deep."""
    nested = {needed.name: sample(needed) for needed in MODELS.get(prop.model, ()) if needed.required}
    if prop.type == "array":
        return [nested if prop.model else "text"]
    return nested if prop.type == "object" else SAMPLES[prop.type]


def whole(model: str) -> dict[str, Any]:
    """An object with every property of a model and one that no model knows."""
    return {prop.name: sample(prop) for prop in MODELS[model]} | {"brand_new": {"deep": [1, None]}}


def pickled(value: Any) -> Any:
    """Pickle and unpickle a value."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own pickle of a moment ago


def model_class(model: str) -> Any:
    """The generated class."""
    return getattr(metrics24_api.models, model)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_model_gives_back_what_it_was_given(model: str) -> None:
    """Every property, known or not, survives from_dict and to_dict, and a copy or a pickle is equal."""
    sent = whole(model)
    parsed = model_class(model).from_dict(sent)
    assert parsed.to_dict() == sent == whole(model)
    assert pickled(parsed) == copy.deepcopy(parsed) == parsed


@pytest.mark.parametrize("model", sorted(MODELS))
def test_what_was_absent_or_null_stays_absent(model: str) -> None:
    """Required properties alone come back as they were, copied and pickled too; null in a response reads as UNSET."""
    sent = {prop.name: sample(prop) for prop in MODELS[model] if prop.required}
    parsed = model_class(model).from_dict(sent)
    assert copy.deepcopy(parsed).to_dict() == pickled(parsed).to_dict() == parsed.to_dict() == sent
    optional = {prop.name: prop.attribute for prop in MODELS[model] if not prop.required}
    if model not in BODIES:
        parsed = model_class(model).from_dict(sent | dict.fromkeys(optional))
        assert all(getattr(parsed, attribute) is UNSET for attribute in optional.values())
        assert parsed.to_dict() == sent


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("wrong", ["text", 5, 1.5, True, ["a"], [None], {"a": 1}], ids=repr)
def test_a_value_of_the_wrong_type_is_kept(model: str, wrong: object) -> None:
    """No property of an unexpected type stops from_dict, and to_dict gives it back as it came."""
    if model.endswith("Envelope") or {"data", "pageInfo"} & {prop.name for prop in MODELS[model] if prop.required}:
        wrong = "text"  # an object in the place of one with required keys is a KeyError by design
    sent = {prop.name: wrong for prop in MODELS[model]}
    assert model_class(model).from_dict(sent).to_dict() == sent


def test_wrong_items_of_a_list_are_kept_beside_right_ones() -> None:
    """A list of models keeps what is no object as it came, and models of the rest."""
    parsed = FilterGroupList.from_dict({"data": [{"id": "a"}, None, "b"]})
    assert parsed.data == [FilterGroup(id="a"), None, "b"]
    assert parsed.to_dict() == {"data": [{"id": "a"}, None, "b"]}


def test_an_unknown_status_is_a_member_that_equals_its_text() -> None:
    """A status that the specification does not list is kept, equals its text, hashes like it and round-trips."""
    status = Artifact.from_dict(ARTIFACT | {"status": "ARCHIVED"}).status
    assert isinstance(status, ArtifactStatus)
    assert status == "ARCHIVED"
    assert (status.value, str(status), {"ARCHIVED": 1}[status]) == ("ARCHIVED", "ARCHIVED", 1)
    assert Artifact.from_dict(ARTIFACT | {"status": "ARCHIVED"}).to_dict()["status"] == "ARCHIVED"


@pytest.mark.parametrize("text", ["PENDING", "ARCHIVED"])
def test_enum_members_survive_copies_and_pickles(text: str) -> None:
    """Known and unknown members are the same object after a copy, a deep copy and a pickle."""
    member = ArtifactStatus(text)
    assert ArtifactStatus(text) is member
    for twin in (copy.copy(member), copy.deepcopy(member), pickled(member)):
        assert twin is member


def test_unknown_members_do_not_become_known() -> None:
    """Unknown texts do not show up among the members, and each enum has members of its own."""
    known = list(ArtifactStatus)
    assert ArtifactStatus("NOVEL").value == "NOVEL"
    assert list(ArtifactStatus) == known
    assert type(ExportTypeFilter("NOVEL")) is ExportTypeFilter


def test_the_memory_of_unknown_members_is_bounded() -> None:
    """Ten thousand unknown texts are members of their own, and no more than 1,024 of them are remembered."""
    assert all(ArtifactStatus(f"X{number}") == f"X{number}" for number in range(10_000))
    assert import_module("metrics24_api.types").unknown_member.cache_info().currsize <= 1024


def test_an_enum_takes_text_only() -> None:
    """A value that is no text is no member."""
    with pytest.raises(ValueError, match="7"):
        ArtifactStatus(7)  # type: ignore[arg-type] # the point of the test


def test_an_update_tells_absent_null_and_empty_apart() -> None:
    """Left out, null and the empty list are three different bodies of an update."""
    assert FilterGroupUpdate(active=False).to_dict() == {"active": False}
    assert FilterGroupUpdate(offer_ids=None, name=None).to_dict() == {"offer_ids": None, "name": None}
    assert FilterGroupUpdate(offer_ids=[], filters=[]).to_dict() == {"offer_ids": [], "filters": []}
    sent: dict[str, Any] = {"filters": None, "tags": [], "priority": None}
    assert FilterGroupUpdate.from_dict(sent).to_dict() == sent


def test_rules_pass_through_untouched() -> None:
    """The rules of a filter group, whose shape is not documented, are the same on the way in and on the way out."""
    rule = {"type": "ip", "values": ["1.2.3.4", {"deep": None}], "negate": False}
    group = FilterGroup.from_dict({"id": "a", "filters": [rule]})
    assert group.filters == [Filter.from_dict(rule)]
    assert FilterGroupUpdate(filters=group.filters).to_dict() == {"filters": [rule]}


def test_a_page_without_rows_has_none() -> None:
    """A page whose list is null has its page info and no rows."""
    page = ClickPage.from_dict({"data": None, "pageInfo": {"hasNextPage": False}})
    assert page.data is UNSET
    assert page.page_info == PageInfo(has_next_page=False)


def test_numbers_are_exact() -> None:
    """An integer beyond 64 bits in an unknown column is kept exactly."""
    assert Click.from_dict({"big": 2**80}).to_dict() == {"big": 2**80}


def test_unset_is_false_and_shows_its_name() -> None:
    """An absent value is false, and reads as UNSET in a representation."""
    assert not Export(id="e").status
    assert "status=UNSET" in repr(Export(id="e"))
