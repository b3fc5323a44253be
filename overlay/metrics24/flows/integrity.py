"""Whether a downloaded CSV file is whole (documentation: "Download Clicks" and so on)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from metrics24.errors import IntegrityError, TruncatedExportWarning, warn

_REMEDY = (
    "What has arrived, if anything, is kept in the .part beside the target: delete that to fetch the file anew, or "
    "accept it as it is with verify=False (--no-verify)."
)


class Counted(Protocol):
    """What was counted while a file arrived."""

    @property
    def records(self) -> int:
        """Records, without the header."""

    open_quote: bool
    ended: bool


def rows_promised(export: Mapping[str, Any]) -> int | None:
    """How many rows the server says an export has; None if it says nothing that can be."""
    meta = export.get("results_meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None


def check_whole(counted: Counted, export: Mapping[str, Any]) -> None:
    """Hold a file against what the server says of the export.

    Raises:
        IntegrityError: it ends in the middle of a line, or has another number of rows.

    """
    identity, promised = export.get("id"), rows_promised(export)
    if counted.open_quote or not counted.ended:
        raise IntegrityError(
            f"The file of export {identity} ends in the middle of a line, as if it had been cut. {_REMEDY}"
        )
    if promised is not None and counted.records != promised:
        raise IntegrityError(
            f"The file of export {identity} has {counted.records} rows, and the server says {promised}. {_REMEDY}"
        )


def warn_if_cut(rows: int, export: Mapping[str, Any], limit: int) -> None:
    """Warn if an export has as many rows as the server lets one have: there may have been more."""
    if rows >= limit:
        warn(
            f"The export {export.get('id')} has {rows} rows, which is the most that one may have: the server will have "
            "left out the rest. Ask for fewer days at once; exports.plan(...) says how to split them.",
            TruncatedExportWarning,
        )
