from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_model, parse_models, plain

if TYPE_CHECKING:
    from ..models.click import Click
    from ..models.page_info import PageInfo


@_attrs_define
class ClickPage:
    """A page of clicks.

    Attributes:
        page_info: Where a page stands in its table.
        data: The rows; null where there are none.
    """

    page_info: PageInfo
    data: list[Click] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        field_dict["pageInfo"] = plain(self.page_info)
        if self.data is not UNSET:
            field_dict["data"] = plain(self.data)
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.click import Click
        from ..models.page_info import PageInfo

        d = dict(src_dict)
        model = cls(
            page_info=parse_model(PageInfo, d.pop("pageInfo")),
            data=UNSET if (v := d.pop("data", None)) is None else parse_models(Click, v),
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
