"""Figures with intervals, and the page, of anybody's predictions."""

from __future__ import annotations

import json
import os
from numbers import Integral
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _serkit
from ._errors import ChangedError
from ._paths import PathLike, path_text
from ._table import columns_of, listed, text_of, whole
from ._tell import Tell


class Evaluation:
    """Everything that predictions say, as ``ser-eval`` has it.

    ``figures`` is the content of ``report.json`` (schema ``ser-report/1``): ``uar``, ``wa``, ``macro_f1``,
    ``weighted_f1``, ``kappa``, ``mcc``, ``certainty`` (``top2``, ``auroc``, ``log_loss``, ``brier``,
    ``calibration_error``, ``bins``), ``intervals``, ``per_class``, ``confusion``, ``breakdowns``, ``confused``, ``worst``
    … Shares are from 0 to 1. ``str(evaluation)`` is the report for a terminal.

    It pickles with its figures and with what they were made of: predictions themselves, or the folder of the runs, which
    must still be there where :meth:`report` is called on the other side.
    """

    def __init__(self, inner: Any, made_by: Tuple[Callable[..., "Evaluation"], Tuple[Any, ...]]) -> None:
        self._inner = inner
        self._made_by = made_by
        self.figures: Dict[str, Any] = json.loads(inner.json())
        self._text: str = inner.text()

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, "_inner": None}

    def _whole(self) -> Any:
        """The compiled half, made again after unpickling."""
        if self._inner is None:
            function, arguments = self._made_by
            again = function(*arguments)
            if again.figures != self.figures:
                raise ChangedError("the runs that this evaluation was made of have changed since it was pickled")
            self._inner = again._inner
        return self._inner

    @property
    def uar(self) -> float:
        """Unweighted average recall, 0 to 1: scikit-learn's ``balanced_accuracy_score``."""
        return self.figures["uar"]

    @property
    def wa(self) -> float:
        """Accuracy, 0 to 1."""
        return self.figures["wa"]

    @property
    def macro_f1(self) -> float:
        """Macro F1, 0 to 1."""
        return self.figures["macro_f1"]

    @property
    def classes(self) -> List[str]:
        """The classes, in the order of the confusion matrix."""
        return self.figures["confusion"]["classes"]

    @property
    def confusion(self) -> np.ndarray:
        """Counts ``[truth, prediction]``."""
        return np.array(self.figures["confusion"]["counts"])

    def interval(self, figure: str = "uar", by: Optional[str] = None) -> Optional[Tuple[float, float]]:
        """The 95 % interval of ``uar``, ``wa`` or ``macro_f1``, by bootstrap over ``"speakers"`` or ``"utterances"``.

        By default over speakers where they are known. ``None`` where there is nothing to draw from.
        """
        if figure not in ("uar", "wa", "macro_f1"):
            raise ValueError(f"figure={figure!r}: uar, wa or macro_f1")
        if by not in (None, "speakers", "utterances"):
            raise ValueError(f"by={by!r}: speakers or utterances")
        for found in self.figures["intervals"]:
            if by in (None, found["unit"]):
                return found[figure]["low"], found[figure]["high"]
        return None

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        interval = self.interval()
        within = "" if interval is None else f" ({100 * interval[0]:.2f} to {100 * interval[1]:.2f})"
        return f"<Evaluation: UAR {100 * self.uar:.2f} %{within}, {self.figures['n']} predictions>"

    def report(self, folder: PathLike, *, data: Optional[PathLike] = None) -> Path:
        """Writes the report into ``folder``: ``report.html`` (whose path is returned), text, Markdown, LaTeX, JSON, CSV and
        pictures. Recordings that have moved are looked for under ``data``."""
        self._whole().write(os.fsdecode(folder), None if data is None else os.fsdecode(data))
        return Path(folder) / "report.html"


def evaluate(
    truth: Any,
    probabilities: Any,
    *,
    classes: Optional[Sequence[str]] = None,
    speakers: Any = None,
    clips: Any = None,
    files: Any = None,
    folds: Any = None,
    seeds: Any = None,
    name: str = "predictions",
    speaker_independent: bool = False,
    bootstrap: int = 10_000,
    bootstrap_seed: int = 1,
) -> Evaluation:
    """All figures of predictions that PyTorch or anything else made.

    ``truth`` has a class a row: a name, or a place in ``classes`` from 0; classes that are called by numbers are meant by their
    names. ``probabilities`` is ``[rows, classes]``: an array with
    ``classes`` naming the columns, or a DataFrame whose columns name them (``p_angry`` is ``angry``). With ``speakers`` the
    intervals are over speakers too; ``clips`` are ids, and a clip that was predicted under several ``seeds`` has a row for
    each; ``files`` are the recordings, for the page to show and play.

    ``speaker_independent`` is your word that no test speaker was heard in training; the report calls it so.

    >>> evaluate(labels, model(x).softmax(1), classes=["angry", "sad"], speakers=speakers).interval()  # doctest: +SKIP
    (0.612, 0.734)
    """
    values, names = _probabilities(probabilities, classes)
    rows = len(values)
    truths = _truths(truth, names)
    columns = {"truth": truths, "speakers": speakers, "clips": clips, "files": files, "folds": folds, "seeds": seeds}
    given = {what: None if column is None else listed(column, what) for what, column in columns.items()}
    for what, column in given.items():
        if column is not None and len(column) != rows:
            raise ValueError(f"{what} has {len(column)} rows and probabilities {rows}")
    width = len(str(max(rows - 1, 0)))
    ids = given["clips"]
    if ids is None:
        ids = given["files"] if given["files"] is not None else [f"row {i:0{width}}" for i in range(rows)]
    ids = [text_of(clip) for clip in ids]
    if None in ids:
        raise ValueError(f"{'files' if given['clips'] is None else 'clips'} of row {ids.index(None)} is missing: give one a row")
    where = {} if given["files"] is None else dict(zip(ids, (path_text(file) for file in given["files"])))
    return _evaluated(
        name,
        names,
        truths,
        values,
        ids,
        [""] * rows if given["speakers"] is None else [_name(speaker) for speaker in given["speakers"]],
        ["all"] * rows if given["folds"] is None else [str(fold) for fold in given["folds"]],
        [0] * rows if given["seeds"] is None else [whole(seed, "seeds", 0, _MOST_SEED) for seed in given["seeds"]],
        where,
        bool(speaker_independent),
        _draws(bootstrap, bootstrap_seed),
    )


_MOST_SEED = 2**64 - 1


def _draws(bootstrap: int, seed: int) -> Tuple[int, int]:
    return whole(bootstrap, "bootstrap", 0, 1_000_000), whole(seed, "bootstrap_seed", 0, _MOST_SEED)


def _evaluated(*arguments: Any) -> Evaluation:
    return Evaluation(_serkit.evaluate(*arguments), (_evaluated, arguments))


def report(
    source: Union[Evaluation, PathLike],
    folder: Optional[PathLike] = None,
    *,
    data: Optional[PathLike] = None,
    bootstrap: int = 10_000,
    bootstrap_seed: int = 1,
) -> Path:
    """Writes a report and returns the path of its page, ``report.html``.

    ``source`` is an :class:`Evaluation`, or the folder of a run or an experiment that was trained here; of the latter the
    report is written into its ``report/`` unless ``folder`` says otherwise.
    """
    if isinstance(source, Evaluation):
        if folder is None:
            raise TypeError("folder: where is the report to be written?")
        return source.report(folder, data=data)
    where = Path(source) / "report" if folder is None else Path(folder)
    gathered(source, where, data, bootstrap, bootstrap_seed)
    return where / "report.html"


def gathered(
    source: PathLike,
    folder: Optional[PathLike],
    data: Optional[PathLike] = None,
    bootstrap: int = 10_000,
    bootstrap_seed: int = 1,
) -> Evaluation:
    """The evaluation of finished runs, whose report is written into ``folder``."""
    source, folder, data = (None if path is None else os.path.abspath(path) for path in (source, folder, data))
    arguments = (source, folder, data, *_draws(bootstrap, bootstrap_seed))
    return Evaluation(_serkit.gather(source, folder, data, arguments[3:], Tell()), (gathered, arguments))


def _probabilities(given: Any, classes: Optional[Sequence[str]]) -> Tuple[np.ndarray, List[str]]:
    """``[rows, classes]``, with the classes' names."""
    if hasattr(given, "detach"):
        given = given.detach().cpu().numpy()
    if hasattr(given, "columns") or isinstance(given, dict):
        columns = columns_of(given)
        names = [name[2:] if name.startswith("p_") else name for name in columns]
        if classes is not None:
            classes = _class_names(classes)
            missing = [name for name in classes if name not in names]
            if missing:
                raise ValueError(f"probabilities have no column for {', '.join(missing)}")
            columns = {name: list(columns.values())[names.index(name)] for name in classes}
            names = list(classes)
        numbers = {name: _numbers(column, f"the column {name} of probabilities") for name, column in columns.items()}
        if not numbers:
            raise ValueError("probabilities have no column: give one a class")
        values = np.array(list(numbers.values()), dtype=np.float32).T
    else:
        values = _numbers(given, "probabilities")
        if values.ndim != 2:
            raise ValueError(f"probabilities of shape {values.shape}: give [rows, classes]")
        if classes is None:
            raise ValueError("classes: name the columns of probabilities, in their order")
        names = _class_names(classes)
        if len(names) != values.shape[1]:
            raise ValueError(f"{len(names)} classes for probabilities of {values.shape[1]} columns")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"classes name {twice[0]!r} more than once: give each column a name of its own")
    return np.ascontiguousarray(values), names


def _class_names(given: Any) -> List[str]:
    names = [_name(name) for name in listed(given, "classes")]
    if "" in names:
        raise ValueError(f"classes = {names!r}: give each a name")
    return names


def _numbers(given: Any, what: str) -> np.ndarray:
    """Real numbers; what is missing is not one."""
    try:
        array = np.asarray(given)
        if array.dtype.kind == "O":
            # What pandas and others have in place of a number that is missing.
            flat = [np.nan if text_of(cell) is None else cell for cell in array.ravel()]
            array = np.array(flat, dtype=np.float64).reshape(array.shape)
        if array.dtype.kind in "biufU":
            return array.astype(np.float32)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{what}: give numbers, or name the classes whose columns have them")


def _truths(given: Any, names: List[str]) -> List[int]:
    """The classes as numbers. Where a class is called by a number, that is its name, and no place in the list."""
    if hasattr(given, "detach"):
        given = given.detach().cpu().numpy()
    places = {name: place for place, name in enumerate(names)}
    by_name = any(name.lstrip("-").isdigit() for name in names)
    truths = []
    for row, value in enumerate(listed(given, "truth")):
        if isinstance(value, Integral) and not isinstance(value, bool):
            place = places.get(str(int(value))) if by_name else value
        else:
            place = places.get(value) if isinstance(value, str) else None
        if place is None or not 0 <= place < len(names):
            raise ValueError(f"truth of row {row} is {value!r}, which is none of {', '.join(names)}")
        truths.append(int(place))
    return truths


def _name(speaker: Any) -> str:
    return text_of(speaker) or ""
