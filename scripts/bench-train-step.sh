#!/usr/bin/env bash
# The reference network's training step, ours and PyTorch's in turn on this machine: a table, and `ratio: X` (ours over
# theirs, median step) as the last line.
#
# usage: scripts/bench-train-step.sh [rounds] [threads]        (3 rounds, 2 threads)
#
# PyTorch is installed from PyPI (5 GB: its Linux wheels bring CUDA along) into a virtual environment outside the
# repository unless it is there already: SER_BENCH_VENV, or /tmp/ser-bench-venv. The peer is
# ../shared/peers/torch_train_step.py, or SER_BENCH_PEER. A busy machine favours neither side reliably: leave it alone
# while this runs.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-3}
threads=${2:-2}
venv=${SER_BENCH_VENV:-/tmp/ser-bench-venv}
peer=${SER_BENCH_PEER:-../shared/peers/torch_train_step.py}
# Settings for other processors than this one would slow the peer down.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

if [ ! -f "$peer" ]; then
    echo "$peer: no such file; name PyTorch's script in SER_BENCH_PEER" >&2
    exit 1
fi
if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
    echo "installing PyTorch into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet torch numpy
fi
cargo bench --bench train_step --no-run >&2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    cargo bench --quiet --bench train_step -- --threads "$threads" --step-only >>"$folder/ours" 2>/dev/null
    "$venv/bin/python" "$peer" --threads "$threads" >>"$folder/theirs"
done

# The median over the rounds of what stands after WORD in the lines that start with PREFIX.
pick() { # FILE PREFIX WORD
    awk -v prefix="$2" -v word="$3" '
        index($0, prefix) == 1 { for (i = 1; i < NF; i++) if ($i == word) print $(i + 1) }
    ' "$folder/$1" | sort -g | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}
quotient() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
row() { # LABEL PREFIX WORD
    local ours theirs
    ours=$(pick ours "$2" "$3")
    theirs=$(pick theirs "$2" "$3")
    printf '| %s | %s | %s | %s |\n' "$1" "$ours" "$theirs" "$(quotient "$ours" "$theirs")"
}

echo "Batch 32, 256 frames of 39 features, $threads threads, $rounds rounds in turn, $("$venv/bin/python" -c \
    'import torch; print("PyTorch", torch.__version__)'), $(date -u +%F)"
echo
echo "| | ours | PyTorch | ratio |"
echo "|---|---|---|---|"
row "training step, median ms" "train step" median
row "training step, least ms" "train step" min
row "inference of one clip, median ms" "inference batch 1 " median
row "inference of one clip, least ms" "inference batch 1 " min
row "inference of 32 clips, median ms" "inference batch 32 " median
row "peak memory, MB" "peak RSS" RSS
echo
echo "ratio: $(quotient "$(pick ours "train step" median)" "$(pick theirs "train step" median)")"
