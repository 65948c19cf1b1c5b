#!/usr/bin/env python3
"""The figures of experiments, one a line: experiment, test predictions, seeds, UAR and WA in per cent (folds pooled), the 95 %
interval of UAR over speakers, and the mean over folds of both, which is EmoBox's figure.

    encoder_figures.py EXPERIMENTS [NAME...] [--into reports/encoder.csv]

EXPERIMENTS is the folder that scripts/reproduce.sh writes into (OUT). A NAME is an experiment of it; without one, all. They are
printed or, with --into, put into a file that is there, whose other rows stay as they were measured.
"""
import argparse
import collections
import csv
import json
import pathlib
import statistics
import sys

arguments = argparse.ArgumentParser()
arguments.add_argument("experiments", type=pathlib.Path)
arguments.add_argument("names", nargs="*")
arguments.add_argument("--into", type=pathlib.Path)
arguments = arguments.parse_args()
root = arguments.experiments
lines = {}
if arguments.into:
    with open(arguments.into) as file:
        lines = {row[0]: row for row in list(csv.reader(file))[1:]}
for name in arguments.names or sorted(path.parent.parent.name for path in root.glob("*/report/report.json")):
    report = json.loads((root / name / "report" / "report.json").read_text())
    by_fold, validation = collections.defaultdict(list), []
    for run in sorted((root / name).glob("fold-*/seed-*")):
        with open(run / "predictions.csv") as file:
            rows = [(row["truth"], row["prediction"]) for row in csv.DictReader(file)]
        right, total = collections.Counter(), collections.Counter()
        for truth, prediction in rows:
            total[truth] += 1
            right[truth] += truth == prediction
        by_fold["uar"].append(statistics.mean(right[c] / total[c] for c in total))
        by_fold["wa"].append(sum(right.values()) / len(rows))
        # What is trained on says nothing.
        if json.loads((run / "run.json").read_text())["protocol"].get("validation_learnt"):
            continue
        validation.append(next(value for key, value in json.loads((run / "done.json").read_text()).items() if key.startswith("validation")))
    of = next((i for i in report["intervals"] if i["unit"] == "speakers"), None) if report.get("intervals") else None
    interval = [f"{100 * of['uar'][end]:.2f}" for end in ("low", "high")] if of else ["", ""]
    seeds = report["uar_over_seeds"]["n"]
    means = [statistics.mean(of) if of else None for of in (by_fold["uar"], by_fold["wa"], validation)]
    figures = [f"{100 * x:.2f}" for x in (report["uar_over_seeds"]["mean"], report["wa_over_seeds"]["mean"])]
    lines[name] = [name, report["n"], seeds, *figures, *interval, *("" if x is None else f"{100 * x:.2f}" for x in means)]
with open(arguments.into, "w") if arguments.into else sys.stdout as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow("experiment n seeds uar wa uar_low uar_high fold_uar fold_wa validation_uar".split())
    out.writerows(lines[name] for name in sorted(lines))
