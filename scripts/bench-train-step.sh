#!/usr/bin/env bash
# The reference network's training step, ours and PyTorch's in turn on this machine: a table, and `ratio: X` (ours over
# theirs, median step) as the last line.
#
# usage: scripts/bench-train-step.sh [rounds] [threads]        (3 rounds, 2 threads)
#
# PyTorch is installed from PyPI (5 GB: its Linux wheels bring CUDA along) into a virtual environment outside the
# repository unless it is there already: SER_BENCH_VENV, or /tmp/ser-bench-venv. The peer is
# ../shared/peers/torch_train_step.py, or SER_BENCH_PEER. A busy machine favours neither side reliably: leave it alone
# while this runs. SER_SIMD=avx2 holds both sides to AVX2. BENCH names our program where it is built already.
#
# Two rows more are of the two-dimensional network over 64 mel bands (scripts/peer_train_step.py).
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
if [ -z "${BENCH:-}" ]; then cargo bench --bench train_step --no-run >&2; fi
ours() { if [ -n "${BENCH:-}" ]; then "$BENCH" "$@"; else cargo bench --quiet --bench train_step -- "$@"; fi; }
if [ "${SER_SIMD:-}" = avx2 ]; then
    export ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 DNNL_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for round in $(seq "$rounds"); do
    echo "round $round of $rounds" >&2
    ours --threads "$threads" --step-only >>"$folder/ours" 2>/dev/null
    "$venv/bin/python" "$peer" --threads "$threads" >>"$folder/theirs"
    ours --threads "$threads" --bands-only --steps 10 >>"$folder/ours" 2>/dev/null
    for channels in 16,32 32,64; do
        "$venv/bin/python" scripts/peer_train_step.py --threads "$threads" --channels $channels --steps 10 |
            sed -n "s/^train step/bands $channels: train step/p" >>"$folder/theirs"
    done
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

echo "Batch 32, 256 frames of 39 features, $threads threads, SER_SIMD=${SER_SIMD:-best}, $rounds rounds in turn, $("$venv/bin/python" -c \
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
row "2-D, 16 and 32 channels: training step, median ms" "bands 16,32: train step" median
row "2-D, 32 and 64 channels: training step, median ms" "bands 32,64: train step" median
echo
echo "ratio: $(quotient "$(pick ours "train step" median)" "$(pick theirs "train step" median)")"
