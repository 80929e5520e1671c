#!/usr/bin/env python3
"""`diff` between two builds of one program, one of them with a regression.

Usage: run_builds.py HEAPRING SOURCE
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HEAPRING, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
COUNT = 5000  # records that the program loads
GROWN = COUNT * 33  # at least: a string of over 32 characters for each


class Builds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.environ = dict(os.environ, HEAPRING_DIR=cls.folder)
        cls.build("old/store", "g++", "-O2")
        cls.build("new/store", "g++", "-O2", "-DREGRESSION")
        cls.build("other/renamed", "clang++" if shutil.which("clang++") else "g++", "-O1",
                  "-DREGRESSION")

    @classmethod
    def build(cls, name, compiler, *flags):
        program = os.path.join(cls.folder, name)
        os.makedirs(os.path.dirname(program))
        subprocess.run([compiler, "-g", *flags, SOURCE, "-o", program], check=True, timeout=120)
        for rate, suffix in (("exact", ".exact"), ("2KiB", ".sampled")):
            subprocess.run([HEAPRING, "run", "-q", "--rate", rate, "-o", program + suffix, "--",
                            program], check=True, timeout=60, env=cls.environ,
                           stdout=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_it(self, *args):
        return subprocess.run([HEAPRING, *args], capture_output=True, text=True, timeout=60,
                              check=True, env=self.environ).stdout

    def json(self, *args):
        return json.loads(self.run_it(*args, "--format", "json"))

    def test_the_regression_is_first_by_cum_and_its_stack_is_shown(self):
        for new in ("new/store.exact", "other/renamed.exact"):
            diff = self.json("diff", "--cum", self.path("old/store.exact"), self.path(new))
            first = diff["rows"][0]
            self.assertEqual(first["function"], "Warehouse::insert", new)
            self.assertGreater(first["delta"], GROWN)
            text = self.run_it("diff", self.path("old/store.exact"), self.path(new))
            stack = text.split("largest change of one stack")[1]
            self.assertIn("Warehouse::insert", stack)
            self.assertLess(stack.index("Warehouse::insert"), stack.index("main"))

    def test_the_first_line_names_the_programs_own_function_and_not_a_containers(self):
        for new in ("new/store.exact", "other/renamed.exact"):
            old, new = self.path("old/store.exact"), self.path(new)
            diff = self.json("diff", old, new)
            self.assertTrue(diff["rows"][0]["function"].startswith("std::"), diff["rows"][0])
            self.assertEqual(diff["responsible"][0]["function"], "Warehouse::insert")
            self.assertGreater(diff["responsible"][0]["delta"], GROWN)
            for rows in (diff["rows"], diff["responsible"]):
                for sample in ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects"):
                    self.assertEqual(sum(row["delta_" + sample] for row in rows),
                                     diff["total"][sample], sample)
            back = self.json("diff", new, old)["responsible"][0]
            self.assertEqual((back["function"], back["delta"], back["before"]),
                             ("Warehouse::insert", -diff["responsible"][0]["delta"],
                              diff["responsible"][0]["after"]))
            text = self.run_it("diff", "-n", "1", old, new)
            self.assertLess(text.index("Warehouse::insert"), text.index("std::"), text)

    def test_what_did_not_change_is_no_difference_though_it_lies_elsewhere(self):
        rows = {row["function"]: row for row in
                self.json("diff", "--cum", self.path("old/store.exact"),
                          self.path("new/store.exact"))["rows"]}
        allocated = self.json("top", "--cum", self.path("old/store.exact"))["rows"]
        kept = [row["function"] for row in allocated if "_M_realloc_insert<Record" in
                row["function"].replace(", ", ",") and row["cum"] > 0]
        self.assertTrue(kept)
        for function in kept:
            self.assertEqual(rows[function]["delta"], 0, function)
        same = self.json("diff", self.path("old/store.exact"), self.path("old/store.exact"))
        self.assertEqual({row["delta"] for row in same["rows"]}, {0})
        self.assertIn("no stack changed", self.run_it("diff", self.path("old/store.exact"),
                                                      self.path("old/store.exact")))

    def test_lines_of_builds_in_two_folders_are_compared(self):
        for name in ("here", "there"):
            os.makedirs(self.path(name + "/build"))
            shutil.copy(SOURCE, self.path(name + "/store.cc"))
            subprocess.run(["g++", "-g", "-O2", "../store.cc", "-o", "store"], check=True,
                           timeout=120, cwd=self.path(name + "/build"))
            subprocess.run([HEAPRING, "run", "-q", "-o", self.path(name + "/dump"), "--",
                            self.path(name + "/build/store")], check=True, timeout=60,
                           env=self.environ, stdout=subprocess.DEVNULL)
        rows = self.json("diff", "--lines", self.path("here/dump"), self.path("there/dump"))["rows"]
        self.assertTrue(any(row["line"] and row["before"] for row in rows))
        self.assertEqual([row for row in rows if row["delta"]], [])

    def test_sampled_the_change_stands_out_of_its_error(self):
        diff = self.json("diff", "--cum", self.path("old/store.sampled"),
                         self.path("new/store.sampled"))
        insert = next(row for row in diff["rows"] if row["function"] == "Warehouse::insert")
        self.assertGreater(insert["stderr"], 0)
        self.assertGreater(insert["delta"], 4 * insert["stderr"])
        exact = self.json("diff", "--cum", self.path("old/store.exact"),
                          self.path("new/store.exact"))["rows"][0]["delta"]
        self.assertLess(abs(insert["delta"] - exact), 6 * insert["stderr"])
        mixed = self.json("diff", "--cum", self.path("old/store.exact"),
                          self.path("new/store.sampled"))
        insert = next(row for row in mixed["rows"] if row["function"] == "Warehouse::insert")
        self.assertLess(abs(insert["delta"] - exact), 6 * insert["stderr"])

    def test_normalized_shares_are_compared(self):
        diff = self.json("diff", "--normalize", "--cum", self.path("old/store.exact"),
                         self.path("new/store.exact"))
        rows = {row["function"]: row["delta"] for row in diff["rows"]}
        self.assertGreater(rows["Warehouse::insert"], 0)
        self.assertLessEqual(abs(diff["total"]["inuse_space"]), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
