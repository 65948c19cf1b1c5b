#!/usr/bin/env python3
"""PyTorch's training step of the two-dimensional network of benches/train_step.rs, in milliseconds.

    peer_train_step.py [--threads 2] [--batch 32] [--frames 256] [--bands 64] [--channels 16,32] [--steps 20]

Input [batch, 1, frames, bands]; for each of CHANNELS Conv2d k3 BN ReLU MaxPool2; bands and channels side by side → BiLSTM 128, mean
over time, Dropout .5, Linear 64 ReLU, Linear 7, cross-entropy, Adam 1e-3, float32. ATEN_CPU_CAPABILITY=avx2,
ONEDNN_MAX_CPU_ISA=AVX2 and MKL_ENABLE_INSTRUCTIONS=AVX2 hold it to AVX2.
"""
import argparse
import resource
import statistics
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--frames", type=int, default=256)
parser.add_argument("--bands", type=int, default=64)
parser.add_argument("--channels", default="16,32")
parser.add_argument("--steps", type=int, default=20)
arguments = parser.parse_args()

import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(arguments.threads)
torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layers, width, bands = [], 1, arguments.bands
        for channels in map(int, arguments.channels.split(",")):
            layers += [nn.Conv2d(width, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
            width, bands = channels, bands // 2
        self.cnn = nn.Sequential(*layers)
        self.rnn = nn.LSTM(width * bands, 128, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 7))

    def forward(self, x):
        y = self.cnn(x)  # [batch, channels, frames, bands]
        y, _ = self.rnn(y.permute(0, 2, 3, 1).flatten(2))
        return self.head(y.mean(1))


net = Net()
optimiser = torch.optim.Adam(net.parameters(), 1e-3)
loss_of = nn.CrossEntropyLoss()
x = torch.randn(arguments.batch, 1, arguments.frames, arguments.bands)
y = torch.arange(arguments.batch) % 7
wall, before = [], 0.0
for i in range(arguments.steps + 5):
    if i == 5:
        before = time.process_time()
    start = time.perf_counter()
    loss = loss_of(net(x), y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if i >= 5:
        wall.append((time.perf_counter() - start) * 1e3)
spent = (time.process_time() - before) * 1e3 / arguments.steps
print(f"torch {torch.__version__} channels {arguments.channels} parameters {sum(p.numel() for p in net.parameters())}")
print(f"train step ms: min {min(wall):.1f} median {statistics.median(wall):.1f} cpu {spent:.1f}")
print(f"peak RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
