"""Copy the clicks of the last days, a file for each day, for a nightly job.

python examples/daily_copy.py acmeshop01

Days that are complete are left alone, so that a night that failed is made up for in the next one; the last ones are
read again, since verdicts change for days.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys


def main() -> None:
    """Copy what is missing of the last days."""
    parser = argparse.ArgumentParser(description="Copy the clicks of the last days, a file for each day.")
    parser.add_argument("integration")
    parser.add_argument("--days", type=int, default=7, help="how many days to look back (7)")
    parser.add_argument("--refresh", type=int, default=2, help="how many of them to read again (2)")
    parser.add_argument("--folder", default="clicks", help="where the files go (clicks)")
    parser.add_argument("--format", choices=["parquet", "jsonl", "csv"], default="parquet", help="(parquet)")
    given = parser.parse_args()

    # The command decides which rows belong to a day, also where it is not known whether the API counts the last day of
    # a range. Files appear when they are complete, so that no other job reads half a day.
    command = [sys.executable, "-m", "metrics24", "pull", "clicks", "--integration", given.integration, "--json"]
    command += ["--last", f"{given.days}d", "--refresh-last", str(given.refresh)]
    command += ["--by-day", given.folder, "--format", given.format]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - no shell reads it
    if done.returncode:
        sys.exit(done.returncode)  # what went wrong stands on stderr
    for day in json.loads(done.stdout)["days"]:
        if not day["skipped"]:
            print(f"{day['path']}: {day['rows']:,} clicks, {day['bytes']:,} bytes")


if __name__ == "__main__":
    main()
