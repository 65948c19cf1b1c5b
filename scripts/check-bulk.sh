#!/usr/bin/env bash
# A list of recordings through one process, through shards (GNU parallel where it is installed, else xargs; the script of
# the Slurm array), Ray Data and PySpark: every row has to be that of the one process.
#
#   scripts/check-bulk.sh [FOLDER]     # of recordings, the first 1,000 of which are taken; else the embedded corpus
#
# BIN is the folder of the programs (default target/release), BUNDLE the bundle (default models/box-small.safetensors), PYTHON
# an interpreter with serkit, pandas and pyarrow; without ray or pyspark in it, these are left out, and it says so.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "${BIN:-target/release}")
bundle=$(realpath "${BUNDLE:-models/box-small.safetensors}")
python=${PYTHON:-python3}
export PATH=$bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RAY_USAGE_STATS_ENABLED=0 # nothing is sent anywhere

if [ $# -gt 0 ]; then
  folder=$(realpath "$1")
else
  folder=$work/corpus
  ser-data synth --out "$folder" >/dev/null
fi
find "$folder" -name '*.wav' | LC_ALL=C sort >"$work/all.txt"
# The embedded corpus is shorter than a thousand clips: it is taken again.
: >"$work/list.txt"
while [ "$(wc -l <"$work/list.txt")" -lt 1000 ]; do cat "$work/all.txt" >>"$work/list.txt"; done
{ echo path; head -999 "$work/list.txt"; echo "$work/gone.wav"; } >"$work/list.csv"
list=$work/list.csv

seconds() { local from=$1; echo "$(date +%s.%N) - $from" | bc; }
say() { printf '%-28s %6.1f s  %s\n' "$1" "$2" "$3"; }

from=$(date +%s.%N)
ser-predict "$bundle" --manifest "$list" --out "$work/one" --part-rows 100 2>"$work/log" || { cat "$work/log"; exit 1; }
say "one process" "$(seconds "$from")" "$(tail -1 "$work/log")"

compare() { # NAME SECONDS: the parts, byte for byte
  for file in "$work"/one/*.csv; do cmp "$file" "$work/$1/$(basename "$file")"; done
  say "$3" "$2" "the same files"
}

share() { echo "RAYON_NUM_THREADS=1 ser-predict $bundle --manifest $list --out $work/$1 --part-rows 100 --shard {}/4 2>/dev/null"; }
from=$(date +%s.%N)
if command -v parallel >/dev/null; then
  seq 4 | parallel -j 2 "$(share spread)"
  how="GNU parallel, 4 shards"
else
  seq 4 | xargs -P 2 -I{} sh -c "$(share spread)"
  how="xargs -P, 4 shards"
  echo "GNU parallel is not installed: xargs stands for it"
fi
compare spread "$(seconds "$from")" "$how"

from=$(date +%s.%N)
for task in 3 1 2; do
  SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=3 SLURM_CPUS_PER_TASK=1 PART_ROWS=100 \
    scripts/slurm/predict.sh "$bundle" "$list" "$work/array" 2>/dev/null
done
compare array "$(seconds "$from")" "the array's script, 3 tasks"

# A process that is killed has lost the part under way; started again, it goes on.
ser-predict "$bundle" --manifest "$list" --out "$work/killed" --part-rows 100 2>/dev/null & killed=$!
while ! [ -e "$work/killed/_parts/part-00001.json" ]; do kill -0 $killed 2>/dev/null || break; sleep 0.1; done
kill -9 $killed 2>/dev/null || true
wait $killed 2>/dev/null || true
[ ! -e "$work/killed/_SUCCESS" ] || echo "it was done before it was killed"
from=$(date +%s.%N)
ser-predict "$bundle" --manifest "$list" --out "$work/killed" --part-rows 100 2>/dev/null
compare killed "$(seconds "$from")" "killed, and started again"

for engine in ray spark; do
  module=${engine/spark/pyspark}
  if ! "$python" -c "import serkit, pandas, pyarrow, $module" 2>/dev/null; then
    echo "$module is left out: $python has not all of serkit, pandas, pyarrow, $module"
    continue
  fi
  from=$(date +%s.%N)
  "$python" "python/examples/bulk_$engine.py" "$bundle" "$list" "$work/$engine" >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
  took=$(seconds "$from")
  "$python" - "$work/one" "$work/$engine" <<'PY'
import glob
import sys

import numpy as np
import pandas as pd

one = pd.concat([pd.read_csv(path) for path in sorted(glob.glob(f"{sys.argv[1]}/part-*.csv"))])
other = pd.read_parquet(sys.argv[2])
assert len(one) == len(other) == 1000, (len(one), len(other))
one, other = (table.sort_values("path", kind="stable").reset_index(drop=True) for table in (one, other[one.columns]))
for name in one.columns:
    if name == "error":  # The program names the file again, which stands beside it in Python.
        assert (one[name].isna() == other[name].isna()).all(), name
    elif name in ("path", "emotion"):
        assert (one[name].fillna("") == other[name].fillna("")).all(), name
    else:
        # The shortest decimal of a single-precision number is that number.
        kind = np.float64 if name == "seconds" else np.float32
        assert np.array_equal(one[name].astype(kind), other[name].astype(kind), equal_nan=True), name
PY
  say "$module, start included" "$took" "the same rows, to the bit"
done
