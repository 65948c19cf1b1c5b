#!/usr/bin/env bash
# Trains small networks, exports each as ONNX, and compares onnxruntime's probabilities with ours on 100 clips, at several
# lengths and batch sizes: no difference may be above 1e-5. Those over MFCC and over an encoder (a small one of Whisper's
# architecture with random weights) take samples, the others features. tract reads the same graphs and has to give the same.
#
#   scripts/check-onnx.sh [BUNDLE …]      # bundles beside those that it trains
#
# BIN is the folder of the programs (default target/release), PYTHON an interpreter with serkit, onnx, onnxruntime and
# tract, all of which are on PyPI.
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
  ser-train --config "${config:-configs/quickstart.toml}" --set train.epochs=6 "${set[@]}" --fold 0 --no-report --out "$work/$name" \
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

# Numbers: alone, by a network and by least squares, and beside classes; and listeners' votes.
ser-data synth --out "$work/voices" 2>"$work/log" >/dev/null || { cat "$work/log"; exit 1; }
awk -F, 'NR == 1 { print $0 ",arousal,votes_calm,votes_tense" } NR > 1 { print $0 "," 1 + NR % 7 "," NR % 5 "," 1 + NR % 3 }' \
  "$work/voices/manifest.csv" >"$work/voices/rated.csv"
rated="corpora=[{kind=\"manifest\",path=\"$work/voices/rated.csv\"}]"
regression='task={kind="regression",targets=["arousal"],range=[1,7]}'
# Smoothed labels are for classes alone.
grep -v label_smoothing configs/quickstart.toml >"$work/numbers.toml"
config=$work/numbers.toml train numbers "$rated" "$regression"
ser-train --config "$work/linear.toml" --set "$rated" --set "$regression" --fold 0 --no-report --out "$work/least-squares" \
  2>"$work/log" >/dev/null || { cat "$work/log"; exit 1; }
train several "$rated" 'task={kind="multi-task",targets=["arousal"],range=[1,7],weights={emotion=1.0,arousal=1.0,speaker=0.1}}'
config=$work/numbers.toml train votes "$rated" 'task={kind="distribution"}'

# Over an encoder: all that stands between samples and probabilities is in the graph.
ser-data encoder import tests/golden/encoders/whisper --out "$work/models/small" 2>"$work/log" >/dev/null || { cat "$work/log"; exit 1; }
over() { # NAME ENCODER MODEL [SETTING…]
  local name=$1
  printf 'name = "%s"\nseed = 42\n[[corpora]]\nkind = "synthetic"\n[protocol]\nfolds = 3\n[audio]\nsample_rate = 16000\ntrim = true\ntrim_db = 30\n[encoder]\npath = "small"\n%b\n[model]\n%b\n' \
    "$name" "$2" "$3" >"$work/$name.toml"
  shift 3
  ser-train --config "$work/$name.toml" --models "$work/models" --fold 0 --no-report --out "$work/$name" "$@" \
    2>"$work/log" >/dev/null || { cat "$work/log"; exit 1; }
}
over states 'layer = [1, 2]' 'kind = "linear"'
over free 'layer = [0, 2]\nlevel = "free"\nwindow = 0.7' 'kind = "linear"'
over spectrum 'layer = "last"\nlevel = "spectrum"\nrange = 4.0\npool = "mean"' 'kind = "mlp"' --set train.epochs=6
over frames 'layer = 1\npool = "none"\nbits = 32\nwindow = 1.1' 'kind = "cnn-bilstm"\nhidden = 16' --set train.epochs=4
over frames16 'layer = 1\npool = "none"\nwindow = 1.1' 'kind = "cnn-bilstm"\nhidden = 16' --set train.epochs=4

exported=()
export_one() { # BUNDLE [OPTION…]
  local bundle=$1 graph=$work/${#exported[@]}.onnx
  shift
  ser-predict export "$bundle" --format onnx --out "$graph" "$@" 2>"$work/log" || { cat "$work/log"; exit 1; }
  exported+=("$bundle" "$graph")
}
for bundle in "$@" "$work"/{attention,last,mean,cnn,bilstm,statistics,mlp,linear,numbers,least-squares,several,votes}/fold-0/seed-*/bundle/model.safetensors; do
  export_one "$bundle"
done
export SER_MODELS=$work/models
for bundle in "$work"/{states,free,spectrum,frames,frames16}/fold-0/seed-*/bundle/model.safetensors; do
  export_one "$bundle" --self-contained
done
"$python" scripts/check_onnx.py "${exported[@]}"
