#!/usr/bin/env python3
"""The history of real processes, against what they themselves wrote down.

Usage: run_history.py HEAPRING GROWS VICTIM
"""
import bisect
import glob
import json
import os
import random
import signal
import struct
import subprocess
import time

from profiled import ARGS, REQUIRED, SAMPLES, Profiled, environment, main, shim

GROWS, VICTIM = ARGS[:2]
BLOCK = 1000
# A tick of the coarse clock, and some.
CLOCK_S = 0.1


class History(Profiled):
    def start(self, *steps, ms=600, program=None, **env):
        env = dict(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments, HEAPRING_INTERVAL="50ms") | env
        self.ledger = self.path("ledger")
        argv = program or [GROWS, self.ledger, str(ms), *(steps or ("grow",))]
        return subprocess.Popen(argv, env=environment(**env))

    def run_it(self, *steps, **kw):
        process = self.start(*steps, **kw)
        self.assertEqual(process.wait(60), 0)
        return str(process.pid)

    def truth(self, start_mono_ns):
        """(seconds since the start, bytes) of every change that grow() made."""
        with open(self.ledger, "rb") as stream:
            data = stream.read()
        entries = []
        for ns, held in struct.iter_unpack("<QQ", data):
            if ns == 0:
                break
            entries.append(((ns - start_mono_ns) / 1e9, held))
        return entries

    def start_mono_ns(self, pid):
        path, = glob.glob(os.path.join(self.segments, "heapring.%s.*" % pid))
        with open(path, "rb") as stream:
            stream.seek(56)
            return struct.unpack("<Q", stream.read(8))[0]

    def trend(self, pid, *args):
        trend = self.read(pid, *args, view="trend")
        self.assertFalse(trend["history"]["damaged"])
        times = [point["s"] for point in trend["points"]]
        self.assertEqual(times, sorted(times))
        for sample in ("alloc_space", "alloc_objects"):
            values = [point[sample] for point in trend["points"]]
            self.assertEqual(values, sorted(values))
        return trend

    def check_points(self, pid, trend):
        """Every point has what the program held at that time. It grows, so its figures date
        themselves, however long the machine was busy with something else."""
        truth = self.truth(self.start_mono_ns(pid))
        held = [entry[1] for entry in truth]
        self.assertEqual(held, sorted(held))
        for point in trend["points"][1:]:
            i = bisect.bisect_left(held, point["inuse_space"])
            if point["inuse_space"] == 0 or i == len(held):
                continue
            # the last block may be written down, and not yet be in the ledger's time
            self.assertLess(truth[i - 1][0] if i > 0 else 0, point["s"] + CLOCK_S)
            if i + 1 < len(held) and point is not trend["points"][-1]:
                self.assertGreater(truth[i + 1][0], point["s"] - CLOCK_S)

    def test_growth_second_by_second(self):
        pid = self.run_it("grow", ms=1000)
        trend = self.trend(pid, "--focus", "^grow$")
        self.assertTrue(trend["history"]["from_start"])
        self.assertGreater(trend["history"]["slices"], 4)
        self.check_points(pid, trend)
        row, = trend["rows"]
        self.assertEqual(row["stack"][0]["function"], "grow")
        self.assertEqual(row["growth"], trend["points"][-1]["inuse_space"])
        self.assertEqual(row["series"], [p["inuse_space"] for p in trend["points"]])
        self.assertEqual(row["series"][-1] % BLOCK, 0)

    def test_a_block_that_is_made_longer_is_always_there(self):
        """Its realloc is the first event after each pause, when the clock has moved on."""
        for rate in "exact", "1KiB":
            with self.subTest(rate=rate):
                pid = self.run_it("lengthen", HEAPRING_RATE=rate)
                points = self.trend(pid, "--focus", "^lengthen$")["points"]
                self.assertGreater(len(points), 5)
                for point in points[1:]:
                    self.assertGreaterEqual(point["inuse_space"], 64 << 10)
                    self.assertEqual(point["inuse_objects"], 1)

    def test_totals_end_where_top_is(self):
        pid = self.run_it("grow", "sites", ms=300)
        last = self.trend(pid)["points"][-1]
        total = self.read(pid)["total"]
        for sample in SAMPLES:
            self.assertEqual(last[sample], total[sample])

    def test_kill_at_random_instants(self):
        for i in range(8):
            process = self.start("grow", "sites", "grow", ms=2000)
            time.sleep(random.uniform(0.2, 0.9))
            process.send_signal(signal.SIGKILL)
            self.assertEqual(process.wait(20), -signal.SIGKILL)
            pid = str(process.pid)
            with self.subTest(round=i):
                trend = self.trend(pid, "--focus", "^grow$")
                self.check_points(pid, trend)
                last = self.trend(pid)["points"][-1]
                total = self.read(pid)["total"]
                self.assertEqual({s: last[s] for s in SAMPLES}, {s: total[s] for s in SAMPLES})
            self.assertEqual(self.heapring("clean").returncode, 0)
            os.unlink(self.ledger)

    def test_killed_while_three_threads_write(self):
        for i in range(4):
            counts = self.path("counts")
            with open(counts, "wb") as stream:
                stream.write(bytes(4096))
            process = self.start(program=[VICTIM, counts, "3"], HEAPRING_INTERVAL="1ms",
                                 HEAPRING_HISTORY="64KiB")
            time.sleep(random.uniform(0.1, 0.6))
            process.send_signal(signal.SIGKILL)
            process.wait(20)
            with self.subTest(round=i):
                trend = self.trend(str(process.pid))
                total = self.read(str(process.pid))["total"]
                for sample in SAMPLES:
                    self.assertEqual(trend["points"][-1][sample], total[sample])

    def test_read_while_three_threads_write(self):
        counts = self.path("counts")
        with open(counts, "wb") as stream:
            stream.write(bytes(4096))
        process = self.start(program=[VICTIM, counts, "3"], HEAPRING_INTERVAL="1ms",
                             HEAPRING_HISTORY="64KiB")
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while open(counts, "rb").read(8) == bytes(8):  # nothing allocated yet
            self.assertIsNone(process.poll())
        end = time.monotonic() + 2
        seen = 0
        while time.monotonic() < end:
            seen = max(seen, self.trend(str(process.pid))["history"]["slices"])
        self.assertGreater(seen, 0)

    def test_a_small_ring_keeps_its_bound_and_the_newest(self):
        pid = self.run_it("sites", "grow", ms=1500, HEAPRING_HISTORY="64KiB",
                          HEAPRING_INTERVAL="10ms")
        trend = self.trend(pid, "--focus", "^grow$")
        self.assertFalse(trend["history"]["from_start"])
        self.assertGreater(trend["history"]["slices"], 1)
        self.check_points(pid, trend)
        done = self.heapring("top", "--at", "start", pid)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no longer in the history", done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_no_ring(self):
        pid = self.run_it("grow", ms=200, HEAPRING_HISTORY="0")
        trend = self.trend(pid)
        self.assertFalse(trend["history"]["kept"])
        self.assertEqual(trend["history"]["slices"], 0)
        done = self.heapring("top", "--at", "0.1s", pid, env={})
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done)

    def test_a_pause_is_flat(self):
        pid = self.run_it("grow", "idle", "grow", ms=700)
        points = self.trend(pid, "--focus", "^grow$")["points"]
        pauses = [(a, b) for a, b in zip(points, points[1:])
                  if b["s"] - a["s"] > 0.4 and a["inuse_space"] == b["inuse_space"]]
        self.assertEqual(len(pauses), 1, points)

    def test_a_child_has_a_history_of_its_own(self):
        parent = self.run_it("grow", "fork", "grow", ms=400)
        pids = [row["process"]["pid"] for row in self.ps()]
        child, = [str(pid) for pid in pids if str(pid) != parent]
        trend = self.trend(child, "--focus", "^grow$")
        self.assertTrue(trend["history"]["from_start"])
        self.assertEqual(trend["points"][0]["inuse_space"], 0)
        self.assertGreater(trend["points"][-1]["inuse_space"], 50 * BLOCK)

    def ps(self):
        done = self.heapring("ps", "--format", "json")
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)["rows"]

    def test_sampled(self):
        pid = self.run_it("grow", ms=1000, HEAPRING_RATE="4KiB")
        trend = self.trend(pid, "--focus", "^grow$")
        want = self.truth(self.start_mono_ns(pid))[-1][1]
        top = self.read(pid, "--focus", "^grow$")
        row, = [row for row in top["rows"] if row["function"] == "grow"]
        self.assertEqual(trend["points"][-1]["inuse_space"], row["inuse_space"])
        self.assertLess(abs(row["inuse_space"] - want), 6 * row["stderr"])
        self.assertGreater(trend["history"]["slices"], 3)

    def test_windows_agree_with_the_points(self):
        pid = self.run_it("grow", "drop", "grow", ms=500)
        points = self.trend(pid)["points"]
        now = self.read(pid, "--at", "400ms")
        window = now["window"]
        point = min(points, key=lambda p: abs(p["s"] - window["end_s"]))
        self.assertLess(abs(point["s"] - 0.4), 0.2)
        for sample in SAMPLES:
            self.assertEqual(now["total"][sample], point[sample])
            self.assertEqual(window["end_" + sample], point[sample])
        since = self.read(pid, "--since", "mark:drop", "--sample", "alloc_space")
        window = since["window"]
        for sample in ("alloc_space", "alloc_objects"):
            self.assertEqual(since["total"][sample],
                             points[-1][sample] - window["start_" + sample])
        everything = self.read(pid, "--since", "start", "--at", "now")
        for sample in SAMPLES:
            self.assertEqual(everything["total"][sample], points[-1][sample])

    def test_marks(self):
        pid = self.run_it("grow", "churn", "grow", ms=300)
        trend = self.trend(pid)
        marks = {mark["name"]: mark for mark in trend["marks"]}
        self.assertEqual({name: mark["count"] for name, mark in marks.items()},
                         {"grow": 2, "churn": 1})
        self.assertLess(marks["grow"]["first_s"], marks["churn"]["first_s"])
        self.assertLess(marks["churn"]["last_s"], marks["grow"]["last_s"])
        # a mark ends a slice: what grew between the first two marks is exact
        window = self.read(pid, "--since", "churn", "--at", "grow")["window"]
        self.assertLess(abs(window["start_s"] - marks["churn"]["last_s"]), 1e-6)
        self.assertLess(abs(window["end_s"] - marks["grow"]["last_s"]), 1e-6)
        self.assertEqual(window["start_inuse_space"], window["end_inuse_space"])

    def test_moments_that_are_none(self):
        pid = self.run_it("grow", ms=200)
        for moment in ("1h", "-1h", "nonsense", "25:00", "1x", "mark:1s", "grow#second"):
            with self.subTest(moment=moment):
                done = self.heapring("top", "--at", moment, pid)
                self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done)
        for moment in ("grow", "mark:grow", "grow#first", "0", "100ms", "-0.1s", "peak", "now",
                       "start", "end"):
            with self.subTest(moment=moment):
                done = self.heapring("top", "--at", moment, pid)
                self.assertEqual(done.returncode, 0, done)

    def test_damage_is_said_and_never_a_crash(self):
        pid = self.run_it("grow", "sites", ms=500)
        path, = glob.glob(os.path.join(self.segments, "heapring.%s.*" % pid))
        with open(path, "rb") as stream:
            whole = bytearray(stream.read())
        pages = struct.unpack_from("<I", whole, 28)[0]
        kinds = {page: struct.unpack_from("<H", whole, 4096 + 8 * page)[0]
                 for page in range(min(pages, len(whole) // 4096))}
        chosen = [page for page, kind in kinds.items() if kind in (8, 9, 10, 11)]
        dice = random.Random(int(pid))
        broken = self.path("broken")
        for i in range(150 if REQUIRED else 60):
            copy = bytearray(whole)
            for _ in range(dice.choice((1, 3, 40))):
                page = dice.choice(chosen)
                at = page * 4096 + dice.randrange(dice.choice((256, 4096)))
                copy[at] = dice.randrange(256)
            with open(broken, "wb") as stream:
                stream.write(copy)
            done = self.heapring("trend", "--format", "json", "-n", "1", broken)
            with self.subTest(round=i):
                self.assertIn(done.returncode, (0, 3), done)


if __name__ == "__main__":
    main()
