#!/usr/bin/env python3
"""Telephone calls out of clips: make_calls.py CLIPS OUT [CALLS] [MINUTES]

Each is a WAV file of 8 kHz, µ-law, two channels, a person on each: they speak by turns, clip after clip, with pauses between
them, over a little noise. Written for timing bulk recognition (scripts/bench-bulk.sh); the words make no sense. Needs NumPy and SciPy.
"""
import struct
import sys
import wave
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

RATE = 8000


def ulaw(samples):
    """G.711's µ-law of 16-bit numbers."""
    samples = samples.astype(np.int32)
    size = np.minimum(np.abs(samples), 32635) + 132
    exponent = np.floor(np.log2(size)).astype(np.int32) - 7
    mantissa = (size >> (exponent + 3)) & 15
    return (~(np.where(samples < 0, 128, 0) | exponent << 4 | mantissa) & 255).astype(np.uint8)


def speech(path):
    with wave.open(str(path)) as file:
        assert file.getnchannels() == 1 and file.getsampwidth() == 2, path
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
        return resample_poly(samples, RATE, file.getframerate())


def call(sides, seconds, rng):
    """Two people by turns, [samples, 2]."""
    out = 8 * rng.standard_normal((int(seconds * RATE), 2))
    at, side = 0, 0
    while at < len(out):
        for _ in range(rng.integers(1, 4)):
            clip = speech(sides[side][rng.integers(len(sides[side]))])[: max(0, len(out) - at)]
            out[at : at + len(clip), side] += clip
            at += len(clip) + int(RATE * rng.uniform(0.1, 0.6))
        side = 1 - side
        at += int(RATE * rng.uniform(0.2, 1.2))
    return np.clip(np.round(out), -32768, 32767).astype(np.int16)


def main(clips, out, calls=12, minutes=10):
    files = sorted(Path(clips).rglob("*.wav"))
    people = {}
    for file in files:
        people.setdefault(file.name.split("_")[0], []).append(file)
    people = list(people.values())
    rng = np.random.default_rng(1)
    Path(out).mkdir(parents=True, exist_ok=True)
    for number in range(int(calls)):
        first, second = rng.choice(len(people), 2, replace=len(people) < 2)
        data = ulaw(call((people[first], people[second]), 60 * float(minutes), rng)).tobytes()
        form = struct.pack("<HHIIHHH", 7, 2, RATE, 2 * RATE, 2, 8, 0)
        fact = struct.pack("<I", len(data) // 2)
        body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"fact" + struct.pack("<I", 4) + fact
        body += b"data" + struct.pack("<I", len(data)) + data
        Path(out, f"call-{number:03}.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
