"""Corpora and splits before anything is trained."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import _serkit
from ._columns import Columnar
from ._config import Config, override_list, source_of
from ._paths import PathLike
from ._table import text_columns
from ._tell import Progress, Tell

_NUMBERS = ("start", "end", "channel", "age", "repetition")


class Scan(Columnar):
    """A corpus's clips, the files that were left out, and what the files' contents have shown.

    ``clips`` is a list of dicts; as a table (:meth:`columns`) their plain columns. ``excluded`` has ``path``, ``reason``
    and ``cause`` of each file that was left out, ``findings`` what was found by content: formats, identical recordings,
    faults; ``overlaps`` the clips that share a stretch of one file.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.corpus: str = document["corpus"]
        self.kind: str = document["kind"]
        self.clips: List[Dict[str, Any]] = document["clips"]
        self.excluded: List[Dict[str, Any]] = document["excluded"]
        self.overlaps: List[List[str]] = document["overlaps"]
        self.findings: Dict[str, Any] = document["findings"]

    def __len__(self) -> int:
        return len(self.clips)

    def __repr__(self) -> str:
        return f"<Scan {self.corpus}: {len(self.clips)} clips, {len(self.excluded)} files left out>"

    def columns(self) -> Dict[str, Any]:
        """``id``, ``corpus``, ``speaker``, ``emotion``, ``path``, ``start``, ``end``, ``channel``, ``sex``, ``age``, ``sentence`` …"""
        names = ["id", "corpus", "speaker", "emotion", "path", "start", "end", "channel"]
        names += ["sex", "age", "sentence", "intensity", "repetition"]
        columns: Dict[str, Any] = {}
        for name in names:
            cells = [clip.get(name) for clip in self.clips]
            if name in _NUMBERS:
                columns[name] = np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
            else:
                columns[name] = cells
        return columns


class Split(Columnar):
    """Who is on which side: a row for each clip and fold."""

    def __init__(self, columns: Dict[str, List[str]]) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns["clip"])

    def __repr__(self) -> str:
        return f"<Split: {len(self)} rows, {len(set(self._columns['fold']))} folds>"

    def columns(self) -> Dict[str, Any]:
        """``clip``, ``path``, ``corpus``, ``speaker``, ``emotion``, ``fold`` and ``side``."""
        return {name: list(cells) for name, cells in self._columns.items()}


class Audit:
    """What the sides of a split share.

    ``passes`` is false where anything leaks, or where files that should be compared are not there. ``findings`` has the
    counts as a dict; ``str(audit)`` says them for people.
    """

    def __init__(self, passes: bool, text: str, document: str) -> None:
        self.passes = passes
        self.text = text
        self.findings: Dict[str, Any] = json.loads(document)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Audit: {'passes' if self.passes else 'DOES NOT PASS'}>"


def scan(
    dir: Optional[PathLike] = None,
    *,
    kind: str,
    name: Optional[str] = None,
    pattern: Optional[str] = None,
    progress: Optional[Progress] = None,
) -> Scan:
    """Lists a corpus: ``ser-data scan``.

    ``dir`` is the corpus's own folder, the table of a manifest, or nothing for the synthetic corpus; ``kind`` is
    ``ravdess``, ``crema_d``, ``manifest``, ``folder`` (with a ``pattern`` as ``{emotion}/{speaker}_{*}``) …
    """
    where = None if dir is None else os.fsdecode(dir)
    return Scan(json.loads(_serkit.scan_corpus(where, kind, name, pattern, Tell(progress))))


def split(
    config: Config,
    *,
    overrides: Optional[Mapping[str, Any]] = None,
    data: Optional[PathLike] = None,
    fold: Union[str, int, None] = None,
) -> Split:
    """The folds of an experiment, without training: ``ser-data split``.

    ``config`` is a config file or a mapping with its tables; ``data`` the folder that corpora's roots are relative to
    (``$SER_DATASETS``, else ``datasets``); ``fold`` the one fold that is wanted.
    """
    fold = None if fold is None else str(fold)
    columns = _serkit.split_of(*_arguments(config, overrides, data), fold, Tell())
    return Split(dict(columns))


def audit(
    split: Any = None,
    *,
    root: PathLike = ".",
    names_only: bool = False,
    config: Optional[Config] = None,
    overrides: Optional[Mapping[str, Any]] = None,
    data: Optional[PathLike] = None,
) -> Audit:
    """Looks for leaks: of a split that somebody made, or of an experiment's folds: ``ser-data audit``.

    ``split`` is a table with the columns ``path`` and ``side`` (train, validation, test) and, if there, ``speaker`` and
    ``fold``: a DataFrame of pandas or polars, a ``pyarrow.Table``, a dict of columns, a :class:`Split`, or a file. Files
    are looked for under ``root`` and compared by their bytes, unless ``names_only``. Or give ``config``, and the folds that
    training would use are looked at.
    """
    if (split is None) == (config is None):
        raise TypeError("give either a split or config=…")
    if config is not None:
        return Audit(*_serkit.audit_experiment(*_arguments(config, overrides, data), Tell()))
    if overrides is not None or data is not None:
        raise TypeError("overrides and data go with config=…")
    table, columns = (os.fsdecode(split), []) if isinstance(split, (str, os.PathLike)) else (None, text_columns(split))
    return Audit(*_serkit.audit_split(table, columns, os.fsdecode(root), names_only))


def _arguments(
    config: Config, overrides: Optional[Mapping[str, Any]], data: Optional[PathLike]
) -> Tuple[Optional[str], Optional[str], List[str], Optional[str]]:
    path, mapping = source_of(config)
    return path, mapping, override_list(overrides), None if data is None else os.fsdecode(data)
