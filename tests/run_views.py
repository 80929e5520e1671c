#!/usr/bin/env python3
"""What the views of the command line show of synthetic dumps whose truth is known.

Usage: run_views.py HEAPRING MAKE_SEGMENT
"""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HEAPRING, MAKE_SEGMENT = (os.path.abspath(path) for path in sys.argv[1:3])
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLES = ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects")


class Views(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dump = self.make("example")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def make(self, kind, *args, name=None):
        path = self.path(name or kind)
        subprocess.run([MAKE_SEGMENT, kind, path, *args], check=True,
                       stderr=subprocess.DEVNULL)
        return path

    def run_it(self, *args, status=0):
        done = subprocess.run([HEAPRING, *args], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done)
        return done.stdout

    def json(self, *args):
        return json.loads(self.run_it(*args, "--format", "json"))

    def test_at_peak_notes_of_this_peak_replace_the_counts(self):
        top = self.json("top", "--at", "peak", self.make("peak"))
        self.assertEqual((top["at"], top["peak_error"]), ("peak", 200))
        # 10 * 100 + 5000 + 5 * 10: the note of an older peak is not used
        self.assertEqual(top["total"]["inuse_space"], 6050)
        self.assertEqual(top["total"]["inuse_objects"], 20)
        self.assertEqual(sum(row["flat"] for row in top["rows"]), 6050)
        self.assertEqual(top["rows"][0]["flat"], 5000)
        self.assertIn("at most 200B low", self.run_it("top", "--at", "peak", self.path("peak")))

    def test_by_thread_the_totals_stay_and_threads_are_outermost(self):
        for dump in (self.dump, self.make("large", "300")):
            plain = self.json("top", dump)["total"]
            split = self.json("traces", "--by-thread", dump)
            self.assertEqual(split["total"], plain)
            for sample in SAMPLES:
                self.assertEqual(sum(row[sample] for row in split["rows"]), plain[sample])
            for row in split["rows"]:
                self.assertTrue(row["stack"][-1]["function"].startswith("[thread "))
        rows = self.json("top", "--by-thread", "--cum", "--show", "^.thread", self.dump)["rows"]
        self.assertEqual({row["function"]: row["inuse_space"] for row in rows},
                         {"[thread example]": 650, "[thread worker]": 0})

    def test_base_subtracts_and_an_equal_base_leaves_nothing(self):
        grown = self.make("grown")
        same = self.json("top", "--base", self.dump, self.dump)
        self.assertEqual({row["flat"] for row in same["rows"]}, {0})
        self.assertEqual(same["total"]["inuse_space"], 0)
        more = self.json("top", "--base", self.dump, grown)
        self.assertEqual(more["total"]["inuse_space"], 1000)
        self.assertEqual((more["rows"][0]["function"], more["rows"][0]["flat"]),
                         ("example+0x2001", 1000))
        less = self.json("top", "--base", grown, self.dump)
        self.assertEqual(less["rows"][0]["flat"], -1000)
        self.assertEqual(less["base"]["total"]["inuse_space"], 1650)
        self.assertIn("-1000B", self.run_it("top", "--base", grown, self.dump))

    def test_normalize_scales_the_base_to_the_same_total(self):
        top = self.json("top", "--normalize", "--base", self.dump, self.make("grown"))
        self.assertLessEqual(abs(top["total"]["inuse_space"]), 1)

    def test_show_from_cuts_outside_and_drops_stacks_without_a_match(self):
        rows = self.json("traces", "--show-from", "0x2001", self.dump)["rows"]
        self.assertEqual([[f["function"] for f in row["stack"]] for row in rows],
                         [["example+0x2001"]])

    def test_unit_is_the_one_that_was_asked_for(self):
        out = self.run_it("top", "--unit", "kB", "--sample", "alloc_space", self.dump)
        self.assertIn("5.00kB", out)
        self.assertIn("6.05kB", out)

    def test_traces_merge_stacks_that_look_the_same(self):
        merged = self.json("traces", "--modules", self.dump)["rows"]
        self.assertEqual(len(merged), 2)  # one of them is truncated
        lines = self.json("traces", self.make("large", "300"))["rows"]
        self.assertEqual(len(self.json("traces", "--modules", self.path("large"))["rows"]), 1)
        self.assertGreater(len(lines), 100)

    def test_sampled_text_shows_an_interval_of_95_percent(self):
        out = self.run_it("top", "--sample", "alloc_space", self.make("sampled"))
        self.assertIn("95%", out)
        self.assertIn("±20B", out)  # 1.96 * 10
        self.assertIn("±", self.run_it("top", "--sample", "inuse_objects", self.path("sampled")))

    def test_tree_children_add_up_to_their_parent(self):
        rows = self.json("tree", self.make("large", "300"))["rows"]
        for sample in SAMPLES:
            self.assertEqual(sum(row[sample] for row in rows),
                             self.json("top", self.path("large"))["total"][sample])
        for at, row in enumerate(rows):
            children = 0
            for below in rows[at + 1:]:
                if below["depth"] <= row["depth"]:
                    break
                if below["depth"] == row["depth"] + 1:
                    children += below["cum"]
            self.assertEqual(row["cum"], row["flat"] + children)
        self.assertIn("example+0x2001", self.run_it("tree", self.dump))

    def test_peek_shows_callers_and_callees_with_what_came_through_them(self):
        rows = self.json("peek", "--sample", "alloc_space", "0x1001", self.dump)["rows"]
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["flat"], rows[0]["cum"], rows[0]["callers"]), (0, 6000, []))
        self.assertEqual([(c["function"], c["value"]) for c in rows[0]["callees"]],
                         [("example+0x3001", 5000), ("example+0x2001", 1000)])
        self.assertIn("example+0x3001", self.run_it("peek", "0x3001", "--sample",
                                                    "alloc_space", self.dump))
        self.run_it("peek", "(", self.dump, status=2)

    def test_list_adds_up_lines_and_finds_a_moved_source_tree(self):
        dump = self.make("elf", MAKE_SEGMENT, "300")
        rows = self.json("list", "segment_builder_new", dump)["rows"]
        top = self.json("top", "--focus", "segment_builder_new", dump)["rows"]
        wanted = [row for row in top if row["function"] == "segment_builder_new"][0]
        row = [row for row in rows if row["function"] == "segment_builder_new"][0]
        self.assertEqual((row["flat"], row["cum"]), (wanted["flat"], wanted["cum"]))
        self.assertEqual(sum(line["flat"] for line in row["lines"]), row["flat"])
        if not row["file"]:
            self.skipTest("built without debug information")
        moved = os.path.join(self.folder.name, "moved", "tests")
        os.makedirs(moved)
        with open(os.path.join(moved, os.path.basename(row["file"])), "w") as stream:
            stream.writelines("moved line %d\n" % i for i in range(1, 1000))
        for more in ([], ["--trim-path", os.path.dirname(os.path.dirname(row["file"]))]):
            listed = self.json("list", "--source-path", os.path.join(self.folder.name, "moved"),
                               *more, "segment_builder_new", dump)["rows"][0]
            for line in listed["lines"]:
                self.assertEqual(line["source"], "moved line %d" % line["line"])
        self.assertIn("segment_builder_new in", self.run_it("list", "segment_builder_new", dump))

    def test_diff_names_the_regression_first_and_shows_both_sides(self):
        diff = self.json("diff", self.dump, self.make("grown"))
        self.assertEqual(diff["rows"][0]["function"], "example+0x2001")
        self.assertEqual([diff["rows"][0][key] for key in ("before", "after", "delta")],
                         [600, 1600, 1000])
        self.assertEqual([row["delta"] for row in diff["rows"][1:]],
                         [0] * (len(diff["rows"]) - 1))
        text = self.run_it("diff", self.dump, self.path("grown"))
        self.assertIn("+1000B", text)
        self.assertIn("167%", text)

    def test_diff_says_that_programs_are_different(self):
        other = self.make("grown")  # it is called example-2
        said = self.run_it("diff", self.dump, other)
        self.assertIn("different programs: example and example-2;", said)
        self.assertFalse(self.json("diff", self.dump, other)["same_program"])
        self.assertNotIn("different programs", self.run_it("diff", self.dump, self.dump))
        self.assertTrue(self.json("diff", self.dump, self.dump)["same_program"])

    def test_what_a_view_cannot_answer_it_refuses_with_the_reason(self):
        for view, *args, reason in (("lifetimes", "--at", "peak", "two dumps with --base"),
                                    ("sizes", "--since", "1s", "two dumps with --base"),
                                    ("foreign", "--at", "start", "two dumps with --base"),
                                    ("slack", "--mmap", "whole pages"),
                                    ("trend", "--by-thread", "not threads"),
                                    ("trend", "--base", self.dump, "with `diff`"),
                                    ("top", "--normalize", "--base"),
                                    ("report", "--format=json", "-o", "-", "unknown"),
                                    ("report", "-n", "3", "-o", "-", "unknown"),
                                    ("flame", "--unit", "KiB", "-o", "-", "unknown"),
                                    ("slack", "--sample", "alloc_space", "unknown"),
                                    ("list", "--modules", ".", "unknown"),
                                    ("lifetimes", "--unit", "KiB", "unknown"),
                                    ("diff", "--base", self.dump, self.dump, "unknown"),
                                    ("export", "-n", "3", "--to=csv", "-o", "-", "unknown"),
                                    ("export", "--to=csv", "--sample=alloc_space", "-o", "-",
                                     "all four"),
                                    ("export", "--to=pprof", "--modules", "-o", "-",
                                     "leave out --modules")):
            done = subprocess.run([HEAPRING, view, *args, self.dump], capture_output=True,
                                  text=True, timeout=60)
            self.assertEqual(done.returncode, 2, done)
            self.assertEqual(done.stderr.count("\n"), 1, done)
            self.assertIn(reason, done.stderr)

    def test_a_base_may_leave_negative_counts(self):
        more = self.json("lifetimes", "--base", self.dump, self.make("grown"))["rows"]
        self.assertEqual([(row["function"], row["living"]) for row in more],
                         [("example+0x2001", 10)])
        less = self.json("lifetimes", "--base", self.path("grown"), self.dump)["rows"]
        self.assertEqual([(row["function"], row["living"]) for row in less],
                         [("example+0x2001", -10)])

    def test_by_thread_foreign_frees_are_of_the_thread_that_freed(self):
        rows = self.json("foreign", "--by-thread", "--show", "^.thread", self.dump)["rows"]
        self.assertEqual([(row["function"], row["foreign_frees"], row["foreign_bytes"])
                          for row in rows], [("[thread worker]", 4, 400)])

    def test_foreign_frees_are_those_beyond_a_threads_own_allocations(self):
        rows = self.json("foreign", self.dump)["rows"]
        self.assertEqual([(row["function"], row["foreign_frees"], row["foreign_bytes"])
                          for row in rows], [("example+0x2001", 4, 400)])

    def page(self, *args, view="report"):
        path = self.path("page.html")
        self.run_it(view, *args, "-o", path)
        with open(path) as stream:
            page = stream.read()
        inside = page.split('<script type="application/json" id="data">')[1]
        return page, json.loads(inside.split("</script>")[0])

    def test_a_page_is_one_file_with_the_totals_and_no_address_of_a_network(self):
        for view, dump in (("report", self.dump), ("flame", self.make("large", "300"))):
            page, data = self.page(dump, view=view)
            total = self.json("top", dump)["total"]
            for sample in SAMPLES:
                self.assertEqual(sum(data["stacks"][sample]), total[sample])
                self.assertEqual(data["own_total"][sample], total[sample])
            self.assertEqual(len(data["stacks"]["node"]), len(data["stacks"]["inuse_space"]))
            self.assertLess(sum(data["stacks"]["node"]) - 1, len(data["nodes"]["place"]))
            # a node is at most one deeper than the one before
            depths = [0] + data["nodes"]["depth"]
            self.assertTrue(all(1 <= depth <= before + 1
                                for before, depth in zip(depths, depths[1:])))
            self.assertIsNone(re.search(r"(src|href)=[\"']?(https?:)?//|@import|url\([^#]",
                                        page))
        for view in ("report", "flame"):
            self.run_it(view, self.dump, status=2)

    def test_a_page_with_a_base_has_both_sides(self):
        _, data = self.page("--base", self.dump, self.make("grown"))
        self.assertEqual(sum(data["stacks"]["inuse_space"]), 1650)
        self.assertEqual(sum(data["base_stacks"]["inuse_space"]), 650)
        self.assertEqual(data["total"]["inuse_space"], 1000)

    def test_a_page_survives_names_that_look_like_markup(self):
        with open(self.dump, "r+b") as stream:
            data = stream.read().replace(b"/usr/bin/example\0", b"/u/</script><b>\0\0")
            stream.seek(0)
            stream.write(data)
        page, data = self.page(self.dump)
        self.assertEqual(page.count("</script>"), 2)
        self.assertTrue(any("script><b>" in text for text in data["texts"]))

    def test_a_page_has_lines_of_source_files_and_of_no_others(self):
        dump = self.make("elf", MAKE_SEGMENT, "300")
        _, data = self.page("--source-path", ROOT, dump)
        if not any(line > 0 for line in data["places"]["line"]):
            self.skipTest("built without debug information")
        self.assertTrue(data["sources"])
        for source in data["sources"]:
            self.assertRegex(source["file"], r"\.[chS]$")
            for first, text in source["pieces"]:
                self.assertLessEqual(first + text.count("\n"), source["lines"])
        self.assertNotIn("sources", self.page("--no-sources", dump)[1])

    def test_a_page_reads_no_file_that_only_a_profile_calls_a_source(self):
        dump, profile = self.make("elf", MAKE_SEGMENT, "300"), self.path("profile.pb.gz")
        self.run_it("export", "--to", "pprof", dump, "-o", profile)
        with gzip.open(profile) as stream:
            raw = stream.read()
        listed = self.page("--source-path", ROOT, dump)[1]["sources"]
        if not listed:
            self.skipTest("built without debug information")
        length = len(listed[0]["file"])
        for name, shown in (("x" * (length - 2) + ".c", True), ("x" * length, False)):
            with open(self.path(name), "w") as stream:
                stream.writelines("a line of it\n" for _ in range(2000))
            with gzip.open(profile, "wb") as stream:
                stream.write(raw.replace(listed[0]["file"].encode(), name.encode()))
            done = subprocess.run([HEAPRING, "report", "-o", "-", profile], check=True,
                                  capture_output=True, text=True, cwd=self.folder.name)
            self.assertEqual("a line of it" in done.stdout, shown)

    def keys(self, value, at=""):
        if isinstance(value, dict):
            for key, inside in value.items():
                yield key
                yield from self.keys(inside)
        elif isinstance(value, list):
            for inside in value:
                yield from self.keys(inside)

    def test_the_documentation_names_every_key(self):
        with open(os.path.join(ROOT, "docs", "json.md")) as stream:
            text = stream.read()
        printed = set()
        for view in (["top", "--cum"], ["top", "--at", "peak"], ["top", "--base", self.dump],
                     ["traces"], ["tree"], ["peek", "."], ["list", "."], ["diff", self.dump],
                     ["lifetimes"], ["sizes"], ["foreign"]):
            printed |= set(self.keys(self.json(*view, self.dump)))
        for key in printed:
            plain = key.removeprefix("cum_").removeprefix("delta_")
            self.assertRegex(text, r"[`.](%s|%s)[`.]" % (key, plain))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
