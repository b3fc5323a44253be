"""Take offers out of filter groups, or put them back. Shows what would change, and changes it with --yes.

python examples/pause_offers.py acmeshop01 acme-1001 acme-1005
python examples/pause_offers.py acmeshop01 acme-1001 --back-into GROUP --yes
"""

from __future__ import annotations

import argparse

import metrics24


def main() -> None:
    """Change the groups that are concerned, one after the other."""
    parser = argparse.ArgumentParser(description="Take offers out of filter groups, or put them back.")
    parser.add_argument("integration")
    parser.add_argument("offers", nargs="+", metavar="OFFER", help="the id of an offer")
    parser.add_argument("--back-into", metavar="GROUP", help="put the offers into this group instead")
    parser.add_argument("--yes", action="store_true", help="do it; without it nothing is changed")
    given = parser.parse_args()

    with metrics24.Client() as client:
        groups = client.filter_groups
        back = given.back_into is not None
        # The list is read to its end before anything is changed, and each change reads its group again.
        concerned = [groups.get(given.integration, given.back_into)] if back else list(groups.list(given.integration))
        change = groups.add_offers if back else groups.remove_offers
        changed = 0
        for group in concerned:
            held = set(group.offer_ids or [])
            affected = [offer for offer in dict.fromkeys(given.offers) if (offer in held) != back]
            if affected:
                print(f"{group.name!r} ({group.id}): {'add' if back else 'remove'} {', '.join(affected)}")
                changed += 1
                if given.yes:
                    change(given.integration, group.id, affected)
    print(f"Groups changed: {changed}" if given.yes else f"Groups to change: {changed}; add --yes to do it")


if __name__ == "__main__":
    main()
