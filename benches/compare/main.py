#!/usr/bin/env python3
"""Measures camdock next to azcopy, rclone and cp: the same bytes, alternating runs, medians.

Run it through `make bench`. Everything is sent to a null sink on loopback, so the figures are those of the sender. The
input is in the page cache and the disk is idle before every run. Writes target/bench/results.md.
"""

import argparse
import contextlib
import itertools
import math
import os
import pathlib
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import time

import peers
import report
from camdock import POLL_SECONDS, CamdockRun, proven, queued, ready
from process import MIB, Cameras, Cost, Sink, Views, cpu_seconds, peak_memory, wake_ups

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = ROOT / "target/release"
BENCH = ROOT / "target/bench"
MILLION = 1_000_000
CAMERAS = 1_000
CROWD_SECONDS = 15
# Ledger and spool of a million are examined by then.
EXAMINED_SECONDS = 15
# So many of each camera wait: more than can leave in that time.
CROWD_EACH = 75
FILES = (1_000, 10_000, 64_000)
MANY_FILES = (12_000, 100_000)
SMALL = 4 << 10
BAYS = 8
MOST_BAYS = 64
PAGES = 20
# How many, how fast (MB/s), and how many MiB each has. All together they are no faster than a disk.
SLOW_CAMERAS = [(1, 35, 256), (8, 35, 256), (24, 35, 64), (1, 350, 2048), (8, 350, 256)]
VIEWS_SECONDS = 20
# What was busy at the start is at rest by then.
SETTLED_SECONDS = 40
CAP_MBITS = 40
# At that speed almost a minute.
CAPPED_MIB = 256
# As long as systemd's watchdog waits.
IDLE_SECONDS = 120


class Bench:
    """The pieces that every measurement needs, and what has been measured."""

    def __init__(self, options):
        self.options = options
        self.binary = RELEASE / "camdock"
        self.work = BENCH / "work"
        self.port = free_port()
        self.sections = []
        self.targets = []
        many = 64 if options.size >= 64 else 1
        self.trees = {
            f"1 × {options.size} MiB": make_tree("one", 1, options.size),
            f"{many} × {options.size // many} MiB": make_tree("many", many, options.size // many),
        }

    def sink(self, certificate=None):
        return Sink(RELEASE / "examples/sink", self.port, certificate)

    def station(self, **kwargs):
        return CamdockRun(self.binary, self.work / "station", self.port, **kwargs)

    @contextlib.contextmanager
    def clean(self, *trees):
        """An empty work folder, an idle disk, and the input in the page cache."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        os.sync()
        for tree in trees:
            warm(tree)
        yield
        shutil.rmtree(self.work)

    def alternate(self, title, contestants, tree):
        """Runs the contestants by turns, and returns the costs of each."""
        costs = {name: [] for name in contestants}
        for turn in range(self.options.rounds):
            for name, measure in contestants.items():
                with self.clean(tree):
                    cost = measure(tree)
                costs[name].append(cost)
                print(f"{title}, {turn + 1}: {name}: {cost.wall:.2f} s, {cost.cpu:.2f} CPU s", file=sys.stderr)
        self.sections.append((title, report.COST_HEAD, [report.cost_row(name, runs) for name, runs in costs.items()]))
        return costs

    def ratio(self, what, costs, peer, field, limit):
        if "camdock" in costs:
            value = report.median(costs["camdock"], field) / report.median(costs[peer], field)
            self.targets.append(report.Target(what, value, limit))

    def with_camdock(self, measure, contestants):
        """camdock first, then its peers."""
        return contestants if self.options.peers_only else {"camdock": measure} | contestants

    def to_sink(self, peer, certificate=None):
        """A measurement of a peer that sends a tree to the sink."""

        def measure(tree):
            with self.sink(certificate) as sink:
                cost = peer(tree, self.port, self.work)
                sink.expect(size(tree))
                return Cost(cost.wall, cost.cpu, cost.memory, sink.cpu())

        return measure

    # The measurements.

    def upload(self):
        """Segments that lie in the spool, to the cloud; camdock's start-up is in it."""
        for shape, tree in self.trees.items():
            contestants = self.with_camdock(self.upload_by_camdock, {
                "azcopy": self.to_sink(peers.azcopy),
                "azcopy --put-md5": self.to_sink(peers.azcopy_md5),
                "rclone": self.to_sink(peers.rclone),
            })
            costs = self.alternate(f"Upload, {shape}", contestants, tree)
            self.ratio(f"upload {shape}: wall, of azcopy", costs, "azcopy", "wall", 0.40)
            self.ratio(f"upload {shape}: CPU, of azcopy --put-md5", costs, "azcopy --put-md5", "cpu", 0.20)

    def tls(self):
        """The same with TLS, as it is to a cloud."""
        certificate = BENCH / "sink.pem"
        shape, tree = next(iter(self.trees.items()))
        contestants = self.with_camdock(lambda tree: self.upload_by_camdock(tree, certificate), {
            "azcopy": self.to_sink(peers.azcopy_tls(certificate), certificate),
        })
        costs = self.alternate(f"Upload with TLS, {shape}", contestants, tree)
        if "camdock" in costs:
            per_gib = report.median(costs["camdock"], "cpu") / (size(tree) / (1 << 30))
            self.targets.append(report.Target("upload with TLS: CPU of a GiB", per_gib, 1.4, " s"))

    def upload_by_camdock(self, tree, certificate=None, cap=None, poll=POLL_SECONDS):
        with self.station(certificate=certificate, cap=cap) as station:
            station.start()
            station.dock(tree)
            station.until("everything in the spool", queued(count(tree)))
            station.stop()
            # The camera has gone, so that only the upload is measured and not the check before the wipe.
            station.undock()
            os.sync()
            warm(station.data_dir)
            with self.sink(certificate) as sink:
                cost = station.cost("everything proven", queued(0), station.start, sink, poll)
                sink.expect(size(tree))
                return cost

    def cap(self):
        """What a cap lets through and costs, while a destination is sent to that would take a hundred times as much. To ask costs the
        station something too, so it is asked seldom."""
        tree, allowed = make_tree("capped", 8, CAPPED_MIB // 8), CAP_MBITS * 1e6 / 8
        rows = []
        with self.clean(tree):
            cost = self.upload_by_camdock(tree, cap=f"{CAP_MBITS} Mbit/s", poll=0.5)
        rate = size(tree) / cost.wall
        off, core = 100 * abs(rate - allowed) / allowed, 100 * cost.cpu / cost.wall
        rows.append([f"{CAP_MBITS} Mbit/s", f"{rate * 8 / 1e6:.2f}", f"{core:.2f}"])
        self.sections.append((f"A cap, {CAPPED_MIB} MiB", report.CAP_HEAD, rows))
        self.targets.append(report.Target(f"cap of {CAP_MBITS} Mbit/s: off by", off, 3, " %"))
        self.targets.append(report.Target(f"cap of {CAP_MBITS} Mbit/s: of a core", core, 2, " %"))

    def job(self):
        """The whole safe job, from the camera through the spool to the proof; azcopy sends from the camera's folder."""
        for shape, tree in self.trees.items():
            contestants = self.with_camdock(self.job_by_camdock, {
                "azcopy --put-md5": self.to_sink(peers.azcopy_md5),
            })
            costs = self.alternate(f"Camera to proof, {shape}", contestants, tree)
            self.ratio(f"camera to proof {shape}: wall, of azcopy --put-md5", costs, "azcopy --put-md5", "wall", 1.0)

    def job_by_camdock(self, tree):
        with self.sink() as sink, self.station() as station:
            station.start()
            station.until("an answer", lambda status: True)
            done = proven(count(tree), size(tree))
            cost = station.cost("everything proven", done, lambda: station.dock(tree), sink)
            sink.expect(size(tree))
            return cost

    def offload(self):
        """Camera to spool, with hashing, fsync and re-reading; nothing listens at the destination. The first three peers do the same
        safe job: they copy, sync, read again past the page cache and compare. The last only copies."""
        for shape, tree in self.trees.items():
            contestants = self.with_camdock(self.offload_by_camdock, {
                "rsync + rsync --checksum": lambda tree: peers.safe_rsync(tree, self.work),
                "rclone copy + check": lambda tree: peers.safe_rclone(tree, self.work),
                "cp + sha256sum -c": lambda tree: peers.safe_cp(tree, self.work),
                "cp -r + sync": lambda tree: peers.cp_and_sync(tree, self.work),
            })
            costs = self.alternate(f"Offload, {shape}", contestants, tree)
            self.ratio(f"offload {shape}: wall, of rsync", costs, "rsync + rsync --checksum", "wall", 0.6)

    def offload_by_camdock(self, tree):
        with self.station() as station:
            station.start()
            station.until("an answer", lambda status: True)
            return station.cost("everything in the spool", queued(count(tree)), lambda: station.dock(tree))

    def memory(self):
        """Peak memory with many bays busy at once, from their cameras to the proof, and with many files on one camera, until it is
        wiped and ready."""
        many = list(self.trees.values())[-1]
        cases = {f"{bays} bays busy": (cameras_of(many, bays), proven(count(many), size(many))) for bays in (BAYS, MOST_BAYS)}
        for files in MANY_FILES:
            cases[f"{files:,} files on a camera"] = ([make_small_files(files)], ready(1))
        rows = []
        for what, (cameras, done) in cases.items():
            with self.clean(*cameras), self.sink(), self.station(bays=len(cameras)) as station:
                station.start()
                station.until("an answer", lambda status: True)
                cost = station.cost(what, done, lambda: station.dock_all(cameras))
            print(f"{what}: {cost.wall:.1f} s, {cost.memory:.0f} MiB", file=sys.stderr)
            rows.append([what, f"{cost.memory:.0f}", f"{cost.wall:.1f}", f"{cost.cpu:.1f}"])
            self.targets.append(report.Target(f"memory, {what}", cost.memory, 64, " MiB"))
        self.sections.append(("Memory", report.MEMORY_HEAD, rows))

    def fill(self, station, cameras, segments):
        """Makes a stopped station with a long queue."""
        queue = [str(RELEASE / "examples/queue"), "fill", str(station.data_dir), str(cameras), str(segments)]
        subprocess.run(queue, check=True)
        return cameras * segments

    def million(self):
        """A million queued segments: from the start of the process to the first status that counts them, what a person's questions
        cost then, how large the ledger is, and for how long each of the station's own questions keeps the ledger."""
        starts, commands = [], {"camdock status": [], "camdock explain": []}
        with self.clean(), self.station() as station:
            million = self.fill(station, CAMERAS, MILLION // CAMERAS)
            size = sum(path.stat().st_size for path in station.data_dir.glob("ledger.db*"))
            for _ in range(self.options.rounds):
                os.sync()
                starts.append(station.cost("a million queued", queued(million), station.start))
                commands["camdock status"].append(station.command("status", "--json"))
                commands["camdock explain"].append(station.command("explain", "QUEUE00000"))
                # Its copies are looked through meanwhile.
                time.sleep(EXAMINED_SECONDS)
                examined = peak_memory(station.child.pid)
                station.stop()
            ask = [str(RELEASE / "examples/queue"), "ask", str(station.data_dir)]
            asked = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.splitlines()
        asked = {question: float(took) for question, took in (line.split(": ") for line in asked)}
        rows = [["ledger, bytes of a segment", f"{size / million:.0f}"]]
        rows += [[f"{command}, ms", f"{1000 * report.median(costs, 'wall'):.0f}"] for command, costs in commands.items()]
        rows += [[f"{question}, ms", f"{took:.3f}"] for question, took in asked.items()]
        self.sections.append(("A million queued: start", report.COST_HEAD, [report.cost_row("camdock", starts)]))
        self.sections.append(("A million queued", report.FIGURES_HEAD, rows))
        # Happens at the start only, before anybody waits for the ledger.
        del asked["another destination"]
        self.targets += [
            report.Target("start-up, 1,000,000 queued", report.median(starts, "wall"), 2, " s"),
            report.Target("memory, 1,000,000 queued and examined", examined, 64, " MiB"),
            report.Target("1,000,000 queued: the slowest question of the station", max(asked.values()), 20, " ms"),
        ]

    def crowd(self):
        """How fast segments leave when a thousand cameras wait: the queue's head is looked for after each."""
        rates = []
        for _ in range(self.options.rounds):
            with self.clean(), self.sink(), self.station() as station:
                all_of_them = self.fill(station, CAMERAS, CROWD_EACH)
                station.start()
                before = station.until("an answer", lambda status: status["queue"]["segments"] < all_of_them)
                begun = time.monotonic()
                time.sleep(CROWD_SECONDS)
                after = station.until("an answer", lambda status: True)
                left = before["queue"]["segments"] - after["queue"]["segments"]
                if not after["queue"]["segments"]:
                    raise RuntimeError("the queue was too short")
                rates.append(left / (time.monotonic() - begun))
        rows = [["camdock", f"{statistics.median(rates):.0f}", f"{min(rates):.0f}–{max(rates):.0f}"]]
        self.sections.append((f"{CAMERAS:,} cameras waiting", report.RATE_HEAD, rows))
        each = 1000 / statistics.median(rates)
        self.targets.append(report.Target(f"{CAMERAS:,} cameras waiting: a segment", each, 5, " ms"))

    def files(self):
        """Camera to spool with few and with many small files: what one more file costs is not to grow with those that are there."""
        rows, each = [], {}
        for files in FILES:
            tree = make_small_files(files)
            contestants = self.with_camdock(self.offload_by_camdock, {
                "cp -r + sync": lambda tree: peers.cp_and_sync(tree, self.work),
            })
            for name, measure in contestants.items():
                with self.clean(tree):
                    cost = measure(tree)
                each[name, files] = 1000 * cost.wall / files
                print(f"{files} files: {name}: {cost.wall:.2f} s, {cost.cpu:.2f} CPU s", file=sys.stderr)
        names = dict.fromkeys(name for name, _ in each)
        rows = [[name] + [f"{each[name, files]:.2f}" for files in FILES] for name in names]
        self.sections.append((f"Offload of files of {SMALL // 1024} KiB", report.FILES_HEAD, rows))
        if not self.options.peers_only:
            for few, many in itertools.pairwise(FILES):
                grown = each["camdock", many] / each["camdock", few]
                # Twice the files are to cost 2.2 times at most.
                limit = 1.1 ** math.log2(many / few)
                self.targets.append(report.Target(f"a file of {many:,}, of one of {few:,}", grown, round(limit, 2)))

    def slow(self):
        """Cameras on slow cables, all docked at once, from the start of the daemon until each is wiped and ready; of the time that it
        takes to read one of them once and do nothing else. It takes two readings by design."""
        rows = []
        for count, rate, mib in SLOW_CAMERAS:
            ratios, late = [], []
            for _ in range(self.options.rounds):
                with self.clean(), self.sink():
                    with self.cameras(rate, mib, [self.work / "bare"]) as camera:
                        bare = camera.bare_read()
                    station = self.station(bays=count)
                    docked = [station.bay(bay) / f"SLOW{bay}" for bay in range(count)]
                    # The station ends before its cameras can be unmounted.
                    with self.cameras(rate, mib, docked) as cameras, station:
                        begun = time.time()
                        cost = station.cost("every camera ready", ready(count), station.start)
                        late.append(max(cameras.first_reads()) - begun)
                ratios.append(cost.wall / bare)
                print(f"{count} cameras at {rate} MB/s: {cost.wall:.1f} s, bare {bare:.1f} s", file=sys.stderr)
            ratio = statistics.median(ratios)
            spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
            rows.append([f"{count} at {rate} MB/s", f"{ratio:.2f}", spread, f"{max(late):.1f}"])
            if (count, rate) == (8, 35):
                self.targets.append(report.Target("8 cameras at 35 MB/s: ready, in bare reads", ratio, 2.3))
                self.targets.append(report.Target("8 cameras at 35 MB/s: the last is begun after", max(late), 2, " s"))
        self.sections.append(("Slow cameras", report.SLOW_HEAD, rows))

    def cameras(self, rate, mib, folders):
        """Cameras with four files each."""
        return Cameras(RELEASE / "examples/cameras", rate, 4, mib // 4, folders)

    def idle(self):
        """How often an idle station wakes: folders as bays, nobody looks, nothing to do; without cameras, and with one in each bay that
        is ready."""
        rows = []
        for bays, limit in (("empty", 6), ("ready", 60)):
            with self.clean(), self.sink(), self.station(bays=BAYS) as station:
                station.start()
                station.until("an answer", lambda status: True)
                if bays == "ready":
                    for bay in range(BAYS):
                        footage = self.work / f"footage-{bay}"
                        footage.mkdir()
                        (footage / "VID_0000.MP4").write_bytes(os.urandom(MIB))
                        station.dock(footage, bay, f"BENCH{bay:04}")
                    station.until("every camera ready", ready(BAYS))
                time.sleep(SETTLED_SECONDS)
                pid = station.child.pid
                before, (woken, moments) = cpu_seconds(pid), wake_ups(pid, IDLE_SECONDS)
                cpu = cpu_seconds(pid) - before
            woken, moments = woken * 60 / IDLE_SECONDS, moments * 60 / IDLE_SECONDS
            rows.append([f"{BAYS} bays, {bays}", f"{moments:.1f}", f"{woken:.0f}", f"{100 * cpu / IDLE_SECONDS:.2f}"])
            self.targets.append(report.Target(f"idle, bays {bays}: moments at which it wakes, each minute", moments, limit))
        self.sections.append(("Idle", report.IDLE_HEAD, rows))

    def views(self):
        """What twenty open pages cost a station with 64 bays at work, in the same process without any and with them."""
        rows, costs = [], {}
        for pages in (0, PAGES):
            with Views(RELEASE / "examples/views", MOST_BAYS) as views:
                time.sleep(1)
                costs[pages], told = views.cost(pages, VIEWS_SECONDS)
            core = 100 * costs[pages].cpu / VIEWS_SECONDS
            rows.append([f"{pages} pages", f"{core:.1f}", f"{costs[pages].memory:.1f}", f"{told / VIEWS_SECONDS:.1f}"])
        self.sections.append((f"{MOST_BAYS} bays at work", report.VIEWS_HEAD, rows))
        core = 100 * (costs[PAGES].cpu - costs[0].cpu) / VIEWS_SECONDS
        self.targets.append(report.Target(f"{PAGES} pages: more of a core", core, 3, " %"))
        self.targets.append(report.Target(f"{PAGES} pages: more memory", costs[PAGES].memory - costs[0].memory, 10, " MiB"))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def make_tree(name, files, mib):
    """A folder of random files, made once and kept for the next time."""
    tree = BENCH / "input" / name / str(files * mib)
    tree.mkdir(parents=True, exist_ok=True)
    for index in range(files):
        path = tree / f"VID_{index:04}.MP4"
        if not path.exists() or path.stat().st_size != mib * MIB:
            with path.open("wb") as file:
                for _ in range(mib):
                    file.write(os.urandom(MIB))
    return tree


def cameras_of(tree, count):
    """The files of a tree, spread over so many cameras; links, as in every camera here."""
    cameras = [BENCH / "input" / "spread" / str(count) / str(camera) for camera in range(count)]
    files = sorted(tree.iterdir())
    for number, camera in enumerate(cameras):
        shutil.rmtree(camera, ignore_errors=True)
        camera.mkdir(parents=True)
        for file in files[number::count]:
            os.link(file, camera / file.name)
    return cameras


def make_small_files(files):
    """A folder of small files, each another one, made once and kept for the next time."""
    tree = BENCH / "input" / "small" / str(files)
    tree.mkdir(parents=True, exist_ok=True)
    for index in range(files):
        path = tree / f"VID_{index:06}.MP4"
        if not path.exists():
            path.write_bytes(os.urandom(SMALL))
    return tree


def regular_files(tree):
    return [path for path in pathlib.Path(tree).rglob("*") if path.is_file()]


def count(tree):
    return len(regular_files(tree))


def size(tree):
    return sum(path.stat().st_size for path in regular_files(tree))


def warm(tree):
    """Reads every file, so that it is in the page cache."""
    for path in regular_files(tree):
        with path.open("rb", buffering=0) as file:
            while file.read(8 * MIB):
                pass


def main():
    measurements = {
        "upload": Bench.upload,
        "tls": Bench.tls,
        "cap": Bench.cap,
        "job": Bench.job,
        "offload": Bench.offload,
        "memory": Bench.memory,
        "files": Bench.files,
        "million": Bench.million,
        "crowd": Bench.crowd,
        "slow": Bench.slow,
        "idle": Bench.idle,
        "views": Bench.views,
    }
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contestant (default: 3)")
    parser.add_argument("--size", type=int, default=2048, help="bytes per run, in MiB (default: 2048)")
    parser.add_argument("--only", choices=measurements, nargs="+", help="these measurements only")
    parser.add_argument("--peers-only", action="store_true", help="leave camdock out")
    options = parser.parse_args()

    bench = Bench(options)
    for name, measure in measurements.items():
        alone = name in ("cap", "memory", "million", "crowd", "slow", "idle", "views")
        if name in (options.only or measurements) and not (alone and options.peers_only):
            measure(bench)

    command = shlex.join(["make", "bench"] + ([f"BENCH={shlex.join(sys.argv[1:])}"] if sys.argv[1:] else []))
    parts = ["## Measured", f"`{command}`", "\n".join(f"- {line}" for line in report.machine(BENCH))]
    for title, head, rows in bench.sections:
        parts += [f"### {title}", report.table(head, rows)]
    if bench.targets:
        parts += ["### Targets", report.table(report.TARGET_HEAD, [target.row() for target in bench.targets])]
    text = "\n\n".join(parts) + "\n"
    (BENCH / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
