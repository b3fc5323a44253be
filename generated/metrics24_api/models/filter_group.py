from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_models, plain

if TYPE_CHECKING:
    from ..models.filter_ import Filter


@_attrs_define
class FilterGroup:
    """A set of rules with the offers, publishers and advertisers it holds for.

    Attributes:
        id: Id of the filter group.
        active: Whether the group is in use.
        advertiser_ids: Database ids of the advertisers that may use the group.
        click_filter_preset_id: Preset that fills in the filters for clicks.
        conversion_filter_preset_id: Preset that fills in the filters for conversions.
        created_at: When it was created.
        description: What the group is for.
        filters: The rules.
        integration: Id of the integration.
        last_updated_by: Who changed it last.
        monitoring_mode: Whether the group only watches; outranks the integration's own setting.
        name: Name for people.
        offer_ids: Ids of the offers that may use the group.
        organization: Id of the organization.
        priority: Decides between groups that match equally well; unique within the integration.
        publisher_ids: Database ids of the publishers that may use the group.
        rtb_enabled: Whether real-time blocking is on; outranks the integration's own setting.
        tags: Labels.
        updated_at: When it was changed last.
    """

    id: str
    active: bool | Unset = UNSET
    advertiser_ids: list[str] | Unset = UNSET
    click_filter_preset_id: int | Unset = UNSET
    conversion_filter_preset_id: int | Unset = UNSET
    created_at: str | Unset = UNSET
    description: str | Unset = UNSET
    filters: list[Filter] | Unset = UNSET
    integration: str | Unset = UNSET
    last_updated_by: str | Unset = UNSET
    monitoring_mode: bool | Unset = UNSET
    name: str | Unset = UNSET
    offer_ids: list[str] | Unset = UNSET
    organization: str | Unset = UNSET
    priority: int | Unset = UNSET
    publisher_ids: list[str] | Unset = UNSET
    rtb_enabled: bool | Unset = UNSET
    tags: list[str] | Unset = UNSET
    updated_at: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        field_dict["id"] = self.id
        if self.active is not UNSET:
            field_dict["active"] = self.active
        if self.advertiser_ids is not UNSET:
            field_dict["advertiser_ids"] = self.advertiser_ids
        if self.click_filter_preset_id is not UNSET:
            field_dict["click_filter_preset_id"] = self.click_filter_preset_id
        if self.conversion_filter_preset_id is not UNSET:
            field_dict["conversion_filter_preset_id"] = self.conversion_filter_preset_id
        if self.created_at is not UNSET:
            field_dict["created_at"] = self.created_at
        if self.description is not UNSET:
            field_dict["description"] = self.description
        if self.filters is not UNSET:
            field_dict["filters"] = plain(self.filters)
        if self.integration is not UNSET:
            field_dict["integration"] = self.integration
        if self.last_updated_by is not UNSET:
            field_dict["last_updated_by"] = self.last_updated_by
        if self.monitoring_mode is not UNSET:
            field_dict["monitoring_mode"] = self.monitoring_mode
        if self.name is not UNSET:
            field_dict["name"] = self.name
        if self.offer_ids is not UNSET:
            field_dict["offer_ids"] = self.offer_ids
        if self.organization is not UNSET:
            field_dict["organization"] = self.organization
        if self.priority is not UNSET:
            field_dict["priority"] = self.priority
        if self.publisher_ids is not UNSET:
            field_dict["publisher_ids"] = self.publisher_ids
        if self.rtb_enabled is not UNSET:
            field_dict["rtb_enabled"] = self.rtb_enabled
        if self.tags is not UNSET:
            field_dict["tags"] = self.tags
        if self.updated_at is not UNSET:
            field_dict["updated_at"] = self.updated_at
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.filter_ import Filter

        d = dict(src_dict)
        model = cls(
            id=d.pop("id"),
            active=UNSET if (v := d.pop("active", None)) is None else v,
            advertiser_ids=UNSET if (v := d.pop("advertiser_ids", None)) is None else v,
            click_filter_preset_id=UNSET if (v := d.pop("click_filter_preset_id", None)) is None else v,
            conversion_filter_preset_id=UNSET if (v := d.pop("conversion_filter_preset_id", None)) is None else v,
            created_at=UNSET if (v := d.pop("created_at", None)) is None else v,
            description=UNSET if (v := d.pop("description", None)) is None else v,
            filters=UNSET if (v := d.pop("filters", None)) is None else parse_models(Filter, v),
            integration=UNSET if (v := d.pop("integration", None)) is None else v,
            last_updated_by=UNSET if (v := d.pop("last_updated_by", None)) is None else v,
            monitoring_mode=UNSET if (v := d.pop("monitoring_mode", None)) is None else v,
            name=UNSET if (v := d.pop("name", None)) is None else v,
            offer_ids=UNSET if (v := d.pop("offer_ids", None)) is None else v,
            organization=UNSET if (v := d.pop("organization", None)) is None else v,
            priority=UNSET if (v := d.pop("priority", None)) is None else v,
            publisher_ids=UNSET if (v := d.pop("publisher_ids", None)) is None else v,
            rtb_enabled=UNSET if (v := d.pop("rtb_enabled", None)) is None else v,
            tags=UNSET if (v := d.pop("tags", None)) is None else v,
            updated_at=UNSET if (v := d.pop("updated_at", None)) is None else v,
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
