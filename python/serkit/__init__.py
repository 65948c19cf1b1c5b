"""Speech-emotion recognition whose figures can be believed.

- :class:`Recognizer`: a trained bundle answers for files, samples, streams.
- :class:`Extractor`: features and encoder states as NumPy arrays; :mod:`serkit.sklearn` has them as a transformer.

All of it is the Rust library ``ser`` at work: the same bits as its programs.
"""

from ._errors import ChangedError, ConfigError, DataError, FileError, Interrupted, SerError
from ._extractor import Extractor
from ._recognizer import Answer, Answers, Recognizer, Stream, Window, Windows
from ._serkit import __version__

__all__ = [
    "Answer",
    "Answers",
    "ChangedError",
    "ConfigError",
    "DataError",
    "Extractor",
    "FileError",
    "Interrupted",
    "Recognizer",
    "SerError",
    "Stream",
    "Window",
    "Windows",
    "__version__",
]
