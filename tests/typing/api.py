"""The public interface as type checkers see it. Checked by mypy and pyright in strict mode, never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, assert_type

import pandas
import polars
import pyarrow

import metrics24
from metrics24 import (
    UNSET,
    AsyncClient,
    AsyncExportJob,
    AsyncListing,
    AsyncPage,
    AsyncRows,
    BulkResult,
    Click,
    Client,
    Conversion,
    DailyFile,
    DailyFiles,
    DownloadProgress,
    Export,
    ExportJob,
    ExportPlan,
    Filter,
    FilterGroup,
    Impression,
    Listing,
    Metrics24Error,
    Page,
    Progress,
    RawResponse,
    Retry,
    Retrying,
    Rows,
    Saved,
    Unset,
    Waiting,
    WaitProgress,
    export_filter,
    field,
)

RECENT = field("status").eq("ERROR") & field("results_meta.total").gte(100)
assert_type(RECENT, Filter)
assert_type(RECENT.params(), list[tuple[str, str]])
BROKEN = export_filter(
    status="ERROR", type="some_new_kind", offer_ids=["o1", "o2"], publishers="p1", start_date="2025-02-01"
)
assert_type(BROKEN & export_filter(end_date=date(2025, 2, 1), results_meta_total_gte=100), Filter)


def count(retry: Retry) -> int:
    """Be told of a retry."""
    assert_type(retry.error, Metrics24Error)
    assert_type(retry.pause, float)
    return retry.attempt


PATIENT = Retrying(attempts=9, deadline=600, on_retry=count)


def step(step: Progress | WaitProgress | DownloadProgress) -> None:
    """Take a step of a save through an export."""
    assert_type(step, Progress | WaitProgress | DownloadProgress)


def saved(file: DailyFile) -> None:
    """Take a day's file."""
    assert_type(file.day, date)
    assert_type(file.rows, int | None)


def synchronous() -> None:
    """Use `Client`."""
    with Client(api_key=lambda: "k", rate=5, retrying=Retrying(attempts=2)) as client:
        assert_type(client, Client)
        assert_type(client.with_options(timeout=5), Client)
        assert_type(client.request("listExports", query={"a": [1, 2]}), RawResponse)
        rows = client.reports.clicks("i", start="2025-02-01", end="2025-02-02", filter=RECENT)
        assert_type(rows, Rows[Click])
        assert_type(client.reports.clicks("i", start="2025-02-01", end="2025-02-09", parallel=8), Rows[Click])
        assert_type(client.reports.conversions("i", start="2025-02-01", end="2025-02-02"), Rows[Conversion])
        assert_type(client.reports.impressions("i", start="2025-02-01", end="2025-02-02"), Rows[Impression])
        for row in rows:
            assert_type(row, Click)
            assert_type(row.real_tx_id, str | Unset)
        for record in rows.records():
            assert_type(record, dict[str, Any])
        for page in rows.by_page():
            assert_type(page, Page[Click])
            assert_type(page.items, list[Click])
            assert_type(page.next_page(), Page[Click] | None)
        assert_type(rows.first(), Click | None)
        assert_type(rows.save("x.csv", on_progress=step), Saved)
        assert_type(rows.save("x.csv", via="export", reuse=60, waiting=Waiting(), on_progress=step), Saved)
        assert_type(rows.save_daily("x", format="csv", refresh_last=3, timezone="UTC", on_saved=saved), DailyFiles)
        assert_type(rows.to_polars(), polars.DataFrame)
        assert_type(rows.to_pandas(), pandas.DataFrame)
        # pyarrow has no types for pyright to see
        table: pyarrow.Table = rows.to_arrow()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        batches: Iterator[pyarrow.RecordBatch] = rows.arrow_batches()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        del batches
        del table
        keys = {"request_date": "2025-02-01", "offer": "o", "publisher": "p"}
        assert_type(client.reports.get_click("i", **keys, tx_id="t"), Click)
        assert_type(client.reports.get_conversion("i", **keys, hash="h"), Conversion)


def groups_of(client: Client) -> None:
    """Use filter groups."""
    groups = client.filter_groups
    assert_type(groups.list("i", filter=RECENT, sort=("-priority", "name")), Listing[FilterGroup])
    group = groups.create("i", name="n", organization="o", priority=1, offer_ids=("o1",), filters=[{"any": None}])
    assert_type(group, FilterGroup)
    assert_type(group.offer_ids, list[str] | Unset)
    changed = groups.update("i", group.id, filters=group.filters, tags=None, offer_ids=group.offer_ids, active=UNSET)
    assert_type(changed, FilterGroup)
    assert_type(groups.get("i", "g"), FilterGroup)
    assert_type(groups.add_offers("i", "g", {"o1"}), FilterGroup)
    assert_type(groups.bulk_delete("i", ["g"]), BulkResult)
    assert_type(groups.bulk_update("i", ["g"], monitoring_mode=True, organization="o").ok, tuple[str, ...])
    assert_type(groups.update_many("i", ["g"], active=False).errors, Mapping[str, Metrics24Error])
    groups.update("i", "g", activ=True)  # type: ignore[call-arg]  # a misspelt property
    groups.update("i", "g", tags="t")  # a text is a sequence of texts to type checkers; it is refused when it runs


def wait(progress: WaitProgress) -> None:
    """Be told of a look."""
    assert_type(progress.seconds, float)


def download(progress: WaitProgress | DownloadProgress) -> None:
    """Be told of a look or a block."""
    if isinstance(progress, DownloadProgress):
        assert_type(progress.total, int | None)


def exports_of(client: Client) -> None:
    """Use exports."""
    exports = client.exports
    job = exports.start("clicks", "i", fields=["a"], start=date(2025, 2, 1), end="2025-02-02", filter=RECENT, reuse=60)
    assert_type(job, ExportJob)
    assert_type(job.wait(Waiting(timeout=60), on_progress=wait), ExportJob)
    assert_type(job.save("x.csv", on_progress=download), Saved)
    assert_type(job.rows, int | None)
    for block in job.iter_bytes():
        assert_type(block, bytes)
    assert_type(exports.resume("e").refresh().export, Export)
    assert_type(exports.list(filter=BROKEN, sort="-created_at"), Listing[Export])
    assert_type(exports.list().total(), int | None)
    assert_type(exports.plan("clicks", "i", start="2025-02-01", end="2025-02-02"), ExportPlan)
    assert_type(exports.get("e").artifact_name, str | Unset)
    assert_type(exports.url("a"), str)
    exports.start("sales", "i", fields=["a"])  # type: ignore[arg-type]  # there are three kinds


async def asynchronous() -> None:
    """Use `AsyncClient`."""
    async with AsyncClient(token="t") as client:
        assert_type(client, AsyncClient)
        assert_type(client.with_options(rate=None), AsyncClient)
        assert_type(await client.request("listExports"), RawResponse)
        rows = client.reports.clicks("i", start="2025-02-01", end="2025-02-02")
        assert_type(rows, AsyncRows[Click])
        assert_type(
            client.reports.conversions("i", start="2025-02-01", end="2025-02-09", parallel=8), AsyncRows[Conversion]
        )
        async for row in rows:
            assert_type(row, Click)
        async for record in rows.records():
            assert_type(record, dict[str, Any])
        async for page in rows.by_page():
            assert_type(page, AsyncPage[Click])
            assert_type(await page.previous_page(), AsyncPage[Click] | None)
        assert_type(await rows.first(), Click | None)
        assert_type(client.filter_groups.list("i"), AsyncListing[FilterGroup])
        assert_type(await client.filter_groups.update("i", "g", active=None), FilterGroup)
        assert_type(await client.filter_groups.bulk_delete("i", ["g"]), BulkResult)
        job = await client.exports.start("clicks", "i", fields=("a",))
        assert_type(job, AsyncExportJob)
        assert_type(await job.save("x.csv", verify=False, on_progress=download), Saved)
        async for block in job.iter_bytes():
            assert_type(block, bytes)
        assert_type(client.exports.list(), AsyncListing[Export])
        assert_type(await rows.save("x.csv", overwrite=True, columns="spec"), Saved)
        assert_type(await rows.save_daily("x", columns="spec", parallel=4, on_saved=saved), DailyFiles)
        assert_type(await rows.to_polars(), polars.DataFrame)


def mistakes(client: Client) -> None:
    """Write what must not pass; an ignore that is not needed is an error under --strict."""
    metrics24.Cleint(api_key="k")  # type: ignore[attr-defined]  # names load late, and are known early
    client.reports.clicks("i", "2025-02-01", "2025-02-02")  # type: ignore[call-arg]  # options are keyword-only
    client.reports.clicks("i", start="2025-02-01", end="2025-02-02", parallel="8")  # type: ignore[arg-type]
    client.with_options(api_key="k")  # type: ignore[call-arg]  # another credential is another client
    field("a").eq([1])  # type: ignore[arg-type]  # several values are any_of(...)
    client.reports.clicks("i", start=20250201, end="2025-02-02")  # type: ignore[arg-type]  # a day is a date or text
    Retrying(on_retry=asynchronous)  # type: ignore[arg-type]  # it takes a Retry
    export_filter(state="ERROR")  # type: ignore[call-arg]  # no such filter is documented
    export_filter(results_meta_total_gte="many")  # type: ignore[arg-type]  # rows are counted in whole numbers
