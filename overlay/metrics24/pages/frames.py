"""Arrow tables as data frames."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, cast

from metrics24.errors import UsageError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def as_polars(table: pyarrow.Table) -> polars.DataFrame:
    """The table as a Polars data frame.

    Raises:
        UsageError: Polars is not installed.

    """
    return cast("polars.DataFrame", _needed("polars").from_arrow(table))


def as_pandas(table: pyarrow.Table) -> pandas.DataFrame:
    """The table as a pandas data frame.

    Raises:
        UsageError: pandas is not installed.

    """
    _needed("pandas")
    return cast("pandas.DataFrame", table.to_pandas())


def _needed(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise UsageError(f"{name} is not installed: pip install 'metrics24[{name}]'.") from None
