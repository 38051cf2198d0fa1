"""The programs camdock is compared with, each as its users would run it."""

import shutil

from process import run

SAS = "sv=2024-11-04&ss=b&srt=sco&sp=rwdlac&se=2099-01-01T00:00:00Z&sig=c2luaw=="


def container_url(port, scheme="http"):
    return f"{scheme}://127.0.0.1:{port}/devstoreaccount1/evidence?{SAS}"


def azcopy_tls(certificate):
    """Who sends to the sink that has this certificate."""
    return lambda tree, port, work: azcopy(tree, port, work, scheme="https", trust={"SSL_CERT_FILE": str(certificate)})


def azcopy(tree, port, work, *options, scheme="http", trust=None):
    command = ["azcopy", "copy", str(tree), container_url(port, scheme), "--recursive", "--from-to=LocalBlob"]
    env = (trust or {}) | {"AZCOPY_LOG_LOCATION": str(work), "AZCOPY_JOB_PLAN_LOCATION": str(work), "AZCOPY_DISABLE_SYSLOG": "true"}
    return run([*command, "--output-level=quiet", "--skip-version-check", *options], env)


def azcopy_md5(tree, port, work):
    return azcopy(tree, port, work, "--put-md5")


def rclone(tree, port, _work):
    remote = f":azureblob,sas_url='{container_url(port)}':evidence"
    return run(["rclone", "--config", "/dev/null", "copy", str(tree), remote])


def cp_and_sync(tree, work):
    """Copies a tree and waits until it is on the disk."""
    return script('cp -r "$1" "$2" && sync -f "$2"', tree, work)


# What a file has in the page cache is dropped, so that the next who reads it reads the disk.
FORGET = 'find "$2" -type f -exec dd of={} oflag=nocache conv=notrunc count=0 status=none ";"'


def safe_rsync(tree, work):
    """Copies, syncs, and compares what the disk has with the original."""
    copy = 'rsync -a "$1/" "$2/" && sync -f "$2"'
    compare = 'test -z "$(rsync -a --checksum --dry-run --itemize-changes "$1/" "$2/")"'
    return script(f"{copy} && {FORGET} && {compare}", tree, work)


def safe_rclone(tree, work):
    copy, compare = 'rclone --config /dev/null copy "$1" "$2"', 'rclone --config /dev/null check --download "$1" "$2" 2>/dev/null'
    return script(f'{copy} && sync -f "$2" && {FORGET} && {compare}', tree, work)


def safe_cp(tree, work):
    copy = 'cp -r "$1" "$2" && sync -f "$2"'
    compare = '(cd "$1" && find . -type f -exec sha256sum {} +) | (cd "$2" && sha256sum -c --quiet)'
    return script(f"{copy} && {FORGET} && {compare}", tree, work)


def script(text, tree, work):
    """Runs a script with a tree and a folder that is not there yet, and forgets that folder."""
    target = work / "copy"
    cost = run(["sh", "-ec", text, "sh", str(tree), str(target)])
    shutil.rmtree(target)
    return cost
