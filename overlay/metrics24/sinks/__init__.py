"""Files and tables that keep every value of rows whose columns nobody knows beforehand.

Knows nothing of HTTP: rows are mappings of field names to what JSON can hold.
"""

from metrics24.sinks.cells import Cells, Lens, as_rows, read_cells, values_of
from metrics24.sinks.columns import Column, ColumnType, Row
from metrics24.sinks.csv_records import CsvRecords
from metrics24.sinks.opening import Gathering, open_sink
from metrics24.sinks.outlines import read_outlines
from metrics24.sinks.part import Part
from metrics24.sinks.sink import Saved, Sink
from metrics24.sinks.target import named

__all__ = [
    "Cells",
    "Column",
    "ColumnType",
    "CsvRecords",
    "Gathering",
    "Lens",
    "Part",
    "Row",
    "Saved",
    "Sink",
    "as_rows",
    "named",
    "open_sink",
    "read_cells",
    "read_outlines",
    "values_of",
]
