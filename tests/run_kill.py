#!/usr/bin/env python3
"""kill -9 at random instants: the profile is there, and complete.

Usage: run_kill.py HEAPRING VICTIM [COUNT]
"""
import json
import os
import random
import signal
import struct
import subprocess
import time

from profiled import ARGS, Profiled, environment, main, shim

VICTIM = ARGS[0]
COUNT = int(ARGS[1]) if len(ARGS) > 1 else 200
THREADS = 3
LARGEST = 4000


class Kill(Profiled):
    def setUp(self):
        super().setUp()
        self.counts = self.path("counts")

    def start(self):
        with open(self.counts, "wb") as stream:
            stream.write(bytes(4096))
        return subprocess.Popen([VICTIM, self.counts, str(THREADS)], env=environment(
            LD_PRELOAD=shim(), HEAPRING_DIR=self.segments))

    def published(self):
        """Sums over the threads of {allocs, bytes, frees, freed bytes}."""
        with open(self.counts, "rb") as stream:
            words = struct.unpack("%dQ" % (THREADS * 8), stream.read(THREADS * 64))
        return [sum(words[i::8]) for i in range(4)]

    def kill(self, victim):
        victim.send_signal(signal.SIGKILL)
        self.assertEqual(victim.wait(20), -signal.SIGKILL)

    def forget(self):
        self.assertEqual(self.heapring("clean").returncode, 0)

    def within(self, ours, theirs, most):
        self.assertGreaterEqual(ours, theirs)
        self.assertLessEqual(ours, theirs + most)

    def check(self, pid):
        ps = self.read_ps()
        self.assertEqual([(row["process"]["pid"], row["process"]["state"]) for row in ps],
                         [(pid, "killed")])
        top = self.read(str(pid))
        self.assertEqual(top["process"]["state"], "killed")
        row = [row for row in top["rows"] if row["function"] == "allocate"][0]
        allocs, alloc_bytes, frees, free_bytes = self.published()
        self.within(row["alloc_objects"], allocs, THREADS)
        self.within(row["alloc_space"], alloc_bytes, THREADS * LARGEST)
        self.within(row["alloc_objects"] - row["inuse_objects"], frees, THREADS)
        self.within(row["alloc_space"] - row["inuse_space"], free_bytes, THREADS * LARGEST)
        return allocs

    def read_ps(self):
        done = self.heapring("ps", "--format", "json")
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)["rows"]

    def test_complete_up_to_the_last_allocation(self):
        total = 0
        for i in range(COUNT):
            victim = self.start()
            while self.published()[0] == 0:
                self.assertIsNone(victim.poll())
            time.sleep(random.uniform(0, 0.03))
            self.kill(victim)
            with self.subTest(round=i):
                total += self.check(victim.pid)
            self.forget()
        print("killed %d times, %d allocations" % (COUNT, total))

    def test_killed_before_it_began_is_no_worse(self):
        """There may be no segment yet; if there is one, it can be read."""
        for i in range(COUNT // 4):
            victim = self.start()
            time.sleep(random.uniform(0, 0.004))
            self.kill(victim)
            done = self.heapring("top", str(victim.pid))
            with self.subTest(round=i):
                self.assertIn(done.returncode, (0, 3, 4), done)
                self.assertEqual(done.stderr.count(b"\n"), 1 if done.returncode else 0, done)
                if done.returncode == 3:
                    self.assertRegex(done.stderr, b"not filled in yet|is empty")
            for name in os.listdir(self.segments):
                os.unlink(os.path.join(self.segments, name))


if __name__ == "__main__":
    main()
