"""Print the lowest versions that pyproject.toml admits of the packages it names, for `make test-lowest`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")


def main() -> None:
    """Print one pinned requirement a line."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    optional = [each for group in project["optional-dependencies"].values() for each in group]
    found = {match[1]: match[2] for match in map(REQUIREMENT.match, [*project["dependencies"], *optional]) if match}
    for name, version in sorted(found.items()):
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
