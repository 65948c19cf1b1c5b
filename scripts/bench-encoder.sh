#!/usr/bin/env bash
# Hidden states of one clip through Whisper's encoder, from samples: ours and PyTorch's in turn on this machine. A table, and
# `ratio: X` (ours over PyTorch's, median, with the number of threads asked for) as the last line.
#
# usage: scripts/bench-encoder.sh FOLDER [layers] [threads] [rounds] [seconds]        (3 layers, 2 threads, 5 rounds, 3.7 s)
#
# FOLDER is a model as Hugging Face has it. PyTorch and transformers are in SER_BENCH_VENV, or /tmp/ser-bench-venv. A busy machine
# favours neither side reliably: leave it alone while this runs.
set -euo pipefail
folder=$(cd "${1:?usage: bench-encoder.sh FOLDER [layers] [threads] [rounds] [seconds]}" && pwd)
cd "$(dirname "$0")/.."
layers=${2:-3}
threads=${3:-2}
rounds=${4:-5}
seconds=${5:-3.7}
venv=${SER_BENCH_VENV:-/tmp/ser-bench-venv}
if ! "$venv/bin/python" -c 'import torch, transformers, safetensors' 2>/dev/null; then
    echo "installing PyTorch and transformers into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch numpy transformers safetensors
fi
cargo build --release --quiet --bin ser-data >&2
bench=$(cargo bench --bench encoder --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*encoder-[^"]*\)".*/\1/p' | tail -1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target/release/ser-data encoder import "$folder" --out "$work/encoder" >/dev/null
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    "$bench" --encoder "$work/encoder" --layers "$layers" --threads "$threads" --seconds "$seconds" >>"$work/ours"
    "$venv/bin/python" scripts/peer_encoder.py "$folder" --layers "$layers" --threads "$threads" --seconds "$seconds" >>"$work/theirs"
done
# The median over the rounds of what stands after WORD.
pick() { # FILE WORD
    awk -v word="$2" '{ for (i = 1; i < NF; i++) if ($i == word) print $(i + 1) }' "$work/$1" | sort -g |
        awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}
quotient() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
echo "$(basename "$folder"), $layers layers, a clip of $seconds s, $threads threads, $rounds rounds in turn, $(date -u +%F)"
echo
echo "| | ours | PyTorch | ratio |"
echo "|---|---|---|---|"
for word in median min; do
    printf '| %s ms | %s | %s | %s |\n' "$word" "$(pick ours $word)" "$(pick theirs $word)" "$(quotient "$(pick ours $word)" "$(pick theirs $word)")"
done
echo
echo "ratio: $(quotient "$(pick ours median)" "$(pick theirs median)")"
