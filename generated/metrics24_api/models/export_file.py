from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_model, plain

if TYPE_CHECKING:
    from ..models.export_file_meta import ExportFileMeta


@_attrs_define
class ExportFile:
    """The file of an export.

    Attributes:
        name: Name to ask for the URL with.
        size: Bytes.
        download_link: Link to the file.
        meta: Whatever else is known of the file.
    """

    name: str | Unset = UNSET
    size: int | Unset = UNSET
    download_link: str | Unset = UNSET
    meta: ExportFileMeta | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.name is not UNSET:
            field_dict["name"] = self.name
        if self.size is not UNSET:
            field_dict["size"] = self.size
        if self.download_link is not UNSET:
            field_dict["download_link"] = self.download_link
        if self.meta is not UNSET:
            field_dict["meta"] = plain(self.meta)
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.export_file_meta import ExportFileMeta

        d = dict(src_dict)
        model = cls(
            name=UNSET if (v := d.pop("name", None)) is None else v,
            size=UNSET if (v := d.pop("size", None)) is None else v,
            download_link=UNSET if (v := d.pop("download_link", None)) is None else v,
            meta=UNSET if (v := d.pop("meta", None)) is None else parse_model(ExportFileMeta, v),
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
