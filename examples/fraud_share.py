"""Print the share of rejected conversions by publisher.

python examples/fraud_share.py acmeshop01 2025-02-01 2025-02-07
"""

from __future__ import annotations

import argparse

import pyarrow as pa
from pyarrow import compute

import metrics24


def main() -> None:
    """Pull the conversions into a table in memory, and print a line per publisher."""
    parser = argparse.ArgumentParser(description="Which part of each publisher's conversions is rejected.")
    parser.add_argument("integration")
    parser.add_argument("start", help="first day, like 2025-02-01")
    parser.add_argument("end", help="last day")
    given = parser.parse_args()

    with metrics24.Client() as client:
        conversions = client.reports.conversions(given.integration, start=given.start, end=given.end).to_arrow()

    print(f"{'publisher':<16}{'conversions':>12}{'rejected':>10}{'payout':>12}")
    for line in by_publisher(conversions).to_pylist():
        share = line["rejected_mean"]
        print(f"{line['publisher']:<16}{line['rejected_count']:>12,}{share:>10.1%}{line['payout_sum'] or 0:>12,.2f}")


def by_publisher(conversions: pa.Table) -> pa.Table:
    """Group conversions, those with the largest rejected share first."""
    rejected = compute.fill_null(compute.equal(conversions["status"], "rejected"), False)
    columns = {
        "publisher": compute.fill_null(conversions["publisher"], "unknown"),
        "rejected": compute.cast(rejected, "int8"),
        "payout": conversions["payout"],
    }
    grouped = (
        pa.table(columns)
        .group_by("publisher")
        .aggregate([("rejected", "mean"), ("rejected", "count"), ("payout", "sum")])
    )
    return grouped.sort_by([("rejected_mean", "descending"), ("publisher", "ascending")])


if __name__ == "__main__":
    main()
