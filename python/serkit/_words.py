"""The library's messages in Python's words: where they name a program's option, the argument is meant."""

from __future__ import annotations

import re

_ARGUMENTS = {
    "set": "overrides",
    "fold": "fold",
    "seed": "seeds",
    "setting": "setting",
    "out": "out",
    "data": "data",
    "cache": "cache",
    "cache-limit": "cache_limit",
    "models": "models",
    "device": "device",
    "gpus": "gpus",
    "root": "root",
    "resume": "resume=True",
    "overwrite": "overwrite=True",
    "no-report": "report=False",
    "uncalibrated": "calibrated=False",
    "timeline": "timeline()",
    "enrol": "enrol()",
    "config": "config",
}
#: An option, with the word in capitals that stands for its value.
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*[a-z])\b(?: [A-Z]{2,}\b)?")
#: What an option belongs to: a command line up to where it ends.
_COMMAND = re.compile(r"(?:\bser-(?:train|eval|data|predict|serve)|\bcargo) [^:;,`()]*$")


def in_python(message: str) -> str:
    """The message with Python's names of settings. Whole commands, as they are typed in a shell, stay what they are."""

    def named(found: "re.Match[str]") -> str:
        argument = _ARGUMENTS.get(found[1])
        if argument is None or _COMMAND.search(message[: found.start()]):
            return found[0]
        # ``--set train.epochs: …`` is the value of an argument, and so ends with a colon.
        return "overrides:" if found[1] == "set" else argument

    return _OPTION.sub(named, message).replace("with the same command and ", "with the same call and ")
