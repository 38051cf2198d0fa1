#!/usr/bin/env bash
# Builds the guest: a small Debian of this machine's own release with systemd, udev, UDisks2 and polkit, and without
# camdock. Prints the folder that holds it:
#
#   vmlinuz, initrd   Debian's kernel, and an initrd that knows virtio disks and ext4
#   root.img          the root file system
#   data.img          an empty file system, for /var/lib/camdock
#
# The folder's name is a hash of everything that goes in, so what is there already is not built again.
# usage: build.sh FOLDER
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cache=$(cd "$1" && pwd)
. /etc/os-release
release=$VERSION_CODENAME

packages=(
    systemd systemd-sysv systemd-timesyncd udev dbus kmod init qemu-guest-agent apt
    udisks2 polkitd ca-certificates usbutils
    passwd mount busybox-static iproute2 procps psmisc systemd-journal-remote
)
key=$({ echo "$release ${packages[*]}"; cd "$here" && find . -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
key=${key:0:12}
image=$cache/base-$release-$key
if [ -e "$image/complete" ]; then
    echo "$image"
    exit
fi

work=$cache/base.building
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" rm -rf "$work"
mkdir -p "$work"
exec 3>&1 1>&2
echo "Building the guest (Debian $release); once, takes about a minute"

"$here/mirror.sh" >"$work/sources.list"
# How this machine reaches its mirror, such as a proxy, holds for the guest's packages too.
apt-config dump Acquire | grep -E '^Acquire::(http|https|ftp|Check|Retries|Max)' >"$work/apt.conf" || true
kernel='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG; export APT_CONFIG; cd '"$work"'
    package=$(apt-cache depends --important linux-image-amd64 | sed -n "s/.*Depends: \(linux-image-[0-9].*\)/\1/p" | head -n 1)
    apt-get download -qq "$package"'
"${as_root[@]}" mmdebstrap --quiet --mode=root --variant=minbase --format=directory --aptopt="$work/apt.conf" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt=force-unsafe-io --include="$(IFS=, && echo "${packages[*]}")" \
    --customize-hook="$kernel" "$release" "$work/root" "$work/sources.list"

# The kernel's modules, less what a dock has no use for. Left out by name: a list of what to take misses dependencies.
"${as_root[@]}" mkdir "$work/kernel"
"${as_root[@]}" dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb | "${as_root[@]}" tar -x -C "$work/kernel" \
    --exclude='*/drivers/gpu' --exclude='*/drivers/media' --exclude='*/drivers/infiniband' --exclude='*/drivers/iio' \
    --exclude='*/net/wireless' --exclude='*/net/mac80211' --exclude='*/net/bluetooth' --exclude='*/drivers/net/ethernet' --exclude='*/drivers/isdn' \
    --exclude='*/drivers/staging' --exclude='*/drivers/mtd' --exclude='*/drivers/hwmon' --exclude='*/drivers/firmware' \
    --exclude='*/drivers/edac' --exclude='*/drivers/thunderbolt' --exclude='*/drivers/platform' --exclude='*/sound' \
    --exclude='*/fs/xfs' --exclude='*/fs/btrfs' --exclude='*/fs/ocfs2' --exclude='*/fs/ceph' --exclude='*/fs/nfs*' \
    --exclude='*/fs/f2fs' --exclude='*/fs/gfs2' --exclude='*/fs/jfs' --exclude='*/fs/reiserfs' --exclude='*/arch/x86/kvm'
version=$(basename "$work"/kernel/boot/vmlinuz-* | sed 's/^vmlinuz-//')
modules=$(echo "$work"/kernel/{usr/,}lib/modules | tr ' ' '\n' | xargs -n 1 sh -c 'test -d "$0" && echo "$0"; true')
"${as_root[@]}" mkdir -p "$work/root/usr/lib/modules"
"${as_root[@]}" mv "$modules/$version" "$work/root/usr/lib/modules/"
"${as_root[@]}" depmod --basedir "$work/root" "$version"
cp "$work/kernel/boot/vmlinuz-$version" "$work/vmlinuz"

# An initrd that does one thing: mount the root file system and go there.
initrd=$work/initrd.d
mkdir -p "$initrd"/{bin,dev,proc,sys,root,modules}
cp "$work/root/bin/busybox" "$initrd/bin/"
number=100
for wanted in virtio_pci virtio_blk ext4 crc32c_generic; do
    modprobe --show-depends --dirname "$work/root/usr" --set-version "$version" "$wanted" 2>/dev/null
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
    cp "$module" "$initrd/modules/$number-$(basename "$module")"
    number=$((number + 1))
done
cp "$here/init" "$initrd/init"
chmod +x "$initrd/init"
(cd "$initrd" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$work/initrd"

"${as_root[@]}" cp -R --no-preserve=ownership "$here/files/." "$work/root/"
"${as_root[@]}" rm -rf "$work"/root/var/lib/apt/lists/* "$work"/root/var/cache/apt/*.bin "$work/root/etc/machine-id"
"${as_root[@]}" sh "$here/settle.sh" "$work/root"
truncate -s 2G "$work/root.img"
"${as_root[@]}" mkfs.ext4 -q -F -L root -E lazy_itable_init=1 -d "$work/root" "$work/root.img"
truncate -s 768M "$work/data.img"
mkfs.ext4 -q -F -L camdock-data "$work/data.img"

mkdir "$work/done"
mv "$work"/{vmlinuz,initrd,root.img,data.img} "$work/done/"
touch "$work/done/complete"
rm -rf "$image"
mv "$work/done" "$image"
"${as_root[@]}" chown -R "$(id -u):$(id -g)" "$image"
"${as_root[@]}" rm -rf "$work"
echo "$image" >&3
