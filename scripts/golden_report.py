#!/usr/bin/env python3
"""Writes tests/golden/report_*.{json,txt} and certainty.json: made-up predictions with the figures that scikit-learn computes on them.

    pip install scikit-learn==1.9.1
    python scripts/golden_report.py

The predictions come from a small generator written out here rather than from a library's, so that the files are the
same whatever versions are installed. The .json holds what goes in (classes, truth, prediction as class indices) and
what must come out; the .txt is `classification_report(..., digits=4)`, to be matched character by character (but see the note at `re.sub`).
certainty.json holds probabilities and the figures that look at them.
"""

import json
import re
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    classification_report,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
    roc_auc_score,
    top_k_accuracy_score,
)

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"


class Lcg:
    """Knuth's 64-bit linear congruential generator (MMIX); the high bits are good enough for test data."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % bound


def made_up(seed, supports, percent_right, never_predicted=()):
    """`supports[c]` clips of each class, about `percent_right` of them recognised, the rest spread over the others."""
    draw = Lcg(seed)
    allowed = [c for c in range(len(supports)) if c not in never_predicted]
    truth, prediction = [], []
    for label, support in enumerate(supports):
        for _ in range(support):
            right = label in allowed and draw.below(100) < percent_right
            truth.append(label)
            prediction.append(label if right else allowed[draw.below(len(allowed))])
    return truth, prediction


CASES = {
    "two_classes": (["neutral", "anger"], made_up(1, [37, 61], 70)),
    "seven_classes": (
        ["neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise"],
        made_up(2, [96, 192, 192, 192, 192, 192, 192], 55),
    ),
    "eight_long_names": (
        ["neutral", "calm", "happiness", "sadness", "anger", "fearfulness", "disgust", "pleasant_surprise"],
        made_up(3, [400, 800, 800, 800, 800, 800, 800, 1234], 62),
    ),
    "class_without_clips": (["anger", "boredom", "fear", "joy", "sadness"], made_up(4, [20, 0, 31, 17, 26], 60)),
    "class_never_predicted": (["anger", "boredom", "fear", "joy"], made_up(5, [20, 12, 31, 17], 60, (1,))),
    "neither_clips_nor_predictions": (["anger", "boredom", "fear", "joy"], made_up(6, [20, 0, 31, 17], 60, (1,))),
    "all_right": (["anger", "fear", "joy"], made_up(7, [5, 6, 7], 100)),
    "all_wrong": (["anger", "fear"], ([0, 0, 0, 1, 1], [1, 1, 1, 0, 0])),
}


def judged(seed, supports, sharpness):
    """Probabilities that lean towards the truth, as quotients of whole numbers, none of them equal in a row."""
    draw = Lcg(seed)
    truth, rows = [], []
    for label, support in enumerate(supports):
        for _ in range(support):
            weights = [1 + draw.below(1000) * len(supports) + c for c in range(len(supports))]
            weights[label] += draw.below(sharpness) * len(supports)
            truth.append(label)
            rows.append([w / sum(weights) for w in weights])
    return truth, rows


JUDGED = {
    "two classes": judged(11, [37, 61], 800),
    "eight classes": judged(12, [48, 96, 96, 96, 96, 96, 96, 96], 3000),
    "a class without clips": judged(13, [20, 0, 31, 17], 900),
    "far too sure": judged(14, [30, 30, 30], 1_000_000),
    "one clip of a class": judged(15, [1, 40, 3], 500),
}


def certainty(name, truth, rows):
    classes = list(range(len(rows[0])))
    y, p = np.array(truth), np.array(rows)
    indicators = [(y == c).astype(int) for c in classes]
    areas = [float(roc_auc_score(i, p[:, c])) if 0 < i.sum() < len(y) else None for c, i in enumerate(indicators)]
    known = [a for a in areas if a is not None]
    return {
        "made_with": f"scikit-learn {sklearn.__version__}",
        "name": name,
        "classes": len(classes),
        "truth": truth,
        "probabilities": rows,
        # Of two classes scikit-learn takes one column only, and every class is among the two most probable.
        "top2": 1.0 if len(classes) == 2 else float(top_k_accuracy_score(y, p, k=2, labels=classes)),
        "auroc": float(roc_auc_score(y, p, multi_class="ovr", labels=classes))
        if len(known) == len(classes) > 2
        else float(np.mean(known)),
        "auroc_by_class": areas,
        "log_loss": float(log_loss(y, p, labels=classes)),
        "brier": float(np.mean(np.sum((p - np.stack(indicators, axis=1)) ** 2, axis=1)))
        if len(classes) == 2
        else float(brier_score_loss(y, p, labels=classes, scale_by_half=False)),
        "kappa": float(cohen_kappa_score(y, p.argmax(axis=1))),
        "mcc": float(matthews_corrcoef(y, p.argmax(axis=1))),
    }


def main():
    cases = [certainty(name, truth, rows) for name, (truth, rows) in JUDGED.items()]
    (GOLDEN / "certainty.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, (classes, (truth, prediction)) in CASES.items():
        labels = list(range(len(classes)))
        common = {"labels": labels, "zero_division": 0}
        precision, recall, f1, support = precision_recall_fscore_support(truth, prediction, **common)
        averages = {
            kind: precision_recall_fscore_support(truth, prediction, average=kind, **common)[:3]
            for kind in ("macro", "weighted")
        }
        with warnings.catch_warnings():
            # It warns of predicted classes without clips, which is one of the cases wanted here.
            warnings.simplefilter("ignore")
            uar = balanced_accuracy_score(truth, prediction)
        golden = {
            "made_with": f"scikit-learn {sklearn.__version__}",
            "classes": classes,
            "truth": truth,
            "prediction": prediction,
            "counts": confusion_matrix(truth, prediction, labels=labels).tolist(),
            "uar": float(uar),
            "wa": float(accuracy_score(truth, prediction)),
            "macro_f1": float(f1_score(truth, prediction, average="macro", **common)),
            "weighted_f1": float(f1_score(truth, prediction, average="weighted", **common)),
            "per_class": [
                {"class": c, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
                for c, p, r, f, s in zip(classes, precision, recall, f1, support)
            ],
            "macro_avg": [float(x) for x in averages["macro"]],
            "weighted_avg": [float(x) for x in averages["weighted"]],
        }
        report = classification_report(truth, prediction, target_names=classes, digits=4, **common)
        (GOLDEN / f"report_{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
        # Where not a single clip is recognised, scikit-learn prints the supports as floats ("3.0"), by accident of the
        # type of an array of zeros. We print them as the counts that they are.
        report = re.sub(r"(\d+)\.0$", r"  \1", report, flags=re.MULTILINE)
        (GOLDEN / f"report_{name}.txt").write_text(report)


if __name__ == "__main__":
    main()
