"""A control group with a limit, where this machine lets us make one.

Real kills by the OOM killer need one; without it tests send SIGKILL at the limit and say so.
"""
import os
import subprocess
import time


def own_group():
    """(version, folder) of the memory group that we are in; None: there is none."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as stream:
            lines = [line.rstrip("\n").split(":", 2) for line in stream]
    except OSError:
        return None
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            return 1, "/sys/fs/cgroup/memory" + path
    for number, _, path in lines:
        if number == "0":
            return 2, "/sys/fs/cgroup" + path
    return None


class MemoryGroup:
    """A child of our own group. OSError: that is not allowed here."""

    def __init__(self, limit):
        found = own_group()
        if not found:
            raise OSError("no control groups")
        self.version, parent = found
        self.folder = "%s/heapring-test.%d.%d" % (parent, os.getpid(), time.monotonic_ns())
        os.mkdir(self.folder)
        try:
            self.write("memory.limit_in_bytes" if self.version == 1 else "memory.max", limit)
            if self.version == 2 and os.path.exists(self.folder + "/memory.swap.max"):
                self.write("memory.swap.max", 0)
        except OSError:
            self.remove()
            raise

    def write(self, name, value):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as stream:
            stream.write("%s\n" % value)

    def enter(self):
        """For preexec_fn."""
        self.write("cgroup.procs", 0)

    def start(self, argv, **kw):
        return subprocess.Popen(argv, preexec_fn=self.enter, **kw)

    def kills(self):
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        with open(os.path.join(self.folder, name), encoding="ascii") as stream:
            return int(dict(line.split() for line in stream)["oom_kill"])

    def remove(self):
        for _ in range(100):
            try:
                os.rmdir(self.folder)
                return
            except OSError:
                time.sleep(0.02)  # until the last process is really gone


def try_group(limit):
    """A group, or None where there can be none."""
    try:
        return MemoryGroup(limit)
    except OSError:
        return None
