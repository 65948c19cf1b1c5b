"""What the tests work on: the bundle of the repository, speech-like sounds, and the programs to compare with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
RATE = 22_050


def sound(seed: int, seconds: float = 1.5, rate: int = RATE) -> np.ndarray:
    """Something with a pitch, formants and syllables, as 16-bit numbers."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    pitch = rng.uniform(90, 250) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(1, 4) * t))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(k * phase) * np.exp(-(((k * pitch - 700) / 900) ** 2)) for k in range(1, 20))
    voice = voice * (0.2 + np.abs(np.sin(2 * np.pi * rng.uniform(2, 5) * t))) + 0.01 * rng.standard_normal(len(t))
    return (8000 * voice / np.abs(voice).max()).astype(np.int16)


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.fixture(scope="session")
def bundle() -> Path:
    return REPOSITORY / "models" / "box-small.safetensors"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [write_wav(folder / f"{i:02}.wav", sound(i, 1.0 + 0.2 * i)) for i in range(6)]


@pytest.fixture(scope="session")
def program():
    """Runs a program of this build: from $SER_BIN, else from target/release."""
    folder = Path(os.environ.get("SER_BIN", REPOSITORY / "target" / "release"))

    def run(name: str, *arguments: object, fails: bool = False) -> str:
        found = shutil.which(name, path=str(folder))
        if found is None:
            pytest.fail(f"{name} is not in {folder}: cargo build --release --bins, or set SER_BIN")
        done = subprocess.run([found, *map(str, arguments)], capture_output=True, text=True)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout

    return run


@pytest.fixture
def python():
    """Runs a script in an interpreter of its own."""

    def start(script: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-u", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start
