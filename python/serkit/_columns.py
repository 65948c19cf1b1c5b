"""Rows of answers as columns."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np


class Columnar:
    """What has columns, and hands them to pandas, polars and Arrow."""

    def columns(self) -> Dict[str, Any]:
        """The table as a dict of columns, numbers as NumPy arrays: what ``pandas.DataFrame`` and ``polars.DataFrame`` take."""
        raise NotImplementedError

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame``."""
        import pandas

        return pandas.DataFrame(self.columns())

    def to_polars(self) -> Any:
        """The table as a ``polars.DataFrame``."""
        import polars

        columns = self.columns()
        # A column of text in which nothing stands is one of text all the same.
        text = {name: polars.String for name, column in columns.items() if isinstance(column, list)}
        return polars.DataFrame(columns, schema_overrides=text)

    def to_arrow(self) -> Any:
        """The table as a ``pyarrow.Table``; columns of numbers are not copied."""
        import pyarrow

        def array(column: Any) -> Any:
            if isinstance(column, list):
                return pyarrow.array(column, type=pyarrow.string())
            return pyarrow.array(column, from_pandas=bool(np.isnan(column).any()))

        return pyarrow.table({name: array(column) for name, column in self.columns().items()})

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Arrow's PyCapsule interface, by pyarrow: DuckDB, polars and others read the table through it."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

