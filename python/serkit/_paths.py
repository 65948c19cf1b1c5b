"""What is taken for files."""

from __future__ import annotations

import os
from typing import Any, Iterable, List, Union

PathLike = Union[str, "os.PathLike[str]"]


def path_list(paths: Union[PathLike, Iterable[PathLike]], what: str = "paths", one: bool = True) -> List[str]:
    """Files as the compiled half takes them, of a list, a column, or ``one`` of them by itself."""
    if isinstance(paths, (str, bytes, os.PathLike)):
        if not one:
            raise TypeError(f"{what} = {paths!r}: give a list of files")
        return [path_text(paths)]
    # An open file has lines and a table the names of its columns, neither of which is meant.
    if hasattr(paths, "read") or hasattr(paths, "columns") or not isinstance(paths, Iterable):
        raise TypeError(f"{what} of type {type(paths).__name__}: give a list of files, or a table's column of them")
    return [path_text(path) for path in paths]


def path_text(path: Any) -> str:
    """A path as text, bytes in it that are no text kept as Python keeps them."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        # A cell of pyarrow's.
        path = path.as_py() if hasattr(path, "as_py") else path
    return os.fsdecode(path)
