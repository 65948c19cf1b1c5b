#!/usr/bin/env python3
"""Writes tests/golden/report_*.{json,txt}: made-up predictions with the figures that scikit-learn computes on them.

    pip install scikit-learn==1.9.1
    python scripts/golden_report.py

The predictions come from a small generator written out here rather than from a library's, so that the files are the
same whatever versions are installed. The .json holds what goes in (classes, truth, prediction as class indices) and
what must come out; the .txt is `classification_report(..., digits=4)`, to be matched character by character (but see the note at `re.sub`).
"""

import json
import re
import warnings
from pathlib import Path

import sklearn
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    classification_report,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
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


def main():
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
