"""From an export on the server to the file, and what is said of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import metrics24
from metrics24.cli.download_progress import Course, display
from metrics24.cli.exports.options import Order
from metrics24.cli.text import printable, size
from metrics24.sinks.conversion import convert_csv
from metrics24.sinks.csv_source import can_delimit

if TYPE_CHECKING:
    from metrics24.cli.download_progress import OnStep


def fetch(job: metrics24.ExportJob, order: Order, given: Mapping[str, Any], *, title: str) -> None:
    """Wait for an export, save its file, and say on stdout what was saved."""
    course = Course(title=title)
    with display(course, quiet=given["quiet"] or given["as_json"]) as show:
        saved = _convert(job, order, show) if order.converts else _save(job, order.path, order, show)
    seconds = course.clock() - course.started
    try:
        _summarize(job, saved, given, seconds)
    except OSError as error:  # a full disk or a closed pipe behind stdout: the file is what counts
        message = f"{saved.path} is complete, but its summary could not be written: {error.strerror}"
        click.echo(printable(message), err=True)


def _save(job: metrics24.ExportJob, path: Path, order: Order, show: OnStep) -> metrics24.Saved:
    return job.save(path, overwrite=order.overwrite, verify=order.verify, waiting=order.waiting, on_progress=show)


def _convert(job: metrics24.ExportJob, order: Order, show: OnStep) -> metrics24.Saved:
    """Download beside the target, convert, and keep the download until the target is there."""
    download = download_of(order.path, job.id)
    if not download.is_file():  # it only ever appears whole; then an earlier conversion was cut short
        _save(job, download, order, show)
    show("converting to Parquet")
    try:
        saved = convert_csv(
            download,
            order.path,
            delimiter=order.delimiter or delimiter_of(job),
            infer_types=order.infer_types,
            overwrite=order.overwrite,
        )
    except metrics24.Metrics24Error as error:
        error.add_note(f"What was downloaded is kept in {download}.")
        raise
    download.unlink(missing_ok=True)
    return saved


def download_of(target: Path, export_id: str) -> Path:
    """Name the CSV file that a Parquet file is made of: one name for each export, without a word of the server's."""
    return target.with_name(f"{target.name}.{hashlib.sha256(export_id.encode()).hexdigest()[:8]}.csv")


def delimiter_of(job: metrics24.ExportJob) -> str:
    """What separates the cells of an export, as the server says; a comma if it does not.

    Raises:
        IntegrityError: it says what cannot separate cells.

    """
    style = job.export.to_dict().get("format")
    found = style.get("delimiter") if isinstance(style, dict) else None
    if not isinstance(found, str) or not found:
        return ","
    if not can_delimit(found):
        raise metrics24.IntegrityError(
            f"The server says that {found[:10]!r} sets the cells of export {job.id} apart, which is not one "
            "character, or one that CSV uses itself. This saves its CSV as it is, without asking for another: "
            f"metrics24 exports resume {job.id} -o FILE.csv."
        )
    return found


def _summarize(job: metrics24.ExportJob, saved: metrics24.Saved, given: Mapping[str, Any], seconds: float) -> None:
    if given["as_json"]:
        facts = {"export_id": job.id, "path": str(saved.path), "rows": saved.rows, "bytes": saved.bytes}
        click.echo(json.dumps({**facts, "seconds": round(seconds, 3)}))
    elif not given["quiet"]:
        text = f"{saved.rows:,} rows, {size(saved.bytes)}, in {saved.path} after {seconds:.1f} s (export {job.id})"
        click.echo(printable(text))
