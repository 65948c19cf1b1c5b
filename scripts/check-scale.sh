#!/usr/bin/env bash
# How time and memory grow with the rows: ser-eval over a run with 10,000, 100,000 and 1,000,000 predictions, and scan, audit,
# split and card of manifests as long; a scan of tables as long that are segments of one file.
#
#   ROWS="10000 100000 1000000" scripts/check-scale.sh [eval] [manifest] [segments]
#
# Pages are opened in headless Chromium where there is one. BIN is the folder of the programs (default target/release). The
# predictions are those of a small run, drawn again with other clips; the recordings of a manifest are 0.9 s of noise each, at
# 4 kHz and 8 bits, so that one fits into a block of the disk: TMPDIR must have 4 KB a row. Scan is the first to look at
# them; the others find in the cache what it has found.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "${BIN:-target/release}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SER_CACHE=$work/cache
mkdir -p "$SER_CACHE"
[ $# -gt 0 ] || set -- eval manifest segments

timed() { # NAME COMMAND…: seconds, those of all cores together, and the largest memory
  local name=$1
  shift
  /usr/bin/time -f "%e %U %S %M" -o "$work/time" "$@" >"$work/out" 2>"$work/err" || { tail -5 "$work/err"; return 1; }
  awk -v name="$name" '{ printf "%-28s %8.1f s %8.1f CPU s %8.0f MB\n", name, $1, $2 + $3, $4 / 1024 }' <(tail -1 "$work/time")
}

opened() { # PAGE: headless Chromium lays it out and runs its script; SHOTS, a folder, gets a picture
  local chromium=${CHROMIUM:-chromium} page=$1
  command -v "$chromium" >/dev/null || { echo "  no $chromium: not opened"; return 0; }
  set -- --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --window-size=1280,3000
  timed "  opened in Chromium" "$chromium" "$@" --dump-dom "file://$page"
  # The script builds the list of clips: a page that is too much for it has none.
  grep -q '<tr' "$work/out" || { echo "  the page has no rows once it is open"; return 1; }
  [ -z "${SHOTS:-}" ] || "$chromium" "$@" --screenshot="$SHOTS/$(basename "$(dirname "$page")")-$rows.png" "file://$page" 2>/dev/null
}

evaluation() {
  "$bin/ser-train" --config configs/quickstart.toml --set train.epochs=2 --fold 0 --no-report --out "$work/small" 2>/dev/null >&2
  for rows in ${ROWS:-10000 100000 1000000}; do
    rm -rf "$work/run"
    cp -r "$work/small" "$work/run"
    python3 - "$work/run/fold-0/seed-42" "$rows" <<'PY'
import csv, random, sys

folder, wanted = sys.argv[1], int(sys.argv[2])
draw = random.Random(1)
tested = None
for name in ("predictions", "embeddings", "clips", "split"):
    with open(f"{folder}/{name}.csv") as file:
        header, *rows = csv.reader(file)
    kept = [] if name in ("predictions", "embeddings") else [row for row in rows if row[0] not in tested]
    of_test = [row for row in rows if tested is None or row[0] in tested]
    tested = tested or {row[0] for row in rows}
    with open(f"{folder}/{name}.csv", "w") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(kept)
        for i in range(wanted):
            row = list(of_test[i % len(of_test)])
            row[0] = f"{row[0]}_{i}"
            if name == "predictions":
                values = [draw.random() ** 3 for _ in row[6:]]
                row[6:] = [round(value / sum(values), 7) for value in values]
                row[5] = header[6 + row[6:].index(max(row[6:]))][2:]
            if name == "split":
                row[4] = f"{i:016x}"
            out.writerow(row)
PY
    timed "ser-eval, $rows" "$bin/ser-eval" "$work/run"
    ls -l "$work/run/report/report.html" | awk '{ printf "%-28s %8.1f MB\n", "  its page", $5 / 1e6 }'
    opened "$work/run/report/report.html"
  done
}

manifest() {
  "$bin/ser-data" synth --out "$work/synth" >/dev/null 2>&1
  for rows in ${ROWS:-10000 100000 1000000}; do
    rm -rf "$work/many" "$SER_CACHE"/facts.jsonl
    python3 - "$work" "$rows" <<'PY'
import csv, os, random, struct, sys

work, wanted = sys.argv[1], int(sys.argv[2])
head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 3636, b"WAVEfmt ", 16, 1, 1, 4000, 4000, 1, 8, b"data", 3600)
os.makedirs(f"{work}/many/d")
with open(f"{work}/synth/manifest.csv") as file:
    rows = list(csv.DictReader(file))
with open(f"{work}/many/m.csv", "w") as file:
    out = csv.writer(file)
    out.writerow(["path", "emotion", "speaker"])
    for i in range(wanted):
        row = rows[i % len(rows)]
        name = f"d/{i // 1000:04}/{i:07}.wav"
        if i % 1000 == 0:
            os.mkdir(f"{work}/many/d/{i // 1000:04}")
        # Recordings that differ by dither alone are copies of one: each has noise of its own.
        with open(f"{work}/many/{name}", "wb") as to:
            to.write(head + random.Random(i).randbytes(3600))
        out.writerow([name, row["emotion"], f"{row['speaker']}_{i % 400}"])
PY
    cat >"$work/many/m.toml" <<'TOML'
name = "many"
[[corpora]]
kind = "manifest"
path = "m.csv"
[protocol]
kind = "speaker-kfold"
folds = 5
TOML
    timed "ser-data scan, $rows" "$bin/ser-data" scan "$work/many/m.csv" --kind manifest --format json
    timed "ser-data audit, $rows" "$bin/ser-data" audit --config "$work/many/m.toml" --data "$work/many"
    timed "ser-data split, $rows" "$bin/ser-data" split --config "$work/many/m.toml" --data "$work/many" --out "$work/split.csv"
    timed "ser-data card, $rows" "$bin/ser-data" card --config "$work/many/m.toml" --data "$work/many" --out "$work/many/card"
    find "$work/many/card" -name '*.html' -size +0 -exec ls -l {} \; | awk '{ printf "%-28s %8.1f MB\n", "  its page", $5 / 1e6 }'
  done
}

segments() {
  mkdir -p "$work/long"
  for rows in ${ROWS:-10000 100000 1000000}; do
    rm -f "$SER_CACHE"/facts.jsonl
    python3 - "$work/long" "$rows" <<'PY'
import csv, random, struct, sys

work, wanted = sys.argv[1], int(sys.argv[2])
data = 3600 * wanted
with open(f"{work}/long.wav", "wb") as to:
    to.write(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", data + 36, b"WAVEfmt ", 16, 1, 1, 4000, 4000, 1, 8, b"data", data))
    for i in range(wanted):
        to.write(random.Random(i).randbytes(3600))
with open(f"{work}/m.csv", "w") as file:
    out = csv.writer(file)
    out.writerow(["path", "emotion", "speaker", "start", "end"])
    for i in range(wanted):
        emotion, start, end = ["angry", "happy", "sad"][i % 3], f"{0.9 * i:.1f}", f"{0.9 * (i + 1):.1f}"
        out.writerow(["long.wav", emotion, f"s{i % 400}", start, end])
PY
    timed "scan of segments, $rows" "$bin/ser-data" scan "$work/long/m.csv" --kind manifest --format json
    grep -c '"start": [0-9]' "$work/out" | awk '{ printf "%-28s %8d clips\n", "  of one file", $1 }'
  done
}

for part in "$@"; do
  case $part in
    eval) evaluation ;;
    manifest) manifest ;;
    segments) segments ;;
    *) echo "$part: eval, manifest or segments" >&2; exit 2 ;;
  esac
done
