"""What is taken for samples."""

from __future__ import annotations

from typing import Any

import numpy as np


def mono(samples: Any) -> np.ndarray:
    """One channel of 32-bit floats at full scale ±1, of anything that NumPy takes for an array.

    Floats are taken as they are; integers are brought to full scale by their type: 32768 of ``int16`` is 1.0.
    """
    if samples is None or isinstance(samples, (str, bytes)):
        raise TypeError(f"samples = {samples!r}: give an array of numbers")
    try:
        array = np.asarray(samples)
    except (TypeError, ValueError, OverflowError):
        # Rows of different lengths, as a list of clips has them.
        raise ValueError(f"samples of type {type(samples).__name__} that are no array of numbers: give one channel") from None
    if array.dtype.kind == "O" and array.ndim == 0:
        raise TypeError(f"samples of type {type(samples).__name__}: give an array of numbers")
    if np.ma.is_masked(samples):
        raise ValueError("some of the samples are masked: give samples.filled(0.0), or leave them out")
    if array.ndim != 1:
        raise ValueError(
            f"samples of shape {array.shape}: give one channel, as samples.mean(axis=0) or axis=1 of several makes it"
        )
    if array.size == 0:
        raise ValueError("samples are empty: there is nothing to hear")
    kind = array.dtype
    if kind == np.bool_ or kind.kind not in "fiu":
        raise TypeError(f"samples of type {kind}: give floats (full scale ±1) or integers")
    if kind.kind == "f":
        return np.require(array, np.float32, ["C", "A"])
    info = np.iinfo(kind)
    half = 2.0 ** (info.bits - 1)
    zero = half if kind.kind == "u" else 0.0
    return np.ascontiguousarray((array.astype(np.float64) - zero) / half, dtype=np.float32)


def rate(sample_rate: Any) -> int:
    """A rate in Hz as the compiled half takes it."""
    if isinstance(sample_rate, (bool, np.bool_)):
        raise type_of_rate(sample_rate)
    try:
        value = int(sample_rate)
    except (TypeError, ValueError, OverflowError):
        raise type_of_rate(sample_rate) from None
    if value != sample_rate or not 0 < value < 2**32:
        raise ValueError(f"sample rate of {sample_rate!r} Hz: give a positive whole number")
    return value


def type_of_rate(given: Any) -> Exception:
    """What is wrong with a rate that is no number: its type, or, of a number, its value."""
    kind = ValueError if isinstance(given, float) else TypeError
    return kind(f"sample rate of {given!r}: give a positive whole number of Hz")
