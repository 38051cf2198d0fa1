#!/usr/bin/env bash
# Installs these npm packages, and nothing else, into a folder of their own.
# usage: npm.sh FOLDER PACKAGE@VERSION...
set -euo pipefail

folder=$1
shift
echo "Installing npm packages into $folder: $*"
mkdir -p "$folder"
# A package.json of its own keeps npm from looking for one further up.
[ -e "$folder/package.json" ] || echo '{"private": true}' >"$folder/package.json"
npm install --prefix "$folder" --no-audit --no-fund --no-update-notifier --loglevel=error "$@"
