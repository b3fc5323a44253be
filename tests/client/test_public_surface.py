"""The public names of `metrics24`."""

import ast
from pathlib import Path

import pytest

import metrics24

PUBLIC = """
    AmbiguousWrite Artifact AsyncClient AsyncExportJob AsyncListing AsyncPage AsyncRows BadRequest BulkResult Click
    Client ConfigurationError Conversion DailyFile DailyFiles DownloadProgress Export ExportCanceled ExportFailed
    ExportJob ExportPlan ExportTimeout Filter FilterError FilterGroup FilterIgnoredWarning Forbidden Impression
    IntegrityError Limits ListMeta Listing Metrics24Error Metrics24Warning NotFound Page PaginationError
    PlannedExport Progress RateLimited RawResponse RequestFailed RequestTimeout ResponseError Retry Retrying Rows
    SaveError Saved SecurityError ServerError StatusError TransportError TruncatedExportWarning UNSET Unauthorized
    UnexpectedAnswerWarning Unset UsageError WaitProgress Waiting export_filter field __version__
"""
NAMES = PUBLIC.split()


def test_the_public_names_are_these() -> None:
    """Nothing becomes public, or stops being so, by accident."""
    assert sorted(metrics24.__all__) == sorted(NAMES)
    assert dir(metrics24) == sorted(metrics24.__all__)


@pytest.mark.parametrize("name", sorted({*NAMES} - {"__version__"}))
def test_every_public_name_is_there_and_documented(name: str) -> None:
    """Each name can be reached and says what it is."""
    assert (getattr(metrics24, name).__doc__ or "").strip()


def test_type_checkers_see_the_same_names() -> None:
    """The imports that type checkers read are those that happen at run time."""
    tree = ast.parse(Path(metrics24.__file__).read_text("utf-8"))
    imported = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("metrics24.")
        for alias in node.names
    }
    homes = {name: f"metrics24.{home}.{name}" for home, names in metrics24._HOMES.items() for name in names}
    assert imported == homes


def test_other_names_do_not_exist() -> None:
    """A misspelt name is an AttributeError that repeats it."""
    with pytest.raises(AttributeError, match="'Cleint'"):
        metrics24.Cleint  # type: ignore[attr-defined]  # noqa: B018 - reading the attribute is the test
