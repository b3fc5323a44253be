from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


@_attrs_define
class PageInfo:
    """Where a page stands in its table.

    Attributes:
        has_next_page: Whether older rows exist.
        start_cursor: Cursor of the first row.
        end_cursor: Cursor of the last row.
        has_previous_page: Whether newer rows exist. The documented first page says true, so nothing should rest on it.
    """

    has_next_page: bool
    start_cursor: str | Unset = UNSET
    end_cursor: str | Unset = UNSET
    has_previous_page: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        field_dict["hasNextPage"] = self.has_next_page
        if self.start_cursor is not UNSET:
            field_dict["startCursor"] = self.start_cursor
        if self.end_cursor is not UNSET:
            field_dict["endCursor"] = self.end_cursor
        if self.has_previous_page is not UNSET:
            field_dict["hasPreviousPage"] = self.has_previous_page
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        d = dict(src_dict)
        model = cls(
            has_next_page=d.pop("hasNextPage"),
            start_cursor=UNSET if (v := d.pop("startCursor", None)) is None else v,
            end_cursor=UNSET if (v := d.pop("endCursor", None)) is None else v,
            has_previous_page=UNSET if (v := d.pop("hasPreviousPage", None)) is None else v,
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
