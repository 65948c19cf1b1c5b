"""Measures where speech is found, in noise, music-like sounds and silence, against labels made by construction: clips of clean
speech are laid into sounds that hold none, at places that are written down. Windows of 0.32 s: the turns that ser-predict
--segments vad finds, margins included, beside the gate of level at -60 dB; a window's label is whether speech lies in it.

    python scripts/measure_vad.py target/release/ser-predict models/box-small.safetensors CORPUS_FOLDER [CLIPS]

Needs numpy. Speech in a clip is where its level, over 32 ms, is within 35 dB of the clip's loudest.
"""

import csv, io, pathlib, subprocess, sys, tempfile, wave

import numpy as np

RATE, WINDOW = 16_000, 0.32


def read(path):
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels()).mean(1) / 32768
    places = np.arange(int(len(samples) * RATE / rate)) * rate / RATE
    return np.interp(places, np.arange(len(samples)), samples)  # what is lost above half the rate does not matter here


def write(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def speech(samples):
    """Whether each sample lies in speech."""
    frame = RATE * 32 // 1000
    power = np.array([np.mean(samples[i : i + frame] ** 2) for i in range(0, len(samples), frame)])
    return np.repeat(10 * np.log10(power + 1e-12) > 10 * np.log10(power.max() + 1e-12) - 35, frame)[: len(samples)]


def sounds(rng, n):
    """Sounds without speech, each of mean power 1, by name."""
    t = np.arange(n) / RATE
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hertz = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20)
    pink = np.fft.irfft(spectrum / np.sqrt(hertz), n)
    shaped = np.fft.irfft(spectrum / (1 + (hertz / 500) ** 2), n)
    hum = sum(np.sin(2 * np.pi * 50 * k * t) / k for k in (1, 2, 3, 5, 7)) + 0.3 * rng.standard_normal(n)
    # Chords of four decaying harmonic tones, a new one every 0.4 s, and a beat of noise.
    music = np.zeros(n)
    for start in range(0, n, int(0.4 * RATE)):
        length = min(int(0.8 * RATE), n - start)
        at = np.arange(length) / RATE
        for pitch in 110 * 2 ** (rng.choice([0, 3, 5, 7, 10, 12, 15, 19, 24], 4, replace=False) / 12):
            music[start : start + length] += sum(np.sin(2 * np.pi * pitch * k * at) / k for k in range(1, 7)) * np.exp(-4 * at)
        music[start : start + length] += 0.6 * rng.standard_normal(length) * np.exp(-40 * at)
    every = {"white noise": rng.standard_normal(n), "pink noise": pink, "speech-shaped noise": shaped, "hum": hum, "music-like": music}
    return {name: sound / np.sqrt(np.mean(sound**2)) for name, sound in every.items()}


def turns(program, bundle, path, count):
    """Of each window, whether a turn that ser-predict finds has more than half of it."""
    command = [program, bundle, "--timeline", str(path), "--segments", "vad", "--format", "csv"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    covered = np.zeros(int(count * WINDOW * RATE), bool)
    for row in csv.DictReader(io.StringIO(ran.stdout)):
        covered[int(float(row["start"]) * RATE) : int(float(row["end"]) * RATE)] = True
    return covered.reshape(count, -1).mean(1) > 0.5


def loud(samples, count):
    """Of each window, whether the gate of level opens: a twentieth of its pieces of 25 ms is above -60 dB of full scale."""
    piece = RATE // 40
    samples = samples[: int(count * WINDOW * RATE)].reshape(count, -1)
    pieces = samples[:, : samples.shape[1] // piece * piece].reshape(count, -1, piece)
    return ((pieces**2).mean(2) > 1e-6).mean(1) >= 0.05


def main():
    program, bundle, folder = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 60
    rng = np.random.default_rng(7)
    clips = sorted(pathlib.Path(folder).rglob("*.wav"))
    clips = [clips[i] for i in rng.choice(len(clips), count, replace=False)]
    parts, labels = [], []
    for path in clips:
        samples = read(path)
        samples = samples / np.sqrt(np.mean(samples[speech(samples)] ** 2) + 1e-12)
        pause = np.zeros(int(rng.uniform(1.0, 3.0) * RATE))
        parts += [pause, samples]
        labels += [np.zeros(len(pause), bool), speech(samples)]
    talk, label = np.concatenate(parts), np.concatenate(labels)
    size = int(WINDOW * RATE)
    share = np.array([label[i : i + size].mean() for i in range(0, len(label), size)])
    print(f"{count} clips of {pathlib.Path(folder).name}, {len(talk) / RATE:.0f} s; {100 * np.mean(share > 0.5):.0f} % of the windows "
          f"of {WINDOW} s are speech (more than half of one), {100 * np.mean(share == 0):.0f} % have none")
    print("| beneath the speech | SNR dB | level dBFS | speech found % | false alarms % | of level: found % | false % |")
    print("|---|---|---|---|---|---|---|")

    count = len(label) // size
    share = share[:count]

    def line(name, snr, samples, level):
        samples = np.clip(samples * 10 ** (level / 20), -1, 1)
        with tempfile.TemporaryDirectory() as dir:
            path = pathlib.Path(dir) / "a.wav"
            write(path, samples)
            found = [turns(program, bundle, path, count), loud(samples, count)]
        figures = []
        for heard in found:
            figures += [100 * np.mean(heard[share > 0.5]), 100 * np.mean(heard[share == 0])]
        print(f"| {name} | {snr} | {level} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |", flush=True)

    floor = 10 ** (-60 / 20) * rng.standard_normal(len(talk))
    for level in (-20, -35, -50):
        line("a quiet room (−60 dB of speech)", 60, talk + floor, level)
    line("digital silence", "∞", talk, -20)
    for name, sound in sounds(rng, len(talk)).items():
        for snr in (20, 10, 5, 0):
            line(name, snr, talk + sound * 10 ** (-snr / 20), -26)


if __name__ == "__main__":
    main()
