from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_model, plain

if TYPE_CHECKING:
    from ..models.equal_values import EqualValues


@_attrs_define
class ReportsQueryFilters:
    """Values that rows were narrowed to, by column.

    Attributes:
        offer_id: Offers.
        publisher: Publishers.
        advertiser: Advertisers.
        integration_id: Integrations.
    """

    offer_id: EqualValues | Unset = UNSET
    publisher: EqualValues | Unset = UNSET
    advertiser: EqualValues | Unset = UNSET
    integration_id: EqualValues | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.offer_id is not UNSET:
            field_dict["offer_id"] = plain(self.offer_id)
        if self.publisher is not UNSET:
            field_dict["publisher"] = plain(self.publisher)
        if self.advertiser is not UNSET:
            field_dict["advertiser"] = plain(self.advertiser)
        if self.integration_id is not UNSET:
            field_dict["integration_id"] = plain(self.integration_id)
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.equal_values import EqualValues

        d = dict(src_dict)
        model = cls(
            offer_id=UNSET if (v := d.pop("offer_id", None)) is None else parse_model(EqualValues, v),
            publisher=UNSET if (v := d.pop("publisher", None)) is None else parse_model(EqualValues, v),
            advertiser=UNSET if (v := d.pop("advertiser", None)) is None else parse_model(EqualValues, v),
            integration_id=UNSET if (v := d.pop("integration_id", None)) is None else parse_model(EqualValues, v),
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
