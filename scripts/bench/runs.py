"""Runs one program under one tool and says how long it took and what it used."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tests"))
import workloads  # noqa: E402

TIMEOUT = 60
REAL = ("sqlite", "python", "cc1", "jq", "perl", "git")


class Sample:
    """seconds (of the program, or of one request or pair), peak RSS and segment;
    cpu_seconds: of a processor, by a whole program."""

    def __init__(self, seconds, rss_kb=0, segment_kb=0, cpu_seconds=None):
        self.seconds, self.rss_kb, self.segment_kb = seconds, rss_kb, segment_kb
        self.cpu_seconds = cpu_seconds


class Died(Exception):
    """The tool or the program under it did not finish as it should."""


def environment(extra):
    keep = {name: value for name, value in os.environ.items()
            if not name.startswith(("HEAPRING_", "LD_PRELOAD", "MALLOC_"))}
    return dict(keep, **extra)


def segment_kb(folder):
    return sum(os.stat(os.path.join(folder, name)).st_blocks // 2
               for name in os.listdir(folder) if re.match(r"heapring\.\d+\.\d+$", name))


class Started:
    """A command under a tool, measured by tests/bench/rusage; killed after TIMEOUT."""

    helper = None  # the path of rusage

    def __init__(self, tool, argv, env, folder, **kw):
        argv, more = tool.command(argv, folder)
        self.report = os.path.join(folder, "rusage")
        self.process = subprocess.Popen(
            [self.helper, self.report, "/usr/bin/env",
             *("%s=%s" % item for item in more.items()), *argv],
            env=environment(env), stderr=subprocess.DEVNULL, start_new_session=True, **kw)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait(self):
        """Exit status, peak RSS in KiB, seconds, and seconds of a processor."""
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired as why:
            self.kill()
            raise Died("over %d s" % TIMEOUT) from why
        with open(self.report, encoding="ascii") as stream:
            rss, ns, cpu_ns = stream.read().split()
        return status, int(rss), int(ns) / 1e9, int(cpu_ns) / 1e9


class Command:
    """A program that is started and waited for."""

    def __init__(self, name, work):
        self.name, self.work, self.expected = name, work, None

    def start(self, tool, folder, out):
        with open(self.work.stdin or os.devnull, "rb") as stdin:
            return Started(tool, self.work.argv, self.work.env, folder, stdin=stdin, stdout=out,
                           cwd=self.work.cwd)

    def run(self, tool):
        with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="heapring-bench.") as folder, \
                tempfile.TemporaryFile() as out:
            status, rss, seconds, cpu = self.start(tool, folder, out).wait()
            out.seek(0)
            output = out.read()
            if status:
                raise Died("status %d" % status)
            self.check(tool, output)
            return Sample(self.seconds(output, seconds), rss, segment_kb(folder),
                          self.cpu_seconds(cpu))

    def check(self, tool, output):
        if tool.wrap:
            return  # writes on the same stdout
        if self.expected is None:
            self.expected = output
        elif output != self.expected:
            raise Died("output differs")

    def seconds(self, output, wall):
        return wall

    def cpu_seconds(self, cpu):
        return cpu


class Micro(Command):
    """Prints its own time of a pair; its start does not count. Under a slow tool it
    makes a tenth of the pairs."""

    def __init__(self, name, program, depth, kind, threads, pairs):
        super().__init__(name, None)
        self.argv, self.pairs = [program, str(depth), kind, str(threads)], pairs

    def run(self, tool):
        pairs = self.pairs // 10 if tool.slow else self.pairs
        self.work = workloads.Workload([*self.argv, str(pairs)])
        return super().run(tool)

    def check(self, tool, output):
        pass

    def cpu_seconds(self, cpu):
        return None

    def seconds(self, output, wall):
        return float(re.search(rb"^[\d.]+$", output, re.M)[0]) / 1e9


class Redis:
    """redis-server; the time of a request, as redis-benchmark on the other processor
    sees it. RSS is the server's."""

    name = "redis"

    def __init__(self, requests):
        self.requests = requests

    def wait_for(self, port):
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.01)
        raise Died("the server does not listen")

    def load(self, port):
        done = subprocess.run(
            ["redis-benchmark", "-p", str(port), "-t", "set,get,lpush", "-n", str(self.requests),
             "-r", "100000", "-P", "16", "--csv"], capture_output=True, text=True,
            timeout=TIMEOUT, check=False)
        rates = [float(rate) for rate in re.findall(r'^"(?:SET|GET|LPUSH)","([\d.]+)"',
                                                    done.stdout, re.M)]
        if len(rates) != 3:
            raise Died("redis-benchmark failed")
        return sum(1 / rate for rate in rates) / 3

    def run(self, tool):
        with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="heapring-bench.") as folder:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            server = Started(tool, [shutil.which("redis-server"), "--port", str(port), "--bind",
                                    "127.0.0.1", "--save", "", "--dir", folder], {}, folder,
                             stdout=subprocess.DEVNULL)
            try:
                self.wait_for(port)
                seconds = self.load(port)
                subprocess.run(["redis-cli", "-p", str(port), "shutdown", "nosave"],
                               capture_output=True, check=False, timeout=TIMEOUT)
            except (Died, subprocess.TimeoutExpired) as why:
                server.kill()
                raise Died(str(why)) from why
            _, rss, _, _ = server.wait()
            return Sample(seconds, rss, segment_kb(folder))


def all_programs(build, folder, quick):
    """By name; inputs are made below folder."""
    micro = os.path.join(build, "tests", "bench", "micro")
    Started.helper = os.path.join(build, "tests", "bench", "rusage")
    pairs = 300000 if quick else 2000000
    programs = {}
    for threads in (1, 2):
        for kind in ("same", "alternating", "wandering"):
            for depth in (1, 8, 24, 64, 100) if threads == 1 else (8, 24):
                name = "micro-%s-%d%s" % (kind, depth, "-2t" if threads == 2 else "")
                programs[name] = (Micro, name, micro, depth, kind, threads, pairs)
    made = {name: lambda spec=spec: spec[0](*spec[1:]) for name, spec in programs.items()}
    for name in REAL:
        scale = 1 if quick or name in ("jq", "cc1") else 4
        made[name] = lambda name=name, scale=scale: Command(name, getattr(workloads, name)(
            tempfile.mkdtemp(dir=folder), scale))
    made["redis"] = lambda: Redis(60000 if quick else 300000)
    return made
