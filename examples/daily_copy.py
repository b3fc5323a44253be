"""Copy the clicks of the last days, a file for each day, for a nightly job.

python examples/daily_copy.py acmeshop01

Days that are complete are left alone, so that a night that failed is made up for in the next one; the last ones are
read again, since verdicts change for days.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta

import metrics24


def main() -> None:
    """Copy what is missing of the last days."""
    parser = argparse.ArgumentParser(description="Copy the clicks of the last days, a file for each day.")
    parser.add_argument("integration")
    parser.add_argument("--days", type=int, default=7, help="how many days to look back (7)")
    parser.add_argument("--refresh", type=int, default=2, help="how many of them to read again (2)")
    parser.add_argument("--folder", default="clicks", help="where the files go (clicks)")
    parser.add_argument("--format", choices=["parquet", "jsonl", "csv"], default="parquet", help="(parquet)")
    options = parser.parse_args()

    yesterday = date.today() - timedelta(days=1)
    start = yesterday - timedelta(days=options.days - 1)
    try:
        with metrics24.Client() as client:
            rows = client.reports.clicks(options.integration, start=start, end=yesterday)
            # Each file appears when it is complete, so that no other job reads half a day.
            rows.save_daily(options.folder, format=options.format, refresh_last=options.refresh, on_saved=report)
    except metrics24.Metrics24Error as error:
        sys.exit(f"{type(error).__name__}: {error}")


def report(file: metrics24.DailyFile) -> None:
    """Say that a day's file is there."""
    print(f"{file.path}: {file.rows:,} clicks, {file.bytes:,} bytes")


if __name__ == "__main__":
    main()
