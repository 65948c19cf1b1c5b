#!/usr/bin/env bash
# scripts/model.sh box builds models/box.safetensors from the corpora and Whisper tiny.en, with its figures: three networks that vote,
# see configs/box.toml and configs/box-room.toml, which two of them have. SER_MODELS names the folder that holds whisper-tiny.en (default models).
#
# scripts/model.sh box-small builds models/box-small.safetensors, a small network that learns the box's answers: see
# configs/box-small.toml. It makes the run of the box first, where there is none.
#
#   scripts/model.sh box|box-small
#
# Both learn from CREMA-D's TFDS training speakers alone, and are tested on that protocol's test speakers and on all of RAVDESS,
# TESS and SAVEE.
#
# SER_DATASETS names the folder of the corpora (default datasets), OUT where the experiment goes (default experiments/box or
# experiments/box-small), TEACHER the box's (default experiments/box), BIN the folder of the programs (default target/release).
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-}
[ "$model" = box ] || [ "$model" = box-small ] || { echo "usage: scripts/model.sh box|box-small" >&2; exit 2; }
bin=${BIN:-target/release} out=${OUT:-experiments/$model}
teacher=${TEACHER:-experiments/box}
[ "$model" = box-small ] || teacher=$out
mkdir -p "$out" "$teacher"

# One split: TFDS's sides for CREMA-D, everything else to test. Columns: clip,path,corpus,speaker,emotion,fold,side.
if [ ! -e "$teacher/split.csv" ]; then
  "$bin/ser-data" split --config configs/box.toml --set 'corpora=[{kind="crema_d"}]' \
    --set 'labels={}' --set 'protocol={kind="tfds"}' --out "$teacher/crema_d.csv"
  "$bin/ser-data" split --config configs/box.toml --set 'protocol={kind="cross-corpus",train=["crema_d"]}' \
    --out "$teacher/others.csv"
  { cut -d, -f1,7 "$teacher/crema_d.csv"; grep ',test$' "$teacher/others.csv" | cut -d, -f1,7; } >"$teacher/split.csv.part"
  mv "$teacher/split.csv.part" "$teacher/split.csv"
fi
split=(--set "protocol.path=$teacher/split.csv" --resume)

# Where it is done, it is kept; its report is for whoever asked for it.
[ "$model" = box ] && quietly=() || quietly=(--no-report)
train() { # folder config setting...
  local to=$1 config=$2
  shift 2
  "$bin/ser-train" --config "configs/$config.toml" "${split[@]}" "$@" --out "$teacher/$to" "${quietly[@]}"
}
train box box
train box-room box-room

if [ "$model" = box ]; then
  train box-room-std box-room --set name=box-room-std --set encoder.pool=mean+std
  # Factor and weight make the log loss of all together least on CREMA-D's validation speakers: reports/box.md.
  run=fold-0/seed-1/bundle
  "$bin/ser-predict" export "$teacher/box/$run" --with "$teacher/box-room/$run" --with "$teacher/box-room-std/$run" \
    --near-weight "${NEAR:-6}" --temperature-factor "${FACTOR:-0.6}" \
    --self-contained --encoder-precision int8 --precision f16 --out "${FILE:-models/box.safetensors}"
  exit
fi

# Two of them teach, with equal votes: on clips like CREMA-D's the box itself answers as the ones for rooms do, which is no use to strangers.
"$bin/ser-train" --config configs/box-small.toml "${split[@]}" --out "$out/runs" \
  --set "distil.bundles=[\"$teacher/box/fold-{fold}/seed-{seed}/bundle\", \"$teacher/box-room/fold-{fold}/seed-{seed}/bundle\"]"
"$bin/ser-predict" export "$out/runs/fold-0/seed-1/bundle/model.safetensors" --precision f16 --out models/box-small.safetensors
