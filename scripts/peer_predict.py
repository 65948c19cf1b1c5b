#!/usr/bin/env python3
"""What ser-predict does, as one writes it in Python: librosa's MFCC with derivatives, the bundle's network in PyTorch.

usage: python scripts/peer_predict.py BUNDLE AUDIO [...]      (pip install librosa torch)
"""
import os
import sys

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)
import librosa
import numpy as np
import torch

from load_bundle import load, read

description, _ = read(sys.argv[1])
audio, features = description["audio"], description["features"]
steps = audio["trim"] or audio["normalise"] != "none" or "denoise" in audio or "length" in audio
if steps or features["kinds"] != ["mfcc", "delta", "delta2"]:
    raise SystemExit("this script knows MFCC with derivatives of clips as they are")
net = load(sys.argv[1])
frames = {"n_fft": features["frame_length"], "hop_length": features["hop_length"]}
for path in sys.argv[2:]:
    y, rate = librosa.load(path, sr=audio["sample_rate"])
    mfcc = librosa.feature.mfcc(y=y, sr=rate, n_mfcc=features["n_mfcc"], n_mels=features["n_mels"], **frames)
    rows = np.vstack([mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)]).T
    probabilities = net.probabilities(torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float32)))
    print(path, net.classes[int(probabilities.argmax())], round(float(probabilities.max()), 4))
