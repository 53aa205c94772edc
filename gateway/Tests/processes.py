"""The resources that a server process uses: descriptors, memory, processor time."""

import os
import re

from support import read


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def resident(server):
    """The resident memory in MiB."""
    return int(re.search(r"VmRSS:\s+(\d+)", read(f"/proc/{server.process.pid}/status"))[1]) / 1024


def cpu_time(server):
    """The processor time in ticks."""
    return sum(int(field) for field in read(f"/proc/{server.process.pid}/stat").rpartition(")")[2].split()[11:13])
