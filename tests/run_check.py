#!/usr/bin/env python3
"""This repository checks itself: the analyzer and the pipeline stay within limits.

Usage: run_check.py HEAPRING PIPELINE MANY_LEAKS
The limits of docs/ci.md, run as a CI job would. About 10 s.
"""
import json

from profiled import ARGS, HEAPRING, Profiled, main

PIPELINE, MANY_LEAKS = ARGS


class Itself(Profiled):
    def check(self, dump, *limits):
        done = self.heapring("check", "--junit", self.path("junit.xml"), *limits, dump)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def test_the_analyzer_frees_all_that_it_allocates(self):
        _, dump = self.profile([HEAPRING, "version"], name="first")
        for view in (["top"], ["top", "--cum", "--lines"], ["traces"], ["tree"], ["lifetimes"],
                     ["audit"], ["audit", "--format", "markdown"],
                     ["check", "--max-leak", "1GiB", "--baseline", dump]):
            done, own = self.profile([HEAPRING, *view, dump], name="own")
            self.assertEqual(done.returncode, 0, (view, done))
            self.check(own, "--max-leak", "0", "--max-peak", "64MiB")

    def test_the_pipeline_keeps_to_its_memory(self):
        done, dump = self.profile([PIPELINE, "run", "--messages", "30000", "--sink", "null",
                                   "--drain", "5s", "--summary", "json"])
        self.assertEqual(done.returncode, 0, done)
        self.check(dump, "--max-leak", "64KiB", "--max-peak", "128MiB", "--max-growth",
                   "1MiB/min")


class ManyLeaks(Profiled):
    """Thirty functions leak, all at one rate."""

    def test_each_counts_and_is_told(self):
        dump = self.path("dump")
        self.heapring("run", "-q", "--interval", "100ms", "-o", dump, "--", MANY_LEAKS, "8000")
        leaks = ["leak_%d" % i for i in range(10, 40)]
        audit = json.loads(self.heapring("audit", "--format", "json", dump).stdout)
        self.assertEqual(sorted(one["function"] for one in audit["findings"]), leaks)
        rate = 60 * sum(one["rate_bytes_per_s"] for one in audit["findings"])
        result, = json.loads(self.heapring("check", "--max-growth", "%dB/min" % (rate * 0.95),
                                           "--format", "json", dump).stdout)["rows"]
        self.assertFalse(result["passed"], result)
        self.assertAlmostEqual(result["value"], rate, delta=0.01 * rate)
        text = self.heapring("audit", dump).stdout.decode()
        self.assertEqual(text.count("\nalso leak: leak_"), 11, text)
        self.assertIn("\nalso 18 more functions, ", text)


if __name__ == "__main__":
    main()
