#!/usr/bin/env python3
"""A program that nobody here wrote: unchanged by us, and counted as heaptrack counts.

Usage: run_programs.py HEAPRING WORKLOAD      (a function of workloads.py)
heaptrack 1.4 is the peer: every allocation, full stacks. What it counts beyond
us is the pool of libstdc++, which its own preloaded library brings into C
programs; the comparison takes it out.
"""
import glob
import re
import sys
import unittest

import heaptrack
import workloads
from profiled import ARGS, Profiled, environment

NAME = ARGS[0]
POOL = 72704  # bytes of libstdc++'s emergency pool, one allocation
NOT_COMPARED = {
    "gcc": "the driver allocates next to nothing; its child is the workload cc1",
}


def plain_name(name):
    """libc's functions have several names for one address: which one is chance."""
    return re.sub(r"^(__GI_)?_*", "", name)


def merged(rows, figure):
    """Figures by function, or by module for functions without a name."""
    out = {}
    for row in rows:
        name = plain_name(row["module"] if "+0x" in row["function"] else row["function"])
        out[name] = out.get(name, 0) + row[figure]
    return out


class Program(Profiled):
    def setUp(self):
        super().setUp()
        self.work = getattr(workloads, NAME)(self.folder)
        self.need(self.work.argv[0])

    def run_options(self):
        options = {"cwd": self.work.cwd}
        if self.work.stdin:
            options["stdin"] = open(self.work.stdin, "rb")
            self.addCleanup(options["stdin"].close)
        return options

    def test_unchanged_and_counted(self):
        plain = self.execute(self.work.argv, env=self.work.env, **self.run_options())
        done, dump = self.profile(self.work.argv, env=self.work.env, **self.run_options())
        with self.subTest("output and exit status"):
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (plain.returncode, plain.stdout, plain.stderr))
        top = self.read(dump, "--sample", "alloc_objects")
        at_peak = self.read(dump, "--at", "peak")
        self.check_coverage(top)
        for child in glob.glob(dump + ".*"):
            self.check_coverage(self.read(child))
        if NAME in NOT_COMPARED:
            return
        self.need(*heaptrack.TOOLS)
        self.compare(top, at_peak, heaptrack.run(self.work.argv, self.folder, **self.run_options(),
                                                 env=environment(**self.work.env)))

    def check_coverage(self, top):
        coverage = top["coverage"]
        with self.subTest("stacks", process=top["process"]["command"]):
            self.assertGreaterEqual(coverage["stacks_complete_pct"], 99)
            for counter in ("missed_frees", "overflow", "dropped"):
                self.assertEqual(coverage[counter], 0, counter)

    def compare(self, top, at_peak, peer):
        ours = top["total"]
        pool = 0 if any(row["module"].startswith("libstdc++") for row in top["rows"]) else 1
        print("%s: alloc_objects %d, heaptrack %d; peak %d, heaptrack %d" % (
            NAME, ours["alloc_objects"], peer.calls - pool, ours["peak_space"],
            peer.peak - pool * POOL))
        with self.subTest("alloc_objects within 0.1 %"):
            self.assertAlmostEqual(ours["alloc_objects"], peer.calls - pool,
                                   delta=max(2, peer.calls * 0.001))
        with self.subTest("peak within 1 %"):
            self.check_peak(ours["peak_space"], peer.peak - pool * POOL)
        with self.subTest("top functions by allocations"):
            self.check_top(merged(top["rows"], "alloc_objects"), peer.top["calls"],
                           ours["alloc_objects"] * 0.001,
                           max(2, ours["alloc_objects"] * 0.001))
        with self.subTest("top functions at the peak"):
            self.check_top(merged(at_peak["rows"], "inuse_space"),
                           [(name, n) for name, n in peer.top["peak"] if "libstdc++" not in name],
                           ours["peak_space"] * 0.01,
                           max(8192, ours["peak_space"] * 0.01))

    def check_peak(self, peak, theirs):
        """cc1 has some blocks of 32 KiB more or less from run to run, as addresses hash."""
        again = 0
        while abs(peak - theirs) > theirs * 0.01 and again < 4:
            _, dump = self.profile(self.work.argv, env=self.work.env, **self.run_options())
            peak = self.read(dump)["total"]["peak_space"]
            again += 1
        self.assertAlmostEqual(peak, theirs, delta=theirs * 0.01)

    def check_top(self, ours, theirs, least, delta):
        """Their first five, down to `least`, are ours. A site's share of the peak is noted
        each time the peak has risen by 1/256 of itself: hence a delta of all the peak."""
        for name, figure in theirs[:5]:
            if figure > least:
                self.assertAlmostEqual(ours.get(plain_name(name), 0), figure, msg=(name, theirs, ours),
                                       delta=delta)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
