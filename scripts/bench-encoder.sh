#!/usr/bin/env bash
# All hidden states of one clip through Whisper's encoder, from samples: ours, PyTorch's and CTranslate2's in turn on this machine,
# with one thread and two. A table, and `ratio: X` as the last line: ours over the better of both others, the worst of the rows.
#
# usage: scripts/bench-encoder.sh FOLDER... [--rounds 5] [--seconds 3.7] [--int8]
#
# A FOLDER is a model as Hugging Face has it, with CTranslate2's own files in FOLDER/ct2. PyTorch, transformers and CTranslate2 are
# in SER_BENCH_VENV, or /tmp/ser-bench-venv. CARGO names the command that builds, TARGET where it does.
#
# One thread is compared by processor time, which other work on the machine hardly changes; two by the least time on the clock,
# since the others' threads count their waiting as work.
set -euo pipefail
folders=() rounds=5 seconds=3.7 int8=
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        --int8) int8=-int8; shift ;;
        *) folders+=("$(cd "$1" && pwd)"); shift ;;
    esac
done
[ ${#folders[@]} -gt 0 ] || { sed -n '5p' "$0" >&2; exit 2; }
cd "$(dirname "$0")/.."
venv=${SER_BENCH_VENV:-/tmp/ser-bench-venv}
if ! "$venv/bin/python" -c 'import torch, transformers, safetensors, ctranslate2' 2>/dev/null; then
    echo "installing PyTorch, transformers and CTranslate2 into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch numpy transformers safetensors ctranslate2
fi
built=$(${CARGO:-cargo} build --release --bin ser-data --bench encoder --message-format=json 2>/dev/null)
executable() { sed -n "s/.*\"executable\":\"\([^\"]*$1\)\".*/\1/p" <<<"$built" | tail -1; }
bench=$(executable '\/encoder-[^"]*') data=$(executable '\/ser-data')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
precision=f32 name=f32
if [ -n "$int8" ]; then precision=int8 name=int8; fi
for folder in "${folders[@]}"; do
    "$data" encoder import "$folder" --out "$work/$(basename "$folder")" --precision $precision >/dev/null
done
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    for folder in "${folders[@]}"; do
        model=$(basename "$folder")
        for threads in 1 2; do
            to=$work/$model.$threads
            "$bench" --encoder "$work/$model" --threads $threads --seconds "$seconds" >>"$to.ours"
            for engine in torch ct2; do
                "$venv/bin/python" scripts/peer_encoder.py "$folder" --engine $engine$int8 --threads $threads --seconds "$seconds" \
                    >>"$to.$engine" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
            done
        done
    done
done
# What stands after WORD: the median over the rounds, or the least for the word min.
pick() { # FILE WORD
    awk -v word="$2" '{ for (i = 1; i < NF; i++) if ($i == word) print $(i + 1) }' "$1" | sort -g |
        awk -v least="$([ "$2" = min ] && echo 1 || echo 0)" '{ value[NR] = $1 } END { print value[least ? 1 : int((NR + 1) / 2)] }'
}
echo "All layers, a clip of $seconds s, $name, $rounds rounds in turn, $(date -u +%F), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), SER_SIMD=${SER_SIMD:-best}"
echo
echo "| encoder | threads | measured | ours | PyTorch | CTranslate2 | ratio | peak MB: ours | PyTorch | CTranslate2 |"
echo "|---|---|---|---|---|---|---|---|---|---|"
worst=0
for folder in "${folders[@]}"; do
    model=$(basename "$folder")
    for threads in 1 2; do
        to=$work/$model.$threads word=processor words="processor ms"
        if [ $threads = 2 ]; then word=min words="least ms"; fi
        ours=$(pick "$to.ours" $word) torch=$(pick "$to.torch" $word) ct2=$(pick "$to.ct2" $word)
        ratio=$(awk -v a="$ours" -v b="$torch" -v c="$ct2" 'BEGIN { printf "%.2f", a / (b < c ? b : c) }')
        worst=$(awk -v a="$worst" -v b="$ratio" 'BEGIN { print (a > b ? a : b) }')
        echo "| $model | $threads | $words | $ours | $torch | $ct2 | $ratio | $(pick "$to.ours" peak-MB) | $(pick "$to.torch" peak-MB) | $(pick "$to.ct2" peak-MB) |"
    done
done
echo
echo "ratio: $worst"
