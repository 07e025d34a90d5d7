#!/usr/bin/env bash
# Sees to it that there is a Chromium: tests/browser/get_chromium.sh /usr/bin/chromium
# Debian's package, if we may install one; else says what to do, and ends with 1.
set -euo pipefail
chromium="${1:-/usr/bin/chromium}"
if [ -x "$chromium" ]; then
    exit 0
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n)
fi
if [ "$chromium" = /usr/bin/chromium ] && command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
    echo "Installing chromium with apt-get ..."
    export DEBIAN_FRONTEND=noninteractive
    install=("${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium)
    # Lists that are old, or none, name packages that are gone: fetch them and try again.
    "${install[@]}" >/dev/null 2>&1 || { "${as_root[@]}" apt-get update -qq && "${install[@]}" >/dev/null; } || true
fi
if [ ! -x "$chromium" ]; then
    echo "There is no Chromium at $chromium, and it could not be installed here. Install it with" >&2
    echo "    apt-get install -y --no-install-recommends chromium" >&2
    echo "or say where it is: APPLIEDML_CHROMIUM=/path/to/chromium make test-browser" >&2
    exit 1
fi
