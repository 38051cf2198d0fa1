#!/usr/bin/env bash
# Builds a cargo subcommand into FOLDER/bin, unless there is one elsewhere on the PATH.
# usage: cargo.sh FOLDER NAME@VERSION
set -euo pipefail

folder=$1
name=${2%@*}
if found=$(command -v "$name") && [ ! "$found" -ef "$folder/bin/$name" ]; then
    exit 0
fi
echo "Building $2 into $folder/bin (once; takes a few minutes)"
# A tool that runs for seconds needs no hour of optimising.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=64
export CARGO_PROFILE_RELEASE_DEBUG=0
cargo install --quiet --locked --root "$folder" --target-dir "$folder/build-$name" "$2"
rm -rf "$folder/build-$name"
