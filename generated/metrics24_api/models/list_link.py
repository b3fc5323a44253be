from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


@_attrs_define
class ListLink:
    """Number and size of a page.

    Attributes:
        pagenumber: Number of the page.
        pagesize: Objects per page.
    """

    pagenumber: int | Unset = UNSET
    pagesize: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.pagenumber is not UNSET:
            field_dict["page[number]"] = self.pagenumber
        if self.pagesize is not UNSET:
            field_dict["page[size]"] = self.pagesize
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        d = dict(src_dict)
        model = cls(
            pagenumber=UNSET if (v := d.pop("page[number]", None)) is None else v,
            pagesize=UNSET if (v := d.pop("page[size]", None)) is None else v,
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
