"""Tables as they come: pandas, polars, pyarrow, a dict of columns."""

from __future__ import annotations

import numbers
import os
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Dict, List, Optional, Tuple

import numpy as np


def columns_of(table: Any) -> Dict[str, List[Any]]:
    """The columns of a table by name, as lists."""
    if hasattr(table, "columns") and callable(table.columns):
        table = table.columns()
    names = _names_of(table)
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"the table has more than one column {twice[0]!r}: give each a name of its own")
    if hasattr(table, "to_pydict"):
        found = table.to_pydict()
    elif hasattr(table, "to_dict"):
        try:
            found = table.to_dict(orient="list")
        except TypeError:
            found = table.to_dict(as_series=False)
    elif hasattr(table, "keys"):
        found = {name: table[name] for name in table.keys()}
    else:
        raise TypeError(f"a table of {type(table).__name__}: give a DataFrame, a pyarrow.Table or a dict of columns")
    columns = {str(name): listed(column) for name, column in found.items()}
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
        raise ValueError(f"columns of different lengths: {lengths}")
    return columns


def _names_of(table: Any) -> List[str]:
    """The names of a table's columns as they stand in it."""
    for place in ("column_names", "columns"):
        if hasattr(table, place):
            return [str(name) for name in getattr(table, place)]
    schema = getattr(table, "schema", None)
    return [str(name) for name in getattr(schema, "names", [])]


def listed(values: Any, what: str = "a column") -> List[Any]:
    """Values as a list of Python's own."""
    # A set has no order, and a table is several columns.
    orderless = isinstance(values, (str, bytes, Mapping, AbstractSet)) or hasattr(values, "columns")
    if orderless or not isinstance(values, Iterable):
        given = repr(values) if isinstance(values, (str, bytes)) or values is None else f"a {type(values).__name__}"
        raise TypeError(f"{given} where {what} is wanted: give a list or an array")
    if getattr(values, "ndim", 1) != 1:
        raise ValueError(f"an array of shape {values.shape} where {what} is wanted: give one value a row")
    for way in ("to_pylist", "tolist", "to_list"):
        if hasattr(values, way):
            return getattr(values, way)()
    return list(values)


def whole(value: Any, what: str, least: int, most: int) -> int:
    """A whole number within a range."""
    wanted = f"{what} = {value!r}: give a whole number from {least} to {most}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(wanted)
    if not least <= int(value) <= most:
        raise ValueError(wanted)
    return int(value)


def text_of(value: Any) -> Optional[str]:
    """A cell as text; ``None`` where nothing is in it."""
    if value is None or (isinstance(value, float) and np.isnan(value)) or str(value) in ("<NA>", "NaT"):
        return None
    if isinstance(value, (list, tuple, dict, set, np.ndarray)):
        raise TypeError(f"{value!r} where a cell is wanted: give a text or a number")
    if isinstance(value, (bytes, os.PathLike)):
        return os.fsdecode(value)
    # An integer column with gaps is one of floats to pandas.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def text_columns(table: Any) -> List[Tuple[str, List[Optional[str]]]]:
    """A table as the compiled half takes it."""
    return [(name, [text_of(cell) for cell in column]) for name, column in columns_of(table).items()]
