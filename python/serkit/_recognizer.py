"""Bundles made ready to answer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union, overload

import numpy as np

from . import _serkit
from ._columns import Columnar
from ._errors import ChangedError, FileError
from ._paths import PathLike, path_list
from ._signal import mono, rate
from ._tell import Progress, Tell


@dataclass(frozen=True)
class Adapted:
    """How far an answer is adapted to its speaker.

    ``seconds`` of the speaker's speech were heard; ``degree`` goes from 0, as for anybody, to 1, as for this speaker alone;
    ``off`` says why it is left off, where it is.
    """

    seconds: float
    degree: float
    off: Optional[str] = None


@dataclass(frozen=True)
class Answer:
    """What is heard in a piece of speech.

    ``probabilities`` maps every emotion to a probability from 0 to 1; together they are 1. ``values`` maps every target that
    is a number (``Recognizer.targets``: intensity, arousal …) to its value. A bundle that has learnt numbers alone answers
    without an emotion: it is ``""``. ``seconds`` is the length of the audio as it was given; ``notes`` say what should be known before
    the answer is trusted. ``certain`` is false where the confidence is below the threshold that the bundle was fitted with:
    tables then have ``"uncertain"`` for the emotion, as the programs do. ``adapted`` is there in a :class:`Session`.
    """

    emotion: str
    confidence: float
    probabilities: Dict[str, float]
    seconds: float
    notes: Tuple[str, ...] = ()
    certain: bool = True
    values: Dict[str, float] = field(default_factory=dict)
    adapted: Optional[Adapted] = None

    def ranked(self) -> List[Tuple[str, float]]:
        """The emotions with their probabilities, the most probable first."""
        return sorted(self.probabilities.items(), key=lambda pair: -pair[1])


@dataclass(frozen=True)
class Window:
    """A window of a signal, in seconds from its start; ``answer`` is ``None`` where there was not enough sound in it."""

    start: float
    end: float
    answer: Optional[Answer]

    @property
    def emotion(self) -> str:
        """The most probable emotion, or ``"silence"``."""
        return "silence" if self.answer is None else self.answer.emotion


class Answers(Columnar):
    """The answers for several files, in their order.

    A sequence of :class:`Answer`; with ``errors="keep"`` the exception of a file that cannot be used stands in its place.
    ``paths`` has the files. As a table (:meth:`columns`) it has the columns of ``ser-predict --format csv``.
    """

    def __init__(
        self,
        classes: Sequence[str],
        paths: Sequence[str],
        rows: Sequence[Union[Answer, Exception]],
        targets: Sequence[str] = (),
    ) -> None:
        self.classes = list(classes)
        self.targets = list(targets)
        self.paths = list(paths)
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Union[Answer, Exception]: ...

    @overload
    def __getitem__(self, index: slice) -> "Answers": ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Answer, Exception, "Answers"]:
        if isinstance(index, slice):
            return Answers(self.classes, self.paths[index], self._rows[index], self.targets)
        return self._rows[index]

    def __iter__(self) -> Iterator[Union[Answer, Exception]]:
        return iter(self._rows)

    def __repr__(self) -> str:
        failed = len(self.failed)
        return f"<Answers: {len(self)} files{f', {failed} of them failed' if failed else ''}>"

    @property
    def failed(self) -> Dict[str, Exception]:
        """The files that could not be used, each with its exception."""
        return {path: row for path, row in zip(self.paths, self._rows) if isinstance(row, Exception)}

    def probabilities(self) -> np.ndarray:
        """``[files, classes]``, NaN for files that could not be used."""
        none = [np.nan] * len(self.classes)
        rows = [list(row.probabilities.values()) if isinstance(row, Answer) else none for row in self._rows]
        return np.array(rows, dtype=np.float32).reshape(len(self), len(self.classes))

    def columns(self) -> Dict[str, Any]:
        """``path``, ``seconds``, ``emotion``, ``confidence``, ``p_<class>`` …, the targets that are numbers, and ``error``."""
        answers = [row if isinstance(row, Answer) else None for row in self._rows]
        columns: Dict[str, Any] = {
            "path": list(self.paths),
            "seconds": np.array([np.nan if a is None else a.seconds for a in answers], dtype=np.float64),
        }
        columns.update(_judged(answers, [None if a is None else _said(a) for a in answers], self.classes, self.targets))
        columns["error"] = [_problem(row) if isinstance(row, Exception) else None for row in self._rows]
        return columns


class Windows(Columnar):
    """The windows of a signal, in order. ``notes`` say what should be known before the answers are trusted."""

    def __init__(
        self,
        classes: Sequence[str],
        rows: Sequence[Window],
        notes: Sequence[str] = (),
        targets: Sequence[str] = (),
    ) -> None:
        self.classes = list(classes)
        self.targets = list(targets)
        self.notes = tuple(notes)
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Window: ...

    @overload
    def __getitem__(self, index: slice) -> "Windows": ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Window, "Windows"]:
        if isinstance(index, slice):
            return Windows(self.classes, self._rows[index], self.notes, self.targets)
        return self._rows[index]

    def __iter__(self) -> Iterator[Window]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<Windows: {len(self)}>"

    def columns(self) -> Dict[str, Any]:
        """``start``, ``end``, ``emotion``, ``confidence``, ``p_<class>`` … and the targets; no numbers where it is silent."""
        answers = [row.answer for row in self._rows]
        columns: Dict[str, Any] = {
            "start": np.array([row.start for row in self._rows], dtype=np.float64),
            "end": np.array([row.end for row in self._rows], dtype=np.float64),
        }
        columns.update(_judged(answers, ["silence" if a is None else _said(a) for a in answers], self.classes, self.targets))
        return columns


class Recognizer:
    """Recognises emotions with a trained bundle, or with several that vote by the mean of their probabilities.

    ``path`` is a bundle's file or folder, the folder of a run, or that of an experiment, whose runs then vote; or a list of
    such, which vote together. ``"box"``, which answers where none is given, is the model in the package, where it was built
    with one; ``"./box"`` is a path.
    ``models`` is the folder of encoders (``$SER_MODELS``, else ``models``). With ``calibrated=False`` probabilities are as
    the networks give them.

    The same audio gets the same bits whichever way it comes: a file, samples, a stream, or ``ser-predict``. A recogniser
    may be used by several threads at once, and pickles by its path and the digest of the bundles, so that joblib,
    multiprocessing, Ray and Spark can ship it: the path must be there on the other side.

    >>> recognizer = serkit.Recognizer("model.safetensors")  # doctest: +SKIP
    >>> recognizer.file("clip.wav").emotion  # doctest: +SKIP
    'happy'
    """

    def __init__(
        self,
        path: Union[PathLike, Sequence[PathLike]] = "box",
        *,
        models: Optional[PathLike] = None,
        calibrated: bool = True,
    ) -> None:
        if path is None:
            raise TypeError('path = None: give a bundle, several, or leave it out for "box"')
        given = path_list(path, "bundles")
        # They are to mean the same in another working folder.
        self._paths = [path if _serkit.is_built_in(path) else os.path.abspath(path) for path in given]
        self._models = None if models is None else os.path.abspath(models)
        self._calibrated = bool(calibrated)
        self._inner = _serkit.Recognizer(self._paths, self._models, self._calibrated)
        self._classes = tuple(self._inner.classes)
        self._targets = {name: (least, most) for name, least, most in self._inner.targets}
        self._threshold = self._inner.threshold

    @property
    def paths(self) -> List[str]:
        """Where the bundles are, or their names where they are in the package."""
        return list(self._paths)

    @property
    def classes(self) -> List[str]:
        """The emotions, in the order of the probabilities; none where numbers alone were learnt."""
        return list(self._classes)

    @property
    def targets(self) -> Dict[str, Tuple[float, float]]:
        """The numbers that are answered (intensity, arousal …), each with its range; none where emotions alone were learnt."""
        return dict(self._targets)

    @property
    def bundles(self) -> int:
        """How many bundles vote."""
        return self._inner.bundles

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is not certain; 0 where the training was not asked for it."""
        return self._threshold

    @property
    def notes(self) -> List[str]:
        """What should be known of the bundles before their answers are trusted."""
        return self._inner.notes

    @property
    def digest(self) -> str:
        """BLAKE3 of the bundles' files."""
        return self._inner.digest

    def __repr__(self) -> str:
        return f"<Recognizer {', '.join(self._paths)}: {', '.join([*self._classes, *self._targets])}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return _reopened, (self._paths, self._models, self._calibrated, self.digest)

    def file(self, path: PathLike) -> Answer:
        """What is heard in an audio file, taken as one clip.

        Raises ``FileNotFoundError`` and its like where the system refuses the file, :class:`serkit.FileError` where no
        emotion can be heard in it: damaged, silent, too short, longer than ten minutes.
        """
        return self._answer(self._inner.file(os.fsdecode(path)))

    def samples(self, samples: Any, sample_rate: int) -> Answer:
        """What is heard in one channel of samples, taken as one clip.

        ``samples`` is anything that NumPy takes for an array of one dimension: floats at full scale ±1, or integers at the
        full scale of their type.
        """
        return self._answer(self._inner.samples(mono(samples), rate(sample_rate)))

    def files(
        self, paths: Union[PathLike, Iterable[PathLike]], *, errors: str = "raise", progress: Optional[Progress] = None
    ) -> Answers:
        """What is heard in each of the files, which are worked on in parallel with the interpreter free.

        A folder stands for all audio files below it. With ``errors="keep"`` a file that cannot be used has its exception
        in the place of an answer; otherwise the first such file raises. ``progress(done, total)`` is called as the work
        goes on. Ctrl-C ends it.
        """
        if errors not in ("raise", "keep"):
            raise ValueError(f"errors={errors!r}: raise or keep")
        found = self._inner.files(path_list(paths), errors == "keep", Tell(progress))
        rows = [row if isinstance(row, Exception) else self._answer(row) for _, row in found]
        return Answers(self._classes, [os.fsdecode(path) for path, _ in found], rows, list(self._targets))

    def timeline(
        self,
        path: PathLike,
        *,
        window: float = 3.0,
        hop: Optional[float] = None,
        gate: Optional[float] = None,
        progress: Optional[Progress] = None,
    ) -> Windows:
        """What is heard in a file of any length, window by window.

        ``window`` and ``hop`` (1 s, or the window where that is shorter) are in seconds. A window without
        speech is silence; with ``gate``, a level in dB of full scale, one that exceeds it nowhere.
        """
        window, hop = _lengths(window, hop, 1.0)
        rows, notes = self._inner.timeline(os.fsdecode(path), window, hop, _level(gate), Tell(progress))
        return self._timeline(rows, notes)

    def stream(
        self,
        sample_rate: int,
        *,
        window: float = 3.0,
        hop: Optional[float] = None,
        gate: Optional[float] = None,
        growing: bool = True,
    ) -> "Stream":
        """Starts listening to a signal that comes piece by piece.

        An answer comes every ``hop`` seconds (0.5, or the window where that is shorter) on the last ``window``; with
        ``growing`` the first ones are of windows that are not full yet.
        """
        window, hop = _lengths(window, hop, 0.5)
        return Stream(self, self._inner.listen(rate(sample_rate), window, hop, bool(growing), _level(gate)))

    def session(self) -> "Session":
        """Begins to listen to one speaker, to whom answers adapt without labels.

        Raises :class:`serkit.ConfigError` where the bundle does not carry what an adaptation needs.
        """
        return Session(self)

    def _answer(self, said: Any) -> Answer:
        probabilities, values, seconds, notes, adapted = said
        by_class = dict(zip(self._classes, probabilities.tolist()))
        by_target = dict(zip(self._targets, values.tolist()))
        emotion = max(by_class, key=by_class.__getitem__) if by_class else ""
        confidence = by_class.get(emotion, 0.0)
        certain = not confidence < self._threshold
        how_far = None if adapted is None else Adapted(*adapted)
        return Answer(emotion, confidence, by_class, seconds, tuple(notes), certain, by_target, how_far)

    def _windows(self, rows: Iterable[Any]) -> List[Window]:
        return [Window(start, end, None if said is None else self._answer(said)) for start, end, said in rows]

    def _timeline(self, rows: Iterable[Any], notes: Sequence[str]) -> Windows:
        return Windows(self._classes, self._windows(rows), notes, list(self._targets))


class Session:
    """One speaker who is listened to, made by :meth:`Recognizer.session`: answers adapt to the voice and its microphone.

    No labels are needed: :meth:`enrol` takes speech of the person as it comes, a minute of it if possible, of more than one
    emotion. Each answer says how far it is adapted, or why not. A session may be used by several threads; it pickles with
    its recogniser and what it has heard.

    >>> session = recognizer.session()  # doctest: +SKIP
    >>> session.enrol("minute-of-the-person.wav")  # doctest: +SKIP
    60.0
    >>> session.file("clip.wav").adapted  # doctest: +SKIP
    Adapted(seconds=60.0, degree=0.93, off=None)
    """

    def __init__(self, recognizer: Recognizer, state: Optional[str] = None) -> None:
        self._recognizer = recognizer
        self._inner = recognizer._inner.session(state)

    @property
    def recognizer(self) -> Recognizer:
        """What it was made by."""
        return self._recognizer

    @property
    def adapted(self) -> Adapted:
        """How far answers are adapted now."""
        return Adapted(*self._inner.adapted)

    def __repr__(self) -> str:
        return f"<Session: {self.adapted.seconds:.1f} s heard>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return Session, (self._recognizer, self._inner.state)

    def enrol(self, *paths: PathLike) -> float:
        """Learns the speaker from files of any length; how many seconds of them were heard.

        Raises :class:`serkit.FileError` where there is no sound in one.
        """
        return sum(self._inner.enrol_file(os.fsdecode(path)) for path in paths)

    def enrol_samples(self, samples: Any, sample_rate: int) -> float:
        """The same from samples, as :meth:`Recognizer.samples` takes them."""
        return self._inner.enrol(mono(samples), rate(sample_rate))

    def file(self, path: PathLike) -> Answer:
        """What is heard in an audio file, adapted to what was heard of the speaker before; the file is not added to it."""
        return self._recognizer._answer(self._inner.file(os.fsdecode(path)))

    def samples(self, samples: Any, sample_rate: int) -> Answer:
        """The same of samples."""
        return self._recognizer._answer(self._inner.samples(mono(samples), rate(sample_rate)))

    def timeline(
        self,
        path: PathLike,
        *,
        window: float = 3.0,
        hop: Optional[float] = None,
        gate: Optional[float] = None,
        running: bool = False,
        progress: Optional[Progress] = None,
    ) -> Windows:
        """As :meth:`Recognizer.timeline`, adapted; where it is ``running``, each window is added to what was heard first."""
        window, hop = _lengths(window, hop, 1.0)
        rows, notes = self._inner.timeline(os.fsdecode(path), window, hop, _level(gate), bool(running), Tell(progress))
        return self._recognizer._timeline(rows, notes)

    def stream(
        self,
        sample_rate: int,
        *,
        window: float = 3.0,
        hop: Optional[float] = None,
        gate: Optional[float] = None,
        growing: bool = True,
        running: bool = True,
    ) -> "Stream":
        """As :meth:`Recognizer.stream`, adapted; while it is ``running``, the signal is taken for the speaker's."""
        window, hop = _lengths(window, hop, 0.5)
        inner = self._inner.listen(rate(sample_rate), window, hop, bool(growing), _level(gate), bool(running))
        return Stream(self._recognizer, inner)


class Stream:
    """A signal that is being listened to, made by :meth:`Recognizer.stream` or :meth:`Session.stream`.

    Answers do not depend on how the signal is cut into pieces. It is one listener's: not for several threads, not to be
    pickled.
    """

    def __init__(self, recognizer: Recognizer, inner: Any) -> None:
        self._recognizer = recognizer
        self._inner = inner

    @property
    def notes(self) -> List[str]:
        """What should be known before the answers are trusted."""
        return self._inner.notes

    @property
    def latency(self) -> float:
        """How many seconds the conversion of the rate holds back at the most."""
        return self._inner.latency

    def push(self, samples: Any) -> List[Window]:
        """Takes in more samples, as :meth:`Recognizer.samples` does; the windows that they complete."""
        return self._recognizer._windows(self._inner.push(mono(samples)))

    def finish(self) -> List[Window]:
        """The end of the signal: the windows that are still to come."""
        return self._recognizer._windows(self._inner.finish())


def _lengths(window: Any, hop: Any, usual: float) -> Tuple[float, float]:
    """The seconds of a window, and from one to the next; this is the usual one where it is not given, a window at most."""
    window = _seconds("window", window)
    return window, min(usual, window) if hop is None else _seconds("hop", hop)


def _seconds(name: str, given: Any) -> float:
    return _number(name, given, "seconds")


def _level(gate: Any) -> Optional[float]:
    return None if gate is None else _number("gate", gate, "dB of full scale")


def _number(name: str, given: Any, unit: str) -> float:
    if isinstance(given, (bool, str)) or not hasattr(given, "__float__"):
        raise TypeError(f"{name} = {given!r}: give {unit}, a number")
    return float(given)


def _judged(
    answers: Sequence[Optional[Answer]], emotions: List[Any], classes: Sequence[str], targets: Sequence[str]
) -> Dict[str, Any]:
    """What all tables have of answers, in the programs' order."""
    columns: Dict[str, Any] = {}
    if classes:
        columns["emotion"] = emotions
        columns["confidence"] = _numbers(answers, lambda answer: answer.confidence)
    for name in classes:
        columns[f"p_{name}"] = _numbers(answers, lambda answer: answer.probabilities[name])
    for name in targets:
        columns[name] = _numbers(answers, lambda answer: answer.values[name])
    if any(answer is not None and answer.adapted is not None for answer in answers):
        adapted = [None if answer is None else answer.adapted for answer in answers]
        columns["heard_seconds"] = np.array([np.nan if a is None else a.seconds for a in adapted], dtype=np.float64)
        columns["adapted"] = np.array([np.nan if a is None else a.degree for a in adapted], dtype=np.float64)
        columns["not_adapted_because"] = [None if a is None else a.off for a in adapted]
    return columns


def _numbers(answers: Sequence[Optional[Answer]], of: Callable[[Answer], float]) -> np.ndarray:
    return np.array([np.nan if answer is None else of(answer) for answer in answers], dtype=np.float32)


def _said(answer: Answer) -> str:
    """The emotion as the programs' tables have it."""
    return answer.emotion if answer.certain else "uncertain"


def _problem(error: Exception) -> str:
    """What is wrong with a file, whose name stands beside it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return error.problem if isinstance(error, FileError) else str(error)


def _reopened(paths: List[str], models: Optional[str], calibrated: bool, digest: str) -> Recognizer:
    recognizer = Recognizer(paths, models=models, calibrated=calibrated)
    if recognizer.digest != digest:
        where = ", ".join(paths)
        raise ChangedError(f"{where} is another bundle than the one that was pickled: copy that one to the same path")
    return recognizer
