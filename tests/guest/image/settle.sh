#!/bin/sh
# Makes the unpacked root file system a machine of its own, and leaves out what only costs time at boot.
# usage: settle.sh ROOT
set -eu

root=$1
: >"$root/etc/machine-id"
chroot "$root" systemctl --quiet enable systemd-networkd qemu-guest-agent cloud.socket interface.socket journal-to-host
for unit in systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-timesyncd.service getty@tty1.service \
    serial-getty@ttyS0.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    systemd-pstore.service systemd-rfkill.service systemd-rfkill.socket systemd-binfmt.service keyboard-setup.service \
    console-setup.service ldconfig.service systemd-hwdb-update.service systemd-journal-catalog-update.service \
    systemd-network-generator.service systemd-repart.service \
    proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount sys-fs-fuse-connections.mount sys-kernel-config.mount systemd-ask-password-console.path \
    systemd-ask-password-wall.path modprobe@dm_mod.service modprobe@drm.service modprobe@configfs.service \
    modprobe@fuse.service modprobe@loop.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# Each of these programs runs at boot and whenever units are read anew. The one that reads /etc/fstab stays.
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/usr/lib/systemd/system-generators/*; do
    name=$(basename "$generator")
    [ "$name" = systemd-fstab-generator ] || ln -sf /dev/null "$root/etc/systemd/system-generators/$name"
done
# Nobody logs in; the guest agent runs as root.
chroot "$root" passwd --quiet --lock root
