"""Every parser that reads what a server sent, and what may come of it: a value that holds true, or an error of ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from attack import held, inputs
from metrics24._core.requests import OPERATIONS
from metrics24.errors import Metrics24Error, UnexpectedAnswerWarning
from metrics24.models import response_model

TABLES = ("getClickReport", "getConversionReport", "getImpressionReport")
LISTS = ("listExports", "listFilterGroups")
SINGLES = tuple(each for each in sorted(OPERATIONS) if each not in {*TABLES, *LISTS})


@frozen
class Parser:
    """One parser: what it is given, and a function that holds the outcome against what is promised."""

    name: str
    given: st.SearchStrategy[Any]
    read: Callable[[Any], object]


def outcome(parser: Parser, given: Any) -> str:
    """Parse an input and return "a value", or the name of a documented error. All else is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UnexpectedAnswerWarning)
        try:
            parser.read(given)
        except Metrics24Error as error:
            return type(error).__name__ if str(error) else ""
    return "a value"


def _answers_to(operations: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(operations).flatmap(
        lambda each: st.tuples(st.just(each), inputs.responses(st.one_of(_alike(each), _alike(each), inputs.ANY)))
    )


def _alike(operation: str) -> st.SearchStrategy[Any]:
    value = inputs.like(response_model(operation))
    return st.one_of(value, value.map(lambda each: {"data": each})) if operation in SINGLES else value


MODELS = ("Artifact", "Click", "Conversion", "Export", "FilterGroup", "Impression", "ListMeta", "PatchResult")
_ANY_MODEL = st.sampled_from(MODELS).flatmap(
    lambda name: st.tuples(st.just(name), st.one_of(inputs.like(name), inputs.like(name), inputs.ANY))
)
_ROWS = st.lists(st.lists(st.text(st.sampled_from('a",\n\r ;ä'), max_size=5), max_size=4), max_size=8)
_BLOCKS = st.lists(inputs.CSV, max_size=4)

PARSERS = (
    Parser("responses.decode", inputs.responses(inputs.ANY), held.decoded),
    Parser("responses.read_table", _answers_to(TABLES), held.tables),
    Parser("responses.read_table, decoded", _answers_to(TABLES), held.decoded_rows),
    Parser("responses.read_list", _answers_to(LISTS), held.lists),
    Parser("responses.read_single", _answers_to(SINGLES), held.singles),
    Parser("responses.failure", inputs.responses(inputs.ANY, inputs.STATUSES), held.error),
    Parser("responses.retry_after", inputs.responses(inputs.ANY), held.pause),
    Parser("responses.quoted", st.text(), held.words),
    Parser("models", _ANY_MODEL, held.model),
    Parser("storage", st.tuples(inputs.STATUSES, inputs.HEADERS, inputs.damaged(st.binary(max_size=40))), held.head),
    Parser("SignedUrl.read", inputs.URLS, held.url),
    Parser("Gzip.unpack", st.lists(inputs.PACKED, max_size=3), held.unpacked),
    Parser(
        "Body",
        st.tuples(st.sampled_from(["gzip", "", "deflate", "br"]), st.booleans(), st.lists(inputs.PACKED, max_size=3)),
        held.body,
    ),
    Parser("CsvRecords", _BLOCKS, held.csv_records),
    Parser("CsvRecords, written", st.tuples(_ROWS, st.integers(1, 4), st.integers(1, 9)), held.written),
    Parser("CsvSource", inputs.CSV, held.csv_file),
    Parser("export_records", inputs.like("Export"), held.export),
    Parser("integrity.check_whole", st.tuples(_BLOCKS, inputs.like("Export")), held.counted),
    Parser("speccheck.compare", _answers_to(tuple(OPERATIONS)), held.compared),
)
