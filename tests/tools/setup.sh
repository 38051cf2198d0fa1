#!/usr/bin/env bash
# Installs the Debian packages whose commands, libraries or headers (by their pkg-config file) are missing, and says so.
# usage: setup.sh COMMAND-OR-LIBRARY:PACKAGE...
set -euo pipefail

is_here() {
    case $1 in
        *.pc) pkg-config --exists "${1%.pc}" 2>/dev/null ;;
        *.so.*) /sbin/ldconfig -p | grep -qF "$1 " ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

missing=()
for pair in "$@"; do
    is_here "${pair%%:*}" || missing+=("${pair#*:}")
done
[ ${#missing[@]} -eq 0 ] || "$(dirname "$0")/apt.sh" -- "${missing[@]}"

if ! command -v cargo >/dev/null; then
    echo "camdock is built with Rust 1.95 or later, and there is no cargo on the PATH. See https://rustup.rs" >&2
    exit 1
fi
