"""Turns costs into a table: medians, the spread, and ratios against the targets."""

import os
import pathlib
import platform
import statistics
import subprocess
from dataclasses import dataclass


def median(costs, field):
    return statistics.median(getattr(cost, field) for cost in costs)


@dataclass(frozen=True)
class Target:
    """A figure camdock has set itself: `value`, and the most it may be."""

    what: str
    value: float
    limit: float
    unit: str = ""

    def row(self):
        verdict = "met" if self.value <= self.limit else "missed"
        return [self.what, f"{self.value:.2f}{self.unit}", f"≤ {self.limit:g}{self.unit}", verdict]


def cost_row(name, costs):
    walls = [cost.wall for cost in costs]
    return [
        name,
        f"{median(costs, 'wall'):.2f}",
        f"{min(walls):.2f}–{max(walls):.2f}",
        f"{median(costs, 'cpu'):.2f}",
        f"{median(costs, 'memory'):.0f}",
        f"{median(costs, 'sink_cpu'):.2f}",
    ]


COST_HEAD = ["", "wall s", "from–to", "CPU s", "peak MiB", "sink CPU s"]
MEMORY_HEAD = ["", "peak MiB", "wall s", "CPU s"]
SLOW_HEAD = ["", "ready, in bare reads", "from–to", "the last is begun after s"]
IDLE_HEAD = ["", "moments each minute", "threads woken each minute", "% of a core"]
VIEWS_HEAD = ["", "% of a core", "MiB", "told each second"]
FIGURES_HEAD = ["", ""]
RATE_HEAD = ["", "segments a second", "from–to"]
CAP_HEAD = ["", "Mbit/s", "% of a core"]
FILES_HEAD = ["ms a file, of", "1,000", "10,000", "64,000"]
TARGET_HEAD = ["target", "measured", "limit", ""]


def table(head, rows):
    """A Markdown table that is also legible as it stands."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    line = lambda cells: "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows)])


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return "not installed"


def machine(folder):
    """What the figures depend on."""
    cpus = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = pathlib.Path("/proc/meminfo").read_text().split()[1]
    return [
        f"CPU: {cpus[0].partition(': ')[2] if cpus else platform.machine()}, {len(cpus)} cores",
        f"memory: {int(memory) / (1 << 20):.0f} GiB",
        f"load average at the end: {os.getloadavg()[0]:.1f} (an otherwise idle machine stays below its cores)",
        f"kernel: {platform.release()}",
        f"file system: {output_of('df', '--output=fstype', str(folder)).split()[-1]}",
        f"peers: {output_of('azcopy', '--version')}; {output_of('rclone', 'version').partition(chr(10))[0]}; "
        f"{output_of('cp', '--version').partition(chr(10))[0]}",
    ]
