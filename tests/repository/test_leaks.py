"""Nothing of the machine a file was written on, and nothing secret, gets into the repository."""

from __future__ import annotations

import re

import pytest

from repository.tree import ROOT, tracked_files

# Written with a gap in each, so that this file does not find itself.
PATTERNS = {
    "a path of someone's machine": r"(?<![\w.-])/(?:ro[o]t|ho[m]e|Use[r]s|wo[r]k|var/fo[l]ders)/[\w.]",
    "a package registry's host": r"py[p]i\.org|python[h]osted\.org|np[m]js\.(?:org|com)|debia[n]\.org",
    "a private key": r"-----BEGI[N] (?:[A-Z]+ )?PRIVATE KEY-----",
    "a service's token": r"\b(?:AK[I]A[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[\w-]{9,}|sk-\w{32,})\b",
    "a signed token": r"\bey[J][\w-]{10,}\.ey[J][\w-]{10,}\.[\w-]{10,}",
    "a long API key": r"(?i)\bap[i][-_]key\b[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9]{32,}\b",
}


@pytest.mark.parametrize("what", PATTERNS)
def test_no_file_holds(what: str) -> None:
    """No file under version control holds a machine's path, a registry's host or anything that looks like a key."""
    pattern = re.compile(PATTERNS[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == [], f"{what} stands in these places"
