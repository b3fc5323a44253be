from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_models, plain

if TYPE_CHECKING:
    from ..models.filter_ import Filter


@_attrs_define
class FilterGroupUpdate:
    """What is to change. Left out: untouched. Null: no value. The empty list: nothing in the list. The documentation
    says nothing of null; it is described so that the three can be told apart.

    Attributes:
        active: Whether the group is in use.
        advertiser_ids: Database ids of the advertisers that may use the group.
        click_filter_preset_id: Preset that fills in the filters for clicks.
        conversion_filter_preset_id: Preset that fills in the filters for conversions.
        description: What the group is for.
        filters: The rules.
        monitoring_mode: Whether the group only watches; outranks the integration's own setting.
        name: Name for people.
        offer_ids: Ids of the offers that may use the group.
        priority: Decides between groups that match equally well; unique within the integration.
        publisher_ids: Database ids of the publishers that may use the group.
        rtb_enabled: Whether real-time blocking is on; outranks the integration's own setting.
        tags: Labels.
    """

    active: bool | None | Unset = UNSET
    advertiser_ids: list[str] | None | Unset = UNSET
    click_filter_preset_id: int | None | Unset = UNSET
    conversion_filter_preset_id: int | None | Unset = UNSET
    description: None | str | Unset = UNSET
    filters: list[Filter] | None | Unset = UNSET
    monitoring_mode: bool | None | Unset = UNSET
    name: None | str | Unset = UNSET
    offer_ids: list[str] | None | Unset = UNSET
    priority: int | None | Unset = UNSET
    publisher_ids: list[str] | None | Unset = UNSET
    rtb_enabled: bool | None | Unset = UNSET
    tags: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.active is not UNSET:
            field_dict["active"] = self.active
        if self.advertiser_ids is not UNSET:
            field_dict["advertiser_ids"] = self.advertiser_ids
        if self.click_filter_preset_id is not UNSET:
            field_dict["click_filter_preset_id"] = self.click_filter_preset_id
        if self.conversion_filter_preset_id is not UNSET:
            field_dict["conversion_filter_preset_id"] = self.conversion_filter_preset_id
        if self.description is not UNSET:
            field_dict["description"] = self.description
        if self.filters is not UNSET:
            field_dict["filters"] = plain(self.filters)
        if self.monitoring_mode is not UNSET:
            field_dict["monitoring_mode"] = self.monitoring_mode
        if self.name is not UNSET:
            field_dict["name"] = self.name
        if self.offer_ids is not UNSET:
            field_dict["offer_ids"] = self.offer_ids
        if self.priority is not UNSET:
            field_dict["priority"] = self.priority
        if self.publisher_ids is not UNSET:
            field_dict["publisher_ids"] = self.publisher_ids
        if self.rtb_enabled is not UNSET:
            field_dict["rtb_enabled"] = self.rtb_enabled
        if self.tags is not UNSET:
            field_dict["tags"] = self.tags
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.filter_ import Filter

        d = dict(src_dict)
        model = cls(
            active=d.pop("active", UNSET),
            advertiser_ids=d.pop("advertiser_ids", UNSET),
            click_filter_preset_id=d.pop("click_filter_preset_id", UNSET),
            conversion_filter_preset_id=d.pop("conversion_filter_preset_id", UNSET),
            description=d.pop("description", UNSET),
            filters=parse_models(Filter, d.pop("filters", UNSET)),
            monitoring_mode=d.pop("monitoring_mode", UNSET),
            name=d.pop("name", UNSET),
            offer_ids=d.pop("offer_ids", UNSET),
            priority=d.pop("priority", UNSET),
            publisher_ids=d.pop("publisher_ids", UNSET),
            rtb_enabled=d.pop("rtb_enabled", UNSET),
            tags=d.pop("tags", UNSET),
        )
        model.additional_properties = d
        return model

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
