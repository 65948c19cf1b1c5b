#!/usr/bin/env python3
"""Makes the golden arrays that `src/frontend/spectral/golden.rs` compares the features with.

usage: golden_features.py [--out tests/golden/features] [--ser-data target/release/ser-data]
       (pip install "librosa==0.11.*" soundfile numpy)

Every number comes from librosa 0.11 on a synthetic signal that the Rust test makes again, sample for sample: utterances of
the embedded corpus as `ser-data synth` writes them, called "embedded <file's stem>", and

  noise     x[0] = seed; x[i+1] = (1664525 x[i] + 1013904223) mod 2^32 (Numerical Recipes); sample = x / 2^31 - 1,
            from x[1] on
  rounding  every sample is rounded to a multiple of 2^-15, halves away from zero, so that a last-bit difference
            between two sine functions does not show
  the formulas are those of `signal` below

Written: `features.f32`, little-endian single precision, one `[frames, dims]` block after the other; and `index.json`: for
each block the signal, the sample rate, the `[features]` table, `frames`, and `offset` in values. The columns are those of
that table. `delta` is left out of the clips that are too short for librosa's.
"""
import argparse, json, math, os, subprocess, tempfile

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)
import warnings

warnings.filterwarnings("ignore")
import librosa
import librosa.feature as lf
import numpy as np
import soundfile

DEFAULTS = dict(n_mfcc=13, n_mels=128, n_chroma=12, frame_length=2048, hop_length=512, lifter=0.0, mel_scale="slaney",
                mel_unit="db", fmin=0.0, fmax=None, top_db=80.0, pitch_fmin=65.0, pitch_fmax=600.0)
SHAPE = ["chroma", "centroid", "bandwidth", "rolloff", "contrast", "flatness", "zcr", "rms"]
CEPSTRUM = ["mfcc", "delta", "delta2"]
EMBEDDED = ["s01_angry_boat_1", "s06_sad_boat_2", "s11_happy_boat_1"]


def noise(n, seed):
    out = []
    for _ in range(n):
        seed = (1664525 * seed + 1013904223) % 2**32
        out.append(seed / 2**31 - 1.0)
    return out


def signal(name, n, sr):
    """The samples of the signal `name`."""
    tau = 2.0 * math.pi
    if name == "chirp":  # 100 Hz to 8 kHz, exponential
        rate = math.log(80.0)
        length = n / sr
        x = [0.5 * math.sin(tau * 100.0 * length / rate * (math.exp(rate * i / n) - 1.0)) for i in range(n)]
    elif name == "voice":  # a gliding harmonic tone that swells, in noise
        hiss = noise(n, 1)
        x = []
        for i in range(n):
            t = i / sr
            phase = tau * (150.0 * t + 40.0 * t * t)
            tone = sum(math.sin(h * phase) / h for h in range(1, 16))
            x.append((0.1 + 0.15 * math.sin(math.pi * i / n)) * tone + 0.005 * hiss[i])
    elif name == "noise":
        x = [0.3 * v for v in noise(n, 7)]
    elif name == "impulses":  # 100 a second, nearly
        x = [0.8 if i % 221 == 60 else 0.0 for i in range(n)]
    elif name == "silence":
        x = [0.0] * n
    elif name == "half":  # a tone, then nothing
        x = [0.4 * math.sin(tau * 440.0 * i / sr) if 2 * i < n else 0.0 for i in range(n)]
    else:
        raise ValueError(name)
    scaled = [v * 32768.0 for v in x]
    return np.array([math.copysign(math.floor(abs(v) + 0.5), v) / 32768.0 for v in scaled], dtype=np.float32)


def features(y, sr, table):
    """The matrix, `[frames, dims]`, of a `[features]` table."""
    c = DEFAULTS | table
    n_fft, hop = c["frame_length"], c["hop_length"]
    spectral = dict(y=y, sr=sr, n_fft=n_fft, hop_length=hop)
    mel = lf.melspectrogram(**spectral, n_mels=c["n_mels"], fmin=c["fmin"], fmax=c["fmax"], htk=c["mel_scale"] == "htk")
    db = librosa.power_to_db(mel, top_db=c["top_db"])
    mfcc = lf.mfcc(S=db, n_mfcc=c["n_mfcc"], lifter=c["lifter"])
    rows = {
        "mfcc": lambda: mfcc,
        "delta": lambda: lf.delta(mfcc),
        "delta2": lambda: lf.delta(mfcc, order=2),
        "mel": lambda: db if c["mel_unit"] == "db" else mel,
        "chroma": lambda: lf.chroma_stft(**spectral, n_chroma=c["n_chroma"], tuning=0.0),
        "centroid": lambda: lf.spectral_centroid(**spectral),
        "bandwidth": lambda: lf.spectral_bandwidth(**spectral),
        "rolloff": lambda: lf.spectral_rolloff(**spectral),
        "contrast": lambda: lf.spectral_contrast(**spectral),
        "flatness": lambda: lf.spectral_flatness(y=y, n_fft=n_fft, hop_length=hop),
        "zcr": lambda: lf.zero_crossing_rate(y, frame_length=n_fft, hop_length=hop),
        "rms": lambda: lf.rms(y=y, frame_length=n_fft, hop_length=hop),
        "pitch": lambda: librosa.yin(y, fmin=c["pitch_fmin"], fmax=c["pitch_fmax"], sr=sr, frame_length=n_fft,
                                     hop_length=hop)[None, :],
    }
    return np.concatenate([rows[kind]() for kind in c["kinds"]]).T.astype("<f4")


def embedded(ser_data):
    """(signal, samples) of some utterances of the embedded corpus"""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([ser_data, "synth", "--out", folder], check=True, capture_output=True)
        for stem in EMBEDDED:
            samples, sample_rate = soundfile.read(os.path.join(folder, stem[:3], f"{stem}.wav"), dtype="float32")
            if sample_rate != 22050:
                raise SystemExit(f"{stem}: {sample_rate} Hz")
            yield f"embedded {stem}", samples


def cases():
    """(signal, samples, sample rate, table)"""
    all_kinds = [*CEPSTRUM, "mel", *SHAPE, "pitch"]
    short = ["mfcc", "mel", *SHAPE]
    yield "chirp", 16000, 22050, dict(kinds=[*CEPSTRUM, "mel", *SHAPE], mel_unit="power")
    yield "chirp", 16000, 22050, dict(kinds=["mel"], n_mels=40)
    yield "voice", 22050, 22050, dict(kinds=all_kinds)
    yield "voice", 22050, 22050, dict(kinds=[*CEPSTRUM, "mel"], mel_scale="htk", n_mels=60, n_mfcc=40, lifter=22.0)
    yield "voice", 16000, 16000, dict(kinds=[*CEPSTRUM, *SHAPE, "pitch"], frame_length=400, hop_length=160, n_mels=40,
                                      fmin=60.0, fmax=7600.0, mel_unit="power")
    yield "voice", 11025, 22050, dict(kinds=["mfcc", *SHAPE, "pitch"], frame_length=441, hop_length=221, n_mels=64,
                                      n_chroma=24, top_db=60.0)
    yield "noise", 8000, 22050, dict(kinds=[*CEPSTRUM, "mel", *SHAPE], mel_unit="power")
    yield "impulses", 12000, 22050, dict(kinds=[*CEPSTRUM, "mel", *SHAPE])
    yield "half", 16000, 22050, dict(kinds=[*CEPSTRUM, "mel", *SHAPE])
    yield "silence", 5000, 22050, dict(kinds=[*CEPSTRUM, "mel", *SHAPE, "pitch"])
    yield "voice", 3000, 22050, dict(kinds=[*short, "pitch"])
    yield "voice", 1000, 22050, dict(kinds=short)
    yield "noise", 1, 22050, dict(kinds=short)
    yield "noise", 441, 22050, dict(kinds=short, frame_length=441, hop_length=221, n_mels=64)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "../tests/golden/features"))
    parser.add_argument("--ser-data", default=os.path.join(os.path.dirname(__file__), "../target/release/ser-data"))
    arguments = parser.parse_args()
    out = arguments.out
    if not librosa.__version__.startswith("0.11."):
        raise SystemExit(f"librosa {librosa.__version__} is installed; the arrays are pinned to 0.11")
    index, offset = [], 0
    with open(os.path.join(out, "features.f32"), "wb") as data:
        made = [(name, signal(name, n, sr), sr, table) for name, n, sr, table in cases()]
        spoken = [*CEPSTRUM, *SHAPE, "pitch"]
        for i, (name, samples) in enumerate(embedded(arguments.ser_data)):
            table = dict(kinds=[*spoken, "mel"], mel_unit="power") if i == 0 else dict(kinds=spoken)
            made.append((name, samples, 22050, table))
        for name, samples, sr, table in made:
            n, matrix = len(samples), features(samples, sr, table)
            data.write(np.ascontiguousarray(matrix).tobytes())
            index.append(dict(signal=name, samples=n, sample_rate=sr, features=table, frames=len(matrix), offset=offset))
            offset += matrix.size
    with open(os.path.join(out, "index.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in index) + "\n]\n")
    print(f"{len(index)} matrices, {sum(e['frames'] for e in index)} frames, {4 * offset} bytes in {out}")


if __name__ == "__main__":
    main()
