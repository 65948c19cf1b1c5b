"""Tables as they come: pandas, polars, pyarrow, a dict of columns."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import numpy as np


def columns_of(table: Any) -> Dict[str, List[Any]]:
    """The columns of a table by name, as lists."""
    if hasattr(table, "columns") and callable(table.columns):
        table = table.columns()
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


def listed(values: Any) -> List[Any]:
    """Values as a list of Python's own."""
    if isinstance(values, str):
        raise TypeError(f"{values!r} where a column is wanted: give a list or an array")
    return values.tolist() if hasattr(values, "tolist") else list(values)


def text_of(value: Any) -> Optional[str]:
    """A cell as text; ``None`` where nothing is in it."""
    if value is None or (isinstance(value, float) and np.isnan(value)) or str(value) in ("<NA>", "NaT"):
        return None
    # An integer column with gaps is one of floats to pandas.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def text_columns(table: Any) -> List[Tuple[str, List[Optional[str]]]]:
    """A table as the compiled half takes it."""
    return [(name, [text_of(cell) for cell in column]) for name, column in columns_of(table).items()]
