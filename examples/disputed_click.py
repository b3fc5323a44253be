"""Look up one click that a partner disputes.

python examples/disputed_click.py acmeshop01 2025-02-01 'Tamarack Deposit 6' 200 01JK1Z9XD5CB0VFBVCTZ6EA5JF
"""

from __future__ import annotations

import argparse
import sys

import metrics24

SHOWN = ("request_time", "status", "rejection", "rejection_reason", "country", "city", "isp", "proxy_type", "is_bot")


def main() -> None:
    """Look the click up and print what decides about it."""
    parser = argparse.ArgumentParser(description="What is known of one click that a partner disputes.")
    parser.add_argument("integration")
    parser.add_argument("day", help="the click's day in the account's time zone, like 2025-02-01")
    parser.add_argument("offer")
    parser.add_argument("publisher")
    parser.add_argument("tx_id", help="the click's transaction id")
    given = parser.parse_args()

    with metrics24.Client() as client:
        try:
            click = client.reports.get_click(
                given.integration,
                request_date=given.day,
                offer=given.offer,
                publisher=given.publisher,
                tx_id=given.tx_id,
            )
        except metrics24.NotFound as error:
            sys.exit(f"{error}")

    for name in SHOWN:
        value = getattr(click, name)
        if value is not metrics24.UNSET:  # null, or not sent
            # repr, since what stands in a click came from the visitor and must not reach the terminal as it is
            print(f"{name:<18}{value!r}")


if __name__ == "__main__":
    main()
