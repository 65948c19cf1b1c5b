#!/usr/bin/env python3
"""Judges noise reduction on real speech: what it gains in noise, and what it does to clean speech.

usage: judge_denoise.py FOLDER [--ser-data target/release/ser-data] [--limit 20]      (pip install soundfile numpy)

White and pink noise is added to WAV files of the folder at signal-to-noise ratios of 0 to 20 dB; `ser-data augment` prepares
them with each kind of noise reduction. Printed is the gain in ratio, the noise being whatever differs from the clean file,
and the change in level of the clean files. The exit status is 1 where the mean gain at a ratio is not above 0 dB or a clean
file's level changes by more than 0.5 dB.

Only clean files can tell: those whose own noise lies 30 dB or more below their speech, which is 10 dB below the least noise
that is added. It is measured without the reduction, as the quietest 50 ms of a file, once what lies below 80 Hz is taken off,
which is rumble (a third of the power of SAVEE's neutral files): where there is no pause, speech counts as noise. Half of the
files of RAVDESS are 55 dB clean, half of CREMA-D's less than 18 dB, so clean ones are looked for.

Of a noisy file speech and noise are not known apart. It has a twin: a clean file with noise of the spectrum of its quiet
frames, as far below. The twin's level after the reduction must be within 0.5 dB of its speech's. What the noisy file itself
loses is shown beside what it would lose if its noise alone were removed, and does not count: CREMA-D's noisiest lose up to
3 dB more than that (1050_ITS_SAD_XX), below 250 Hz for the most part, where their noise is.
"""
import argparse, os, subprocess, sys, tempfile

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)
import numpy as np
import soundfile
from compare_librosa import wavs

RATIOS = (0, 5, 10, 15, 20)
CLEAN = 30.0  # dB


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


def own_noise(samples, rate):
    """How far the quietest 50 ms of a file are below all of it, dB."""
    step = int(0.025 * rate)
    power = np.mean(samples[: len(samples) // step * step].reshape(-1, step) ** 2, axis=1)
    return 10 * np.log10(np.mean(samples**2) / max(np.convolve(power, (0.5, 0.5), "valid").min(), 1e-20))


def noise_like(samples, n, rng):
    """Noise with the spectrum of the quietest fifth of a file's frames."""
    length = 1024
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: length // 4] * np.hanning(length)
    power = np.abs(np.fft.rfft(frames)) ** 2
    quiet = power[np.argsort(power.sum(axis=1))[: max(1, len(power) // 5)]].mean(axis=0)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    at = np.linspace(0, 1, len(spectrum))
    return np.fft.irfft(spectrum * np.sqrt(np.interp(at, np.linspace(0, 1, len(quiet)), quiet)), n)


def mix(clean, hiss, ratio):
    return clean + hiss * np.sqrt(np.sum(clean**2) / np.sum(hiss**2)) / 10 ** (ratio / 20)


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
    paths = sorted(wavs(arguments.folder))
    if not paths:
        raise SystemExit(f"{arguments.folder}: no .wav file in it")

    # In an order of chance until enough clean ones are found; noisy ones on the way are kept too.
    rng = np.random.default_rng(1)
    clean, noisy, rate = [], [], None
    for path in (paths[i] for i in rng.permutation(len(paths))):
        samples, its = soundfile.read(path, always_2d=True)
        rate = rate or its
        if its != rate:
            raise SystemExit(f"{path}: {its} Hz among files of {rate} Hz")
        samples = without_rumble(samples.mean(axis=1), rate)
        own = own_noise(samples, rate) if len(samples) > rate // 2 else 0.0
        if own >= CLEAN:
            clean.append(samples)
        elif 5 <= own and len(noisy) < arguments.limit:
            noisy.append((os.path.basename(path), own, samples))
        if len(clean) == arguments.limit:
            break
    if not clean:
        raise SystemExit(f"{arguments.folder}: no file in it whose own noise is {CLEAN:.0f} dB below")

    made = []  # kind, ratio, the speech that is known, what is prepared
    for speech in clean:
        made.append(("clean", None, speech, speech))
        for kind in ("white", "pink"):
            for ratio in RATIOS:
                made.append((kind, ratio, speech, mix(speech, noise(kind, len(speech), rng), ratio)))
    for i, (name, own, samples) in enumerate(noisy):
        speech = clean[i % len(clean)]
        # Its own noise is below speech and noise; the ratio is that to the speech.
        ratio = 10 * np.log10(10 ** (own / 10) - 1)
        made.append(("twin", i, speech, mix(speech, noise_like(samples, len(speech), rng), ratio)))
        made.append(("file", i, samples, samples))
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for i, (*_, samples) in enumerate(made):
            files.append(os.path.join(folder, f"{i}.wav"))
            soundfile.write(files[-1], samples, rate, subtype="FLOAT")
        print(f"{len(clean)} clean files at {rate} Hz, and {len(noisy)} with noise of their own")
        print(f"{'':22}{'mean':>8}{'least':>8}")
        failed = False
        for mode in ("stationary", "adaptive"):
            gains, levels = {}, {"clean": [], "twin": [], "file": []}
            for (kind, ratio, speech, _), after in zip(made, prepare(arguments.ser_data, folder, mode, rate, files)):
                if kind in levels:
                    levels[kind].append(decibels(after, speech))
                else:
                    gains.setdefault((kind, ratio), []).append(decibels(speech, after - speech) - ratio)
            for (kind, ratio), values in sorted(gains.items()):
                print(f"{mode:11}{kind:6}{ratio:2} dB{np.mean(values):+8.1f}{min(values):+8.1f}")
                failed |= np.mean(values) <= 0
            for kind, values in levels.items():
                if not values:
                    continue
                worst = max(values, key=abs)
                print(f"{mode:11}{kind:11}{np.mean(values):+8.2f}{worst:+8.2f}  (level; the worst)")
                failed |= kind != "file" and abs(worst) > 0.5
            for (name, own, _), twin, file in zip(noisy, levels["twin"], levels["file"]):
                alone = 10 * np.log10(1 - 10 ** (-own / 10))
                print(f"{mode:11}  {name}: level {file:+.2f}, by its noise alone {alone:+.2f} ({own:.1f} dB below);", end=" ")
                print(f"twin {twin:+.2f}")
    # A truth value of numpy's would be printed and count as a failure.
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
