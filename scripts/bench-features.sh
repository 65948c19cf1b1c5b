#!/usr/bin/env bash
# The signal chain, ours and librosa's in turn on this machine, and our whole cache: prints reports/features.md.
#
# usage: scripts/bench-features.sh CORPORA [rounds] [clips] >reports/features.md       (3 rounds, 100 clips)
#
# CORPORA holds ravdess, tess, savee and cremad, as ../shared/corpora/unpack.sh leaves them. librosa 0.11 is installed from
# PyPI into a virtual environment outside the repository unless it is there already: SER_FEATURES_VENV, or
# /tmp/ser-features-venv. The peer is ../shared/peers/librosa_features.py, or SER_FEATURES_PEER. Both sides run on one
# thread, ours first in each round; leave the machine alone while this runs.
set -euo pipefail
cd "$(dirname "$0")/.."

corpora=$(realpath "${1:?the folder with ravdess, tess, savee and cremad}")
rounds=${2:-3}
clips=${3:-100}
venv=${SER_FEATURES_VENV:-/tmp/ser-features-venv}
peer=${SER_FEATURES_PEER:-../shared/peers/librosa_features.py}
# Settings for other processors than this one would slow the peer down.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

for path in "$peer" "$corpora"/{ravdess,tess,savee,cremad}; do
    if [ ! -e "$path" ]; then
        echo "$path: no such file; see the head of $0" >&2
        exit 1
    fi
done
if ! "$venv/bin/python" -c 'import librosa' 2>/dev/null; then
    echo "installing librosa into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet 'librosa==0.11.*'
fi
cargo build --release --locked --bin ser-data >&2
cargo bench --locked --bench features --no-run >&2
ser_data=$(realpath "${CARGO_TARGET_DIR:-target}")/release/ser-data

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
load=$(cut -d ' ' -f 1-3 /proc/loadavg)

# Clips spread over a corpus, in a folder of their own: RAVDESS is at 22,050 Hz already, TESS at 24,414 Hz.
for corpus in ravdess tess; do
    mkdir "$folder/$corpus"
    find "$corpora/$corpus" -iname '*.wav' | sort >"$folder/all"
    every=$(($(wc -l <"$folder/all") / clips))
    awk -v every="$((every > 0 ? every : 1))" 'NR % every == 1 || every == 1' "$folder/all" | head -n "$clips" |
        while read -r path; do ln -s "$path" "$folder/$corpus/$(basename "${path%.*}").wav"; done
    for round in $(seq "$rounds"); do
        echo "$corpus, round $round of $rounds" >&2
        cargo bench --quiet --locked --bench features -- --wavs "$folder/$corpus" --n "$clips" --repeats 3 \
            >>"$folder/ours-$corpus" 2>/dev/null
        "$venv/bin/python" "$peer" --wavs "$folder/$corpus" --n "$clips" --repeats 3 --jobs 1 --threads 1 \
            --only load,all_naive,all_shared,stretch0.8,pitch0.7,readme_e2e >>"$folder/theirs-$corpus"
    done
done

# The median over the rounds of a stage's median.
pick() { # FILE STAGE
    awk -v stage="$2" '$1 == stage { for (i = 1; i < NF; i++) if ($i == "median") print $(i + 1) }' "$folder/$1" |
        sort -g | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}
quotient() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
row() { # LABEL CORPUS OURS THEIRS TARGET [FFT]
    local ours theirs fft=""
    ours=$(pick "ours-$2" "$3")
    theirs=$(pick "theirs-$2" "$4")
    [ -z "${6:-}" ] || fft="$(quotient "$ours" "$(pick "ours-$2" "$6")") ×"
    printf '| %s | %s | %s | %s × | %s | %s |\n' "$1" "$ours" "$theirs" "$(quotient "$theirs" "$ours")" "$5" "$fft"
}

# Builds a cache from nothing and reads it again; prints seconds, seconds and the largest memory of each.
whole() { # CONFIG DIR
    local build=("$ser_data" cache build --config "$1" --data "$folder/data" --cache "$2")
    for _ in 1 2; do
        /usr/bin/time -f '%e %M' -o "$folder/time" env RAYON_NUM_THREADS=2 "${build[@]}" >/dev/null 2>&1
        cat "$folder/time"
    done | paste -s -d ' '
}
mkdir "$folder/data"
for corpus in ravdess savee tess; do ln -s "$corpora/$corpus" "$folder/data/$corpus"; done
ln -s "$corpora/cremad" "$folder/data/crema_d"
# Into the page cache, so that it is the work that is timed and not the disk.
find -L "$folder/data" -type f -exec cat {} + >/dev/null
echo "the whole cache of RAVDESS" >&2
read -r one_build one_memory one_again one_memory_again < <(whole configs/ravdess.toml "$folder/cache-one")
echo "the whole cache of four corpora" >&2
read -r four_build four_memory four_again four_memory_again < <(whole configs/combined.toml "$folder/cache-four")
megabytes() { echo $(($1 / 1024)); }

cat <<END
# The signal chain beside librosa's

\`\`\`sh
scripts/bench-features.sh CORPORA $rounds $clips >reports/features.md
\`\`\`

One thread each, $rounds rounds in turn in one sitting, $clips clips of each corpus, $(head -n 1 "$folder/theirs-ravdess" | cut -d ' ' -f 1-4),
$(grep -m 1 'model name' /proc/cpuinfo | cut -d : -f 2 | xargs), $(nproc) cores, load before it began $load, $(date -u +%F). The 157
columns: 13 MFCC, 128 mel bands, 12 chroma, centroid, roll-off, zero-crossing rate, RMS at 22,050 Hz, frames of 2048 samples
every 512. Medians over the rounds. "Over its FFTs" is our time by that of the stage's Fourier transforms alone.

| | ours, ms a clip | librosa, ms a clip | ratio | wanted | over its FFTs |
|---|---|---|---|---|---|
$(row "The 157 columns, each called by itself in librosa" ravdess features all_naive "20 ×" fft_features)
$(row "The 157 columns, librosa's sharing one STFT" ravdess features all_shared "" fft_features)
$(row "loading (22,050 Hz)" ravdess load load "")
$(row "loading and the 157 columns (22,050 Hz)" ravdess end_to_end readme_e2e "10 ×")
$(row "loading and resampling (24,414 Hz)" tess load load "")
$(row "loading, resampling and the 157 columns (24,414 Hz)" tess end_to_end readme_e2e "10 ×")
$(row "time stretch, phase vocoder" ravdess stretch_vocoder stretch0.8 "5 ×" fft_stretch)
$(row "time stretch, WSOLA beside the phase vocoder" ravdess stretch_wsola stretch0.8 "5 ×")
$(row "pitch shift, phase vocoder" ravdess pitch_vocoder pitch0.7 "5 ×" fft_pitch)
$(row "pitch shift, WSOLA beside the phase vocoder" ravdess pitch_wsola pitch0.7 "5 ×")

The whole cache with 39 dimensions (13 MFCC, both derivatives), two threads, from the program's start to its end, every file
looked through for damage and duplicates on the way:

| | clips' files | built, s | wanted, s | peak memory, MB | found again, s | peak memory, MB |
|---|---|---|---|---|---|---|
| RAVDESS | $(find "$folder/cache-one" -name '*.safetensors' | wc -l) | $one_build | 15 | $(megabytes "$one_memory") | $one_again | $(megabytes "$one_memory_again") |
| all four corpora | $(find "$folder/cache-four" -name '*.safetensors' | wc -l) | $four_build | 60 | $(megabytes "$four_memory") | $four_again | $(megabytes "$four_memory_again") |
END
