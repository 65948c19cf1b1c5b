#!/usr/bin/env python3
"""Bundles beside their ONNX graphs: python scripts/check_onnx.py BUNDLE GRAPH.onnx [BUNDLE GRAPH.onnx …]

Needs serkit, numpy, onnx and onnxruntime. 100 clips of made-up voices from 0.1 to 6 s; each alone, and all in batches of 7 and
of 100, padded with what is not a number.
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import serkit

MOST = 1e-5
RATE = 16_000


def voice(number):
    rng = np.random.default_rng(number)
    t = np.arange(int(RATE * (0.1 + 5.9 * (number / 99) ** 2))) / RATE
    pitch = rng.uniform(90, 250) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(1, 4) * t))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = sum(np.sin(k * phase) * np.exp(-(((k * pitch - rng.uniform(400, 900)) / 900) ** 2)) for k in range(1, 20))
    sound = sound * (0.2 + np.abs(np.sin(2 * np.pi * rng.uniform(2, 5) * t))) + 0.01 * rng.standard_normal(len(t))
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def together(matrices, session):
    frames = max(len(matrix) for matrix in matrices)
    batch = np.full((len(matrices), frames, matrices[0].shape[1]), np.nan, np.float32)
    for row, matrix in zip(batch, matrices):
        row[: len(matrix)] = matrix
    lengths = np.array([len(matrix) for matrix in matrices], np.int64)
    return session.run(["probabilities"], {"features": batch, "lengths": lengths})[0]


def check(bundle, graph):
    onnx.checker.check_model(onnx.load(graph), full_check=True)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    recipe = json.loads(Path(graph).with_suffix(".json").read_text())
    recognizer, extractor = serkit.Recognizer(bundle), serkit.Extractor(recipe["config"])
    assert recognizer.classes == recipe["classes"] and len(extractor.columns) == recipe["columns"]
    voices = [voice(number) for number in range(100)]
    ours = np.array([list(recognizer.samples(v, RATE).probabilities.values()) for v in voices])
    matrices = [extractor.samples(v, RATE) for v in voices]
    if recipe["window_frames"] is not None:
        usable = [i for i, matrix in enumerate(matrices) if len(matrix) <= recipe["window_frames"]]
        voices, ours, matrices = [voices[i] for i in usable], ours[usable], [matrices[i] for i in usable]
    worst = 0.0
    for size in (1, 7, 100):
        theirs = np.concatenate([together(matrices[i : i + size], session) for i in range(0, len(matrices), size)])
        assert np.isfinite(theirs).all() and theirs.shape == ours.shape
        worst = max(worst, float(np.abs(theirs - ours).max()))
    lengths = sorted(len(matrix) for matrix in matrices)
    name = "/".join(Path(bundle).parts[-5:-3]) or bundle
    spread = float(ours.std(0).max())
    print(f"{name:<40} {len(matrices)} clips of {lengths[0]} to {lengths[-1]} frames: largest difference {worst:.1e} "
          f"(probabilities vary by {spread:.1e})")
    assert worst <= MOST, f"{bundle}: {worst}"
    assert spread > 10 * MOST, "all clips are answered alike: nothing was compared"


if __name__ == "__main__":
    if len(sys.argv) < 3 or len(sys.argv) % 2 == 0:
        raise SystemExit(__doc__)
    for pair in zip(sys.argv[1::2], sys.argv[2::2]):
        check(*pair)
