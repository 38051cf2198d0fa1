#!/usr/bin/env bash
# Unpacks a Debian package into FOLDER/PACKAGE and links its commands into FOLDER/bin, unless they are installed. Installing it would
# start its service on this machine.
# usage: debian.sh FOLDER PACKAGE COMMAND...
set -euo pipefail

folder=$(realpath -m "$1")
package=$2
shift 2
missing=no
for name in "$@"; do
    found=$(command -v "$name") && [ ! "$found" -ef "$folder/bin/$name" ] || missing=yes
done
[ $missing = yes ] || exit 0

archives=$folder/$package/archives
mkdir -p "$archives/partial" "$folder/bin"
"$(dirname "$0")/apt.sh" --download-only -o "Dir::Cache::archives=$archives" -o APT::Sandbox::User=root -- "$package"
dpkg-deb --extract "$archives/${package}"_*.deb "$folder/$package"
rm -rf "$archives"
for name in "$@"; do
    ln -sf "../$package/usr/bin/$name" "$folder/bin/$name"
done
