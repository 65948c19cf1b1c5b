#!/usr/bin/env bash
# Treats ser-serve badly: 10,000 malformed requests, clients that are slow, silent or never end, frames of 100 MB; checks that
# it does not panic, leak or keep others waiting. Python's standard library does it; schemathesis sends its requests against
# /openapi.json as well where SER_SCHEMATHESIS names its program or the folder of its package.
#   scripts/check-serve.sh [BUNDLE …]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${SER_SERVE:-target/release/ser-serve}
[ -n "${SER_SERVE:-}" ] || cargo build --release --locked -p ser-serve
exec "${PYTHON:-python3}" scripts/check_serve.py "$program" "$@" --requests "${REQUESTS:-10000}" ${SER_SCHEMATHESIS:+--schemathesis "$SER_SCHEMATHESIS"}
