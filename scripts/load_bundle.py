#!/usr/bin/env python3
"""A bundle of ser (model.safetensors, of any precision) as a PyTorch module. Needs torch and numpy, nothing else.

usage: python scripts/load_bundle.py BUNDLE FEATURES.npy [...]     # prints a JSON object a clip: emotion, probabilities

FEATURES.npy is what `ser-data features a.wav --config RUN/config.toml --format npy --out a.npy` writes: float32
[frames, dims], not scaled. As a library:

    net = load("model.safetensors")
    probabilities = net.probabilities(torch.from_numpy(numpy.load("a.npy")))     # [classes], in the order of net.classes

torch.onnx.export(net, torch.zeros(1, 160, dims), "net.onnx") takes it further; `ser-predict export --format onnx` needs no PyTorch.
"""
import json
import math
import struct
import sys

import numpy as np
import torch
from torch import nn

DTYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I8": np.dtype("i1")}
GATES = ("input", "forget", "cell", "output")  # PyTorch's order


def read(path):
    """The description and the arrays, as float32."""
    with open(path, "rb") as file:
        raw = file.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    description = json.loads(header.pop("__metadata__")["ser"].split(" ", 1)[1])
    if description.get("beside"):
        raise SystemExit(f"{path} holds {len(description['beside']) + 1} networks that vote, and this script knows one")
    arrays = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        array = np.frombuffer(raw[start:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
        arrays[name] = array.astype(np.float32)
    for name in [name for name in arrays if name.endswith("#scale")]:
        scale = arrays.pop(name)
        matrix = arrays[name.removesuffix("#scale")]
        matrix *= scale.reshape(-1, *[1] * (matrix.ndim - 1))
    return description, {name: torch.from_numpy(array) for name, array in arrays.items()}


class Net(nn.Module):
    """[batch, frames, dims], unscaled and unpadded -> logits [batch, classes]."""

    def __init__(self, description, arrays):
        super().__init__()
        model = description["model"]
        known = {"kind", "channels", "kernel", "hidden", "dropout", "dense", "pool"}
        if model["kind"] != "cnn-bilstm" or set(model) - known:
            raise SystemExit(f"this script knows cnn-bilstm with {sorted(known)}; the bundle has {model}")
        self.classes = description["classes"]
        self.temperature = description.get("temperature") or 1.0
        self.pool = model["pool"]
        self.min_frames = 2 ** len(model["channels"])
        scaler = description["scaler"] or {"mean": [0.0], "std": [1.0]}
        self.by_itself = description["features"]["scaler"] in ("speaker", "utterance")
        self.register_buffer("mean", torch.tensor(scaler["mean"]))
        self.register_buffer("std", torch.tensor(scaler["std"]))
        blocks = []
        for i, channels in enumerate(model["channels"]):
            weight = arrays[f"blocks.{i}.conv.weight"]
            conv = nn.Conv1d(weight.shape[1], channels, model["kernel"], padding=model["kernel"] // 2)
            conv.weight.data, conv.bias.data = weight, arrays[f"blocks.{i}.conv.bias"]
            norm = nn.BatchNorm1d(channels)
            norm.weight.data, norm.bias.data = arrays[f"blocks.{i}.norm.gamma"], arrays[f"blocks.{i}.norm.beta"]
            norm.running_mean, norm.running_var = (arrays[f"blocks.{i}.norm.running_{of}"] for of in ("mean", "var"))
            blocks += [conv, norm, nn.ReLU(), nn.MaxPool1d(2)]
        self.blocks = nn.Sequential(*blocks)
        hidden = model["hidden"]
        self.rnn = nn.LSTM(model["channels"][-1], hidden, batch_first=True, bidirectional=True)
        for direction, suffix in (("forward", ""), ("reverse", "_reverse")):
            for ours, theirs in (("input", "ih"), ("hidden", "hh")):
                part = [f"rnn.{direction}.{gate}_gate.{ours}_transform" for gate in GATES]
                weight = torch.cat([arrays[f"{name}.weight"].T for name in part])
                getattr(self.rnn, f"weight_{theirs}_l0{suffix}").data = weight.contiguous()
                getattr(self.rnn, f"bias_{theirs}_l0{suffix}").data = torch.cat([arrays[f"{name}.bias"] for name in part])
        self.score = self.linear(arrays, "pooling.score") if self.pool == "attention" else None
        self.dense = self.linear(arrays, "dense")
        self.head = self.linear(arrays, "classes")
        self.eval()

    @staticmethod
    def linear(arrays, name):
        weight = arrays[f"{name}.weight"]
        layer = nn.Linear(*weight.shape)
        layer.weight.data, layer.bias.data = weight.T.contiguous(), arrays[f"{name}.bias"]
        return layer

    def forward(self, x):
        if self.by_itself:
            mean, std = x.mean(1, keepdim=True), x.std(1, correction=0, keepdim=True)
            x = (x - mean) / torch.where(std <= 1e-7 * mean.abs(), torch.ones_like(std), std)
        else:
            x = (x - self.mean) / self.std
        x = nn.functional.pad(x, (0, 0, 0, max(0, self.min_frames - x.shape[1])))
        x, _ = self.rnn(self.blocks(x.transpose(1, 2)).transpose(1, 2))
        if self.pool == "last":
            half = x.shape[2] // 2
            x = torch.cat([x[:, -1, :half], x[:, 0, half:]], 1)
        elif self.pool == "mean":
            x = x.mean(1)
        else:
            x = (x * self.score(x).softmax(1)).sum(1)
        return self.head(torch.relu(self.dense(x)))

    @torch.no_grad()
    def probabilities(self, matrix):
        """[frames, dims] -> [classes], calibrated."""
        return (self(matrix[None])[0].double() / self.temperature).softmax(0)


def load(path):
    return Net(*read(path))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    net = load(sys.argv[1])
    for path in sys.argv[2:]:
        probabilities = net.probabilities(torch.from_numpy(np.load(path))).tolist()
        assert math.isclose(sum(probabilities), 1.0, abs_tol=1e-9)
        best = net.classes[probabilities.index(max(probabilities))]
        print(json.dumps({"path": path, "emotion": best, "probabilities": dict(zip(net.classes, probabilities))}))
