#!/usr/bin/env python3
"""What mmap() did, by call stack and to the page; the heap's totals know nothing of it.

Usage: run_mmap.py HEAPRING MAPS SLOW_MUNMAP
"""
import glob
import json
import os

from profiled import ARGS, SAMPLES, Profiled, main

MAPS, SLOW_MUNMAP = (os.path.abspath(path) for path in ARGS)
FIGURES = ("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")


class Mmap(Profiled):
    def run_maps(self, env=None, options=("--mmap",)):
        dump = self.path("dump")
        done = self.heapring("run", "-q", "-o", dump, *options, "--", MAPS, env=env)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        return json.loads(done.stdout), dump

    def figures(self, dump):
        return {row["function"]: [row[name] for name in FIGURES]
                for row in self.read(dump, "--mmap")["rows"] if row["alloc_objects"]}

    def test_every_function_to_the_page(self):
        truth, dump = self.run_maps()
        self.assertEqual(self.figures(dump), truth)
        top = self.read(dump, "--mmap")
        self.assertEqual((top["kind"], top["coverage"]["dropped"]), ("mappings", 0))
        self.assertEqual([top["total"][name] for name in FIGURES],
                         [sum(row[i] for row in truth.values()) for i in range(4)])

    def test_ranges_that_others_get_before_munmap_returns(self):
        truth, dump = self.run_maps(env={"LD_PRELOAD": SLOW_MUNMAP})
        self.assertEqual(self.figures(dump), truth)

    def test_the_heap_is_the_same_with_and_without(self):
        with_it = self.read(self.run_maps()[1])
        without = self.read(self.run_maps(options=())[1])
        self.assertEqual(with_it["kind"], "heap")
        self.assertEqual([with_it["total"][name] for name in SAMPLES],
                         [without["total"][name] for name in SAMPLES])
        self.assertNotIn("trade", [row["function"] for row in with_it["rows"]])

    def test_a_child_begins_with_none(self):
        _, dump = self.run_maps()
        children = glob.glob(dump + ".*")
        self.assertEqual(len(children), 1)
        self.assertEqual(self.figures(children[0]), {"in_child": [1, 7 * 4096, 1, 7 * 4096]})

    def test_what_an_allocator_maps_is_its_own(self):
        found = glob.glob("/usr/lib/*/libjemalloc.so.2")
        self.need(found[0] if found else "libjemalloc.so.2")
        truth, dump = self.run_maps(env={"LD_PRELOAD": found[0]})
        self.assertEqual(self.figures(dump), truth)

    def test_it_says_how_to_record_it(self):
        _, dump = self.run_maps(options=())
        done = self.heapring("top", "--mmap", dump)
        self.assertEqual((done.returncode, done.stdout), (4, b""))
        self.assertIn(b"heapring run --mmap", done.stderr)

    def test_other_views(self):
        _, dump = self.run_maps()
        for view in ("traces", "tree"):
            text = self.heapring(view, "--mmap", dump)
            self.assertEqual(text.returncode, 0, text)
            self.assertIn(b"trade", text.stdout)
        by_thread = self.read(dump, "--mmap", "--by-thread")
        self.assertEqual(sum(row["alloc_objects"] for row in by_thread["rows"]),
                         by_thread["total"]["alloc_objects"])


if __name__ == "__main__":
    main()
