#!/usr/bin/env bash
# Trains small networks, exports each as ONNX, and compares onnxruntime's probabilities with ours on 100 clips, at several
# lengths and batch sizes: no difference may be above 1e-5.
#
#   scripts/check-onnx.sh [BUNDLE …]      # bundles beside those that it trains
#
# BIN is the folder of the programs (default target/release), PYTHON an interpreter with serkit, onnx and onnxruntime.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "${BIN:-target/release}")
python=${PYTHON:-python3}
export PATH=$bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SER_CACHE=${SER_CACHE:-$work/cache}

train() { # NAME SETTING…
  local name=$1
  shift
  local set=()
  for setting in "$@"; do set+=(--set "$setting"); done
  ser-train --config configs/quickstart.toml --set train.epochs=6 "${set[@]}" --fold 0 --no-report --out "$work/$name" \
    2>"$work/log" >/dev/null || { cat "$work/log"; exit 1; }
}
train attention model.pool=attention
train last model.pool=last features.scaler=utterance
train mean model.pool=mean features.scaler=none
train cnn model.kind=cnn
train bilstm model.kind=bilstm 'features.kinds=["rms"]' model.pool=last
train statistics model.pool=attention+std
train mlp model.kind=mlp
# It is solved, not trained in steps.

sed '/^\[model\]/,$d' configs/quickstart.toml >"$work/linear.toml"
printf '[model]\nkind = "linear"\n' >>"$work/linear.toml"
ser-train --config "$work/linear.toml" --fold 0 --no-report --out "$work/linear" 2>"$work/log" >/dev/null || { cat "$work/log"; exit 1; }

exported=()
for bundle in "$@" "$work"/{attention,last,mean,cnn,bilstm,statistics,mlp,linear}/fold-0/seed-*/bundle/model.safetensors; do
  graph=$work/${#exported[@]}.onnx
  ser-predict export "$bundle" --format onnx --out "$graph" 2>/dev/null
  exported+=("$bundle" "$graph")
done
"$python" scripts/check_onnx.py "${exported[@]}"
