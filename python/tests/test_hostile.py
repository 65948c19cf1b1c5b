"""What nobody should give, and somebody will: each is refused in our words, with an exception of the fitting type, or means what it says."""

from __future__ import annotations

import io
import re
import wave
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import serkit
from conftest import RATE, REPOSITORY, sound
from serkit._words import in_python

CONFIG = {"features": {"kinds": ["mfcc", "rms"]}}
CLASSES = ["angry", "calm", "sad"]


@pytest.fixture(scope="module")
def extractor():
    return serkit.Extractor(CONFIG)


@pytest.fixture(scope="module")
def recognizer(bundle):
    return serkit.Recognizer(bundle)


def voice() -> np.ndarray:
    return (sound(1) / 32_768).astype(np.float32)


def predictions(rows: int = 12) -> "tuple[np.ndarray, np.ndarray]":
    rng = np.random.default_rng(0)
    return rng.integers(0, 3, rows), rng.dirichlet([1, 1, 1], rows).astype(np.float32)


def evaluate(truth=None, probabilities=None, **settings):
    truths, values = predictions()
    given = {"classes": CLASSES, "bootstrap": 50, **settings}
    return serkit.evaluate(truths if truth is None else truth, values if probabilities is None else probabilities, **given)


@pytest.mark.parametrize(
    "alike",
    [
        lambda x: np.frombuffer(b"x" + x.tobytes(), np.uint8)[1:].view(np.float32),
        lambda x: np.repeat(x, 2)[::2],
        lambda x: x[::-1][::-1],
        lambda x: x.astype(">f4"),
        lambda x: x.astype(np.float64),
        lambda x: x.astype(np.longdouble),
        lambda x: (x * 32_768).astype(np.int16),
        lambda x: (x * 32_768).astype(">i2"),
        lambda x: x.tolist(),
        memoryview,
    ],
)
def test_samples_are_the_same_however_they_lie_in_memory(extractor, alike):
    samples = voice()
    given = alike(samples)
    assert np.array_equal(extractor.samples(given, RATE), extractor.samples(samples, RATE))
    frozen = samples.copy()
    frozen.setflags(write=False)
    assert np.array_equal(extractor.samples(frozen, RATE), extractor.samples(samples, RATE))


@pytest.mark.parametrize(
    ("samples", "kind", "words"),
    [
        (np.full(9000, np.nan), serkit.FileError, "sample 0 is NaN"),
        (np.where(np.arange(9000) == 7000, np.inf, 0.1), serkit.FileError, "sample 7000 is inf"),
        (np.full(9000, -1e30), serkit.FileError, "no full scale"),
        ([], ValueError, "empty"),
        (np.float32(1), ValueError, "one channel"),
        (np.zeros((2, 9000)), ValueError, "one channel"),
        ([[1.0, 2.0], [3.0]], ValueError, "no array of numbers"),
        ((x for x in [0.1]), TypeError, "generator"),
        ({0.1}, TypeError, "set"),
        (np.zeros(9000, bool), TypeError, "bool"),
        (np.zeros(9000, complex), TypeError, "complex"),
        (np.array([0.1, None]), TypeError, "object"),
        (np.ma.masked_array(np.zeros(9000), mask=np.arange(9000) > 5), ValueError, "masked"),
        ("clip.wav", TypeError, "array of numbers"),
        (None, TypeError, "array of numbers"),
    ],
)
def test_samples_that_are_none_are_refused(recognizer, extractor, samples, kind, words):
    for call in (recognizer.samples, extractor.samples):
        with pytest.raises(kind, match=words):
            call(samples, RATE)


@pytest.mark.parametrize("rate", [0, -1, 1.5, 2**32, 2**70, float("nan"), float("inf"), 1, 999, 10**9])
def test_a_rate_that_is_none_is_a_value_error(recognizer, extractor, rate):
    for call in (recognizer.samples, extractor.samples):
        with pytest.raises(ValueError, match="rate"):
            call(voice(), rate)
    with pytest.raises(ValueError, match="rate") as error:
        recognizer.stream(rate)
    assert "--" not in str(error.value)


@pytest.mark.parametrize("rate", [True, np.True_, None, [16_000], 3j])
def test_a_rate_of_another_type_is_a_type_error(recognizer, rate):
    with pytest.raises(TypeError, match="whole number"):
        recognizer.samples(voice(), rate)


def test_lists_of_files_are_lists_of_files(recognizer, extractor, clips, tmp_path):
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    names = [str(clip) for clip in clips[:2]]
    wanted = recognizer.files(names).probabilities()
    for given in [pyarrow.array(names), pandas.Series(names, dtype="string"), np.array(names), (name.encode() for name in names)]:
        assert np.array_equal(recognizer.files(given).probabilities(), wanted)
    with open(clips[0], "rb") as file:
        for given in [file, io.BytesIO(b"x"), 3, None, pandas.DataFrame({"path": names})]:
            for call in (recognizer.files, extractor.files):
                with pytest.raises(TypeError, match="give a list of files"):
                    call(given)
        for call in (recognizer.file, extractor.file, recognizer.timeline):
            with pytest.raises(TypeError):
                call(file)
    for call in (recognizer.file, extractor.file, serkit.Recognizer):
        with pytest.raises(serkit.SerError, match="folder|no bundle"):
            call(tmp_path)
        with pytest.raises(serkit.FileError, match="device"):
            call("/dev/zero")
        with pytest.raises(FileNotFoundError):
            call(str(tmp_path / "\udcff.wav"))
        with pytest.raises(ValueError, match="NUL|null"):
            call("a\0.wav")


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"window": 0}, ValueError, "^window = 0: seconds"),
        ({"window": float("nan")}, ValueError, "^window = NaN"),
        ({"window": "3"}, TypeError, "^window = '3'"),
        ({"window": None}, TypeError, "^window = None"),
        ({"hop": 9}, ValueError, "^hop = 9: seconds"),
        ({"hop": "1"}, TypeError, "^hop = '1'"),
        ({"gate": 3}, ValueError, "^gate = 3: dB"),
        ({"gate": "x"}, TypeError, "^gate = 'x'"),
    ],
)
def test_windows_that_are_none_are_refused_by_their_names(recognizer, clips, settings, kind, words):
    with pytest.raises(kind, match=words):
        recognizer.timeline(clips[0], **settings)
    with pytest.raises(kind, match=words):
        recognizer.stream(RATE, **settings)


def test_a_stream_that_threads_push_to_takes_them_in_turn(recognizer):
    stream, whole = recognizer.stream(RATE), recognizer.stream(RATE)
    piece = voice()
    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(lambda _: stream.push(piece), range(16)))
    together = sorted((window for windows in heard for window in windows), key=lambda window: window.end)
    wanted = [window for _ in range(16) for window in whole.push(piece)]
    assert together == wanted and stream.finish() == whole.finish()
    with pytest.raises(serkit.DataError, match="has ended"):
        stream.push(piece)


def test_a_recording_too_long_for_one_clip_is_sent_to_its_timeline(recognizer, tmp_path):
    with wave.open(str(tmp_path / "long.wav"), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(1_000)
        file.writeframes(np.full(601_000, 9, "<i2").tobytes())
    with pytest.raises(serkit.FileError, match="ask for its timeline") as error:
        recognizer.file(tmp_path / "long.wav")
    assert "--" not in str(error.value)


def test_progress_that_is_no_function_is_refused_before_the_work(recognizer, clips):
    with pytest.raises(TypeError, match="progress = 3"):
        recognizer.files(clips, progress=3)


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"probabilities": np.full((12, 3), np.nan)}, serkit.DataError, "NaN is not a probability"),
        ({"probabilities": np.zeros((12, 3), complex)}, ValueError, "give numbers"),
        ({"probabilities": [["x"] * 3] * 12}, ValueError, "give numbers"),
        ({"probabilities": np.zeros(12)}, ValueError, "rows, classes"),
        ({"truth": [0.5] * 12}, ValueError, "truth of row 0"),
        ({"truth": [True] * 12}, ValueError, "truth of row 0"),
        ({"truth": np.eye(3)[[0] * 12]}, ValueError, "one value a row"),
        ({"truth": {0: 1}}, TypeError, "a dict where truth"),
        ({"classes": {"a", "b", "c"}}, TypeError, "a set where classes"),
        ({"classes": "abc"}, TypeError, "'abc' where classes"),
        ({"classes": [None, "a", "b"]}, ValueError, "give each a name"),
        ({"speakers": [["a"]] * 12}, TypeError, "where a cell is wanted"),
        ({"clips": [None] * 12}, ValueError, "clips of row 0 is missing"),
        ({"files": [None] * 12}, ValueError, "files of row 0 is missing"),
        ({"seeds": [1.5] * 12}, TypeError, "seeds = 1.5"),
        ({"bootstrap": 10**12}, ValueError, "bootstrap = 1000000000000"),
        ({"bootstrap": -1}, ValueError, "bootstrap = -1"),
        ({"bootstrap_seed": 2**70}, ValueError, "bootstrap_seed"),
    ],
)
def test_predictions_that_are_none_are_refused(settings, kind, words):
    with pytest.raises(kind, match=words):
        evaluate(**settings)


def test_classes_called_by_numbers_are_meant_by_their_names():
    truths, values = predictions()
    wanted = evaluate().confusion
    assert np.array_equal(evaluate(truth=[int(t) + 1 for t in truths], classes=[1, 2, 3]).confusion, wanted)
    assert np.array_equal(evaluate(truth=[2 - t for t in truths], classes=[2, 1, 0]).confusion, wanted)
    assert np.array_equal(evaluate(truth=truths, classes=[0, 1, 2]).confusion, wanted)
    assert np.array_equal(evaluate(truth=[str(2 - t) for t in truths], classes=["2", "1", "0"]).confusion, wanted)
    with pytest.raises(ValueError, match="truth of row"):
        evaluate(truth=truths, classes=[1, 2, 3])
    missing = evaluate(truth=[0] * 12, speakers=["one"] * 12)
    assert missing.confusion.sum() == 12 and missing.interval(by="speakers") is None


def test_tables_of_any_make_are_alike():
    pandas, polars, pyarrow = map(pytest.importorskip, ["pandas", "polars", "pyarrow"])
    truths, values = predictions()
    names = [CLASSES[t] for t in truths]
    wanted = evaluate().figures
    frame = pandas.DataFrame(values, columns=[f"p_{name}" for name in CLASSES])
    columns = {name: frame[name].to_numpy() for name in frame}
    for given in [frame, frame.astype("double[pyarrow]"), frame.astype("Float64"), polars.DataFrame(columns), pyarrow.table(columns)]:
        assert serkit.evaluate(truths, given, bootstrap=50).figures == wanted
    for given in [
        pandas.Series(names, dtype="category"),
        pandas.Series(names, dtype="string[pyarrow]"),
        pandas.Series(truths, dtype="Int64", index=range(7, 19)),
        polars.Series(names, dtype=polars.Categorical),
        pyarrow.array(names).dictionary_encode(),
        pyarrow.chunked_array([names[:5], names[5:]]),
        [np.int64(t) for t in truths],
    ]:
        assert evaluate(truth=given).figures == wanted
    with pytest.raises(serkit.DataError, match="NaN"):
        serkit.evaluate(truths, frame.astype("Float64").mask(frame > 0.9, pandas.NA).mask(frame < 2, pandas.NA), bootstrap=50)
    with pytest.raises(ValueError, match="more than one column 'p_calm'"):
        serkit.evaluate(truths, frame.set_axis(["p_calm", "p_calm", "p_sad"], axis=1))
    with pytest.raises(ValueError, match="column path of probabilities"):
        serkit.evaluate(truths, frame.assign(path="x"))


def test_training_is_asked_for_in_python_s_words(tmp_path):
    config = {"name": "t", "corpora": [{"kind": "synthetic"}], "model": {"kind": "linear"}}
    places = {"out": tmp_path / "out", "cache": tmp_path / "cache", "report": False}
    for wrong, kind, words in [
        ({"seeds": "1"}, TypeError, "'1' where seeds"),
        ({"seeds": -1}, ValueError, "seeds = -1"),
        ({"device": None}, TypeError, "device = None"),
        ({"cache_limit": 3}, TypeError, "cache_limit = 3"),
        ({"resume": True, "overwrite": True}, ValueError, "give one of them"),
        ({"fold": "nine"}, serkit.ConfigError, "^fold nine: "),
        ({"setting": "x"}, serkit.ConfigError, "^setting x: "),
        ({"overrides": {"name.x": 1}}, serkit.ConfigError, "^overrides: "),
    ]:
        with pytest.raises(kind, match=words) as error:
            serkit.train(config, **{**places, **wrong})
        assert "--" not in str(error.value)
    with pytest.raises(serkit.ConfigError, match="^missing field `name`"):
        serkit.split({})
    with pytest.raises(serkit.ConfigError, match="^fold 9: "):
        serkit.split(config, fold=9)


def test_messages_name_python_s_arguments_and_leave_commands_alone():
    for theirs, ours in [
        ("pass --out DIR to keep both, or --overwrite to train it again", "pass out to keep both, or overwrite=True to train it again"),
        ("--set train.epochs: no value", "overrides: train.epochs: no value"),
        ("go on with the same command and --resume", "go on with the same call and resume=True"),
        ("name another folder with --cache; --cache-limit keeps it small", "name another folder with cache; cache_limit keeps it small"),
        ("ser-data encoder import SRC --out models/x, or name its folder with --models", "ser-data encoder import SRC --out models/x, or name its folder with models"),
        ("build it with `cargo build --features cuda`, or use --device flex", "build it with `cargo build --features cuda`, or use device flex"),
        ("half-way--out, a---data b", "half-way--out, a---data b"),
    ]:
        assert in_python(theirs) == ours and in_python(ours) == ours


def test_every_option_of_the_trainer_has_an_argument():
    """Messages of the library name options: those that its calls from Python can have are known, or they would be the program's."""
    source = (REPOSITORY / "src" / "experiment").rglob("*.rs")
    text = "\n".join(line for file in source for line in file.read_text().splitlines() if not line.strip().startswith("//"))
    options = {found for found in re.findall(r"(?<![\w-])--([a-z][a-z-]*[a-z])\b", text)}
    assert {"resume", "overwrite", "out", "fold", "setting"} <= options
    # The list of runs is the program's alone.
    assert {option for option in options if in_python(f"--{option}") == f"--{option}"} <= {"list"}
