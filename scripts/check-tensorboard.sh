#!/usr/bin/env bash
# Has TensorBoard's own reader read the event files of a run, and compares them with its metrics.jsonl.
#
# usage: scripts/check-tensorboard.sh RUN_FOLDER
#
# TensorBoard is installed from PyPI into a virtual environment unless it is there already: SER_TB_VENV, or
# /tmp/ser-tb-venv.
set -euo pipefail

run=${1:?usage: scripts/check-tensorboard.sh RUN_FOLDER}
venv=${SER_TB_VENV:-/tmp/ser-tb-venv}
if ! "$venv/bin/python" -c 'import tensorboard' 2>/dev/null; then
    echo "installing TensorBoard into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet tensorboard
fi
"$venv/bin/python" - "$run" <<'PYTHON'
import json, pathlib, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])
events = EventAccumulator(str(run / "tensorboard"))
events.Reload()
epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
names = {"loss/train": "train_loss", "loss/validation": "validation_loss", "UAR/validation": "validation_uar",
         "learning_rate": "learning_rate"}
for tag, key in names.items():
    read = [(event.step, event.value) for event in events.Scalars(tag)]
    assert [step for step, _ in read] == [epoch["epoch"] for epoch in epochs], (tag, read)
    for (_, value), epoch in zip(read, epochs):
        assert abs(value - epoch[key]) <= 1e-6 * max(1, abs(value)), (tag, value, epoch)
print(f"TensorBoard reads {len(names)} scalars of {len(epochs)} epochs as metrics.jsonl has them")
PYTHON
