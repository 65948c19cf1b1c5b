"""Training, watched by callbacks."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, TextIO, Tuple, Union

from . import _serkit
from ._config import Config, override_list, source_of
from ._evaluation import Evaluation, gathered
from ._paths import PathLike
from ._recognizer import Recognizer
from ._table import listed, whole
from ._tell import Tell


@dataclass(frozen=True)
class Epoch:
    """The figures of an epoch: a line of ``metrics.jsonl``.

    ``run`` is the run's name, as ``fold 0 seed 42``; ``epoch`` counts from 1, ``epochs`` is the most there will be. Losses
    are in nats. ``figure`` names what ranks epochs, ``validation_uar`` from 0 to 1 or ``validation_ccc`` from −1 to 1, and
    ``validation`` is its value. ``best`` says whether no epoch of the run was as good before.
    """

    run: str
    epoch: int
    epochs: int
    train_loss: float
    validation_loss: float
    figure: str
    validation: float
    learning_rate: float
    best: bool


class Callback:
    """Is told how training goes on, from the thread that called :func:`train`. Override what is wanted.

    An exception that a method raises ends training after the step under way, leaves a checkpoint and is raised by
    :func:`train`; ``resume=True`` goes on from there.
    """

    def on_work(self, label: str, done: int, total: int) -> None:
        """A step of work before the epochs is done: files read, features made. ``done`` is 0 where it begins."""

    def on_run_start(self, run: str, epochs: int, done: int) -> None:
        """A run begins, or goes on after ``done`` epochs."""

    def on_epoch_end(self, epoch: Epoch) -> None:
        """An epoch is trained and validated."""


class ProgressLine(Callback):
    """Writes a line an epoch, with the time that the run will take at most, and one for each piece of work before it."""

    def __init__(self, file: Optional[TextIO] = None) -> None:
        self.file = file
        self._began = (0.0, 0)

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr if self.file is None else self.file, flush=True)

    def on_work(self, label: str, done: int, total: int) -> None:
        if done == total and total:
            self._say(f"{label}: {total} done")

    def on_run_start(self, run: str, epochs: int, done: int) -> None:
        self._began = (time.monotonic(), done)

    def on_epoch_end(self, epoch: Epoch) -> None:
        since, before = self._began
        left = (time.monotonic() - since) / max(epoch.epoch - before, 1) * (epoch.epochs - epoch.epoch)
        best = "  best on validation so far" if epoch.best else ""
        self._say(
            f"{epoch.run}  epoch {epoch.epoch} of {epoch.epochs}  loss {epoch.train_loss:.4f}  "
            f"{epoch.figure.replace('_', ' ')} {epoch.validation:.4f}{best}  {left:.0f} s left at most"
        )


#: What :func:`train` calls: a :class:`Callback`, or a function of an :class:`Epoch`.
CallbackLike = Union[Callback, Callable[[Epoch], Any]]


@dataclass(frozen=True)
class Run:
    """A finished run. ``figure`` and its values are as in :class:`Epoch`; of the test side, too."""

    path: Path
    best_epoch: int
    epochs: int
    figure: str
    validation: float
    test: float
    seconds: float

    @property
    def bundle(self) -> Path:
        """The trained bundle: one file."""
        return self.path / "bundle" / "model.safetensors"

    @property
    def predictions(self) -> Path:
        """The table of the test side's predictions."""
        return self.path / "predictions.csv"

    def recognizer(self, **options: Any) -> Recognizer:
        """The bundle made ready."""
        return Recognizer(self.bundle, **options)


class Training:
    """What :func:`train` has done.

    ``path`` is the experiment's folder and ``runs`` are its runs, one a fold and seed; ``failed`` the settings of a grid
    that could not be trained. ``evaluation`` has the figures of what is finished in the folder (``None`` where
    no report was asked for, of a grid, and of numbers, whose figures are in ``report/report.json``); ``page`` is
    the report's page. ``str(training)`` says the figures for people.
    """

    def __init__(self, document: Mapping[str, Any], evaluation: Optional[Evaluation]) -> None:
        self.path = Path(document["out"])
        self.runs: List[Run] = [_run(path, done) for path, done in document["runs"]]
        self.failed: List[str] = document["failed"]
        self.evaluation = evaluation
        folder = document["report"]
        self.page: Optional[Path] = None
        if folder is not None and (Path(folder) / "report.html").exists():
            self.page = Path(folder) / "report.html"
        self._text: Optional[str] = document["text"]

    def recognizer(self, **options: Any) -> Recognizer:
        """All runs of the experiment made ready: they vote."""
        return Recognizer(self.path, **options)

    def __str__(self) -> str:
        return self._text if self._text is not None else repr(self)

    def __repr__(self) -> str:
        return f"<Training of {len(self.runs)} runs in {os.fsdecode(self.path)!r}>"


def train(
    config: Config,
    *,
    callbacks: Iterable[CallbackLike] = (),
    out: Optional[PathLike] = None,
    overrides: Optional[Mapping[str, Any]] = None,
    fold: Union[str, int] = "all",
    seeds: Union[int, Iterable[int]] = (),
    setting: Optional[str] = None,
    data: Optional[PathLike] = None,
    cache: Optional[PathLike] = None,
    models: Optional[PathLike] = None,
    cache_limit: Optional[str] = None,
    device: str = "flex",
    resume: bool = False,
    overwrite: bool = False,
    report: bool = True,
) -> Training:
    """Trains what a config describes, evaluates it and writes the report: ``ser-train``, with its bits.

    ``config`` is a config file or a mapping with its tables, ``overrides`` as ``--set`` takes them
    (``{"train.epochs": 10}``). The other settings are the program's options: the experiment's folder ``out``
    (``experiments/NAME``), one ``fold``, ``seeds`` in place of the config's, the folder of corpora ``data``, of the feature
    ``cache`` and of encoders ``models``. ``report=False`` leaves the report to :func:`serkit.report`.

    ``callbacks`` are told of every epoch: instances of :class:`Callback`, or functions of an :class:`Epoch`;
    :class:`ProgressLine` writes to standard error. Lines of the log go to the logger ``serkit``. Ctrl-C raises
    ``KeyboardInterrupt`` after the step under way and leaves a checkpoint; so does an exception of a callback.
    ``resume=True`` then goes on, to the bits that training without the break would have had.

    >>> training = serkit.train("configs/ravdess.toml", callbacks=[serkit.ProgressLine()])  # doctest: +SKIP
    >>> training.evaluation.uar, training.page  # doctest: +SKIP
    """
    if resume and overwrite:
        raise ValueError("resume=True goes on with what overwrite=True throws away: give one of them")
    for name, text in (("setting", setting), ("device", device), ("cache_limit", cache_limit)):
        if not isinstance(text, str) and not (text is None and name != "device"):
            raise TypeError(f"{name} = {text!r}: give a text")
    several = [seeds] if isinstance(seeds, Integral) else listed(seeds, "seeds")
    asked: Dict[str, Any] = {
        "overrides": override_list(overrides),
        "setting": setting,
        "fold": str(fold),
        "seeds": [whole(seed, "seeds", 0, 2**64 - 1) for seed in several],
        "device": device,
        "resume": bool(resume),
        "overwrite": bool(overwrite),
        "out": _path(out),
        "data": _path(data),
        "cache": _path(cache),
        "models": _path(models),
        "cache_limit": cache_limit,
        "report": bool(report),
    }
    if isinstance(callbacks, Callback) or not isinstance(callbacks, Iterable):
        raise TypeError("callbacks: give a list of them")
    path, mapping = source_of(config)
    document, figures = _serkit.train(path, mapping, asked, _Told([_callback(one) for one in callbacks]))
    found = json.loads(document)
    if figures is None:
        return Training(found, None)
    again = tuple(None if path is None else os.path.abspath(path) for path in (found["out"], found["report"], asked["data"]))
    return Training(found, Evaluation(figures, (gathered, again)))


def _path(path: Optional[PathLike]) -> Optional[str]:
    return None if path is None else os.fsdecode(path)


def _callback(given: Any) -> Callback:
    if isinstance(given, type):
        raise TypeError(f"callbacks: {given.__name__} is a class: give an instance of it")
    if isinstance(given, Callback):
        return given
    if not callable(given):
        raise TypeError(f"callbacks: {given!r} is neither a Callback nor a function")
    made = Callback()
    made.on_epoch_end = given  # type: ignore[method-assign]
    return made


def _figure(values: Mapping[str, Any], side: str) -> Tuple[str, float]:
    """The name and the value of the one figure of a side that there is."""
    name, value = next((name, value) for name, value in values.items() if name in (f"{side}_uar", f"{side}_ccc"))
    return name, float("nan") if value is None else float(value)


def _run(path: str, done: Mapping[str, Any]) -> Run:
    figure, validation = _figure(done, "validation")
    _, test = _figure(done, "test")
    return Run(Path(path), done["best_epoch"], done["epochs"], figure, validation, test, done["seconds"])


class _Told(Tell):
    """Events handed to callbacks."""

    def __init__(self, callbacks: List[Callback]) -> None:
        super().__init__()
        self.callbacks = callbacks
        self.epochs: Dict[str, int] = {}

    def __call__(self, kind: str, values: Dict[str, Any]) -> None:
        super().__call__(kind, values)
        if kind in ("work", "step"):
            label = values["label"]
            for callback in self.callbacks:
                callback.on_work(label, self.done[label], self.totals.get(label, 0))

    def run(self, label: str, epochs: int, done: int) -> None:
        self.epochs[label] = epochs
        for callback in self.callbacks:
            callback.on_run_start(label, epochs, done)

    def epoch(self, label: str, record: Dict[str, Any], best: bool) -> None:
        figure, validation = _figure(record, "validation")
        told = Epoch(
            run=label,
            epoch=record["epoch"],
            epochs=self.epochs.get(label, 0),
            train_loss=_number(record["train_loss"]),
            validation_loss=_number(record["validation_loss"]),
            figure=figure,
            validation=validation,
            learning_rate=_number(record["learning_rate"]),
            best=best,
        )
        for callback in self.callbacks:
            callback.on_epoch_end(told)


def _number(value: Optional[float]) -> float:
    """JSON has no NaN."""
    return float("nan") if value is None else float(value)
