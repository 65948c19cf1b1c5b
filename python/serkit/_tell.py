"""What long work tells, handed to Python's own ways: logging, warnings, a callback."""

from __future__ import annotations

import json
import logging
import warnings
from typing import Any, Callable, Dict, Optional

from ._words import in_python

_log = logging.getLogger("serkit")

#: Called as ``progress(done, total)`` from the thread that asked for the work.
Progress = Callable[[int, int], Any]


class Tell:
    """Takes in the events of one call.

    Lines go to the logger ``serkit``, warnings to ``warnings``; steps to ``progress`` where it is given.
    """

    def __init__(self, progress: Optional[Progress] = None) -> None:
        if progress is not None and not callable(progress):
            raise TypeError(f"progress = {progress!r}: give a function of what is done and of how much there is")
        self.progress = progress
        self.done: Dict[str, int] = {}
        self.totals: Dict[str, int] = {}

    def __call__(self, kind: str, values: Dict[str, Any]) -> None:
        if kind == "log":
            _log.info("%s", in_python(values["line"]).rstrip())
        elif kind == "warning":
            warnings.warn(in_python(values["line"]), stacklevel=4)
        elif kind == "work":
            self.done[values["label"]] = 0
            self.totals[values["label"]] = values["total"]
        elif kind == "step":
            label = values["label"]
            self.done[label] = self.done.get(label, 0) + 1
            if self.progress is not None:
                self.progress(self.done[label], self.totals.get(label, 0))
        elif kind == "run":
            self.run(values["label"], values["epochs"], values["done"])
        elif kind == "epoch":
            self.epoch(values["label"], json.loads(values["record"]), values["best"])

    def run(self, label: str, epochs: int, done: int) -> None:
        """A training run begins."""

    def epoch(self, label: str, record: Dict[str, Any], best: bool) -> None:
        """An epoch is done."""
