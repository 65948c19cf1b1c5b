#!/usr/bin/env bash
# The same on a GPU as on the processor: networks of every kind with the same weights predict, are trained by one step and
# predict again, on the wgpu device and on flex; all probabilities must agree within 1e-4.
#
# usage: scripts/test-wgpu.sh
#
# Without a GPU, Mesa's software Vulkan does the work (mesa-vulkan-drivers, installed with apt-get where no Vulkan driver
# is there). Building with --features wgpu takes far longer than everything else (half an hour and more on two cores),
# so it has a target folder of its own, which is kept: SER_WGPU_TARGET, or /tmp/ser-wgpu/target.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${SER_WGPU_TARGET:-/tmp/ser-wgpu/target}
if ! ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json >/dev/null 2>&1; then
    echo "installing mesa-vulkan-drivers" >&2
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq mesa-vulkan-drivers >&2
fi
# Without tests in an ordinary build. Prints the largest differences.
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$(mktemp -d)}" # Mesa complains where it is not set
CARGO_TARGET_DIR="$target" cargo test --release --locked --features wgpu --test devices -- --nocapture
echo "a device that is there but has no driver, Vulkan's or OpenGL's, is one line:"
status=0
VK_ICD_FILENAMES=/nonexistent VK_DRIVER_FILES=/nonexistent __EGL_VENDOR_LIBRARY_FILENAMES=/nonexistent \
    timeout 60 "$target/release/ser-train" --config configs/quickstart.toml \
    --device wgpu --fold 0 --out "$(mktemp -d)/none" 2>"$target/no-driver.txt" || status=$?
tail -n 1 "$target/no-driver.txt"
if [ "$status" != 2 ] || grep -q panicked "$target/no-driver.txt" || ! grep -q -- "--device wgpu" "$target/no-driver.txt"; then
    echo "expected one line that names --device wgpu, and exit status 2; got status $status" >&2
    exit 1
fi
