from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_model, plain

if TYPE_CHECKING:
    from ..models.export_filters import ExportFilters


@_attrs_define
class ExportListOptions:
    """Columns and filters that an export was asked for with.

    Attributes:
        fields: Columns, in order.
        extra_parameters: Extra parameters that became columns.
        filters: Filters of the rows.
    """

    fields: list[str] | Unset = UNSET
    extra_parameters: list[str] | Unset = UNSET
    filters: ExportFilters | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.fields is not UNSET:
            field_dict["fields"] = self.fields
        if self.extra_parameters is not UNSET:
            field_dict["extra_parameters"] = self.extra_parameters
        if self.filters is not UNSET:
            field_dict["filters"] = plain(self.filters)
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.export_filters import ExportFilters

        d = dict(src_dict)
        model = cls(
            fields=UNSET if (v := d.pop("fields", None)) is None else v,
            extra_parameters=UNSET if (v := d.pop("extra_parameters", None)) is None else v,
            filters=UNSET if (v := d.pop("filters", None)) is None else parse_model(ExportFilters, v),
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
