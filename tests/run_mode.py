#!/usr/bin/env python3
"""`heapring on|off|rate` on programs that run under the real shim.

Usage: run_mode.py HEAPRING SHIM CHURN
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HEAPRING, SHIM, CHURN = (os.path.abspath(path) for path in sys.argv[1:4])


class Mode(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir="/dev/shm")
        self.addCleanup(folder.cleanup)
        self.env = dict(os.environ, HEAPRING_DIR=folder.name)

    def start(self, *args, rate="exact"):
        program = subprocess.Popen([CHURN, *args], stdout=subprocess.PIPE, text=True,
                                   env=dict(self.env, LD_PRELOAD=SHIM, HEAPRING_RATE=rate))
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        self.assertEqual(program.stdout.readline(), "ready\n")
        return str(program.pid)

    def run_it(self, *args):
        done = subprocess.run([HEAPRING, *args], env=self.env, capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def mode(self, pid):
        return json.loads(self.run_it("top", "--format", "json", pid))["mode"]

    def test_a_busy_program_follows_at_once(self):
        pid = self.start("30")
        self.assertEqual(self.run_it("rate", pid), "pid %s: exact\n" % pid)
        self.assertEqual(self.run_it("off", pid), "pid %s: dormant, was exact\n" % pid)
        self.assertEqual(self.mode(pid)["kind"], "dormant")
        self.assertIn("sampled 64.0KiB, was dormant", self.run_it("rate", pid, "64KiB"))
        self.assertEqual(self.mode(pid), {"kind": "sampled", "rate_bytes": 65536})
        self.assertIn("is sampled 64.0KiB already", self.run_it("rate", pid, "64k"))
        self.assertIn("exact, was sampled", self.run_it("on", pid))
        self.assertEqual(self.mode(pid), {"kind": "exact", "rate_bytes": 1})

    def test_an_idle_program_has_only_been_asked(self):
        pid = self.start("30", "idle")
        self.assertIn("asked; the program will notice", self.run_it("off", pid))

    def test_dormant_then_on_counts_from_then_on(self):
        pid = self.start("30", rate="off")
        self.assertEqual(self.mode(pid)["kind"], "dormant")
        self.assertIn("exact, was dormant", self.run_it("on", pid))
        total = json.loads(self.run_it("top", "--format", "json", pid))["total"]
        self.assertGreater(total["alloc_objects"], 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[4:])
