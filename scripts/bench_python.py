#!/usr/bin/env python3
"""serkit beside librosa and PyTorch, in one process and in turns: python scripts/bench_python.py [FOLDER] [CLIPS] [BUNDLE]

Features of files on disk, decoded, brought to 22.05 kHz and framed alike: 13 MFCC with their deltas of first and second order; the 157
list (13 MFCC, 128 mel bands, 12 chroma, centroid, roll-off, zero-crossing rate, RMS), librosa's functions called one by one as its
documentation has them, and sharing one Fourier transform; and every kind but pitch.
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
DELTAS = ["mfcc", "delta", "delta2"]
COLUMNS_157 = ["mfcc", "mel", "chroma", "centroid", "rolloff", "zcr", "rms"]
ALL = [*DELTAS, "mel", "chroma", "centroid", "bandwidth", "rolloff", "contrast", "flatness", "zcr", "rms"]


def each_by_itself(path, kinds):
    """The kinds as librosa computes them of samples."""
    y, rate = librosa.load(path, sr=22_050)
    of = librosa.feature
    mfcc = of.mfcc(y=y, sr=rate, n_mfcc=13)
    rows = {
        "mfcc": lambda: mfcc,
        "delta": lambda: of.delta(mfcc),
        "delta2": lambda: of.delta(mfcc, order=2),
        "mel": lambda: librosa.power_to_db(of.melspectrogram(y=y, sr=rate)),
        "chroma": lambda: of.chroma_stft(y=y, sr=rate, tuning=0.0),
        "centroid": lambda: of.spectral_centroid(y=y, sr=rate),
        "bandwidth": lambda: of.spectral_bandwidth(y=y, sr=rate),
        "rolloff": lambda: of.spectral_rolloff(y=y, sr=rate),
        "contrast": lambda: of.spectral_contrast(y=y, sr=rate),
        "flatness": lambda: of.spectral_flatness(y=y),
        "zcr": lambda: of.zero_crossing_rate(y),
        "rms": lambda: of.rms(y=y),
    }
    return np.concatenate([rows[kind]() for kind in kinds]).T


def sharing(path, kinds):
    """The same from one transform and one mel spectrum."""
    y, rate = librosa.load(path, sr=22_050)
    of = librosa.feature
    magnitude = np.abs(librosa.stft(y))
    power = magnitude**2
    mel = librosa.power_to_db(of.melspectrogram(S=power, sr=rate))
    mfcc = of.mfcc(S=mel, n_mfcc=13)
    rows = {
        "mfcc": lambda: mfcc,
        "delta": lambda: of.delta(mfcc),
        "delta2": lambda: of.delta(mfcc, order=2),
        "mel": lambda: mel,
        "chroma": lambda: of.chroma_stft(S=power, sr=rate, tuning=0.0),
        "centroid": lambda: of.spectral_centroid(S=magnitude, sr=rate),
        "bandwidth": lambda: of.spectral_bandwidth(S=magnitude, sr=rate),
        "rolloff": lambda: of.spectral_rolloff(S=magnitude, sr=rate),
        "contrast": lambda: of.spectral_contrast(S=magnitude, sr=rate),
        "flatness": lambda: of.spectral_flatness(S=magnitude),
        "zcr": lambda: of.zero_crossing_rate(y),
        "rms": lambda: of.rms(y=y),
    }
    return np.concatenate([rows[kind]() for kind in kinds]).T


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
    print(f"{name:<48} serkit {1e3 * ours / clips:7.2f} ms a clip   peer {1e3 * theirs / clips:7.2f} ms a clip   "
          f"{theirs / ours:5.1f} times; {seconds / ours:7.0f} times real time")


def main(folder, count, bundle=None):
    paths = sorted(str(path) for path in Path(folder).rglob("*.wav"))[:count]
    seconds = sum(librosa.get_duration(path=path) for path in paths)
    print(f"{len(paths)} clips, {seconds:.0f} s of audio; serkit with {threads} thread(s)")
    for name, kinds, way in [
        ("MFCC and derivatives", DELTAS, each_by_itself),
        ("the 157 columns, one by one", COLUMNS_157, each_by_itself),
        ("the 157 columns, one transform", COLUMNS_157, sharing),
        ("all but pitch, each by itself", ALL, each_by_itself),
        ("all but pitch, one transform", ALL, sharing),
    ]:
        extractor = serkit.Extractor({"features": {"kinds": kinds, "scaler": "none"}})
        apart = [np.abs(a - way(p, kinds)) / (1 + np.abs(a)) for p, a in zip(paths[:20], extractor.files(paths[:20]))]
        worst = max(float(np.quantile(each, 0.99)) for each in apart)
        ours, each, theirs = turns(
            lambda: extractor.files(paths),
            lambda: [extractor.file(path) for path in paths],
            lambda: [way(path, kinds) for path in paths],
        )
        columns = len(extractor.columns)
        say(f"{name}, {columns}: a list", ours, theirs, len(paths), seconds)
        say(f"{name}, {columns}: file by file", each, theirs, len(paths), seconds)
        print(f"    of 100 values 99 differ by less than this part of 1 + their size: {worst:.1e}")

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
