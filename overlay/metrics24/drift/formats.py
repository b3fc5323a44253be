"""What texts look like. A text is looked at and forgotten; only the name of its form is kept."""

from __future__ import annotations

import re
from datetime import datetime

from metrics24.doctor.shape import text_format

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?", re.ASCII)
ZONELESS = "date-time without zone"


def form(text: str) -> str:
    """The format of a text: one of JSON Schema's, `ulid`, or a time that names no zone; empty if it has none."""
    if _ULID.fullmatch(text):
        return "ulid"
    if _TIME.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return ""
        return ZONELESS
    return text_format(text)
