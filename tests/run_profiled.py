#!/usr/bin/env python3
"""The views on a program that ran under the real shim.

Usage: run_profiled.py HEAPRING CHURN APART APART_SHIFTED
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HEAPRING, CHURN, APART, APART_SHIFTED = (os.path.abspath(path) for path in sys.argv[1:5])


class Profiled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dump = os.path.join(cls.folder.name, "dump")
        subprocess.run([HEAPRING, "run", "-q", "-o", cls.dump, "--", CHURN, "1"], check=True,
                       stdout=subprocess.DEVNULL,
                       env=dict(os.environ, HEAPRING_DIR=cls.folder.name))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def json(self, *args):
        done = subprocess.run([HEAPRING, *args, "--format", "json", self.dump],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)

    def row(self, view, *args, function="make_block"):
        return [row for row in self.json(view, *args)["rows"]
                if row["function"] == function][0]

    def test_every_block_has_a_size_and_a_lifetime_or_still_lives(self):
        row = self.row("sizes")
        self.assertEqual(sum(row["size"]), row["alloc_objects"])
        self.assertEqual(row["size"][0], 0)  # below 16 bytes there is none
        self.assertEqual(row["size"][6:], [0, 0])
        row = self.row("lifetimes")
        self.assertEqual(sum(row["lifetime"]) + row["living"], row["alloc_objects"])

    def test_the_summary_tells_of_the_processes_that_were_started(self):
        for dump in [], ["-o", os.path.join(self.folder.name, "sh")]:
            done = subprocess.run([HEAPRING, "run", *dump, "--", "sh", "-c", CHURN + " 1; true"],
                                  check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True, env=dict(os.environ, HEAPRING_DIR=self.folder.name))
            lines = done.stderr.splitlines()
            self.assertLessEqual(len(lines), 10, lines)
            said = re.search(r"1 more process; the highest peak, (\S+), had churn: heapring top (\S+)$",
                             lines[-1])
            self.assertTrue(said, lines)
            top = subprocess.run([HEAPRING, "top", said[2]], capture_output=True, text=True,
                                 env=dict(os.environ, HEAPRING_DIR=self.folder.name), check=True)
            self.assertIn(", peak %s;" % said[1], top.stdout)

    def test_frees_by_the_other_thread_are_seen(self):
        row = self.row("foreign")
        self.assertGreater(row["foreign_frees"], 0)
        self.assertLessEqual(row["foreign_frees"], row["alloc_objects"] - row["inuse_objects"])
        self.assertEqual(row["foreign_bytes"], 2000 * row["foreign_frees"])

    def test_by_thread_sizes_are_those_it_made_and_lifetimes_those_it_freed(self):
        whole, made = self.row("sizes"), self.row("sizes", "--by-thread")
        self.assertEqual(made, whole)  # all threads together
        self.assertEqual(self.json("sizes", "--by-thread", "--focus", "thread freer",
                                   "--show", "make_block")["rows"], [])
        lived = self.row("lifetimes")["lifetime"]
        of_freer = self.row("lifetimes", "--by-thread", "--focus", "thread freer")["lifetime"]
        of_main = self.row("lifetimes", "--by-thread", "--ignore", "thread freer")["lifetime"]
        self.assertGreater(sum(of_freer), 0)
        self.assertEqual([a + b for a, b in zip(of_freer, of_main)], lived)
        self.assertEqual(self.row("foreign", "--by-thread", "--focus", "thread freer")
                         ["foreign_frees"], self.row("foreign")["foreign_frees"])

    def test_a_base_is_subtracted_from_histograms_too(self):
        for view in ("lifetimes", "sizes", "foreign"):
            self.assertEqual(self.json(view, "--base", self.dump)["rows"], [], view)

    def test_list_shows_the_line_that_allocates(self):
        done = subprocess.run([HEAPRING, "list", "^make_block$", "--sample", "alloc_space",
                               self.dump], capture_output=True, text=True, timeout=60)
        if "no line information" in done.stdout:
            self.skipTest("built without debug information")
        self.assertIn("malloc(bytes)", done.stdout)

    def test_at_the_peak_the_sites_add_up_to_about_the_highest_live_bytes(self):
        total = self.json("top", "--at", "peak")["total"]
        self.assertLessEqual(total["inuse_space"], total["peak_space"])
        self.assertGreater(total["inuse_space"], total["peak_space"] // 2)


class Apart(unittest.TestCase):
    """Blocks of a program that allocates, then sleeps for 50 ms."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def lived(self, blocks, program=APART):
        """Of a run with bursts of so many blocks, by function."""
        dump = os.path.join(self.folder.name, "dump")
        subprocess.run([HEAPRING, "run", "-q", "-o", dump, "--", program, str(blocks)], check=True,
                       env=dict(os.environ, HEAPRING_DIR=self.folder.name))
        return self.lived_in(dump)

    def lived_in(self, dump):
        view = subprocess.run([HEAPRING, "lifetimes", "--format", "json", dump], check=True,
                              capture_output=True, text=True, timeout=60)
        return {row["function"]: row["lifetime"] for row in json.loads(view.stdout)["rows"]}

    def assert_most(self, lived, bucket):
        """All but few: the machine may stop the program anywhere."""
        self.assertGreaterEqual(lived[bucket], 0.9 * sum(lived), lived)

    def assert_true(self, lived):
        self.assert_most(lived["freed_at_once"], 0)
        self.assert_most(lived["burst"], 0)
        self.assert_most(lived["held_over_the_pause"], 1)
        self.assert_most(lived["made_larger"], 1)

    def test_few_events_after_a_pause_have_their_own_time(self):
        self.assert_true(self.lived(4))

    def test_so_do_many(self):
        self.assert_true(self.lived(1000))

    def test_and_those_of_a_program_whose_clock_is_not_the_kernels(self):
        self.assert_true(self.lived(50, APART_SHIFTED))

    def test_and_those_of_a_child_in_a_time_namespace(self):
        done = subprocess.run([HEAPRING, "run", "-q", "--", APART, "50", "namespace"], check=False,
                              env=dict(os.environ, HEAPRING_DIR=self.folder.name))
        if done.returncode == 77:
            self.skipTest("time namespaces are not permitted here")
        self.assertEqual(done.returncode, 0)
        lived = [self.lived_in(os.path.join(self.folder.name, name))
                 for name in os.listdir(self.folder.name)]
        self.assert_true([one for one in lived if "burst" in one][0])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[5:])
