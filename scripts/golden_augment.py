#!/usr/bin/env python3
"""Makes the golden arrays that `src/augment/golden.rs` compares the phase vocoder's time stretch and pitch shift with.

usage: golden_augment.py [--out tests/golden/augment]     (pip install "librosa==0.11.*" soundfile numpy)

Every number comes from librosa 0.11 on the synthetic signals of `golden_features.py`, which the Rust test makes again.

Written: `augment.i16`, little-endian 16-bit samples of full scale 1 (rounded, which is far below the tolerance), one clip
after the other; and `index.json`: for each the signal, its samples, the sample rate, `rate` or `semitones`, and the
`length` of the result.
"""
import argparse, json, os

from golden_features import librosa, np, signal


def cases():
    """(signal, samples, sample rate, what is done)"""
    yield "voice", 12000, 22050, dict(rate=0.8)
    yield "voice", 12000, 22050, dict(rate=1.25)
    yield "impulses", 8000, 22050, dict(rate=0.9)
    yield "noise", 4000, 22050, dict(rate=1.7)
    yield "voice", 1500, 22050, dict(rate=0.7)  # shorter than a frame
    yield "voice", 12000, 22050, dict(semitones=2.0)
    yield "voice", 12000, 16000, dict(semitones=-3.5)


def altered(y, sr, rate=None, semitones=None):
    if rate is not None:
        return librosa.effects.time_stretch(y, rate=rate)
    return librosa.effects.pitch_shift(y, sr=sr, n_steps=semitones)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "../tests/golden/augment"))
    out = parser.parse_args().out
    if not librosa.__version__.startswith("0.11."):
        raise SystemExit(f"librosa {librosa.__version__} is installed; the arrays are pinned to 0.11")
    os.makedirs(out, exist_ok=True)
    index = []
    with open(os.path.join(out, "augment.i16"), "wb") as data:
        for name, n, sr, what in cases():
            y = altered(signal(name, n, sr), sr, **what)
            if np.abs(y).max() >= 1.0:
                raise SystemExit(f"{name} {what} leaves the range of 16 bits")
            data.write(np.round(y * 32768.0).astype("<i2").tobytes())
            index.append(dict(signal=name, samples=n, sample_rate=sr, **what, length=len(y)))
    with open(os.path.join(out, "index.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in index) + "\n]\n")
    print(f"{len(index)} clips, {2 * sum(e['length'] for e in index)} bytes in {out}")


if __name__ == "__main__":
    main()
