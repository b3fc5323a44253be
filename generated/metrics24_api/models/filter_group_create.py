from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_models, plain

if TYPE_CHECKING:
    from ..models.filter_ import Filter


@_attrs_define
class FilterGroupCreate:
    """What a new filter group is made of.

    Attributes:
        integration: Id of the integration; the one of the path.
        name: Name for people.
        organization: Id of the organization.
        priority: Decides between groups that match equally well; unique within the integration.
        active: Whether the group is in use.
        advertiser_ids: Database ids of the advertisers that may use the group.
        click_filter_preset_id: Preset that fills in the filters for clicks.
        conversion_filter_preset_id: Preset that fills in the filters for conversions.
        description: What the group is for.
        filters: The rules.
        monitoring_mode: Whether the group only watches; outranks the integration's own setting.
        offer_ids: Ids of the offers that may use the group.
        publisher_ids: Database ids of the publishers that may use the group.
        rtb_enabled: Whether real-time blocking is on; outranks the integration's own setting.
        tags: Labels, 50 at most.
    """

    integration: str
    name: str
    organization: str
    priority: int
    active: bool | Unset = UNSET
    advertiser_ids: list[str] | Unset = UNSET
    click_filter_preset_id: int | Unset = UNSET
    conversion_filter_preset_id: int | Unset = UNSET
    description: str | Unset = UNSET
    filters: list[Filter] | Unset = UNSET
    monitoring_mode: bool | Unset = UNSET
    offer_ids: list[str] | Unset = UNSET
    publisher_ids: list[str] | Unset = UNSET
    rtb_enabled: bool | Unset = UNSET
    tags: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        field_dict["integration"] = self.integration
        field_dict["name"] = self.name
        field_dict["organization"] = self.organization
        field_dict["priority"] = self.priority
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
        if self.offer_ids is not UNSET:
            field_dict["offer_ids"] = self.offer_ids
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
            integration=d.pop("integration"),
            name=d.pop("name"),
            organization=d.pop("organization"),
            priority=d.pop("priority"),
            active=d.pop("active", UNSET),
            advertiser_ids=d.pop("advertiser_ids", UNSET),
            click_filter_preset_id=d.pop("click_filter_preset_id", UNSET),
            conversion_filter_preset_id=d.pop("conversion_filter_preset_id", UNSET),
            description=d.pop("description", UNSET),
            filters=parse_models(Filter, d.pop("filters", UNSET)),
            monitoring_mode=d.pop("monitoring_mode", UNSET),
            offer_ids=d.pop("offer_ids", UNSET),
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
