#!/usr/bin/env python3
"""This repository checks itself: the analyzer and the pipeline stay within limits.

Usage: run_check.py HEAPRING PIPELINE
The limits of docs/ci.md, run as a CI job would. About 10 s.
"""
from profiled import ARGS, HEAPRING, Profiled, main

PIPELINE = ARGS[0]


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


if __name__ == "__main__":
    main()
