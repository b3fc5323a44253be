"""Tables and fields for people."""

import pytest

from metrics24.cli.output import TableColumn, fields, table

COLUMNS = (TableColumn("ID", whole=True), TableColumn("NUMBER", right=True), TableColumn("NAME"))
ROWS = [("01HK153X00B7PYKC2FGWT67M8C", 1, "a long name for a group"), ("g2", 20_000, "幅広い名前")]


def test_columns_are_as_wide_as_their_cells() -> None:
    """Cells stand below each other, numbers to the right, and no line ends in spaces."""
    assert table(COLUMNS, [("g1", 1, "x"), ("g22", 20_000, None)]) == [
        "ID   NUMBER  NAME",
        "g1        1  x",
        "g22   20000  -",
    ]


@pytest.mark.parametrize("width", [20, 43, 44, 50, 56, 80])
def test_lines_are_cut_to_the_width_but_never_the_ids(width: int) -> None:
    """Columns that may be cut give way, with an ellipsis; where none can, lines stay longer."""
    lines = table(COLUMNS, ROWS, width=width)
    assert max(map(len, lines)) <= max(width, 26 + 2 + 6 + 2 + 6)
    assert lines[1].startswith("01HK153X00B7PYKC2FGWT67M8C  ")
    assert lines[1].endswith("a long name for a group" if width >= 59 else "…")


def test_wide_characters_take_two_places() -> None:
    """Names in Chinese or Japanese are measured as a terminal shows them."""
    [_, line] = table((TableColumn("NAME"), TableColumn("X", whole=True)), [("幅広い名前", "end")], width=12)
    assert line == "幅広い…  end"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "-"),
        ("a\nb", "a\\nb"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        (["a", "b"], "a, b"),
        (["a", 1], '["a", 1]'),
        ([], "[]"),
        ({"a": "ü"}, '{"a": "ü"}'),
    ],
)
def test_values_are_written_for_people(value: object, text: str) -> None:
    """Nothing is a dash, truths are yes and no, texts stand bare and escaped, the rest is JSON."""
    assert fields({"name": value}) == [f"name  {text}"]


def test_fields_stand_below_each_other() -> None:
    """Each field has a line, names are escaped and aligned, and fields without a value are left out."""
    assert fields({"id": "g1", "long\x1bname": 2, "none": None}) == ["id            g1", "long\\x1bname  2"]
    assert fields({}) == []
