from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


@_attrs_define
class BulkUpdateRequest:
    """Filter groups to change, and how.

    Attributes:
        data: Ids of the filter groups.
        monitoring_mode: Whether the groups only watch.
    """

    data: list[str] | Unset = UNSET
    monitoring_mode: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.data is not UNSET:
            field_dict["data"] = self.data
        if self.monitoring_mode is not UNSET:
            field_dict["monitoring_mode"] = self.monitoring_mode
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        d = dict(src_dict)
        model = cls(
            data=d.pop("data", UNSET),
            monitoring_mode=d.pop("monitoring_mode", UNSET),
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
