"""Contains all the data models used in inputs/outputs"""

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
