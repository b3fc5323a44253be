"""Files and tables that keep every value of rows whose columns nobody knows beforehand.

Knows nothing of HTTP: rows are mappings of field names to what JSON can hold.
"""

from metrics24.sinks.columns import Column, ColumnType, Row
from metrics24.sinks.opening import open_sink, to_arrow
from metrics24.sinks.sink import Saved, Sink

__all__ = ["Column", "ColumnType", "Row", "Saved", "Sink", "open_sink", "to_arrow"]
