#!/usr/bin/env bash
# scripts/model.sh box builds models/box.safetensors from the corpora and Whisper tiny.en, with its figures: see
# configs/box.toml. SER_MODELS names the folder that holds whisper-tiny.en (default models).
#
# scripts/model.sh builds models/crema_d.safetensors from nothing but the corpora, with its figures: trained on CREMA-D's TFDS training
# speakers, tested on that protocol's test speakers and on all of the three other corpora, none of which it was trained on.
#
#   scripts/model.sh [box]
#
# SER_DATASETS names the folder of the corpora (default datasets), OUT where the experiment goes (default
# experiments/model or experiments/box), BIN the folder of the programs (default target/release).
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-model}
[ "$model" = model ] || [ "$model" = box ] || { echo "usage: scripts/model.sh [box]" >&2; exit 2; }
bin=${BIN:-target/release} out=${OUT:-experiments/$model}
mkdir -p "$out"

# One split: TFDS's sides for CREMA-D, everything else to test. Columns: clip,path,corpus,speaker,emotion,fold,side.
"$bin/ser-data" split --config configs/model.toml --set 'corpora=[{kind="crema_d"}]' \
  --set 'labels={calm="neutral"}' --set 'protocol={kind="tfds"}' --out "$out/crema_d.csv"
"$bin/ser-data" split --config configs/model.toml --set 'protocol={kind="cross-corpus",train=["crema_d"]}' \
  --out "$out/others.csv"
{ cut -d, -f1,7 "$out/crema_d.csv"; grep ',test$' "$out/others.csv" | cut -d, -f1,7; } >"$out/split.csv"

if [ "$model" = box ]; then
  "$bin/ser-train" --config configs/box.toml --set "protocol.path=$out/split.csv" --out "$out/runs" --resume
  "$bin/ser-predict" export "$out/runs/fold-0/seed-1/bundle/model.safetensors" --self-contained \
    --encoder-precision int8 --precision f16 --out models/box.safetensors
  exit
fi

train=("$bin/ser-train" --config configs/model.toml --set "protocol.path=$out/split.csv" --resume)
# Three networks of the recipe, and one distilled from them: configs/best-crema_d-distilled.toml.
"${train[@]}" --seed 1,2,3 --out "$out/teachers"
bundles=''
for seed in 1 2 3; do bundles+=",\"$out/teachers/fold-{fold}/seed-$seed/bundle\""; done
"${train[@]}" --set "distil={bundles=[${bundles:1}]}" --set train.epochs=60 --set augment.mixup.alpha=1.0 \
  --set train.class_weights=none --out "$out/runs"
"$bin/ser-predict" export "$out"/runs/fold-0/seed-*/bundle/model.safetensors --precision f16 --out models/crema_d.safetensors
