#!/usr/bin/env python3
"""Judges noise reduction on real speech: what it gains in noise, and what it does to clean speech.

usage: judge_denoise.py FOLDER [--ser-data target/release/ser-data] [--limit 20]      (pip install soundfile numpy)

White and pink noise is added to WAV files of the folder at signal-to-noise ratios of 0 to 20 dB; `ser-data augment` prepares
them with each kind of noise reduction. Printed is the gain in ratio, the noise being whatever differs from the clean file,
and the change in level of the clean files. The files count as clean once what lies below 80 Hz is taken off, which is rumble
(a third of the power of SAVEE's neutral files): what other noise they have of their own is taken for speech, so that its
removal counts against us.
"""
import argparse, os, subprocess, sys, tempfile

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)
import numpy as np
import soundfile
from compare_librosa import wavs

RATIOS = (0, 5, 10, 15, 20)


def noise(kind, n, rng):
    white = rng.standard_normal(n)
    if kind == "white":
        return white
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return np.fft.irfft(spectrum, n)


def without_rumble(samples, rate):
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate) < 80] = 0
    return np.fft.irfft(spectrum, len(samples))


def decibels(signal, rest):
    return 10 * np.log10(np.sum(signal**2) / max(np.sum(rest**2), 1e-20))


def prepare(ser_data, folder, mode, rate, files):
    """The samples of each file after noise reduction and nothing else."""
    config = os.path.join(folder, "config.toml")
    with open(config, "w") as file:
        file.write(f'name = "judge"\n[[corpora]]\nkind = "synthetic"\n[audio]\nsample_rate = {rate}\ndenoise = "{mode}"\n')
    out = os.path.join(folder, mode)
    subprocess.run([ser_data, "augment", *files, "--config", config, "--out", out], check=True, capture_output=True)
    stems = [os.path.splitext(os.path.basename(file))[0] for file in files]
    return [soundfile.read(os.path.join(out, f"{stem}-prepared.wav"))[0] for stem in stems]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--ser-data", default="target/release/ser-data")
    parser.add_argument("--limit", type=int, default=20, help="files at most, spread over the folder (default 20)")
    arguments = parser.parse_args()
    paths = list(wavs(arguments.folder))
    paths = paths[:: max(1, len(paths) // arguments.limit)][: arguments.limit]
    if not paths:
        raise SystemExit(f"{arguments.folder}: no .wav file in it")

    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        made, rate = [], None
        for i, path in enumerate(paths):
            samples, its = soundfile.read(path, always_2d=True)
            rate = rate or its
            if its != rate:
                raise SystemExit(f"{path}: {its} Hz among files of {rate} Hz")
            clean = without_rumble(samples.mean(axis=1), rate)
            made.append((i, None, None, clean, clean))
            for kind in ("white", "pink"):
                for ratio in RATIOS:
                    hiss = noise(kind, len(clean), rng)
                    hiss *= np.sqrt(np.sum(clean**2) / np.sum(hiss**2)) / 10 ** (ratio / 20)
                    made.append((i, kind, ratio, clean, clean + hiss))
        files = []
        for i, kind, ratio, _, samples in made:
            files.append(os.path.join(folder, f"{i}-{kind}-{ratio}.wav"))
            soundfile.write(files[-1], samples, rate, subtype="FLOAT")
        print(f"{len(paths)} files at {rate} Hz")
        print(f"{'':22}{'mean':>8}{'least':>8}")
        failed = False
        for mode in ("stationary", "adaptive"):
            gains, levels = {}, []
            for (_, kind, ratio, clean, _), after in zip(made, prepare(arguments.ser_data, folder, mode, rate, files)):
                if kind is None:
                    levels.append(decibels(after, clean))
                else:
                    gains.setdefault((kind, ratio), []).append(decibels(clean, after - clean) - ratio)
            for (kind, ratio), values in sorted(gains.items(), key=lambda item: (item[0][0], item[0][1])):
                print(f"{mode:11}{kind:6}{ratio:2} dB{np.mean(values):+8.1f}{min(values):+8.1f}")
                failed |= np.mean(values) <= 0
            worst = max(levels, key=abs)
            print(f"{mode:11}clean      {np.mean(levels):+8.2f}{worst:+8.2f}  (level; the worst)")
            failed |= abs(worst) > 0.5
    sys.exit(failed)


if __name__ == "__main__":
    main()
