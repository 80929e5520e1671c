#!/usr/bin/env python3
"""Sampled profiles of whole programs, compared with what the programs really did.

Usage: run_sampled.py HEAPRING BRIEF_THREADS TRUTH_CXX
A sum of so many samples as a test takes errs by a tenth at the most; what is looked for
here is an event that is not drawn like the others, which errs by a factor.
"""
import glob
import json

from profiled import ARGS, Profiled, main

BRIEF_THREADS, TRUTH_CXX = ARGS
PERL = "/usr/bin/perl"


class Sampled(Profiled):
    def estimate(self, argv, rate, preload=None):
        """What the program is said to have allocated, and what it printed."""
        done, dump = self.profile(argv, env={"HEAPRING_RATE": rate, "LD_PRELOAD": preload})
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return self.read(dump)["total"]["alloc_space"], done.stdout

    def test_the_first_allocation_of_a_thread_is_drawn_like_any_other(self):
        said, _ = self.estimate([BRIEF_THREADS, "2000", "100"], "1MiB")
        # 0.2 samples are to be expected
        self.assertLess(said, 20 << 20)

    def test_the_many_first_allocations_add_up(self):
        said, _ = self.estimate([BRIEF_THREADS, "2000", "20000"], "64KiB")
        self.assertAlmostEqual(said / (2000 * 20000), 1, delta=0.35)

    def test_a_block_that_realloc_makes_is_drawn_like_any_other(self):
        self.need(PERL)
        argv = [PERL, "-e", "for (1..20000) { my @a; push @a, $_ for 1..200; undef @a }"]
        exact, _ = self.estimate(argv, "exact")
        said, _ = self.estimate(argv, "64KiB")
        self.assertAlmostEqual(said / exact, 1, delta=0.2)

    def check_operators(self, allocator):
        found = glob.glob("/usr/lib/*/" + allocator)
        self.need(found[0] if found else allocator)
        said, printed = self.estimate([TRUTH_CXX], "16KiB", preload=found[0])
        truth = sum(each["alloc_space"] for each in json.loads(printed)["functions"].values())
        self.assertAlmostEqual(said / truth, 1, delta=0.4)

    def test_operator_new_of_jemalloc(self):
        self.check_operators("libjemalloc.so.2")

    def test_operator_new_of_tcmalloc(self):
        self.check_operators("libtcmalloc.so.4")

    def test_operator_new_of_mimalloc(self):
        self.check_operators("libmimalloc.so.2")


if __name__ == "__main__":
    main()
