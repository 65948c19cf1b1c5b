"""Training: the program's bits, watched from Python."""

from __future__ import annotations

import io
import logging
import math
import pickle
import time

import pytest

import serkit

CONFIG = {
    "name": "tiny",
    "seed": 1,
    "corpora": [{"kind": "synthetic"}],
    "protocol": {"kind": "speaker-kfold", "folds": 3, "validation": 0.25},
    "features": {"kinds": ["rms", "zcr"], "hop_length": 1024},
    "model": {"channels": [8], "hidden": 8, "dense": 8},
    "train": {"epochs": 3},
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def places(tmp_path, cache):
    return {"cache": cache, "out": tmp_path / "out", "fold": 1}


def same(one, other):
    """Whether two folders of runs hold the same results; wall times are not among them."""
    files = sorted(
        path.relative_to(one)
        for name in ("predictions.csv", "metrics.jsonl", "model.safetensors")
        for path in one.rglob(name)
        if "report" not in path.parts
    )
    assert len(files) >= 3
    return all((one / file).read_bytes() == (other / file).read_bytes() for file in files)


def test_it_is_the_programs_training_with_callbacks(places, tmp_path, program, caplog):
    told, epochs, lines = [], [], io.StringIO()

    class Notes(serkit.Callback):
        def on_work(self, label, done, total):
            told.append(("work", label, done, total))

        def on_run_start(self, run, epochs, done):
            told.append(("run", run, epochs, done))

    with caplog.at_level(logging.INFO, logger="serkit"):
        training = serkit.train(CONFIG, callbacks=[Notes(), epochs.append, serkit.ProgressLine(lines)], **places)
    assert [e.epoch for e in epochs] == [1, 2, 3] and epochs[0].best and epochs[0].run == "fold 1 seed 1"
    assert all(e.epochs == 3 and e.figure == "validation_uar" and 0 <= e.validation <= 1 for e in epochs)
    assert all(math.isfinite(e.train_loss) for e in epochs)
    assert ("run", "fold 1 seed 1", 3, 0) in told
    begun = {label: total for kind, label, done, total in told if kind == "work" and done == 0}
    assert begun and all(("work", label, total, total) in told for label, total in begun.items())
    assert "fold 1 seed 1  epoch 3 of 3" in lines.getvalue() and "0 s left" in lines.getvalue()
    assert any("fold" in record.message for record in caplog.records)

    (run,) = training.runs
    assert run.bundle.is_file() and run.predictions.is_file() and run.epochs == 3
    assert training.evaluation.uar == pytest.approx(run.test) and training.page.is_file()
    assert "UAR" in str(training) and training.recognizer().classes == training.evaluation.classes

    config = tmp_path / "config.toml"
    config.write_text((run.path / "config.toml").read_text())
    program("ser-train", "--config", config, "--fold", 1, "--out", tmp_path / "theirs", "--cache", places["cache"])
    assert same(training.path, tmp_path / "theirs")


def test_an_exception_of_a_callback_leaves_a_checkpoint_to_go_on_from(places, tmp_path):
    def enough(epoch):
        if epoch.epoch == 2:
            raise StopIteration("enough")

    with pytest.raises(StopIteration, match="enough"):
        serkit.train(CONFIG, callbacks=[enough], report=False, **places)
    with pytest.raises(serkit.ConfigError, match="resume"):
        serkit.train(CONFIG, report=False, **places)
    epochs = []
    broken = serkit.train(CONFIG, callbacks=[epochs.append], resume=True, report=False, **places)
    assert [e.epoch for e in epochs] in ([3], []) and broken.evaluation is None and broken.page is None
    whole = serkit.train(CONFIG, report=False, **{**places, "out": tmp_path / "whole"})
    assert same(whole.path, broken.path)


def test_ctrl_c_is_a_keyboard_interrupt(places, python):
    import signal

    config = {**CONFIG, "train": {"epochs": 100_000, "patience": 100_000}}
    options = {name: str(value) for name, value in places.items()}
    process = python(
        f"import serkit\ntry:\n    serkit.train({config!r}, callbacks=[lambda e: e.epoch == 2 and print('began', flush=True)],"
        f" **{options!r})\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    )
    assert process.stdout.readline() == "began\n"
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert out == "interrupted\n", errors
    assert time.monotonic() - asked < 20
    assert list(places["out"].rglob("checkpoints/*")), "a checkpoint is left"


def test_an_evaluation_is_pickled_and_writes_its_report_on_the_other_side(places, tmp_path):
    training = serkit.train(CONFIG, overrides={"train.epochs": 1}, **places)
    copy = pickle.loads(pickle.dumps(training))
    assert copy.evaluation.figures == training.evaluation.figures and str(copy) == str(training)
    assert copy.evaluation.report(tmp_path / "again").is_file()
    given = serkit.evaluate([0, 1], [[0.8, 0.2], [0.4, 0.6]], classes=["a", "b"])
    copy = pickle.loads(pickle.dumps(given))
    assert copy.figures == given.figures and copy.report(tmp_path / "given").is_file()
    # What it was made of is another experiment now.
    stale = pickle.dumps(training)
    serkit.train(CONFIG, overrides={"train.epochs": 2}, overwrite=True, **places)
    with pytest.raises(serkit.ChangedError):
        pickle.loads(stale).evaluation.report(tmp_path / "stale")


def test_a_grid_is_trained_and_its_settings_picked(places):
    config = {**CONFIG, "train": {"epochs": 1}, "grid": {"model": {"pool": ["last", "mean"]}}}
    training = serkit.train(config, **places)
    assert len(training.runs) == 2 and training.evaluation is None and training.failed == []
    assert "ranked on validation" in str(training) and (training.path / "report" / "grid.txt").is_file()
    with pytest.raises(serkit.ConfigError, match="the grid's settings are pool-last, pool-mean"):
        serkit.train(config, setting="pool-first", **places)


def test_what_is_wrong_is_said_before_anything_is_made(places):
    for wrong, kind, words in [
        ({"config": {**CONFIG, "trian": {}}}, serkit.ConfigError, "did you mean `train`"),
        ({"config": CONFIG, "fold": 9}, serkit.ConfigError, "the protocol's folds are"),
        ({"config": CONFIG, "device": "gpu"}, serkit.ConfigError, "choose one of flex"),
        ({"config": CONFIG, "cache_limit": "much"}, serkit.ConfigError, "is no size"),
        ({"config": CONFIG, "callbacks": [3]}, TypeError, "neither a Callback nor a function"),
        ({"config": CONFIG, "callbacks": [serkit.ProgressLine]}, TypeError, "is a class"),
        ({"config": CONFIG, "callbacks": print}, TypeError, "give a list"),
        ({"config": CONFIG, "setting": "x"}, serkit.ConfigError, "has no \\[grid\\]"),
    ]:
        with pytest.raises(kind, match=words):
            serkit.train(**{**places, **wrong})
    assert not list(places["out"].rglob("run.json")) if places["out"].exists() else True
