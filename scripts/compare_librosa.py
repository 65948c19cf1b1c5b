#!/usr/bin/env python3
"""Compares the features of `ser-data features` with librosa 0.11 on a folder of WAV files; prints the worst deviations.

usage: compare_librosa.py FOLDER [--ser-data target/release/ser-data] [--limit 50] [--set KEY=VALUE …]
       (pip install "librosa==0.11.*" soundfile numpy)

Each file is read at its own sample rate with every preprocessing step off, so that the numbers compared are those of the
features and of nothing else. `--set` changes a key of the `[features]` table (`--set n_mels=40 --set frame_length=400`).
The exit status is 1 if a value lies outside the tolerance, which is that of `src/frontend/spectral/golden.rs`.

Two features pick one of several bins or periods, and rounding may pick another. The roll-off is the first bin where a sum
reaches 85 % of the whole: where in double precision that sum is as near to it as single precision, which we and librosa
use, may be off by (the root of the number of bins times the last bit, 4e-6 of it), the frame is counted as a tie. The
pitch is compared with what librosa computes of the same samples in double precision, as we do: in single precision it
loses the difference of two nearly equal energies, on files with rumble (SAVEE) in one frame of sixteen.

    column      which feature
    absolute    largest distance, in the unit of the feature
    of allowed  the same as a part of the tolerance
    outside     how many values lie outside
    ties        how many more would, but are ties
"""
import argparse, json, os, subprocess, sys, tempfile

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)
import warnings

warnings.filterwarnings("ignore")
import librosa
import numpy as np
import soundfile
from golden_features import CEPSTRUM, DEFAULTS, SHAPE, features

WIDTHS = {"mfcc": "n_mfcc", "delta": "n_mfcc", "delta2": "n_mfcc", "mel": "n_mels", "chroma": "n_chroma"}
# (part of librosa's value, plus so much in the feature's own unit)
TOLERANCES = {"mfcc": (0, 1e-3), "delta": (0, 1e-3), "delta2": (0, 1e-3), "contrast": (0, 1e-3), "mel": (0, 4e-4),
              "chroma": (1e-4, 1e-6), "flatness": (1e-4, 1e-6), "centroid": (0, 1e-2), "bandwidth": (0, 1e-2),
              "rolloff": (0, 1e-2), "zcr": (0, 1e-6), "rms": (0, 1e-6), "pitch": (1e-4, 0)}


def toml(table):
    """A table of plain values as TOML."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


def config(sample_rate, table):
    """An experiment that leaves the samples as they are. The corpus is not read: `ser-data features` is given the file."""
    audio = dict(sample_rate=sample_rate, trim=False, denoise="none", normalise="none")
    corpora = '[[corpora]]\nkind = "synthetic"\n'
    return f'name = "compare"\n{corpora}[audio]\n{toml(audio)}[features]\n{toml(table)}'


def wavs(folder):
    for root, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.lower().endswith(".wav"):
                yield os.path.join(root, name)


def rolloff_ties(samples, sample_rate, settings, ours, theirs):
    """Whether every bin from the lower roll-off up to the higher one reaches the threshold but for rounding, `[frames]`."""
    n_fft, hop_length = settings["frame_length"], settings["hop_length"]
    spectra = librosa.stft(samples.astype(float), n_fft=n_fft, hop_length=hop_length)
    cumulative = np.cumsum(np.abs(spectra), axis=0).T
    bins = np.rint(np.sort([ours, theirs], axis=0) * n_fft / sample_rate).astype(int).T
    near = np.sqrt(cumulative.shape[1]) * np.finfo(np.float32).eps
    parts = cumulative / np.maximum(0.85 * cumulative[:, -1:], np.finfo(float).tiny)
    return np.array([np.all(np.abs(part[low:high] - 1) <= near) for part, (low, high) in zip(parts, bins)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--ser-data", default="target/release/ser-data")
    parser.add_argument("--limit", type=int, default=50, help="files at most, spread over the folder (default 50)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()

    table = dict(kinds=[*CEPSTRUM, "mel", *SHAPE, "pitch"])
    for item in arguments.set:
        key, _, value = item.partition("=")
        try:
            table[key] = json.loads(value)
        except json.JSONDecodeError:
            table[key] = value
    settings = DEFAULTS | table
    tolerances = dict(TOLERANCES)
    if settings["mel_unit"] == "power":
        tolerances["mel"] = (1e-4, 1e-10)

    paths = list(wavs(arguments.folder))
    paths = paths[:: max(1, len(paths) // arguments.limit)][: arguments.limit]
    if not paths:
        raise SystemExit(f"{arguments.folder}: no .wav file in it")
    worst = {kind: [0.0, 0.0, 0, 0] for kind in settings["kinds"]}
    frames = 0
    with tempfile.TemporaryDirectory() as folder:
        toml_path, npy_path = os.path.join(folder, "config.toml"), os.path.join(folder, "features.npy")
        for path in paths:
            samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
            with open(toml_path, "w") as file:
                file.write(config(sample_rate, table))
            command = [arguments.ser_data, "features", path, "--config", toml_path, "--format", "npy", "--out", npy_path]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
            ours = np.load(npy_path).astype(float)
            samples = samples.mean(axis=1)
            theirs = features(samples, sample_rate, table).astype(float)
            if ours.shape != theirs.shape:
                raise SystemExit(f"{path}: our matrix is {ours.shape}, librosa's {theirs.shape}")
            frames += len(ours)
            column = 0
            for kind in settings["kinds"]:
                width = settings[WIDTHS[kind]] if kind in WIDTHS else 7 if kind == "contrast" else 1
                a, b = ours[:, column : column + width], theirs[:, column : column + width]
                column += width
                if kind == "pitch":
                    b = features(samples.astype(float), sample_rate, table | dict(kinds=["pitch"])).astype(float)
                relative, absolute = tolerances[kind]
                apart, allowed = np.abs(a - b), relative * np.abs(b) + absolute
                outside = ~(apart <= allowed)
                entry = worst[kind]
                if kind == "rolloff" and outside.any():
                    ties = outside & rolloff_ties(samples, sample_rate, settings, a[:, 0], b[:, 0])[:, None]
                    entry[3] += int(np.sum(ties))
                    apart, outside = np.where(ties, 0, apart), outside & ~ties
                entry[0] = max(entry[0], apart.max())
                entry[1] = max(entry[1], (apart / allowed).max())
                entry[2] += int(np.sum(outside))

    print(f"{len(paths)} files, {frames} frames")
    print(f"{'column':12}{'absolute':>12}{'of allowed':>12}{'outside':>10}{'ties':>10}")
    for kind, (apart, share, outside, ties) in worst.items():
        print(f"{kind:12}{apart:12.2e}{100 * share:11.1f}%{outside:10d}" + (f"{ties:10d}" if kind == "rolloff" else ""))
    sys.exit(any(outside > 0 for _, _, outside, _ in worst.values()))


if __name__ == "__main__":
    main()
