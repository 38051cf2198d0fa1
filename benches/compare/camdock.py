"""Drives the real daemon through what is stable about it: its configuration, its folders and `camdock status --json`."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from process import Cost, cpu_seconds, peak_memory, run

# Published with every emulator of Azure's storage; the sink checks no credential.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 900
STOP_SECONDS = 10


class CamdockRun:
    """One station in a folder of its own. The daemon may be started and stopped repeatedly."""

    def __init__(self, binary, folder, port, bays=1, data_dir=None, certificate=None, cap=None):
        self.binary = str(binary)
        self.folder = pathlib.Path(folder)
        self.data_dir = pathlib.Path(data_dir or self.folder / "data")
        self.config = self.folder / "camdock.toml"
        self.log = self.folder / "camdock.log"
        self.child = None
        self.cap = cap
        self.scheme = "https" if certificate else "http"
        # As the unit has it, and without what developers have.
        self.env = {name: value for name, value in os.environ.items() if name != "RUST_BACKTRACE"}
        self.env |= {"MALLOC_ARENA_MAX": "2"} | ({"SSL_CERT_FILE": str(certificate)} if certificate else {})
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for bay in range(bays):
            self.bay(bay).mkdir(parents=True)
        key = self.folder / "sink.key"
        key.write_text(KEY)
        key.chmod(0o600)
        self.config.write_text(self._config(port, bays))

    def _config(self, port, bays):
        sections = [f'[station]\nid = "bench"\ndata_dir = "{self.data_dir}"\n']
        sections += [f'[[bay]]\nname = "{bay}"\nfolder = "{self.bay(bay)}"\nquiet_time = "0s"\n' for bay in range(bays)]
        sections.append(
            f'[[destination]]\nname = "sink"\nkind = "azure"\n'
            f'endpoint = "{self.scheme}://127.0.0.1:{port}/{ACCOUNT}"\ncontainer = "evidence"\n'
            f'credential = {{ kind = "shared-key", account = "{ACCOUNT}", file = "sink.key" }}\n'
            f'required = true\nproof = "attested"\n'
            + (f'max = "{self.cap}"\n' if self.cap else "")
        )
        return "\n".join(sections)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child:
            self.stop()

    def bay(self, bay):
        return self.folder / "bays" / str(bay)

    def start(self):
        """Starts the daemon; it is up once `status` answers."""
        with self.log.open("ab") as log:
            command = [self.binary, "run", "--config", str(self.config)]
            self.child = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)

    def stop(self):
        """Asks the daemon to end, and insists after a while."""
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child = None

    def dock(self, tree, bay=0, serial="BENCH0001"):
        """A camera that holds this tree appears in the bay, all at once. The files are hard links: deleting them from
        the camera leaves the originals in place."""
        staging = self.folder / f"staging-{bay}"
        shutil.copytree(tree, staging, copy_function=os.link)
        staging.rename(self.bay(bay) / serial)

    def dock_all(self, trees):
        """A camera with each of these trees appears in a bay of its own."""
        for bay, tree in enumerate(trees):
            self.dock(tree, bay, f"BENCH{bay:04}")

    def undock(self, bay=0, serial="BENCH0001"):
        """The camera is pulled."""
        shutil.move(self.bay(bay) / serial, self.folder / f"undocked-{bay}")

    def command(self, name, *arguments):
        """What it costs to ask something by command. That something needs a person is an answer, too."""
        return run([self.binary, name, *arguments, "--config", str(self.config)], answers=(0, 3))

    def status(self):
        """The status document, or None while the daemon does not answer yet."""
        command = [self.binary, "status", "--json", "--config", str(self.config)]
        answer = subprocess.run(command, capture_output=True, text=True)
        try:
            return json.loads(answer.stdout)
        except json.JSONDecodeError:
            return None

    def until(self, what, reached, poll=POLL_SECONDS):
        """Waits until `reached(status)`. Raises, with the end of the daemon's log, if that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        status = None
        while time.monotonic() < deadline and self.child.poll() is None:
            status = self.status()
            if status and reached(status):
                return status
            time.sleep(poll)
        log = self.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"camdock never got to: {what}\nlast status: {status}\nend of its log:\n{log}")

    def cost(self, what, reached, act, sink=None, poll=POLL_SECONDS):
        """The daemon's cost from `act()` until `reached(status)`. If `act` starts the daemon, its start-up is in it."""
        before = cpu_seconds(self.child.pid) if self.child else 0.0
        sink_before = sink.cpu() if sink else 0.0
        begun = time.monotonic()
        act()
        self.until(what, reached, poll)
        wall = time.monotonic() - begun
        pid = self.child.pid
        sink_cpu = sink.cpu() - sink_before if sink else 0.0
        return Cost(wall, cpu_seconds(pid) - before, peak_memory(pid), sink_cpu)


def queued(segments):
    """Everything is in the spool, and the ledger knows it."""
    return lambda status: status["queue"]["segments"] == segments


def ready(cameras):
    """So many cameras are proven, wiped and ready."""
    return lambda status: sum(bay["state"] == "ready" for bay in status["bays"]) == cameras


def proven(segments, size):
    """Everything found in the bays is proven at the destination."""

    def reached(status):
        found = sum(bay["segments_total"] for bay in status["bays"])
        uploaded = sum(bay["bytes_uploaded"] for bay in status["bays"])
        return found == segments and uploaded == size and status["queue"]["segments"] == 0

    return reached
