#!/usr/bin/env python3
"""What 16-bit and 8-bit weights cost: each finished run's test side, predicted by ser-predict with each precision.

usage: python scripts/precision_cost.py EXPERIMENT CORPUS_DIR [--ser-predict target/release/ser-predict]

CORPUS_DIR holds the experiment's audio; a clip is found by its file name. Prints, over all runs pooled, unweighted average
recall, mean cross-entropy after calibration, how many clips are classed otherwise than with 32 bits, the largest change of
a probability, and the size of a bundle.
"""
import argparse
import collections
import csv
import json
import math
import pathlib
import subprocess
import tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("experiment", type=pathlib.Path)
ap.add_argument("corpus", type=pathlib.Path)
ap.add_argument("--ser-predict", default="target/release/ser-predict")
a = ap.parse_args()

audio = {path.stem: path for path in sorted(a.corpus.rglob("*")) if path.suffix.lower() in (".wav", ".flac", ".mp3")}
runs = sorted(path.parent for path in a.experiment.rglob("done.json"))
rows = {"f32": [], "f16": [], "int8": []}  # (truth, probabilities) of every clip of every run
size = {}
with tempfile.TemporaryDirectory() as work:
    for run in runs:
        with open(run / "predictions.csv") as file:
            truth = {row["clip"].split("/")[-1]: row["truth"] for row in csv.DictReader(file)}
        files = [str(audio[stem]) for stem in truth]
        for precision, into in rows.items():
            bundle = f"{work}/{precision}.safetensors"
            export = [a.ser_predict, "export", str(run), "--precision", precision, "--out", bundle]
            subprocess.run(export, check=True, capture_output=True)
            size[precision] = pathlib.Path(bundle).stat().st_size
            out = subprocess.run([a.ser_predict, bundle, *files, "--format", "jsonl"], check=True, capture_output=True)
            answers = [json.loads(line)["probabilities"] for line in out.stdout.splitlines()]
            into += zip(truth.values(), answers, strict=True)

print(f"{len(runs)} runs, {len(rows['f32'])} predictions")
print("precision   UAR %   cross-entropy   other class   largest change     bytes")
for precision, table in rows.items():
    right, total = collections.Counter(), collections.Counter()
    for truth, p in table:
        total[truth] += 1
        right[truth] += max(p, key=p.get) == truth
    uar = 100 * sum(right[c] / total[c] for c in total) / len(total)
    loss = sum(-math.log(max(p[truth], 1e-30)) for truth, p in table) / len(table)
    pairs = [(p, q) for (_, p), (_, q) in zip(table, rows["f32"])]
    other = sum(max(p, key=p.get) != max(q, key=q.get) for p, q in pairs)
    change = max(abs(p[c] - q[c]) for p, q in pairs for c in p)
    print(f"{precision:9} {uar:7.2f} {loss:15.4f} {other:13} {change:16.4f} {size[precision]:9}")
