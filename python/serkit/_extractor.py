"""Features and encoder states as NumPy arrays."""

from __future__ import annotations

import os
from typing import Any, Iterable, List, Mapping, Optional, Tuple

import numpy as np

from . import _serkit
from ._config import Config, text_of
from ._paths import PathLike, path_list
from ._signal import mono, rate
from ._tell import Progress, Tell


class Extractor:
    """Computes what a network sees of a clip: short-time features, the states of a pretrained encoder, or both.

    ``config`` is a config file of this project (``configs/ravdess.toml``), or a mapping with its tables: ``audio``,
    ``features``, ``encoder``; other tables have no effect. ``overrides`` are keys as ``--set`` takes them:
    ``{"features.n_mfcc": 20}``. With ``pool`` (``"mean"`` or ``"mean+std"``) a clip becomes one row of statistics over
    time. ``models`` is the folder of encoders (``$SER_MODELS``, else ``models``).

    The values are those of ``ser-data features``, bit by bit: 32-bit floats ``[frames, dims]``, not standardised. An
    extractor may be used by several threads at once and pickles by its settings.

    >>> extractor = serkit.Extractor({"features": {"kinds": ["mfcc", "delta"]}})  # doctest: +SKIP
    >>> extractor.file("clip.wav").shape  # doctest: +SKIP
    (188, 26)
    """

    def __init__(
        self,
        config: Optional[Config] = None,
        *,
        overrides: Optional[Mapping[str, Any]] = None,
        pool: str = "none",
        models: Optional[PathLike] = None,
    ) -> None:
        self._open(text_of(config, overrides), pool, None if models is None else os.path.abspath(models))

    def _open(self, config: str, pool: str, models: Optional[str]) -> None:
        self._settings = (config, pool, models)
        self._inner = _serkit.Extractor(config, pool, models)

    @classmethod
    def _reopened(cls, *settings: Any) -> "Extractor":
        extractor = cls.__new__(cls)
        extractor._open(*settings)
        return extractor

    def __reduce__(self) -> Tuple[Any, ...]:
        return Extractor._reopened, self._settings

    @property
    def columns(self) -> List[str]:
        """The names of the columns, in order."""
        return self._inner.columns

    @property
    def pooled(self) -> bool:
        """Whether a clip becomes one row."""
        return self._inner.pooled

    @property
    def step_seconds(self) -> float:
        """From one frame to the next, in seconds."""
        return self._inner.step_seconds

    @property
    def sample_rate(self) -> int:
        """The rate that clips are brought to, in Hz."""
        return self._inner.sample_rate

    def __repr__(self) -> str:
        return f"<Extractor: {len(self.columns)} columns, a frame every {1e3 * self.step_seconds:.1f} ms>"

    def file(self, path: PathLike) -> np.ndarray:
        """The matrix ``[frames, dims]`` of an audio file."""
        return self._inner.file(os.fsdecode(path))

    def samples(self, samples: Any, sample_rate: int) -> np.ndarray:
        """The matrix ``[frames, dims]`` of one channel of samples, as :meth:`Recognizer.samples` takes them."""
        return self._inner.samples(mono(samples), rate(sample_rate))

    def files(self, paths: Iterable[PathLike], *, progress: Optional[Progress] = None) -> List[np.ndarray]:
        """The matrix of each of the files, in parallel with the interpreter free; Ctrl-C ends it."""
        return self._inner.files(path_list(paths, one=False), Tell(progress))

    def all_samples(
        self, clips: Iterable[Any], sample_rate: int, *, progress: Optional[Progress] = None
    ) -> List[np.ndarray]:
        """The same of clips that are given as samples, all at one rate."""
        return self._inner.all_samples([mono(clip) for clip in clips], rate(sample_rate), Tell(progress))
