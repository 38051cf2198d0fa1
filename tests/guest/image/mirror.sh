#!/usr/bin/env bash
# Prints the Debian package sources of this machine, one line each, as sources.list wants them: its own mirror, whatever
# that is, and with it every setting of the machine's apt for reaching it.
# usage: mirror.sh [SUITE...]     default: those of this machine
set -euo pipefail

. /etc/os-release
keys=/usr/share/keyrings/debian-archive-keyring.gpg
sources=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk '$4 == "Debian" && $3 == "main" { print $1, $2 }' | sort -u)
main=$(awk -v suite="$VERSION_CODENAME" '$2 == suite { print $1; exit }' <<<"$sources")
if [ -z "$main" ]; then
    echo "This machine's apt knows no package source of Debian $VERSION_CODENAME. Run apt-get update, then try again." >&2
    exit 1
fi
if [ $# -gt 0 ]; then
    for suite in "$@"; do
        echo "deb [signed-by=$keys] $main $suite main"
    done
else
    awk -v keys="$keys" '{ print "deb [signed-by=" keys "]", $1, $2, "main" }' <<<"$sources"
fi
