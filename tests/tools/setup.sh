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

if [ ${#missing[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "camdock's set-up knows Debian and its kin only. Please install what these Debian packages hold: ${missing[*]}" >&2
        exit 1
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "These Debian packages are missing, and there is no sudo to install them with: ${missing[*]}" >&2
            echo "As root, run: apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "Installing Debian packages: ${missing[*]}${as_root:+ (with sudo)}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

if ! command -v cargo >/dev/null; then
    echo "camdock is built with Rust 1.95 or later, and there is no cargo on the PATH. See https://rustup.rs" >&2
    exit 1
fi
