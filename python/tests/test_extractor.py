"""Features: the program's bits, as NumPy arrays."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import serkit
from conftest import RATE, REPOSITORY, sound

CONFIG = REPOSITORY / "configs" / "ravdess.toml"


def test_values_have_the_bits_of_the_program(clips, program, tmp_path):
    program("ser-data", "features", clips[0], "--config", CONFIG, "--format", "npy", "--out", tmp_path / "a.npy")
    theirs = np.load(tmp_path / "a.npy")
    extractor = serkit.Extractor(CONFIG)
    ours = extractor.file(clips[0])
    assert ours.dtype == np.float32 and ours.shape[1] == len(extractor.columns)
    assert np.array_equal(ours.view(np.uint32), theirs.view(np.uint32))
    assert np.array_equal(extractor.samples(sound(0, 1.0), RATE), ours)
    assert all(np.array_equal(a, extractor.file(clip)) for a, clip in zip(extractor.files(clips), clips))


def test_a_mapping_and_overrides_are_a_config(clips):
    extractor = serkit.Extractor({"features": {"kinds": ["mfcc", "rms"], "n_mfcc": 20}})
    assert extractor.columns == [f"mfcc_{i}" for i in range(20)] + ["rms"]
    fewer = serkit.Extractor({"features": {"kinds": ["mfcc", "rms"]}}, overrides={"features.n_mfcc": 5, "audio.sample_rate": 16_000})
    assert len(fewer.columns) == 6 and fewer.sample_rate == 16_000
    pooled = serkit.Extractor({"features": {"kinds": ["rms"]}}, pool="mean+std")
    frames = serkit.Extractor({"features": {"kinds": ["rms"]}}).file(clips[0])
    assert pooled.columns == ["mean_rms", "std_rms"]
    np.testing.assert_allclose(pooled.file(clips[0])[0], [frames.mean(), frames.std()], rtol=1e-5)


def test_an_extractor_is_pickled_by_its_settings(clips, tmp_path):
    (tmp_path / "config.toml").write_text('name = "x"\n[[corpora]]\nkind = "synthetic"\n[features]\nkinds = ["mel"]\n')
    extractor = serkit.Extractor(tmp_path / "config.toml", pool="mean")
    pickled = pickle.dumps(extractor)
    (tmp_path / "config.toml").unlink()
    copy = pickle.loads(pickled)
    assert copy.columns == extractor.columns and np.array_equal(copy.file(clips[0]), extractor.file(clips[0]))


def test_wrong_settings_are_named(tmp_path):
    for config, words in [
        ({"feature": {}}, "did you mean `features`"),
        ({"features": {"kinds": ["mfc"]}}, "did you mean `mfcc`"),
        ({"features": {"n_mfcc": 0}}, "features.n_mfcc = 0"),
    ]:
        with pytest.raises(serkit.ConfigError, match=words):
            serkit.Extractor(config)
    with pytest.raises(serkit.ConfigError, match="pool = \"sum\""):
        serkit.Extractor(pool="sum")
    with pytest.raises(FileNotFoundError, match="nowhere.toml"):
        serkit.Extractor(tmp_path / "nowhere.toml")
    with pytest.raises(TypeError):
        serkit.Extractor({"features": {"kinds": object()}})
    with pytest.raises(TypeError, match="list of files"):
        serkit.Extractor().files("a.wav")
