#!/usr/bin/env bash
# The kernels' tests under AddressSanitizer, with the standard library's checks of unsafe preconditions and with buffers
# of just the size asked for: every level that this processor has (portable, AVX2, AVX-512). About a minute.
#
#   scripts/check-kernels.sh [TEST_FILTER...]
#
# The sanitizer's runtime comes with the stable toolchain; only the flag for it is unstable, hence RUSTC_BOOTSTRAP.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address -Cdebug-assertions=on -Coverflow-checks=on -Cdebuginfo=1 --cfg exact_buffers"
# Without Burn, which has no part in the kernels on plain slices and takes minutes to build.
cargo test --release --locked -p ser-kernels --no-default-features --lib --target "$target" \
  --target-dir "${CARGO_TARGET_DIR:-target}/sanitized" -- "$@"
