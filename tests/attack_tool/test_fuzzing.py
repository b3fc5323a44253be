"""Whatever a server sends, what comes of it is a value or an error of ours; `make attack` tries it for minutes."""

from __future__ import annotations

import pytest

from attack.fuzzing import fuzz
from attack.parsers import PARSERS, Parser

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_bytes_of_a_server_become_a_value_or_an_error(parser: Parser) -> None:
    """Each parser gives a value that holds true or a documented error, in bounded time."""
    assert fuzz(parser, 40, 24).total() >= 20
