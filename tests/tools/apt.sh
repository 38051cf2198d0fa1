#!/usr/bin/env bash
# Installs Debian packages, with sudo when not root. Whoever else wants to install something waits meanwhile.
# usage: apt.sh [OPTION-OF-APT-GET...] -- PACKAGE...
set -euo pipefail

options=()
while [ "$1" != -- ]; do
    options+=("$1")
    shift
done
shift
if ! command -v apt-get >/dev/null; then
    echo "camdock's set-up knows Debian and its kin only. Please install what these Debian packages hold: $*" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These Debian packages are missing, and there is no sudo to install them with: $*" >&2
        echo "As root, run: apt-get install $*" >&2
        exit 1
    fi
    as_root=(sudo)
fi
exec 9>"${TMPDIR:-/tmp}/camdock-apt-$(id -u).lock"
flock 9
echo "Installing Debian packages: $*${as_root:+ (with sudo)}"
"${as_root[@]}" apt-get "${options[@]}" update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "$@" >/dev/null
