#!/usr/bin/env python3
"""Killed at its limit: ps, top and audit tell how it stood, and what grew.

Usage: run_postmortem.py HEAPRING DIES [COUNT]
The kills are those of the OOM killer where a control group can be made, and SIGKILL at the
same limit where it cannot; which it was is printed.
"""
import json
import os
import random
import signal
import struct
import subprocess
import time

from memory_group import try_group
from profiled import ARGS, Profiled, environment, main, shim

DIES = ARGS[0]
COUNT = int(ARGS[1]) if len(ARGS) > 1 else 50
THREADS = 2
RATE = 40_000_000
FORGOTTEN, TEMPORARY = 2000, 500
MIB = 1 << 20


class Postmortem(Profiled):
    def setUp(self):
        super().setUp()
        self.counts = self.path("counts")

    def environment(self):
        return environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments,
                           HEAPRING_INTERVAL="20ms")

    def published(self):
        """Sums over the threads: forgotten blocks and bytes, temporary ones, frees."""
        with open(self.counts, "rb") as stream:
            words = struct.unpack("%dQ" % (THREADS * 8), stream.read(THREADS * 64))
        return [sum(words[i::8]) for i in range(4)]

    def argv(self):
        with open(self.counts, "wb") as stream:
            stream.write(bytes(4096))
        return [DIES, self.counts, str(THREADS), str(RATE)]

    def die_by_oom(self, group):
        process = group.start(self.argv(), env=self.environment())
        self.assertEqual(process.wait(60), -signal.SIGKILL)
        self.assertEqual(group.kills(), 1)
        return process.pid

    def die_by_signal(self, limit):
        process = subprocess.Popen(self.argv(), env=self.environment())
        while self.published()[1] < limit * 0.6:
            self.assertIsNone(process.poll())
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        self.assertEqual(process.wait(20), -signal.SIGKILL)
        return process.pid

    def die(self, limit):
        group = try_group(limit)
        if not group:
            return self.die_by_signal(limit), "SIGKILL at the limit"
        try:
            return self.die_by_oom(group), "the OOM killer, cgroup v%d" % group.version
        finally:
            group.remove()

    def row(self, top, function):
        return [row for row in top["rows"] if row["function"] == function][0]

    def check_totals(self, top):
        """All that was published is there, and no more than each thread's last call."""
        forgotten, forgotten_bytes, temporary, freed = self.published()
        row = self.row(top, "forget")
        self.assertLessEqual(forgotten, row["alloc_objects"])
        self.assertLessEqual(row["alloc_objects"], forgotten + THREADS)
        self.assertEqual(row["inuse_space"], row["alloc_objects"] * FORGOTTEN)
        self.assertLessEqual(forgotten_bytes, row["inuse_space"])
        row = self.row(top, "use")
        self.assertLessEqual(temporary, row["alloc_objects"])
        self.assertLessEqual(row["alloc_objects"], temporary + THREADS)
        self.assertLessEqual(row["alloc_objects"] - row["inuse_objects"], freed + THREADS)
        self.assertLessEqual(row["inuse_space"], THREADS * TEMPORARY)
        for sample in ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects"):
            self.assertEqual(top["total"][sample], sum(row[sample] for row in top["rows"]))
        return forgotten_bytes

    def check_ps(self, pid):
        rows = json.loads(self.heapring("ps", "--format", "json").stdout)["rows"]
        self.assertEqual([(row["process"]["pid"], row["process"]["state"]) for row in rows],
                         [(pid, "killed")])

    def check_audit(self, pid):
        audit = self.read(str(pid), view="audit")
        self.assertEqual((audit["verdict"], audit["site"]["function"]), ("leak", "forget"),
                         audit["evidence"])
        self.assertGreater(audit["rate_bytes_per_s"], RATE * 0.5)
        self.assertLess(audit["rate_bytes_per_s"], RATE * 2)

    def check_trend(self, pid):
        """The growth towards the end: the last points rise, by what was forgotten."""
        trend = self.read(str(pid), view="trend")
        inuse = [point["inuse_space"] for point in trend["points"]]
        self.assertGreater(inuse[-1], inuse[len(inuse) // 2])
        self.assertEqual(trend["rows"][0]["stack"][0]["function"], "forget")

    def test_killed_at_random_instants(self):
        total, how = 0, ""
        for i in range(COUNT):
            limit = random.randrange(16 * MIB, 48 * MIB)
            pid, how = self.die(limit)
            with self.subTest(round=i, limit=limit):
                self.check_ps(pid)
                total += self.check_totals(self.read(str(pid)))
                self.check_audit(pid)
                self.check_trend(pid)
            self.assertEqual(self.heapring("clean").returncode, 0)
        print("killed %d times by %s, %d MiB forgotten and found" % (COUNT, how, total >> 20))

    def test_a_process_that_nobody_waited_for_was_killed_too(self):
        process = subprocess.Popen(self.argv(), env=self.environment())
        self.addCleanup(process.wait)
        while self.published()[0] == 0:
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        end = time.monotonic() + 20
        while b"State:\tZ" not in self.status(process.pid) and time.monotonic() < end:
            time.sleep(0.01)
        self.check_ps(process.pid)

    def status(self, pid):
        with open("/proc/%d/status" % pid, "rb") as stream:
            return stream.read()

    def test_clean_takes_by_age(self):
        pid, _ = self.die(16 * MIB)
        self.assertIn(b"removed 0 segments", self.heapring("clean", "--older", "7d").stderr)
        (name,) = os.listdir(self.segments)
        week_ago = time.time() - 7 * 86400 - 60
        os.utime(os.path.join(self.segments, name), (week_ago, week_ago))
        kept = self.heapring("clean", "--older", "7d", "--keep-killed")
        self.assertIn(b"removed 0 segments", kept.stderr)
        self.assertIn(b"removed 1 segment,", self.heapring("clean", "--older", "7d").stderr)
        self.assertEqual(self.heapring("top", str(pid)).returncode, 4)


if __name__ == "__main__":
    main()
