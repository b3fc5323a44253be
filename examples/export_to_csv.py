"""Have the server make a CSV file of many clicks, and fetch it.

python examples/export_to_csv.py acmeshop01 2025-02-01 2025-02-07 -o clicks.csv
python examples/export_to_csv.py --resume EXPORT -o clicks.csv
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import metrics24

FIELDS = ("real_tx_id", "request_time", "offer", "publisher", "status", "rejection", "country")


def main() -> None:
    """Start an export, or take one up again, and save its file."""
    parser = argparse.ArgumentParser(description="Have the server make a CSV file of many clicks, and fetch it.")
    parser.add_argument("integration", nargs="?")
    parser.add_argument("start", nargs="?", help="first day, like 2025-02-01")
    parser.add_argument("end", nargs="?", help="last day")
    parser.add_argument("--resume", metavar="EXPORT", help="the id of an export that was started before")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    if (given.resume is None) == (given.end is None):
        parser.error("give an integration and two days, or --resume")

    with metrics24.Client() as client:
        if given.resume:
            job = client.exports.resume(given.resume)
        else:
            # Exports are few a day: one of the last hour that asked for the same is taken instead of a new one.
            job = client.exports.start(
                "clicks", given.integration, fields=FIELDS, start=given.start, end=given.end, reuse=3600
            )
        print(f"Export {job.id} is {job.status}.", file=sys.stderr)
        try:
            # Waits for the file; what has arrived is kept, so that the next attempt goes on there.
            saved = job.save(given.output)
        except (KeyboardInterrupt, metrics24.ExportTimeout, metrics24.TransportError) as error:
            sys.exit(
                f"{str(error) or 'Interrupted.'} Go on with: python {sys.argv[0]} --resume {job.id} -o {given.output}"
            )
    print(f"{saved.path}: {saved.rows:,} clicks, {saved.bytes:,} bytes")


if __name__ == "__main__":
    main()
