"""Rows into files and Arrow tables: CSV, JSON Lines and Parquet, whole or not at all, with nothing dropped."""

from metrics24.sinks.columns import Column
from metrics24.sinks.sink import Saved, Sink, open_sink
from metrics24.sinks.tables import to_arrow

__all__ = ["Column", "Saved", "Sink", "open_sink", "to_arrow"]
