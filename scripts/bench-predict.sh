#!/usr/bin/env bash
# Times and memory of whole processes: one clip, cold, and a folder on one thread; beside a Python process that does the
# same (scripts/peer_predict.py), run in turn with ours.
#
#   scripts/bench-predict.sh BUNDLE CLIP FOLDER
#
# BIN names the folder of ser-predict (default target/release), PYTHON a Python with librosa and torch (without them ours
# alone is measured), RUNS how many starts the medians are of (default 11). Needs GNU time.
set -euo pipefail
here=$(dirname "$0")
bin=${BIN:-$here/../target/release}
python=${PYTHON:-python3}
runs=${RUNS:-11}
bundle=${1:?a bundle\'s file} clip=${2:?a clip of about 3 s} folder=${3:?a folder of clips}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# NAME COMMAND...: appends wall s, CPU s and peak MB of one run to the name's table.
measure() {
  local name=$1
  shift
  env time -f "%e %U %S %M" -o "$work/time" "$@" >/dev/null 2>&1
  awk '{print $1, $2 + $3, $4 / 1024}' "$work/time" >>"$work/$name"
}
# NAME COLUMN: the median.
median() { sort -n -k"$2,$2" "$work/$1" | awk -v c="$2" '{v[NR] = $c} END {print v[int((NR + 1) / 2)]}'; }

mapfile -t clips < <(find "$folder" -name '*.wav' | sort | head -n 100)
cores=$(nproc)
peer=$("$python" -c 'import librosa, torch' 2>/dev/null && echo yes || echo no)
for _ in $(seq "$runs"); do
  measure ours-cold "$bin/ser-predict" "$bundle" "$clip"
done
export RAYON_NUM_THREADS=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
for _ in 1 2 3; do
  measure ours-folder "$bin/ser-predict" "$bundle" "$folder" --format csv
  if [ "$peer" = yes ]; then
    measure peer-cold "$python" "$here/peer_predict.py" "$bundle" "$clip"
    measure peer-folder "$python" "$here/peer_predict.py" "$bundle" "${clips[@]}"
  fi
done
all=$(find "$folder" -name '*.wav' | wc -l)
echo "load average $(cut -d' ' -f1 /proc/loadavg) on $cores cores"
printf '%-34s %9s %9s %9s\n' "" "wall" "CPU" "peak"
row() { printf '%-34s %7.3f s %7.3f s %6.0f MB\n' "$1" "$(median "$2" 1)" "$(median "$2" 2)" "$(median "$2" 3)"; }
# NAME CLIPS: the start, measured with one clip, does not count.
rate() { awk -v n="$2" -v a="$(median "$1-folder" 2)" -v b="$(median "$1-cold" 2)" 'BEGIN {printf "%.0f", n / (a - b)}'; }
row "one clip, cold: ser-predict" ours-cold
row "$all clips, one thread: ser-predict" ours-folder
echo "clips a second of CPU: ser-predict $(rate ours "$all")"
if [ "$peer" = yes ]; then
  row "one clip, cold: Python" peer-cold
  row "${#clips[@]} clips, one thread: Python" peer-folder
  echo "clips a second of CPU: Python $(rate peer "${#clips[@]}")"
fi
