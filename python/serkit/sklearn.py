"""Features and encoder states as a scikit-learn transformer. scikit-learn must be installed."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, Optional

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ._config import Config
from ._extractor import Extractor
from ._paths import PathLike

__all__ = ["FeatureTransformer"]


class FeatureTransformer(TransformerMixin, BaseEstimator):
    """Turns clips into rows of features: short-time features pooled over time, an encoder's states, or both.

    Parameters are those of :class:`serkit.Extractor`. ``pool=None`` is ``"mean+std"``, but for a config whose encoder pools
    by itself. ``sample_rate`` is that of clips that are given as samples.

    Clips are given as a list, an array or a column: paths, or arrays of samples. Nothing is learnt from them: ``fit`` opens
    the extractor and checks the settings.

    >>> make_pipeline(FeatureTransformer("configs/ravdess.toml"), StandardScaler(), LogisticRegression())  # doctest: +SKIP
    """

    def __init__(
        self,
        config: Optional[Config] = None,
        *,
        overrides: Optional[Mapping[str, Any]] = None,
        pool: Optional[str] = None,
        models: Optional[PathLike] = None,
        sample_rate: Optional[int] = None,
    ) -> None:
        self.config = config
        self.overrides = overrides
        self.pool = pool
        self.models = models
        self.sample_rate = sample_rate

    def fit(self, X: Any, y: Any = None) -> "FeatureTransformer":
        """Opens the extractor."""
        self.extractor_ = self._extractor()
        self.n_features_out_ = len(self.extractor_.columns)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """``[clips, columns]``, 32-bit floats."""
        check_is_fitted(self)
        clips = _clips(X)
        if not clips:
            return np.empty((0, self.n_features_out_), dtype=np.float32)
        if all(isinstance(clip, (str, os.PathLike)) for clip in clips):
            return np.concatenate(self.extractor_.files(clips))
        if self.sample_rate is None:
            raise ValueError("clips are given as samples: set sample_rate, in Hz")
        return np.concatenate(self.extractor_.all_samples(clips, self.sample_rate))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the columns."""
        check_is_fitted(self)
        return np.array(self.extractor_.columns, dtype=object)

    def _extractor(self) -> Extractor:
        settings = {"overrides": self.overrides, "models": self.models}
        if self.pool is not None:
            if self.pool == "none":
                raise ValueError("pool='none': a clip is one row here; use serkit.Extractor for its frames")
            return Extractor(self.config, pool=self.pool, **settings)
        plain = Extractor(self.config, **settings)
        return plain if plain.pooled else Extractor(self.config, pool="mean+std", **settings)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _clips(X: Any) -> List[Any]:
    """The clips of a list, an array, a column or a frame of one column."""
    if isinstance(X, (str, os.PathLike)):
        raise TypeError(f"X = {X!r}: give a list of clips")
    if hasattr(X, "columns") and len(X.columns) == 1:
        X = X[X.columns[0]]
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.shape[1] == 1 and X.dtype.kind in "OU":
        X = X[:, 0]
    return [clip.item() if isinstance(clip, np.str_) else clip for clip in X]
