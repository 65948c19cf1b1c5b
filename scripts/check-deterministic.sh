#!/usr/bin/env bash
# The same seed on the same machine gives the same predictions, whatever the number of threads: trains one run twice from
# nothing, with a feature cache each, once on one thread and once on all, and compares predictions, epochs and weights.
#
#   scripts/check-deterministic.sh [--config configs/ravdess.toml …]     # options of ser-train; default: RAVDESS's fold 0
#
# SER_DATASETS names the folder of the corpora, BIN that of the programs (default target/release).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${BIN:-target/release}
[ $# -gt 0 ] || set -- --config configs/ravdess.toml --fold 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for threads in 1 "$(nproc)"; do
  echo "on $threads of $(nproc) cores" >&2
  RAYON_NUM_THREADS=$threads "$bin/ser-train" "$@" --out "$work/$threads" --cache "$work/cache-$threads" --no-report
done
status=0
while read -r file; do
  if cmp -s "$work/1/$file" "$work/$(nproc)/$file"; then echo "same       $file"; else echo "DIFFERENT  $file"; status=1; fi
done < <(cd "$work/1" && find . \( -name predictions.csv -o -name validation.csv -o -name metrics.jsonl -o -name model.safetensors \) | sort)
exit $status
