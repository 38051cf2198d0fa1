"""Runs one program and tells what it cost: wall time, CPU time of it and its children, peak memory."""

import contextlib
import os
import pathlib
import selectors
import socket
import ssl
import subprocess
import time
import urllib.request
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


@dataclass(frozen=True)
class Cost:
    """wall and cpu in seconds, memory in MiB; sink_cpu is what the receiving side burnt meanwhile, in seconds. Of a
    peer, memory below that of this Python (about 26 MiB) does not show: the kernel counts from the fork on."""

    wall: float
    cpu: float
    memory: float
    sink_cpu: float = 0.0


def run(command, env=None, answers=(0,)):
    """The cost of a command from its start to its end. Raises if it fails, or ends with another code than these."""
    begun = time.monotonic()
    child = subprocess.Popen(command, env=os.environ | (env or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in answers:
        raise RuntimeError(f"{command[0]} ended with {child.returncode}:\n{output.decode(errors='replace')[-2000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def cpu_seconds(pid):
    """User and system time of all threads of a running process, ended threads included; a resolution of 10 ms."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_memory(pid):
    """The most memory a running process has had resident, in MiB."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def memory(pid):
    """The memory that a running process has resident now, in MiB."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def wake_ups(pid, seconds):
    """How often a thread of a running process was woken within so many seconds, and at how many moments that was: what happens within
    a second of another wake-up is of the same. Threads that end meanwhile count as well, as long as they live for a tenth of one."""

    def counts():
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                lines = (task / "status").read_text().splitlines()
            except FileNotFoundError:
                continue
            yield task.name, next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches:"))

    before = dict(counts())
    last = before.copy()
    moments, woken_last = 0, float("-inf")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.1)
        now = last | dict(counts())
        if now != last:
            moments += time.monotonic() - woken_last > 1
            woken_last = time.monotonic()
        last = now
    return sum(count - before.get(thread, 0) for thread, count in last.items()), moments


class Cameras:
    """Cameras as slow as their cable, each mounted at a folder, as a context."""

    def __init__(self, binary, megabytes_per_second, files, mib, folders):
        self.folders = [pathlib.Path(folder) for folder in folders]
        self.command = [str(binary), str(megabytes_per_second), str(files), str(mib), *map(str, folders)]

    def __enter__(self):
        for folder in self.folders:
            folder.mkdir(parents=True)
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "mounted\n":
            raise RuntimeError("the cameras could not be mounted: that needs /dev/fuse and the package fuse3")
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()

    def bare_read(self):
        """How long it takes to read everything on one of them, and nothing else, in seconds."""
        begun, block = time.monotonic(), bytearray(MIB)
        for file in sorted(self.folders[0].iterdir()):
            with file.open("rb", buffering=0) as content:
                while content.readinto(block):
                    pass
        return time.monotonic() - begun

    def first_reads(self):
        """When, in seconds since 1970, the first byte of each was asked for."""
        return [float(self.child.stdout.readline().rpartition(" ")[2]) for _ in self.folders]


class Views:
    """The page of a made-up station whose bays all work, as a context."""

    def __init__(self, binary, bays):
        self.command = [str(binary), str(bays)]

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline().removeprefix("listening "))
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    def cost(self, pages, seconds):
        """Its CPU time of so many seconds, its memory at their end, and what each page was told in them, with so many pages open."""
        with contextlib.ExitStack() as opened, selectors.DefaultSelector() as selector:
            for _ in range(pages):
                page = opened.enter_context(socket.create_connection(("127.0.0.1", self.port)))
                page.sendall(f"GET /live?lang=en HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
                page.setblocking(False)
                selector.register(page, selectors.EVENT_READ)
            begun, before, told = time.monotonic(), cpu_seconds(self.child.pid), 0
            while (left := begun + seconds - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    told += key.fileobj.recv(1 << 16).count(b"event: changed")
            return Cost(seconds, cpu_seconds(self.child.pid) - before, memory(self.child.pid)), told / max(pages, 1)


class Sink:
    """The null sink, as a context: it receives, and forgets everything at the end."""

    def __init__(self, binary, port, certificate=None):
        self.command = [str(binary), str(port)] + ([str(certificate)] if certificate else [])
        scheme, self.tls = ("https", certificate) if certificate else ("http", None)
        self.url = f"{scheme}://127.0.0.1:{port}/?comp=tally"

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        if not self.child.stdout.readline().startswith("listening"):
            raise RuntimeError("the sink did not start")
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    def cpu(self):
        return cpu_seconds(self.child.pid)

    def expect(self, size):
        """Raises unless objects of at least this many bytes have been committed."""
        trust = ssl.create_default_context(cafile=self.tls) if self.tls else None
        with urllib.request.urlopen(self.url, context=trust) as answer:
            received = int(answer.read())
        if received < size:
            raise RuntimeError(f"the sender says it is done, but the sink has {received} bytes of {size}")
