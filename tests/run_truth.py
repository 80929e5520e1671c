#!/usr/bin/env python3
"""Programs that know what they allocated, compared with the profile to the byte.

Usage: run_truth.py HEAPRING TRUTH TRUTH_CXX [TRUTH_CXX linked with an allocator...]
Every function's flat figures of all four sample types must equal the truth that
the program prints, with glibc's allocator, jemalloc, tcmalloc and mimalloc, preloaded and
linked: where operator new does not end in malloc, and nothing is counted twice.
"""
import glob
import json

from profiled import ARGS, SAMPLES, Profiled, main

TRUTH, TRUTH_CXX, *LINKED = ARGS
ALLOCATORS = {"jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc.so.4",
              "tcmalloc_minimal": "libtcmalloc_minimal.so.4", "mimalloc": "libmimalloc.so.2"}


class Truth(Profiled):
    def compare(self, argv, preload=None):
        """Returns the truth, the rows that are not the program's, and the totals."""
        done, dump = self.profile(argv, env={"LD_PRELOAD": preload})
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        truth = json.loads(done.stdout)
        rows = {sample: self.read(dump, "--sample", sample) for sample in SAMPLES}
        for sample in SAMPLES:
            shown = {row["function"]: row["flat"] for row in rows[sample]["rows"]}
            for name, figures in truth["functions"].items():
                with self.subTest(function=name, sample=sample):
                    self.assertEqual(shown.get(name, 0), figures[sample])
        top = rows["inuse_space"]
        for counter in ("missed_frees", "untracked_frees", "truncated", "overflow", "dropped", "bypassed"):
            self.assertEqual(top["coverage"][counter], 0, counter)
        self.assertEqual(top["coverage"]["stacks_complete_pct"], 100)
        others = [row for row in top["rows"]
                  if row["function"] not in truth["functions"] and row["alloc_objects"]]
        return truth, others, top["total"]

    def compare_peak(self, truth, others, total):
        """What others keep was there before the program's first function ran."""
        self.assertEqual(total["peak_space"],
                         truth["peak"] + sum(row["inuse_space"] for row in others))

    def allocator(self, name):
        found = glob.glob("/usr/lib/*/" + ALLOCATORS[name])
        self.need(found[0] if found else ALLOCATORS[name])
        return found[0]

    def test_every_function_of_c_and_the_peak(self):
        truth, others, total = self.compare([TRUTH, "single"])
        self.assertEqual(others, [])
        self.compare_peak(truth, others, total)

    def test_blocks_that_other_threads_free(self):
        self.compare([TRUTH, "threads"])

    def test_what_libc_allocates_has_its_own_row_below_the_caller(self):
        done, dump = self.profile([TRUTH, "libc"])
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        rows = {row["function"]: row for row in self.read(dump, "--cum")["rows"]}
        for name, figures in json.loads(done.stdout)["functions"].items():
            self.assertEqual(rows[name]["cum_inuse_space"], figures["libc_space"], name)
            self.assertEqual(rows[name]["flat"], 0, name)

    def test_every_form_of_new_and_delete(self):
        self.compare([TRUTH_CXX])

    def check_preloaded(self, name):
        allocator = self.allocator(name)
        truth, others, total = self.compare([TRUTH, "portable"], preload=allocator)
        self.compare_peak(truth, others, total)
        self.compare([TRUTH, "threads"], preload=allocator)
        self.compare([TRUTH_CXX], preload=allocator)

    def test_jemalloc_preloaded(self):
        self.check_preloaded("jemalloc")

    def test_tcmalloc_preloaded(self):
        self.check_preloaded("tcmalloc")

    def test_tcmalloc_minimal_preloaded(self):
        self.check_preloaded("tcmalloc_minimal")

    def test_mimalloc_preloaded(self):
        self.check_preloaded("mimalloc")

    def test_allocators_that_the_program_is_linked_with(self):
        self.assertTrue(LINKED or not self.need(*ALLOCATORS.values()))
        for program in LINKED:
            with self.subTest(program=program):
                self.compare([program])


if __name__ == "__main__":
    main()
