#!/usr/bin/env bash
# Trains and evaluates rows of the field's published figures, from nothing but the corpora: with the reference network, and
# with the recipe that won on validation (best-…). reports/reproduction.md is made of them: see reports/published.toml.
#
#   scripts/reproduce.sh [ROW …]     # all rows where none is named; --rows lists them
#
# What is finished is kept, and what was stopped goes on: the same command again. Reports are in $OUT/ROW/report/.
# SER_DATASETS names the folder of the corpora (default datasets), EMOBOX that of EmoBox's data/ with its file lists (for
# the rows of CREMA-D and TESS, whose folds are lists of files), OUT where experiments go (default experiments/reproduce),
# SEEDS the seeds (default 1,2,3,4,5; CREMA-D's and the four corpora's rows take the first three), BIN the folder of the
# programs (default target/release), JOBS how many runs train at once, each on one thread (default: one for each core, which
# takes two thirds of the time of one run after the other on all cores).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${BIN:-target/release} out=${OUT:-experiments/reproduce} seeds=${SEEDS:-1,2,3,4,5}
jobs=${JOBS:-$(nproc)}
three=$(cut -d, -f1-3 <<<"$seeds")
emobox=${EMOBOX:-EMOBOX-is-not-set}

# A row: its config, its seeds, and what is set in the config besides.
declare -A rows=(
  [ravdess-luna]="ravdess $seeds"
  [ravdess-emobox]="ravdess $seeds protocol.kind=emobox"
  [ravdess-random]="ravdess $seeds protocol.kind=random protocol.folds=5"
  [crema_d-emobox]="crema_d $three protocol.kind=emobox protocol.root=$emobox/cremad"
  [crema_d-tfds]="crema_d $three protocol.kind=tfds"
  [tess-emobox]="tess $seeds protocol.kind=emobox protocol.root=$emobox/tess"
  [tess-cross-speaker]="tess $seeds protocol.kind=cross-speaker"
  [savee-emobox]="savee $seeds protocol.kind=emobox"
  [best-ravdess-luna]="best-ravdess $seeds"
  [best-ravdess-luna-all]="best-ravdess $seeds train.learn_from=train+validation"
  [best-savee-emobox-all]="best-savee $seeds train.learn_from=train+validation"
  [best-ravdess-luna-by-speaker]="best-ravdess $seeds features.scaler=speaker"
  [best-ravdess-emobox]="best-ravdess $seeds protocol.kind=emobox"
  [best-ravdess-random]="best-ravdess $seeds protocol.kind=random protocol.folds=5"
  [best-crema_d-emobox]="best-crema_d $three protocol.kind=emobox protocol.root=$emobox/cremad"
  [best-crema_d-tfds]="best-crema_d $three"
  [best-tess-emobox]="best-tess $seeds protocol.kind=emobox protocol.root=$emobox/tess"
  [best-tess-cross-speaker]="best-tess $seeds"
  [best-savee-emobox]="best-savee $seeds"
  [best-savee-emobox-by-speaker]="best-savee $seeds features.scaler=speaker"
  [combined]="combined $three"
  [within-ravdess]="combined $three corpora=[{kind=\"ravdess\"}]"
  [within-crema_d]="combined $three corpora=[{kind=\"crema_d\"}] protocol.kind=tfds"
  [within-tess]="combined $three corpora=[{kind=\"tess\"}] protocol.kind=cross-speaker"
  [within-savee]="combined $three corpora=[{kind=\"savee\"}] protocol.kind=leave-one-speaker-out"
  [from-ravdess]="combined $three protocol.kind=cross-corpus protocol.train=[\"ravdess\"]"
  [from-crema_d]="combined $three protocol.kind=cross-corpus protocol.train=[\"crema_d\"]"
  [from-tess]="combined $three protocol.kind=cross-corpus protocol.train=[\"tess\"]"
  [from-savee]="combined $three protocol.kind=cross-corpus protocol.train=[\"savee\"]"
  [leak-demo]="leak-demo $three"
  [leak-ravdess]="leak-demo $three corpora=[{kind=\"ravdess\"}]"
)
order=(ravdess-luna ravdess-emobox ravdess-random crema_d-emobox crema_d-tfds tess-emobox tess-cross-speaker savee-emobox
  best-ravdess-luna best-ravdess-luna-all best-ravdess-luna-by-speaker best-ravdess-emobox best-ravdess-random best-crema_d-emobox best-crema_d-tfds
  best-tess-emobox best-tess-cross-speaker best-savee-emobox best-savee-emobox-all best-savee-emobox-by-speaker
  combined within-ravdess within-crema_d within-tess within-savee from-ravdess from-crema_d from-tess from-savee leak-demo
  leak-ravdess)

if [ "${1:-}" = --rows ]; then
  printf '%s\n' "${order[@]}"
  exit
fi
[ $# -gt 0 ] || set -- "${order[@]}"
for row in "$@"; do
  [ -n "${rows[$row]:-}" ] || { echo "no row $row: scripts/reproduce.sh --rows lists them" >&2; exit 2; }
done
for row in "$@"; do
  read -r config of_row settings <<<"${rows[$row]}"
  if [[ $settings == *EMOBOX-is-not-set* ]]; then
    echo "$row: set EMOBOX to the data/ folder of github.com/emo-box/EmoBox, which has the lists of files" >&2
    exit 2
  fi
  set=(--set "name=$row")
  for setting in $settings; do set+=(--set "$setting"); done
  echo "== $row: $config, seeds $of_row ${settings:-}"
  train=("$bin/ser-train" --config "configs/$config.toml" "${set[@]}" --seed "$of_row" --out "$out/$row" --resume)
  # A command a line, quoted as for a shell, that calls the program by its name.
  "${train[@]}" --list | PATH="$(realpath "$bin"):$PATH" RAYON_NUM_THREADS=1 xargs -d '\n' -P "$jobs" -n 1 sh -c
  "$bin/ser-eval" "$out/$row"
done
