"""The values that may stay in a cassette: an allow-list by column, and for each column by its value."""

import re
from collections.abc import Mapping

from contract.pseudonyms import Pseudonyms, is_address
from metrics24_api.operation_table import MODELS

_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,29}", re.ASCII)
_WORDS = re.compile(r"(?!.*(\d{5}|[0-9a-f]{8}))[A-Za-z][A-Za-z0-9 .+/-]{0,29}", re.ASCII)
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2,3}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?([eE][+-]?\d{1,3})?", re.ASCII)
_TRUTH = re.compile(r"true|false|True|False|0|1")
_ONE_CHARACTER = re.compile(r"[^\w\s]|\t")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9.\[\]]{0,63}", re.ASCII)
_OFFSET_OR_RUN = re.compile(r"\d{4,}|[0-9a-f]{16,}")

_BY_PATTERN: Mapping[re.Pattern[str], tuple[str, ...]] = {
    _WORD: ("status", "type", "rejection", "third_party_status", "proxy_type", "code"),
    _WORDS: ("browser_name", "os_name", "device_type"),
    _VERSION: ("browser_version", "os_version"),
    _COUNTRY: ("country",),
    _LANGUAGE: ("browser_language",),
    _ONE_CHARACTER: ("delimiter",),
    _NUMBER: ("page[number]", "page[size]"),
}
_KINDS = {prop.name: prop.type for table in MODELS.values() for prop in table}
NUMBERS = frozenset(name for name, kind in _KINDS.items() if kind in ("integer", "number") and not name.endswith("_id"))
TRUTHS = frozenset(name for name, kind in _KINDS.items() if kind == "boolean")
OPERATORS = frozenset({"eq", "gt", "gte", "lt", "lte", "like", "equalvalues"})
"""Names below a column's in what a server repeats of filters."""
LISTS_OF_NAMES = frozenset({"fields", "extra_parameters", "sort"})

_ALLOWED = {
    **{name: pattern for pattern, names in _BY_PATTERN.items() for name in names},
    **dict.fromkeys(NUMBERS, _NUMBER),
    **dict.fromkeys(TRUTHS, _TRUTH),
}


def value(column: str, text: str, pseudonyms: Pseudonyms) -> str:
    """A text of a column as it may be written down."""
    allowed = _ALLOWED.get(column)
    if allowed is not None and allowed.fullmatch(text) and not is_address(text):
        return text
    return pseudonyms.of(text)


def number(column: str, found: float, pseudonyms: Pseudonyms) -> float:
    """A number of a column as it may be written down; one that the spec does not know may be somebody's."""
    if column in NUMBERS:
        return found
    return pseudonyms.number(found) if isinstance(found, int) else float(pseudonyms.number(round(found * 100))) / 100


def name(text: str, pseudonyms: Pseudonyms) -> str:
    """A name of a column or property. It stays if the spec knows it or if it is a word, and not somebody's id."""
    if text in _KINDS or (_NAME.fullmatch(text) and not _OFFSET_OR_RUN.search(text)):
        return text
    return f"name-{pseudonyms.hex(text, 10)}"


def names(text: str, pseudonyms: Pseudonyms) -> str:
    """Names that are joined by commas, each with a minus before it or not."""
    parts = (re.fullmatch(r"(-?)(.*)", part, re.DOTALL) for part in text.split(","))
    return ",".join(part[1] + (name(part[2], pseudonyms) if part[2] else "") for part in parts if part)


def condition(key: str, pseudonyms: Pseudonyms) -> tuple[str, str]:
    """A filter's name on the wire, as it may be written down, and the column that it is about."""
    brackets = re.findall(r"\[([^\[\]]*)\]", key)
    steps = [step for step in brackets[0].split(".") if step != "equalvalues"]
    operator = "".join(f"[{name(each, pseudonyms)}]" for each in brackets[1:])
    path = ".".join(name(step, pseudonyms) for step in brackets[0].split("."))
    return f"{key.partition('[')[0]}[{path}]{operator}", steps[-1] if steps else ""
