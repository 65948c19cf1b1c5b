"""Configs: files as the programs read them, or mappings."""

from __future__ import annotations

import json
import os
from typing import Any, Mapping, Optional, Union

from . import _serkit

#: A config file, or a mapping with its tables.
Config = Union[str, "os.PathLike[str]", Mapping[str, Any]]


def text_of(config: Optional[Config], overrides: Optional[Mapping[str, Any]] = None) -> str:
    """The text of a config in which only what makes features need be given."""
    return _serkit.config_text(*source_of(config), override_list(overrides))


def source_of(config: Optional[Config]) -> "tuple[Optional[str], Optional[str]]":
    """The path of a config file, or the JSON of a mapping."""
    if config is None:
        return None, "{}"
    if isinstance(config, Mapping):
        return None, json.dumps(config, default=_plain)
    path = os.fsdecode(config)
    # As Python has it where there is none.
    os.stat(path)
    return path, None


def override_list(overrides: Optional[Mapping[str, Any]]) -> "list[str]":
    """Overrides as ``--set`` takes them."""
    if overrides is None:
        return []
    if not isinstance(overrides, Mapping):
        raise TypeError(f'overrides = {overrides!r}: give a mapping, as {{"train.epochs": 10}}')
    return [f"{key}={json.dumps(value, default=_plain)}" for key, value in overrides.items()]


def _plain(value: Any) -> Any:
    """What a value is to a config that JSON does not know: a path, a number of NumPy."""
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a config cannot hold {value!r}")
