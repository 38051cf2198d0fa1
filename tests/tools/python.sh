#!/usr/bin/env bash
# Installs these packages of Python, and what they need, into a folder of their own, and links a command of theirs into TOOLS/bin.
# usage: python.sh TOOLS FOLDER COMMAND PACKAGE==VERSION...
set -euo pipefail

tools=$(realpath -m "$1")
folder=$2
name=$3
shift 3
echo "Installing Python packages into $tools/$folder: $*"
# Debian has what makes such a folder in a package of its own.
python3 -c 'import ensurepip, venv' 2>/dev/null || "$(dirname "$0")/apt.sh" -- python3-venv
python3 -m venv --clear "$tools/$folder"
"$tools/$folder/bin/pip" install --quiet --disable-pip-version-check --no-input "$@"
mkdir -p "$tools/bin"
ln -sf "../$folder/bin/$name" "$tools/bin/$name"
