"""What can go wrong. A file that the system refuses is an ``OSError`` of the fitting kind, as ``FileNotFoundError``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ._words import in_python


class SerError(Exception):
    """Everything that serkit itself raises."""

    def __init__(self, message: str = "", *others: Any) -> None:
        super().__init__(in_python(message), *others)


class ConfigError(SerError, ValueError):
    """A setting is wrong: the message names the key, its value and the rule."""


class DataError(SerError, ValueError):
    """The data as a whole cannot serve: an empty corpus, samples that are not finite, a split that leaks."""


class FileError(SerError, ValueError):
    """A file's content is not what it should be: damaged, silent, of a format that is not read."""

    def __init__(self, message: str, path: Optional[Path] = None, problem: str = "") -> None:
        problem = in_python(problem)
        super().__init__(message, path, problem)
        #: The file; ``samples`` where samples were given.
        self.path = path
        #: What is wrong with it: the message without the file's name.
        self.problem = problem

    def __str__(self) -> str:
        return str(self.args[0])


class ChangedError(SerError):
    """What was pickled by its path is another file now."""


class Interrupted(SerError):
    """The work was asked to stop before it was done."""
