"""The programs camdock is compared with, each as its users would run it."""

import shutil

from process import run

SAS = "sv=2024-11-04&ss=b&srt=sco&sp=rwdlac&se=2099-01-01T00:00:00Z&sig=c2luaw=="


def container_url(port):
    return f"http://127.0.0.1:{port}/devstoreaccount1/evidence?{SAS}"


def azcopy(tree, port, work, *options):
    command = ["azcopy", "copy", str(tree), container_url(port), "--recursive", "--from-to=LocalBlob"]
    env = {"AZCOPY_LOG_LOCATION": str(work), "AZCOPY_JOB_PLAN_LOCATION": str(work), "AZCOPY_DISABLE_SYSLOG": "true"}
    return run([*command, "--output-level=quiet", "--skip-version-check", *options], env)


def azcopy_md5(tree, port, work):
    return azcopy(tree, port, work, "--put-md5")


def rclone(tree, port, _work):
    remote = f":azureblob,sas_url='{container_url(port)}':evidence"
    return run(["rclone", "--config", "/dev/null", "copy", str(tree), remote])


def cp_and_sync(tree, work):
    """Copies a tree and waits until it is on the disk."""
    target = work / "copy"
    cost = run(["sh", "-c", 'cp -r "$1" "$2" && sync -f "$2"', "sh", str(tree), str(target)])
    shutil.rmtree(target)
    return cost
