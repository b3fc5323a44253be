"""The models of the API's requests and answers; each is loaded when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Artifact": ".artifact",
    "ArtifactEnvelope": ".artifact_envelope",
    "ArtifactStatus": ".artifact_status",
    "BulkDeleteRequest": ".bulk_delete_request",
    "BulkDeleteResult": ".bulk_delete_result",
    "BulkUpdateRequest": ".bulk_update_request",
    "Click": ".click",
    "ClickEnvelope": ".click_envelope",
    "ClickPage": ".click_page",
    "ClickTable": ".click_table",
    "Conversion": ".conversion",
    "ConversionEnvelope": ".conversion_envelope",
    "ConversionPage": ".conversion_page",
    "ConversionTable": ".conversion_table",
    "CreatedItem": ".created_item",
    "CsvExportFormat": ".csv_export_format",
    "DeleteResult": ".delete_result",
    "EqualValues": ".equal_values",
    "Export": ".export",
    "ExportEnvelope": ".export_envelope",
    "ExportFile": ".export_file",
    "ExportFileMeta": ".export_file_meta",
    "ExportFilters": ".export_filters",
    "ExportList": ".export_list",
    "ExportListOptions": ".export_list_options",
    "ExportStatusFilter": ".export_status_filter",
    "ExportTypeFilter": ".export_type_filter",
    "ExportUrl": ".export_url",
    "ExtraParameter": ".extra_parameter",
    "Filter": ".filter_",
    "FilterConditions": ".filter_conditions",
    "FilterGroup": ".filter_group",
    "FilterGroupCreate": ".filter_group_create",
    "FilterGroupEnvelope": ".filter_group_envelope",
    "FilterGroupList": ".filter_group_list",
    "FilterGroupUpdate": ".filter_group_update",
    "Impression": ".impression",
    "ImpressionPage": ".impression_page",
    "ImpressionTable": ".impression_table",
    "ListLink": ".list_link",
    "ListLinks": ".list_links",
    "ListMeta": ".list_meta",
    "PageInfo": ".page_info",
    "PatchResult": ".patch_result",
    "ReportsQueryFilters": ".reports_query_filters",
    "ReportsQueryOption": ".reports_query_option",
    "ReportsResultsMeta": ".reports_results_meta",
    "Row": ".row",
}

if TYPE_CHECKING:
    from .artifact import Artifact
    from .artifact_envelope import ArtifactEnvelope
    from .artifact_status import ArtifactStatus
    from .bulk_delete_request import BulkDeleteRequest
    from .bulk_delete_result import BulkDeleteResult
    from .bulk_update_request import BulkUpdateRequest
    from .click import Click
    from .click_envelope import ClickEnvelope
    from .click_page import ClickPage
    from .click_table import ClickTable
    from .conversion import Conversion
    from .conversion_envelope import ConversionEnvelope
    from .conversion_page import ConversionPage
    from .conversion_table import ConversionTable
    from .created_item import CreatedItem
    from .csv_export_format import CsvExportFormat
    from .delete_result import DeleteResult
    from .equal_values import EqualValues
    from .export import Export
    from .export_envelope import ExportEnvelope
    from .export_file import ExportFile
    from .export_file_meta import ExportFileMeta
    from .export_filters import ExportFilters
    from .export_list import ExportList
    from .export_list_options import ExportListOptions
    from .export_status_filter import ExportStatusFilter
    from .export_type_filter import ExportTypeFilter
    from .export_url import ExportUrl
    from .extra_parameter import ExtraParameter
    from .filter_ import Filter
    from .filter_conditions import FilterConditions
    from .filter_group import FilterGroup
    from .filter_group_create import FilterGroupCreate
    from .filter_group_envelope import FilterGroupEnvelope
    from .filter_group_list import FilterGroupList
    from .filter_group_update import FilterGroupUpdate
    from .impression import Impression
    from .impression_page import ImpressionPage
    from .impression_table import ImpressionTable
    from .list_link import ListLink
    from .list_links import ListLinks
    from .list_meta import ListMeta
    from .page_info import PageInfo
    from .patch_result import PatchResult
    from .reports_query_filters import ReportsQueryFilters
    from .reports_query_option import ReportsQueryOption
    from .reports_results_meta import ReportsResultsMeta
    from .row import Row
else:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name], __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = (
    "Artifact",
    "ArtifactEnvelope",
    "ArtifactStatus",
    "BulkDeleteRequest",
    "BulkDeleteResult",
    "BulkUpdateRequest",
    "Click",
    "ClickEnvelope",
    "ClickPage",
    "ClickTable",
    "Conversion",
    "ConversionEnvelope",
    "ConversionPage",
    "ConversionTable",
    "CreatedItem",
    "CsvExportFormat",
    "DeleteResult",
    "EqualValues",
    "Export",
    "ExportEnvelope",
    "ExportFile",
    "ExportFileMeta",
    "ExportFilters",
    "ExportList",
    "ExportListOptions",
    "ExportStatusFilter",
    "ExportTypeFilter",
    "ExportUrl",
    "ExtraParameter",
    "Filter",
    "FilterConditions",
    "FilterGroup",
    "FilterGroupCreate",
    "FilterGroupEnvelope",
    "FilterGroupList",
    "FilterGroupUpdate",
    "Impression",
    "ImpressionPage",
    "ImpressionTable",
    "ListLink",
    "ListLinks",
    "ListMeta",
    "PageInfo",
    "PatchResult",
    "ReportsQueryFilters",
    "ReportsQueryOption",
    "ReportsResultsMeta",
    "Row",
)
