#!/usr/bin/env bash
# Trains and evaluates rows of the field's published figures, from nothing but the corpora: with the reference network, with
# the recipe that won on validation (best-…), with networks distilled from those of a row (distilled-…), and that recipe with one
# thing done otherwise (ablation-…). reports/reproduction.md is made of them: see reports/published.toml.
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

# The settings that distil all networks of a row, each fold by its own.
distilled_from() {
  local bundles='' seed
  for seed in ${2//,/ }; do bundles+=",\"$out/$1/fold-{fold}/seed-$seed/bundle\""; done
  echo "distil.bundles=[${bundles:1}]"
}

# EmoBox's fold of CREMA-D tests 1056_MTI_ANG_XX and trains on 1056_TAI_ANG_XX, which are one recording: the latter is left out.
one_side='corpora=[{kind="crema_d",leave_out=["1056_TAI_ANG_XX"]}]'

# A row: its config, its seeds, and what is set in the config besides.
declare -A rows=(
  [ravdess-luna]="ravdess $seeds"
  [ravdess-emobox]="ravdess $seeds protocol.kind=emobox"
  [ravdess-random]="ravdess $seeds protocol.kind=random protocol.folds=5"
  [crema_d-emobox]="crema_d $three protocol.kind=emobox protocol.root=$emobox/cremad $one_side"
  [crema_d-tfds]="crema_d $three protocol.kind=tfds"
  [tess-emobox]="tess $seeds protocol.kind=emobox protocol.root=$emobox/tess"
  [tess-cross-speaker]="tess $seeds protocol.kind=cross-speaker"
  [savee-emobox]="savee $seeds protocol.kind=emobox"
  [best-ravdess-luna]="best-ravdess $seeds"
  [best-ravdess-luna-all]="best-ravdess $seeds train.train_on=train+validation"
  [best-savee-emobox-all]="best-savee $seeds train.train_on=train+validation"
  [best-ravdess-luna-by-speaker]="best-ravdess $seeds features.scaler=speaker"
  [best-ravdess-emobox]="best-ravdess $seeds protocol.kind=emobox"
  [best-ravdess-random]="best-ravdess $seeds protocol.kind=random protocol.folds=5"
  [best-crema_d-emobox]="best-crema_d $three protocol.kind=emobox protocol.root=$emobox/cremad $one_side"
  [best-crema_d-tfds]="best-crema_d $three"
  [best-tess-emobox]="best-tess $seeds protocol.kind=emobox protocol.root=$emobox/tess"
  [best-tess-cross-speaker]="best-tess $seeds"
  [best-savee-emobox]="best-savee $seeds"
  [best-savee-emobox-by-speaker]="best-savee $seeds features.scaler=speaker"
  [distilled-ravdess-luna]="best-ravdess-distilled $seeds $(distilled_from best-ravdess-luna "$seeds")"
  [distilled-ravdess-luna-all]="best-ravdess-distilled $seeds train.train_on=train+validation $(distilled_from best-ravdess-luna-all "$seeds")"
  [distilled-ravdess-luna-by-speaker]="best-ravdess-distilled $seeds features.scaler=speaker $(distilled_from best-ravdess-luna-by-speaker "$seeds")"
  [distilled-ravdess-emobox]="best-ravdess-distilled $seeds protocol.kind=emobox $(distilled_from best-ravdess-emobox "$seeds")"
  [distilled-ravdess-random]="best-ravdess-distilled $seeds protocol.kind=random protocol.folds=5 $(distilled_from best-ravdess-random "$seeds")"
  [distilled-crema_d-emobox]="best-crema_d-distilled $three protocol.kind=emobox protocol.root=$emobox/cremad $one_side $(distilled_from best-crema_d-emobox "$three")"
  [distilled-crema_d-tfds]="best-crema_d-distilled $three $(distilled_from best-crema_d-tfds "$three")"
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
  [leak-copies]="leak-demo $three corpora=[{kind=\"ravdess\"}] protocol.leak=copies"
  [alone-honest]="leak-alone $three"
  [alone-epoch]="leak-alone $three protocol.leak=epoch"
  [alone-scaler]="leak-alone $three protocol.leak=scaler"
  [alone-speakers]="leak-alone $three protocol.kind=random"
  [alone-speakers-epoch]="leak-alone $three protocol.kind=random protocol.leak=epoch"
  [alone-sentences]="leak-alone $three protocol.leak=sentences"
  [alone-sentences-apart]="leak-alone $three protocol.sentences=apart"
  [nested-ravdess]="ravdess-nested 42"
)
# The best recipe on RAVDESS, Luna's folds, with one thing done otherwise.
ablations=(
  'no-windows audio.window=20'
  'no-copies augment.copies=0'
  'no-mixup augment={copies=6,share=0.7,speed={rate=[0.9,1.1],probability=0.67},noise={snr_db=[10,30],probability=0.33},pitch_shift={semitones=[-2,2],probability=0.4}}'
  'spec-augment augment.spec_augment={time_masks=2,frames=10,share=0.2,column_masks=1,columns=3}'
  'no-smoothing train.label_smoothing=0.0'
  'no-weights train.class_weights=none'
  'swa train.averaging={kind="swa",start=0.5} train.schedule={kind="cosine",warmup=2,floor=0.3}'
  'attention model.pool=attention'
  'no-lstm model.kind=cnn'
  'hidden-128 model.hidden=128'
  'prosody features.kinds=["mfcc","delta","delta2","pitch","rms","zcr","centroid","rolloff","chroma"]'
  'mel features.kinds=["mel"] features.n_mels=64'
  'mel-2d features.kinds=["mel"] features.n_mels=64 model.kind=cnn2d-bilstm model.channels=[16,32]'
  'utterance features.scaler=utterance'
  'window-2.5 audio.window=2.5'
  'window-3 audio.window=3.0'
  'gain augment.gain={db=[-6,6],probability=0.5}'
  'hop-1024 features.hop_length=1024'
)
for ablation in "${ablations[@]}"; do
  rows[ablation-${ablation%% *}]="best-ravdess $three ${ablation#* }"
done
order=(ravdess-luna ravdess-emobox ravdess-random crema_d-emobox crema_d-tfds tess-emobox tess-cross-speaker savee-emobox
  best-ravdess-luna best-ravdess-luna-all best-ravdess-luna-by-speaker best-ravdess-emobox best-ravdess-random
  best-crema_d-emobox best-crema_d-tfds best-tess-emobox best-tess-cross-speaker best-savee-emobox best-savee-emobox-all
  best-savee-emobox-by-speaker
  distilled-ravdess-luna distilled-ravdess-luna-all distilled-ravdess-luna-by-speaker distilled-ravdess-emobox distilled-ravdess-random
  distilled-crema_d-emobox distilled-crema_d-tfds
  combined within-ravdess within-crema_d within-tess within-savee from-ravdess from-crema_d from-tess from-savee leak-demo
  leak-ravdess leak-copies alone-honest alone-epoch alone-scaler alone-speakers alone-speakers-epoch
  alone-sentences alone-sentences-apart nested-ravdess)
for ablation in "${ablations[@]}"; do order+=("ablation-${ablation%% *}"); done

# Frozen encoders with a linear head, which is solved for: one seed. A row's name is encoder, states, row without an encoder,
# and by-speaker where the scaler is each speaker's own. tiny's state 2 and C = 0.003, and 1 to 3 and C = 0.001, were chosen on
# CREMA-D's validation speakers; base's state 3 is what was published beside them. Each class counts as much as another, as
# in what was measured elsewhere.
encoder_row() {
  rows[$1]="$2-whisper 42 encoder.path=whisper-$3 encoder.layer=$4 model.c=$5 train.class_weights=balanced ${*:6}"
  order+=("$1")
}
for of in tiny-2:tiny.en:2:0.003 tiny-2-int8:tiny.en-int8:2:0.003 tiny-123:tiny.en:[1,2,3]:0.001 base-3:base:3:0.003 base-123:base:[1,2,3]:0.001; do
  IFS=: read -r name encoder layers c <<<"$of"
  for by in '' -by-speaker; do
    scaler=${by:+encoder.scaler=speaker}
    encoder_row "$name-ravdess-luna$by" ravdess "$encoder" "$layers" "$c" $scaler
    encoder_row "$name-ravdess-emobox$by" ravdess "$encoder" "$layers" "$c" protocol.kind=emobox $scaler
    encoder_row "$name-crema_d-tfds$by" crema_d "$encoder" "$layers" "$c" $scaler
    encoder_row "$name-crema_d-emobox$by" crema_d "$encoder" "$layers" "$c" protocol.kind=emobox "protocol.root=$emobox/cremad" "$one_side" $scaler
    encoder_row "$name-savee-emobox$by" savee "$encoder" "$layers" "$c" protocol.kind=emobox $scaler
    encoder_row "$name-tess-cross-speaker$by" tess "$encoder" "$layers" "$c" protocol.kind=cross-speaker $scaler
    encoder_row "$name-tess-emobox$by" tess "$encoder" "$layers" "$c" protocol.kind=emobox "protocol.root=$emobox/tess" $scaler
  done
done

# States 1 to 3 with the penalty that the validation actors of Luna's folds pick among 0.001, 0.003, 0.01 and 0.03: their UAR is
# 81.2, 82.0, 80.6 and 80.5.
encoder_row tiny-123-own-c-ravdess-luna ravdess tiny.en "[1,2,3]" 0.003

# States 1 to 3 of both with a penalty that each fold picks on speakers of those that its head learns from, so that nothing is left to
# choose on validation, which is learnt from, too; and the mean of both heads' probabilities.
declare -A means=()
for corpus in ravdess-luna ravdess-emobox crema_d-tfds crema_d-emobox savee-emobox; do
  for by in '' -by-speaker; do
    set=(train.train_on=train+validation train.select=last)
    case $corpus in
      crema_d-emobox) set+=(protocol.kind=emobox "protocol.root=$emobox/cremad" "$one_side") ;;
      *-emobox) set+=(protocol.kind=emobox) ;;
    esac
    [ -z "$by" ] || set+=(encoder.scaler=speaker)
    for of in tiny:tiny.en base:base; do
      encoder_row "${of%%:*}-picked-$corpus$by" "${corpus%%-*}" "${of#*:}" "[1,2,3]" "[1e-3,3e-3,1e-2,3e-2]" "${set[@]}"
    done
    means[both-picked-$corpus$by]="tiny-picked-$corpus$by base-picked-$corpus$by"
    order+=("both-picked-$corpus$by")
  done
done

# All states, mixed by a learnt softmax, below one hidden layer: five seeds, three of CREMA-D. The settings are those of the first try.
mlp='model.kind=mlp model.pool="mean" model.dense=128 train.optimiser="adamw" train.weight_decay=0.01 train.label_smoothing=0.1 train.epochs=40'
for of in tiny-weighted:tiny.en base-weighted:base; do
  for by in '' -by-speaker; do
    for corpus in ravdess-luna ravdess-emobox crema_d-tfds crema_d-emobox savee-emobox tess-cross-speaker tess-emobox; do
      row=${of%%:*}-$corpus$by
      protocol=
      case $corpus in
        crema_d-emobox) protocol="protocol.kind=emobox protocol.root=$emobox/cremad $one_side" ;;
        tess-emobox) protocol="protocol.kind=emobox protocol.root=$emobox/tess" ;;
        *-emobox) protocol=protocol.kind=emobox ;;
      esac
      of_row=$seeds; [[ $corpus != crema_d-* ]] || of_row=$three
      rows[$row]="${corpus%%-*}-whisper $of_row encoder.path=whisper-${of#*:} encoder.layer=weighted $mlp $protocol ${by:+encoder.scaler=speaker}"
      order+=("$row")
    done
  done
done
# The upper two of tiny's first three layers learn with the linear head, from where it is solved.
rows[tiny-learnt-ravdess-luna]="ravdess-whisper 1 encoder.layer=3 encoder.train_layers=2 train.epochs=4 train.learning_rate=1e-4 model.c=0.001 train.class_weights=balanced"
# The same, but additions of rank 8 to the layers' matrices learn in place of the matrices; their rate was picked from 1e-4 and 1e-3
# on fold 0's validation actors.
rows[tiny-lora-ravdess-luna]="ravdess-whisper 1 encoder.layer=3 encoder.train_layers=2 encoder.lora={rank=8,alpha=16} encoder.learning_rate=1e-3 train.epochs=4 train.learning_rate=1e-4 model.c=0.001 train.class_weights=balanced"
order+=(tiny-learnt-ravdess-luna tiny-lora-ravdess-luna)

if [ "${1:-}" = --rows ]; then
  printf '%s\n' "${order[@]}"
  exit
fi
[ $# -gt 0 ] || set -- "${order[@]}"
for row in "$@"; do
  [ -n "${rows[$row]:-}${means[$row]:-}" ] || { echo "no row $row: scripts/reproduce.sh --rows lists them" >&2; exit 2; }
done
for row in "$@"; do
  if [ -n "${means[$row]:-}" ]; then
    read -ra members <<<"${means[$row]}"
    for member in "${members[@]}"; do
      [ -d "$out/$member" ] || { echo "$row: first: scripts/reproduce.sh ${members[*]}" >&2; exit 2; }
    done
    echo "== $row: the mean of ${members[*]}"
    "$bin/ser-eval" ensemble "${members[@]/#/$out/}" --out "$out/$row"
    continue
  fi
  read -r config of_row settings <<<"${rows[$row]}"
  if [[ $settings == *EMOBOX-is-not-set* ]]; then
    echo "$row: set EMOBOX to the data/ folder of github.com/emo-box/EmoBox, which has the lists of files" >&2
    exit 2
  fi
  # Each fold's teachers; all of them are made by the one command.
  if [[ $settings =~ bundles=\[\""$out"/([^/]+)/ ]] && [ ! -d "$out/${BASH_REMATCH[1]}" ]; then
    echo "$row: its teachers are not there; first: scripts/reproduce.sh ${BASH_REMATCH[1]}" >&2
    exit 2
  fi
  set=(--set "name=$row")
  for setting in $settings; do set+=(--set "$setting"); done
  echo "== $row: $config, seeds $of_row ${settings:-}"
  train=("$bin/ser-train" --config "configs/$config.toml" "${set[@]}" --seed "$of_row" --out "$out/$row" --resume)
  # A command a line, quoted as for a shell, that calls the program by its name.
  "${train[@]}" --list | PATH="$(realpath "$bin"):$PATH" RAYON_NUM_THREADS=1 xargs -d '\n' -P "$jobs" -n 1 sh -c
  # Each fold takes its setting once all of them are there.
  case $config in *-nested) "${train[@]}" --no-report ;; esac
  "$bin/ser-eval" "$out/$row"
done
