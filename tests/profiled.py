"""What the whole-program tests share: run under heapring, read the answer.

HEAPRING is the command line under test, the first argument of every test
program; the rest of the arguments are in ARGS.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

HEAPRING = os.path.abspath(sys.argv[1])
ARGS = sys.argv[2:]
SAMPLES = ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects")
REQUIRED = os.environ.get("HEAPRING_TEST_REQUIRE") == "1"


def environment(**more):
    """This process's environment without HEAPRING_*, plus `more` (None: unset).

    Names are not kept from one test to the next.
    """
    env = {name: value for name, value in os.environ.items()
           if not name.startswith("HEAPRING_") and name not in ("LD_PRELOAD", *more)}
    env["HEAPRING_CACHE"] = "0"
    env.update({name: value for name, value in more.items() if value is not None})
    return env


def shim():
    """Where libheapring.so is in the build tree."""
    return os.path.join(os.path.dirname(HEAPRING), "..", "preload", "libheapring.so")


def wait_for_pid(segments, seconds=60):
    """The pid of the one process that lives and is profiled in that folder."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done = subprocess.run([HEAPRING, "ps", "--format", "json"], capture_output=True,
                              env=environment(HEAPRING_DIR=segments), check=False)
        rows = json.loads(done.stdout)["rows"] if done.returncode == 0 else []
        live = [row["process"]["pid"] for row in rows if row["process"]["state"] == "live"]
        if live:
            return live[0]
        time.sleep(0.05)
    raise TimeoutError("no profiled process in " + segments)


class Profiled(unittest.TestCase):
    """Each test has a folder of its own, for segments too."""

    def setUp(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        holder = tempfile.TemporaryDirectory(dir=base, prefix="heapring-test.")
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.segments = self.path("segments")
        os.mkdir(self.segments)

    def path(self, name):
        return os.path.join(self.folder, name)

    def execute(self, argv, env=None, **kw):
        """Runs without a profiler; bytes are captured."""
        return subprocess.run(argv, capture_output=True, timeout=100,
                              env=environment(**(env or {})), **kw)

    def heapring(self, *args, env=None, **kw):
        env = dict(env or {}, HEAPRING_DIR=self.segments)
        return self.execute([HEAPRING, *args], env=env, **kw)

    def profile(self, argv, name="dump", env=None, **kw):
        """heapring run of argv; returns what it did and the dump's path."""
        dump = self.path(name)
        return self.heapring("run", "-q", "-o", dump, "--", *argv, env=env, **kw), dump

    def read(self, target, *args, view="top"):
        done = self.heapring(view, "--format", "json", *args, target)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        return json.loads(done.stdout)

    def need(self, *paths):
        """Skips without these, or fails where they are required."""
        for path in paths:
            if not os.path.exists(path):
                if REQUIRED:
                    self.fail("%s is missing (scripts/setup installs it)" % path)
                self.skipTest("%s is missing" % path)


def main():
    unittest.main(argv=[sys.argv[0]])
