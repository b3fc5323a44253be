from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_model, plain

if TYPE_CHECKING:
    from ..models.reports_query_filters import ReportsQueryFilters


@_attrs_define
class ReportsQueryOption:
    """Rows that an export was asked for. The names come from the documented filters of the list.

    Attributes:
        start_date: First day.
        end_date: Last day.
        filters: Values that rows were narrowed to.
    """

    start_date: str | Unset = UNSET
    end_date: str | Unset = UNSET
    filters: ReportsQueryFilters | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.start_date is not UNSET:
            field_dict["start_date"] = self.start_date
        if self.end_date is not UNSET:
            field_dict["end_date"] = self.end_date
        if self.filters is not UNSET:
            field_dict["filters"] = plain(self.filters)
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.reports_query_filters import ReportsQueryFilters

        d = dict(src_dict)
        model = cls(
            start_date=UNSET if (v := d.pop("start_date", None)) is None else v,
            end_date=UNSET if (v := d.pop("end_date", None)) is None else v,
            filters=UNSET if (v := d.pop("filters", None)) is None else parse_model(ReportsQueryFilters, v),
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
