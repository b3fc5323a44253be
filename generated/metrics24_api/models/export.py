from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.artifact_status import ArtifactStatus
from ..types import UNSET, Unset, parse_enum, parse_model, plain

if TYPE_CHECKING:
    from ..models.csv_export_format import CsvExportFormat
    from ..models.export_file import ExportFile
    from ..models.export_list_options import ExportListOptions
    from ..models.reports_query_option import ReportsQueryOption
    from ..models.reports_results_meta import ReportsResultsMeta


@_attrs_define
class Export:
    """An export in the Download Center.

    Attributes:
        id: Id of the export.
        integration: Id of the integration.
        organization: Id of the organization.
        status: State of the export.
        type_: Kind of rows, such as `click_logs`.
        artifact: The file.
        artifact_name: Name to ask for the file's URL with.
        created_at: When it was asked for.
        error: What went wrong.
        export_list_options: What was asked for.
        format_: How the CSV is written.
        last_updated_by: Who changed it last.
        reports_query_option: Rows that were asked for.
        requested_by: Who asked for it.
        results_meta: What came of it.
        updated_at: When it was changed last.
    """

    id: str
    integration: str | Unset = UNSET
    organization: str | Unset = UNSET
    status: ArtifactStatus | str | Unset = UNSET
    type_: str | Unset = UNSET
    artifact: ExportFile | Unset = UNSET
    artifact_name: str | Unset = UNSET
    created_at: str | Unset = UNSET
    error: str | Unset = UNSET
    export_list_options: ExportListOptions | Unset = UNSET
    format_: CsvExportFormat | Unset = UNSET
    last_updated_by: str | Unset = UNSET
    reports_query_option: ReportsQueryOption | Unset = UNSET
    requested_by: str | Unset = UNSET
    results_meta: ReportsResultsMeta | Unset = UNSET
    updated_at: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        field_dict["id"] = self.id
        if self.integration is not UNSET:
            field_dict["integration"] = self.integration
        if self.organization is not UNSET:
            field_dict["organization"] = self.organization
        if self.status is not UNSET:
            field_dict["status"] = plain(self.status)
        if self.type_ is not UNSET:
            field_dict["type"] = self.type_
        if self.artifact is not UNSET:
            field_dict["artifact"] = plain(self.artifact)
        if self.artifact_name is not UNSET:
            field_dict["artifact_name"] = self.artifact_name
        if self.created_at is not UNSET:
            field_dict["created_at"] = self.created_at
        if self.error is not UNSET:
            field_dict["error"] = self.error
        if self.export_list_options is not UNSET:
            field_dict["export_list_options"] = plain(self.export_list_options)
        if self.format_ is not UNSET:
            field_dict["format"] = plain(self.format_)
        if self.last_updated_by is not UNSET:
            field_dict["last_updated_by"] = self.last_updated_by
        if self.reports_query_option is not UNSET:
            field_dict["reports_query_option"] = plain(self.reports_query_option)
        if self.requested_by is not UNSET:
            field_dict["requested_by"] = self.requested_by
        if self.results_meta is not UNSET:
            field_dict["results_meta"] = plain(self.results_meta)
        if self.updated_at is not UNSET:
            field_dict["updated_at"] = self.updated_at
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.csv_export_format import CsvExportFormat
        from ..models.export_file import ExportFile
        from ..models.export_list_options import ExportListOptions
        from ..models.reports_query_option import ReportsQueryOption
        from ..models.reports_results_meta import ReportsResultsMeta

        d = dict(src_dict)
        model = cls(
            id=d.pop("id"),
            integration=UNSET if (v := d.pop("integration", None)) is None else v,
            organization=UNSET if (v := d.pop("organization", None)) is None else v,
            status=UNSET if (v := d.pop("status", None)) is None else parse_enum(ArtifactStatus, v),
            type_=UNSET if (v := d.pop("type", None)) is None else v,
            artifact=UNSET if (v := d.pop("artifact", None)) is None else parse_model(ExportFile, v),
            artifact_name=UNSET if (v := d.pop("artifact_name", None)) is None else v,
            created_at=UNSET if (v := d.pop("created_at", None)) is None else v,
            error=UNSET if (v := d.pop("error", None)) is None else v,
            export_list_options=UNSET
            if (v := d.pop("export_list_options", None)) is None
            else parse_model(ExportListOptions, v),
            format_=UNSET if (v := d.pop("format", None)) is None else parse_model(CsvExportFormat, v),
            last_updated_by=UNSET if (v := d.pop("last_updated_by", None)) is None else v,
            reports_query_option=UNSET
            if (v := d.pop("reports_query_option", None)) is None
            else parse_model(ReportsQueryOption, v),
            requested_by=UNSET if (v := d.pop("requested_by", None)) is None else v,
            results_meta=UNSET if (v := d.pop("results_meta", None)) is None else parse_model(ReportsResultsMeta, v),
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
