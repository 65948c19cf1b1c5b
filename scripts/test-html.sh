#!/usr/bin/env bash
# Tests report.html in headless Chromium: sorting, cells, keyboard, players, themes, contrast, no request to anywhere.
# Installs Debian's chromium where there is none and this may be done; says that the test is skipped where not. With the
# path of a report.html, also takes pictures of it, for people to look at:
#   scripts/test-html.sh [report.html folder-for-pictures]
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -ne 0 ] && [ $# -ne 2 ]; then
  echo "usage: scripts/test-html.sh [report.html folder-for-pictures]" >&2
  exit 2
fi
if ! command -v "${CHROMIUM:-chromium}" >/dev/null; then
  echo "no Chromium: installing Debian's"
  if ! { [ "$(id -u)" = 0 ] && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; }; then
    echo "skipped: chromium is not there and cannot be installed (apt-get as root); set CHROMIUM to one of yours" >&2
    exit 0
  fi
fi
cargo test --release --locked --test html_page -- --nocapture
if [ $# -eq 2 ]; then
  mkdir -p "$2"
  SER_PAGE=$1 SER_SHOTS=$2 cargo test --release --locked --test html_page screenshots -- --ignored
  echo "pictures are in $2"
fi
