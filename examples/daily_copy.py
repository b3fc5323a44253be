"""Copy each day's clicks into a file of its own, for a nightly job.

python examples/daily_copy.py acmeshop01

Days that have a file already are left alone, so that a night that failed is made up for in the next one.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import metrics24


def main() -> None:
    """Copy what is missing of the last days."""
    parser = argparse.ArgumentParser(description="Copy each day's clicks into a file of its own.")
    parser.add_argument("integration")
    parser.add_argument("--days", type=int, default=7, help="how many days to look back (7)")
    parser.add_argument("--folder", type=Path, default=Path("clicks"), help="where the files go (clicks)")
    parser.add_argument("--format", choices=["parquet", "jsonl", "csv"], default="parquet", help="(parquet)")
    given = parser.parse_args()

    given.folder.mkdir(parents=True, exist_ok=True)
    with metrics24.Client() as client:
        for back in range(given.days, 0, -1):
            day = date.today() - timedelta(days=back)
            target = given.folder / f"{day}.{given.format}"
            if target.exists():
                continue
            # The file appears when it is complete, so that no other job reads half a day.
            saved = client.reports.clicks(given.integration, start=day, end=day).save(target)
            print(f"{saved.path}: {saved.rows:,} clicks, {saved.bytes:,} bytes")


if __name__ == "__main__":
    main()
