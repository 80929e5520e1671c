#!/usr/bin/env python3
"""HEAPRING_SNAPSHOT_AT: the figures of moments, taken inside without a thread.

Usage: run_snapshot.py HEAPRING DIES GROWS SANDBOX
"""
import json
import os
import random
import signal
import subprocess
import time

from memory_group import own_group, try_group
from profiled import ARGS, Profiled, environment, main, shim

DIES, GROWS, SANDBOX = ARGS
MIB = 1 << 20
PYTHON = "/usr/bin/python3"
# Holds 60 MiB, lets go of them, and holds them again.
TWICE = """
import time
def hold(mib):
    return [bytearray(1 << 20) for _ in range(mib)]
def live_on(s):
    end = time.monotonic() + s
    while time.monotonic() < end:
        bytes(5000)
        time.sleep(0.002)
for _ in range(2):
    held = hold(60)
    live_on(0.8)
    del held
    live_on(0.8)
"""


class Snapshot(Profiled):
    def start(self, argv, levels, group=None, **more):
        env = environment(**{"LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments,
                             "HEAPRING_INTERVAL": "50ms", "HEAPRING_SNAPSHOT_AT": levels,
                             **more})
        process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE,
                                   preexec_fn=group.enter if group else None)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def dies(self, rate, levels, group=None, **more):
        self.counts = self.path("counts")
        with open(self.counts, "wb") as stream:
            stream.write(bytes(4096))
        return self.start([DIES, self.counts, "2", str(rate)], levels, group, **more)

    def row(self, top, function):
        return [row for row in top["rows"] if row["function"] == function][0]

    def wait_for(self, target):
        for _ in range(600):
            if self.heapring("top", target).returncode == 0:
                return
            time.sleep(0.05)
        self.fail("no " + target)

    def check(self, top):
        """The copy is of one moment: nothing is torn between two sites or counters."""
        forget, use = self.row(top, "forget"), self.row(top, "use")
        self.assertEqual(forget["inuse_space"], forget["alloc_objects"] * 2000)
        self.assertLessEqual(use["inuse_objects"], 2 * 17)
        self.assertEqual(use["alloc_space"], use["alloc_objects"] * 500)
        for sample in ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects"):
            self.assertEqual(top["total"][sample], sum(row[sample] for row in top["rows"]))

    def test_each_level_is_kept_until_after_the_kill(self):
        process = self.dies(20_000_000, "20MiB,40MiB")
        self.wait_for("%d@40MiB" % process.pid)
        time.sleep(0.5)
        process.kill()
        process.wait()
        low, high = [self.read("%d@%s" % (process.pid, level)) for level in ("20MiB", "40MiB")]
        now = self.read(str(process.pid))
        for top in (low, high):
            self.check(top)
            self.assertGreaterEqual(top["snapshot"]["resident"], top["snapshot"]["level"])
            self.assertLess(top["snapshot"]["resident"], top["snapshot"]["level"] + 16 * MIB)
            self.assertGreater(top["total"]["inuse_space"], top["snapshot"]["level"] / 3)
            self.assertEqual(top["process"]["state"], "killed")
        self.assertLess(low["total"]["inuse_space"], high["total"]["inuse_space"])
        self.assertLess(high["total"]["inuse_space"], now["total"]["inuse_space"])
        self.assertEqual([low["snapshot"]["level"], high["snapshot"]["level"]],
                         [20 * MIB, 40 * MIB])
        text = self.heapring("top", "%d@20MiB" % process.pid).stdout.decode()
        self.assertRegex(text, "snapshot 20MiB, [0-9.]+s after the start, at 20.0MiB: ")

    def test_two_snapshots_are_compared(self):
        process = self.dies(20_000_000, "20MiB,40MiB")
        self.wait_for("%d@40MiB" % process.pid)
        names = ["%d@%s" % (process.pid, level) for level in ("20MiB", "40MiB")]
        low, high = [self.read(name)["total"]["inuse_space"] for name in names]
        done = self.heapring("diff", "--format", "json", *names)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        grew = self.row(json.loads(done.stdout), "forget")
        self.assertGreater(grew["delta"], 0)
        self.assertLessEqual(abs(grew["delta"] - (high - low)), 40_000)
        self.assertEqual(self.heapring("flame", "-o", self.path("f.html"), names[1]).returncode,
                         0)

    def test_a_dump_takes_snapshots_along_and_the_history_marks_them(self):
        process = self.dies(20_000_000, "16MiB")
        self.wait_for("%d@16MiB" % process.pid)
        dump = self.path("dump")
        self.assertEqual(self.heapring("dump", str(process.pid), "-o", dump).returncode, 0)
        ours, its = [self.read(one + "@16MiB") for one in (dump, str(process.pid))]
        self.assertEqual(ours["rows"], its["rows"])
        marks = self.read(dump, view="trend")["marks"]
        self.assertEqual([(mark["name"], mark["count"]) for mark in marks], [("16MiB", 1)])

    def test_a_part_of_a_real_groups_limit(self):
        group = try_group(64 * MIB)
        if not group:
            self.skipTest("no control group can be made here")
        self.addCleanup(group.remove)
        process = self.dies(20_000_000, "50%,75%", group)
        self.assertEqual(process.wait(60), -signal.SIGKILL)
        self.assertEqual(group.kills(), 1)
        for percent in (50, 75):
            top = self.read("%d@%d%%" % (process.pid, percent))
            self.check(top)
            self.assertEqual(top["snapshot"]["level"], 64 * MIB // 100 * percent)
        audit = self.read(str(process.pid), view="audit")
        self.assertEqual((audit["verdict"], audit["site"]["function"]), ("leak", "forget"))

    def test_without_a_limit_it_is_of_what_was_available(self):
        group = own_group()
        limits = [os.path.join(group[1], name)
                  for name in ("memory.limit_in_bytes", "memory.max")] if group else []
        for limit in filter(os.path.exists, limits):
            with open(limit, encoding="ascii") as stream:
                if stream.read().strip() not in ("max", "9223372036854771712"):
                    self.skipTest("our own group has a limit")
        with open("/proc/meminfo", encoding="ascii") as stream:
            available = dict(line.split(":") for line in stream)["MemAvailable"]
        available = int(available.split()[0]) << 10
        process = self.dies(300_000_000, "1%")
        self.wait_for("%d@1%%" % process.pid)
        level = self.read("%d@1%%" % process.pid)["snapshot"]["level"]
        process.kill()
        self.assertLess(abs(level - available / 100), available / 400)

    def test_a_slice_of_a_minute_does_not_delay_it(self):
        process = self.dies(20_000_000, "16MiB", HEAPRING_INTERVAL="60s")
        self.wait_for("%d@16MiB" % process.pid)
        top = self.read("%d@16MiB" % process.pid)
        self.check(top)
        self.assertLess(top["total"]["inuse_space"], 40 * MIB)

    def test_a_level_counts_again_after_memory_fell(self):
        self.need(PYTHON)
        process = self.start([PYTHON, "-s", "-B", "-c", TWICE], "50MiB")
        self.assertEqual(process.wait(60), 0)
        (mark,) = self.read(str(process.pid), view="trend")["marks"]
        self.assertEqual((mark["name"], mark["count"]), ("50MiB", 2))
        top = self.read("%d@50MiB" % process.pid)
        self.assertAlmostEqual(top["snapshot"]["s"], mark["last_s"], delta=0.2)
        self.assertGreater(top["total"]["inuse_space"], 40 * MIB)

    def test_a_forked_child_has_its_own(self):
        self.need(PYTHON)
        script = TWICE.replace("for _ in range(2):", "import os\nos.fork()\nfor _ in range(1):")
        process = self.start([PYTHON, "-s", "-B", "-c", script], "50MiB")
        self.assertEqual(process.wait(60), 0)
        time.sleep(1)
        rows = json.loads(self.heapring("ps", "--format", "json").stdout)["rows"]
        self.assertEqual(len(rows), 2)
        for row in rows:
            top = self.read("%d@50MiB" % row["process"]["pid"])
            self.assertGreater(top["total"]["inuse_space"], 30 * MIB)

    def left_out(self, budget):
        process = self.start([GROWS, self.path("ledger"), "2500", "sites", "grow"], "4MiB",
                             HEAPRING_BUDGET=budget)
        target = "%d@4MiB" % process.pid
        self.wait_for(target)
        process.kill()
        process.wait()
        said = b"did not fit" in self.heapring("top", target).stdout
        left_out = self.read(target)["snapshot"]["left_out"]
        self.assertEqual(said, left_out > 0)
        return left_out

    def test_bytes_are_bounded_and_what_is_left_out_is_said(self):
        self.assertEqual(self.left_out("64MiB"), 0)
        # 512 pages, of which a snapshot may have 16, of 127 stacks each; 3,000 are there
        left_out = self.left_out("2MiB")
        self.assertGreater(left_out, 3000 - 16 * 127 - 100)
        self.assertLess(left_out, 3000 - 16 * 127 + 100)

    def test_a_sandboxed_process_asks_the_kernel_nothing(self):
        """By a relative path too: modules are looked at anew when a thread begins."""
        for how, library in (("prctl", shim()), ("syscall", os.path.relpath(shim()))):
            done = self.execute([SANDBOX, how], env={
                "LD_PRELOAD": library, "HEAPRING_DIR": self.segments,
                "HEAPRING_INTERVAL": "1ms", "HEAPRING_SNAPSHOT_AT": "4KiB,64KiB"})
            self.assertEqual((done.returncode, done.stdout), (0, b"10000\n"), done)

    def test_what_a_snapshot_does_not_have(self):
        process = self.dies(20_000_000, "16MiB")
        target = "%d@16MiB" % process.pid
        self.wait_for(target)
        for view in ("lifetimes", "sizes", "trend"):
            done = self.heapring(view, target)
            self.assertEqual(done.returncode, 2, view)
            self.assertEqual(done.stderr.count(b"\n"), 1, done)
        done = self.heapring("top", "%d@99%%" % process.pid)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"it has: 16MiB", done.stderr)

    def test_damaged_snapshots_are_figures_or_one_line(self):
        process = self.dies(20_000_000, "16MiB")
        self.wait_for("%d@16MiB" % process.pid)
        dump, damaged = self.path("dump"), self.path("damaged")
        self.assertEqual(self.heapring("dump", str(process.pid), "-o", dump).returncode, 0)
        process.kill()
        with open(dump, "rb") as stream:
            whole = stream.read()
        record = whole.index(b"16MiB\0", 4096) - 48
        chance = random.Random(1)
        for _ in range(40):
            image = bytearray(whole)
            for _ in range(chance.randrange(1, 6)):
                at = record + chance.randrange(-4096, 8192)
                image[at] = chance.randrange(256)
            with open(damaged, "wb") as stream:
                stream.write(image)
            done = self.heapring("top", damaged + "@16MiB")
            self.assertIn(done.returncode, (0, 2, 3), done)
            self.assertEqual(done.stderr.count(b"\n"), 1 if done.returncode else 0, done)

    def test_values_that_do_not_parse(self):
        for value in ("0%", "101%", "1.5%", "70%,", "x", "100", "1%,2%,3%,4%,5%"):
            done = self.execute(["/bin/echo", "runs"], env={
                "LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments,
                "HEAPRING_SNAPSHOT_AT": value})
            self.assertEqual((done.returncode, done.stdout), (0, b"runs\n"))
            self.assertIn(b"HEAPRING_SNAPSHOT_AT=", done.stderr, value)
            done = self.heapring("run", "--snapshot-at", "0%", "--", "/bin/true")
            self.assertEqual(done.returncode, 2)
        done = self.execute(["/bin/echo", "runs"], env={
            "LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments, "HEAPRING_HISTORY": "0",
            "HEAPRING_SNAPSHOT_AT": "70%"})
        self.assertIn(b"HEAPRING_HISTORY is 0", done.stderr)


if __name__ == "__main__":
    main()
