#!/usr/bin/env bash
# Installs QEMU and the programs that make and read disk images, where they are missing, and says so.
#
# The guest is restored from a saved state, which QEMU can write to a file from 8.2 on. Debian 12 has that in its
# backports only; they are asked this once, from the machine's own mirror, and its package sources stay as they are.
# usage: setup.sh FOLDER     FOLDER keeps the backports' package lists
set -euo pipefail

export PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$0")
"$here/../../tools/setup.sh" mmdebstrap:mmdebstrap mkfs.vfat:dosfstools mkfs.exfat:exfatprogs \
    mkfs.ext4:e2fsprogs mcopy:mtools tsk_recover:sleuthkit cpio:cpio modprobe:kmod socat:socat \
    nbdkit:nbdkit

command -v qemu-system-x86_64 >/dev/null && command -v qemu-img >/dev/null && exit
. /etc/os-release
options=()
if [ "$VERSION_CODENAME" = bookworm ]; then
    apt=$(realpath -m "$1")/apt
    mkdir -p "$apt/lists/partial"
    { "$here/mirror.sh"; "$here/mirror.sh" bookworm-backports; } >"$apt/sources.list"
    options=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$apt/lists" -o APT::Sandbox::User=root -t bookworm-backports)
fi
"$here/../../tools/apt.sh" "${options[@]}" -- qemu-system-x86 qemu-utils
