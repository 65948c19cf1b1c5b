"""The transformer keeps scikit-learn's rules."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

import serkit
from conftest import RATE, sound
from serkit.sklearn import FeatureTransformer
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CONFIG = {"features": {"kinds": ["mfcc", "rms"]}}


def test_rows_are_the_extractors_pooled(clips):
    transformer = FeatureTransformer(CONFIG)
    rows = transformer.fit_transform(clips)
    frames = serkit.Extractor(CONFIG).file(clips[0])
    np.testing.assert_allclose(rows[0], np.concatenate([frames.mean(0), frames.std(0)]), rtol=1e-4, atol=1e-4)
    assert rows.shape == (len(clips), 28) and rows.dtype == np.float32
    assert list(transformer.get_feature_names_out())[:2] == ["mean_mfcc_0", "mean_mfcc_1"]
    assert transformer.get_feature_names_out()[-1] == "std_rms"
    samples = [sound(i, 1.0 + 0.2 * i) for i in range(len(clips))]
    assert np.array_equal(FeatureTransformer(CONFIG, sample_rate=RATE).fit_transform(samples), rows)
    assert transformer.transform([]).shape == (0, 28)


def test_columns_of_any_kind_are_clips(clips):
    pandas = pytest.importorskip("pandas")
    names = [str(clip) for clip in clips[:2]]
    transformer = FeatureTransformer(CONFIG, pool="mean").fit(names)
    rows = transformer.transform(names)
    for given in [np.array(names), np.array(names)[:, None], pandas.Series(names), pandas.DataFrame({"path": names}), clips[:2]]:
        assert np.array_equal(transformer.transform(given), rows)


def test_it_is_cloned_pickled_and_searched(clips):
    transformer = FeatureTransformer(CONFIG, overrides={"features.n_mfcc": 5})
    copy = clone(transformer)
    assert copy.get_params() == transformer.get_params() and not hasattr(copy, "extractor_")
    fitted = pickle.loads(pickle.dumps(copy.fit(clips)))
    assert np.array_equal(fitted.transform(clips), transformer.fit_transform(clips))
    pipeline = make_pipeline(FeatureTransformer(CONFIG), StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipeline, {"featuretransformer__pool": ["mean", "mean+std"]}, cv=2, n_jobs=2)
    search.fit([str(clip) for clip in clips], [0, 1] * (len(clips) // 2))
    assert search.predict([str(clips[0])]) in ([0], [1])
    pipeline.set_output(transform="pandas")
    frame = pipeline[0].fit_transform([str(clip) for clip in clips])
    assert list(frame.columns)[0] == "mean_mfcc_0"


def test_what_is_wrong_is_said(clips):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        FeatureTransformer(CONFIG).transform(clips)
    with pytest.raises(ValueError, match="sample_rate"):
        FeatureTransformer(CONFIG).fit_transform([sound(1)])
    with pytest.raises(ValueError, match="one row"):
        FeatureTransformer(CONFIG, pool="none").fit(clips)
    with pytest.raises(serkit.ConfigError):
        FeatureTransformer({"features": {"kinds": []}}).fit(clips)
    with pytest.raises(TypeError, match="list of clips"):
        FeatureTransformer(CONFIG).fit(clips).transform("a.wav")
