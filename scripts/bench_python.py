#!/usr/bin/env python3
"""serkit beside librosa and PyTorch, in one process and in turns: python scripts/bench_python.py [FOLDER] [CLIPS] [BUNDLE]

Features: 13 MFCC with their deltas of first and second order of files on disk, decoded, brought to 22.05 kHz and framed alike.
Recognition, where a bundle of these 39 columns is given: the same followed by its network; the peer is a loop of librosa, scripts/load_bundle.py and PyTorch.
Needs serkit, librosa, torch. Every figure is the median of five turns, each of which does both.
"""
import os
import statistics
import sys
import time
from pathlib import Path

threads = os.environ.setdefault("RAYON_NUM_THREADS", "1")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import librosa  # noqa: E402
import numpy as np  # noqa: E402
import serkit  # noqa: E402
import torch  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
import load_bundle  # noqa: E402

TURNS = 5
CONFIG = {"features": {"kinds": ["mfcc", "delta", "delta2"], "scaler": "none"}}


def librosas(path, rate=22_050, trim=None):
    samples, rate = librosa.load(path, sr=rate)
    if trim is not None:
        samples, _ = librosa.effects.trim(samples, top_db=trim)
    mfcc = librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=13)
    return np.concatenate([mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)]).T


def turns(*ways):
    """Median seconds of each way, done in turns after one that does not count."""
    times = [[] for _ in ways]
    for turn in range(TURNS + 1):
        for taken, way in zip(times, ways):
            began = time.perf_counter()
            way()
            if turn:
                taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in times]


def say(name, ours, theirs, clips, seconds):
    print(f"{name:<34} serkit {1e3 * ours / clips:7.2f} ms a clip   peer {1e3 * theirs / clips:7.2f} ms a clip   "
          f"{theirs / ours:5.1f} times; {seconds / ours:7.0f} times real time")


def main(folder, count, bundle=None):
    paths = sorted(str(path) for path in Path(folder).rglob("*.wav"))[:count]
    seconds = sum(librosa.get_duration(path=path) for path in paths)
    extractor = serkit.Extractor(CONFIG)
    worst = max(float(np.abs(a - librosas(p)).max()) for p, a in zip(paths[:20], extractor.files(paths[:20])))
    print(f"{len(paths)} clips, {seconds:.0f} s of audio; serkit with {threads} thread(s); largest difference of a feature {worst:.1e}")
    ours, theirs = turns(lambda: extractor.files(paths), lambda: [librosas(path) for path in paths])
    say("39 features, a list of files", ours, theirs, len(paths), seconds)
    each, theirs = turns(lambda: [extractor.file(path) for path in paths], lambda: [librosas(path) for path in paths])
    say("39 features, file by file", each, theirs, len(paths), seconds)

    if bundle is None:
        return
    recognizer, net = serkit.Recognizer(bundle), load_bundle.load(str(bundle))
    torch.set_num_threads(1)
    audio = load_bundle.read(str(bundle))[0]["audio"]

    def loop():
        for path in paths:
            net.probabilities(torch.from_numpy(librosas(path, audio["sample_rate"], audio["trim_db"])))

    ours, theirs = turns(lambda: recognizer.files(paths), loop)
    say("recognition of a folder", ours, theirs, len(paths), seconds)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "/work/corpora/cremad", int(sys.argv[2]) if len(sys.argv) > 2 else 200, *sys.argv[3:4])
