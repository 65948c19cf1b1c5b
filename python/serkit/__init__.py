"""Speech-emotion recognition whose figures can be believed.

- :class:`Recognizer`: a trained bundle answers for files, samples, streams.
- :class:`Extractor`: features and encoder states as NumPy arrays; :mod:`serkit.sklearn` has them as a transformer.
- :func:`scan`, :func:`split`, :func:`audit`: corpora and splits before anything is trained.
- :func:`evaluate`, :func:`report`: all figures with intervals, and the page, of anybody's predictions.
- :func:`train`: what ``ser-train`` does, watched by callbacks.

All of it is the Rust library ``ser`` at work: the same bits as its programs.
"""

from ._data import Audit, Scan, Split, audit, scan, split
from ._errors import ChangedError, ConfigError, DataError, FileError, Interrupted, SerError
from ._evaluation import Evaluation, evaluate, report
from ._extractor import Extractor
from ._recognizer import Adapted, Answer, Answers, Recognizer, Session, Stream, Window, Windows
from ._serkit import __version__
from ._training import Callback, Epoch, ProgressLine, Run, Training, train

__all__ = [
    "Adapted",
    "Answer",
    "Answers",
    "Audit",
    "Callback",
    "ChangedError",
    "ConfigError",
    "DataError",
    "Epoch",
    "Evaluation",
    "Extractor",
    "FileError",
    "Interrupted",
    "ProgressLine",
    "Recognizer",
    "Run",
    "Scan",
    "SerError",
    "Session",
    "Split",
    "Stream",
    "Training",
    "Window",
    "Windows",
    "__version__",
    "audit",
    "evaluate",
    "report",
    "scan",
    "split",
    "train",
]
