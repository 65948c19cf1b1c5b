#!/usr/bin/env bash
# Load on ser-serve over loopback beside ser-predict on the same clips: the rows of reports/serve.md.
#   scripts/bench-serve.sh BUNDLE FOLDER_OF_WAV_CLIPS [options of bench_serve.py]
set -euo pipefail
if [ $# -lt 2 ]; then
  echo "usage: scripts/bench-serve.sh BUNDLE FOLDER [--requests N] [--jobs N] [--streams N] [--seconds S]" >&2
  exit 2
fi
here=$(dirname "$0")/..
serve=${SER_SERVE:-$here/target/release/ser-serve} predict=${SER_PREDICT:-$here/target/release/ser-predict}
if [ -z "${SER_SERVE:-}" ]; then
  cargo build --release --locked --manifest-path "$here/Cargo.toml" -p ser-serve
  cargo build --release --locked --manifest-path "$here/Cargo.toml" --bin ser-predict
fi
exec "${PYTHON:-python3}" "$here/scripts/bench_serve.py" "$serve" "$predict" "$@"
