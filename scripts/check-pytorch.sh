#!/usr/bin/env bash
# Does PyTorch (scripts/load_bundle.py) give our probabilities? For each precision, on real audio; exit status 1 where any
# probability is off by more than 1e-5.
#
#   scripts/check-pytorch.sh RUN AUDIO [...]      RUN: a run's folder, with config.toml and bundle/
#
# BIN names the folder of ser-data and ser-predict (default target/release), PYTHON a Python with torch and numpy.
set -euo pipefail
here=$(dirname "$0")
bin=${BIN:-$here/../target/release}
python=${PYTHON:-python3}
run=${1:?a run folder}
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

matrices=()
for file in "$@"; do
  matrix="$work/${#matrices[@]}.npy"
  "$bin/ser-data" features "$file" --config "$run/config.toml" --format npy --out "$matrix"
  matrices+=("$matrix")
done
for precision in f32 f16 int8; do
  "$bin/ser-predict" export "$run" --precision "$precision" --out "$work/$precision.safetensors"
  "$bin/ser-predict" "$work/$precision.safetensors" "$@" --format jsonl >"$work/ours.jsonl"
  "$python" "$here/load_bundle.py" "$work/$precision.safetensors" "${matrices[@]}" >"$work/theirs.jsonl"
  "$python" - "$work/ours.jsonl" "$work/theirs.jsonl" "$precision" <<'PYTHON'
import json, sys
ours, theirs = ([json.loads(line) for line in open(path)] for path in sys.argv[1:3])
assert len(ours) == len(theirs) > 0
off = max(abs(a["probabilities"][c] - b["probabilities"][c]) for a, b in zip(ours, theirs) for c in a["probabilities"])
print(f"{sys.argv[3]}: {len(ours)} clips, largest difference {off:.1e}")
sys.exit(off > 1e-5)
PYTHON
done
