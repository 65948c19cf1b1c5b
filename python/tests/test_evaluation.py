"""Figures and pages of predictions from elsewhere."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

import serkit

CLASSES = ["angry", "happy", "sad"]


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 240)
    logits = rng.normal(size=(240, 3)) + 1.2 * np.eye(3)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return truth, probabilities.astype(np.float32), [f"s{i % 12}" for i in range(240)]


def test_figures_are_scikit_learns(predictions):
    metrics = pytest.importorskip("sklearn.metrics")
    truth, probabilities, speakers = predictions
    found = serkit.evaluate(truth, probabilities, classes=CLASSES, speakers=speakers)
    guess = probabilities.argmax(1)
    assert math.isclose(found.uar, metrics.balanced_accuracy_score(truth, guess))
    assert math.isclose(found.wa, metrics.accuracy_score(truth, guess))
    assert math.isclose(found.macro_f1, metrics.f1_score(truth, guess, average="macro"))
    assert math.isclose(found.figures["kappa"], metrics.cohen_kappa_score(truth, guess))
    assert math.isclose(found.figures["certainty"]["log_loss"], metrics.log_loss(truth, probabilities), rel_tol=1e-6)
    auroc = metrics.roc_auc_score(truth, probabilities.astype(np.float64), multi_class="ovr")
    assert math.isclose(found.figures["certainty"]["auroc"], auroc, rel_tol=1e-9)
    assert np.array_equal(found.confusion, metrics.confusion_matrix(truth, guess))
    low, high = found.interval()
    assert low < found.uar < high and found.interval(by="speakers") == (low, high)
    assert found.interval("wa", by="utterances") != found.interval("wa", by="speakers")
    assert "PREDICTIONS FROM ELSEWHERE" in str(found) and "UAR" in str(found)
    assert found.figures["calibrated"] is None and found.figures["runs"] == []


def test_names_numbers_and_tables_say_the_same(predictions):
    pandas, polars = map(pytest.importorskip, ["pandas", "polars"])
    truth, probabilities, _ = predictions
    straight = serkit.evaluate(truth, probabilities, classes=CLASSES).figures
    names = [CLASSES[i] for i in truth]
    frame = pandas.DataFrame({f"p_{name}": probabilities[:, i] for i, name in enumerate(CLASSES)})
    assert serkit.evaluate(names, frame).figures == straight
    assert serkit.evaluate(pandas.Series(names), polars.from_pandas(frame)).figures == straight
    turned = frame[frame.columns[::-1]]
    assert serkit.evaluate(names, turned, classes=CLASSES).figures == straight
    assert [interval["unit"] for interval in straight["intervals"]] == ["utterances"], "no speakers, no intervals over them"


def test_an_experiment_of_ours_gets_the_same_figures(predictions):
    """Several seeds of the same clips are spread over seeds."""
    truth, probabilities, speakers = predictions
    clips = [f"clip {i}" for i in range(240)]
    both = serkit.evaluate(
        np.tile(truth, 2),
        np.concatenate([probabilities, probabilities[:, [0, 2, 1]]]),
        classes=CLASSES,
        clips=clips * 2,
        speakers=speakers * 2,
        seeds=[1] * 240 + [2] * 240,
    )
    assert both.figures["seeds"] == [1, 2] and both.figures["uar_over_seeds"]["n"] == 2


def test_the_page_is_written_and_says_where_predictions_come_from(predictions, clips, tmp_path):
    truth, probabilities, speakers = predictions
    found = serkit.evaluate(
        truth[: len(clips)], probabilities[: len(clips)], classes=CLASSES, speakers=speakers[: len(clips)],
        files=clips, name="mine", speaker_independent=True,
    )
    page = serkit.report(found, tmp_path / "report")
    assert page == tmp_path / "report" / "report.html"
    html = page.read_text()
    assert "PREDICTIONS FROM ELSEWHERE" in html and "speaker-independent as their maker says" in html
    assert str(clips[0].name) in html and "inf" not in (tmp_path / "report" / "report.txt").read_text()
    written = {path.name for path in page.parent.iterdir()}
    assert {"report.json", "report.tex", "report.md", "figures.csv", "confusion.png"} <= written
    assert "model_card.md" not in written and "curves.png" not in written
    assert json.loads((page.parent / "report.json").read_text()) == found.figures
    with open(page.parent / "predictions.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(clips)
    with pytest.raises(TypeError, match="folder"):
        serkit.report(found)


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(truth=[0, 1]), "truth has 2 rows and probabilities 3"),
        (dict(truth=["angry", "sad", "bored"]), "truth of row 2 is 'bored'"),
        (dict(truth=[0, 1, 3]), "truth of row 2 is 3"),
        (dict(probabilities=[[1, 0, 0], [0, 1, 0], [0, 0.5, 0]]), "row 2 .*sum to 0.5"),
        (dict(probabilities=[[1, 0, 0], [0, 1, 0], [2, -1, 0]]), "not a probability"),
        (dict(probabilities=[[1, 0, 0], [0, np.nan, 0], [1, 0, 0]]), "NaN"),
        (dict(classes=["a", "b"]), "2 classes for probabilities of 3 columns"),
        (dict(classes=["a", "b", "a"]), "'a' more than once"),
        (dict(classes=None), "name the columns"),
        (dict(clips=["a", "b", "a"]), "predicted twice"),
        (dict(speakers=["a"]), "speakers has 1 rows"),
    ],
)
def test_what_is_no_prediction_is_said(change, words):
    good = dict(truth=[0, 1, 2], probabilities=np.eye(3), classes=CLASSES)
    with pytest.raises(ValueError, match=words):
        serkit.evaluate(**{**good, **change})
