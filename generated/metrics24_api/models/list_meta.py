from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_model, plain

if TYPE_CHECKING:
    from ..models.list_links import ListLinks


@_attrs_define
class ListMeta:
    """How much there is in all.

    Attributes:
        total_count: Objects on all pages.
        total_page: Number of pages.
        links: Neighbouring pages.
    """

    total_count: int | Unset = UNSET
    total_page: int | Unset = UNSET
    links: ListLinks | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.total_count is not UNSET:
            field_dict["total_count"] = self.total_count
        if self.total_page is not UNSET:
            field_dict["total_page"] = self.total_page
        if self.links is not UNSET:
            field_dict["links"] = plain(self.links)
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.list_links import ListLinks

        d = dict(src_dict)
        model = cls(
            total_count=UNSET if (v := d.pop("total_count", None)) is None else v,
            total_page=UNSET if (v := d.pop("total_page", None)) is None else v,
            links=UNSET if (v := d.pop("links", None)) is None else parse_model(ListLinks, v),
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
