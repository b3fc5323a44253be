"""metrics24: the Python client for the 24Metrics ad-fraud API.

    import metrics24

    with metrics24.Client() as client:
        client.reports.conversions("int_1", start="2025-02-01", end="2025-02-07").save("week.parquet")

Importing this package loads nothing else; each name loads what it needs when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from metrics24._core.effects import RawResponse as RawResponse
    from metrics24._core.export_flows import ExportPlan as ExportPlan
    from metrics24._core.export_flows import PlannedExport as PlannedExport
    from metrics24._core.export_flows import WaitProgress as WaitProgress
    from metrics24._core.group_flows import BulkResult as BulkResult
    from metrics24.client import AsyncClient as AsyncClient
    from metrics24.client import Client as Client
    from metrics24.config import Limits as Limits
    from metrics24.config import Retry as Retry
    from metrics24.config import Retrying as Retrying
    from metrics24.config import Waiting as Waiting
    from metrics24.daily import DailyFile as DailyFile
    from metrics24.daily import DailyFiles as DailyFiles
    from metrics24.errors import AmbiguousWrite as AmbiguousWrite
    from metrics24.errors import BadRequest as BadRequest
    from metrics24.errors import ConfigurationError as ConfigurationError
    from metrics24.errors import ExportCanceled as ExportCanceled
    from metrics24.errors import ExportFailed as ExportFailed
    from metrics24.errors import ExportTimeout as ExportTimeout
    from metrics24.errors import FilterError as FilterError
    from metrics24.errors import FilterIgnoredWarning as FilterIgnoredWarning
    from metrics24.errors import Forbidden as Forbidden
    from metrics24.errors import IntegrityError as IntegrityError
    from metrics24.errors import Metrics24Error as Metrics24Error
    from metrics24.errors import Metrics24Warning as Metrics24Warning
    from metrics24.errors import NotFound as NotFound
    from metrics24.errors import PaginationError as PaginationError
    from metrics24.errors import RateLimited as RateLimited
    from metrics24.errors import RequestFailed as RequestFailed
    from metrics24.errors import RequestTimeout as RequestTimeout
    from metrics24.errors import ResponseError as ResponseError
    from metrics24.errors import SaveError as SaveError
    from metrics24.errors import SecurityError as SecurityError
    from metrics24.errors import ServerError as ServerError
    from metrics24.errors import StatusError as StatusError
    from metrics24.errors import TransportError as TransportError
    from metrics24.errors import TruncatedExportWarning as TruncatedExportWarning
    from metrics24.errors import Unauthorized as Unauthorized
    from metrics24.errors import UnexpectedAnswerWarning as UnexpectedAnswerWarning
    from metrics24.errors import UsageError as UsageError
    from metrics24.export_job import AsyncExportJob as AsyncExportJob
    from metrics24.export_job import DownloadProgress as DownloadProgress
    from metrics24.export_job import ExportJob as ExportJob
    from metrics24.exports import export_filter as export_filter
    from metrics24.files.atomic import Saved as Saved
    from metrics24.filters import Filter as Filter
    from metrics24.filters import field as field
    from metrics24.models import UNSET as UNSET
    from metrics24.models import Artifact as Artifact
    from metrics24.models import Click as Click
    from metrics24.models import Conversion as Conversion
    from metrics24.models import Export as Export
    from metrics24.models import FilterGroup as FilterGroup
    from metrics24.models import Impression as Impression
    from metrics24.models import ListMeta as ListMeta
    from metrics24.models import Unset as Unset
    from metrics24.rows import AsyncListing as AsyncListing
    from metrics24.rows import AsyncPage as AsyncPage
    from metrics24.rows import AsyncRows as AsyncRows
    from metrics24.rows import Listing as Listing
    from metrics24.rows import Page as Page
    from metrics24.rows import Progress as Progress
    from metrics24.rows import Rows as Rows

_HOMES = {
    "_core.effects": ("RawResponse",),
    "_core.export_flows": (
        "ExportPlan",
        "PlannedExport",
        "WaitProgress",
    ),
    "_core.group_flows": ("BulkResult",),
    "client": (
        "AsyncClient",
        "Client",
    ),
    "config": (
        "Limits",
        "Retry",
        "Retrying",
        "Waiting",
    ),
    "daily": (
        "DailyFile",
        "DailyFiles",
    ),
    "errors": (
        "AmbiguousWrite",
        "BadRequest",
        "ConfigurationError",
        "ExportCanceled",
        "ExportFailed",
        "ExportTimeout",
        "FilterError",
        "FilterIgnoredWarning",
        "Forbidden",
        "IntegrityError",
        "Metrics24Error",
        "Metrics24Warning",
        "NotFound",
        "PaginationError",
        "RateLimited",
        "RequestFailed",
        "RequestTimeout",
        "ResponseError",
        "SaveError",
        "SecurityError",
        "ServerError",
        "StatusError",
        "TransportError",
        "TruncatedExportWarning",
        "Unauthorized",
        "UnexpectedAnswerWarning",
        "UsageError",
    ),
    "export_job": (
        "AsyncExportJob",
        "DownloadProgress",
        "ExportJob",
    ),
    "exports": ("export_filter",),
    "files.atomic": ("Saved",),
    "filters": (
        "Filter",
        "field",
    ),
    "models": (
        "Artifact",
        "Click",
        "Conversion",
        "Export",
        "FilterGroup",
        "Impression",
        "ListMeta",
        "UNSET",
        "Unset",
    ),
    "rows": (
        "AsyncListing",
        "AsyncPage",
        "AsyncRows",
        "Listing",
        "Page",
        "Progress",
        "Rows",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [*sorted(_HOME), "__version__"]  # noqa: PLE0604 - computed, so that no name can be forgotten


if not TYPE_CHECKING:  # a type checker that saw this would accept misspelt names

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module 'metrics24' has no attribute {name!r}")
        value = getattr(import_module(f"metrics24.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
