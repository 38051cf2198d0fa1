#!/usr/bin/env bash
# Lays out what is packaged beside the files that Cargo.toml names: what the program generates, and every camera profile
# and udev rule there is, each where it will be installed.
# usage: stage.sh PROGRAM FOLDER
set -euo pipefail

program=$1
folder=$2
rm -rf "$folder"

man=$folder/usr/share/man/man1
mkdir -p "$man"
"$program" gen man "$man"

completions() {
    mkdir -p "$(dirname "$folder/$2")"
    "$program" gen completions "$1" >"$folder/$2"
}
completions bash usr/share/bash-completion/completions/camdock
completions zsh usr/share/zsh/vendor-completions/_camdock
completions fish usr/share/fish/vendor_completions.d/camdock.fish

# What `journalctl -x` explains, in the reader's language.
catalog=$folder/usr/lib/systemd/catalog
mkdir -p "$catalog"
"$program" gen catalog >"$catalog/camdock.catalog"
for language in es cy; do
    "$program" gen catalog --language "$language" >"$catalog/camdock.$language.catalog"
done

shopt -s nullglob
for profile in config/profiles/*.toml; do
    install -D -m 0644 -t "$folder/usr/share/camdock/profiles" "$profile"
done
for rules in packaging/udev/*.rules; do
    install -D -m 0644 -t "$folder/usr/lib/udev/rules.d" "$rules"
done
