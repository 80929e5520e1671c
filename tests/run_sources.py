#!/usr/bin/env python3
"""Source files are found wherever `list` runs, however the compiler named them.

Usage: run_sources.py HEAPRING INLINED_SOURCE
"""
import json
import os
import shutil
import subprocess
import sys
import unittest

from profiled import Profiled

SOURCE = os.path.abspath(sys.argv[2])
VISIBLE = "__attribute__((noinline)) void"

# name, tools beside the compiler, how to build ./p in a folder beside ./src
WAYS = [
    ("DWARF 5", [], "g++ -O2 -gdwarf-5 {} -o p"),
    ("DWARF 4", [], "g++ -O2 -gdwarf-4 {} -o p"),
    ("link-time", [], "g++ -O2 -g -flto {} -o p"),
    ("split", [], "g++ -O2 -gdwarf-5 -gsplit-dwarf {} -o p"),
    ("split 4", [], "g++ -O2 -gdwarf-4 -gsplit-dwarf {} -o p"),
    ("clang", ["clang++"], "clang++ -O2 -g {} -o p"),
    ("clang split", ["clang++"], "clang++ -O2 -g -gsplit-dwarf {} -o p"),
    ("multifile", ["dwz"], "g++ -O2 -g {} -o p && cp p q && dwz -m multi -M $PWD/multi p q"),
]


class Sources(Profiled):
    def need_tools(self, *tools):
        self.need(*(shutil.which(tool) or "/usr/bin/" + tool for tool in tools))

    def run_it(self, *args):
        done = self.heapring(*args, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.decode()

    def compile(self, folder, *args):
        """g++ in that folder, as a shell would that went there."""
        subprocess.run(["g++", "-O2", "-g", *args, "-o", "p"], check=True, cwd=folder,
                       env=dict(os.environ, PWD=folder), timeout=120)
        return self.profile([os.path.join(folder, "p")])[1]

    def test_a_source_is_found_from_anywhere_though_it_was_named_from_the_build_folder(self):
        """Build systems name sources from the folder they compile in: ../src/p.cc."""
        header, source = self.path("src/inner/p.h"), self.path("src/p.cc")
        os.makedirs(os.path.dirname(header))
        with open(SOURCE, encoding="utf-8") as stream:
            head, tail = stream.read().split(VISIBLE, 1)
        with open(header, "w", encoding="utf-8") as stream:
            stream.write(head)
        with open(source, "w", encoding="utf-8") as stream:
            stream.write("#include \"inner/p.h\"\n" + VISIBLE + tail)
        for name, tools, how in WAYS:
            with self.subTest(name):
                self.need_tools(*tools)
                folder = self.path(name.replace(" ", "-"))
                os.makedirs(folder)
                subprocess.run(how.format("./../src/p.cc"), shell=True, check=True, cwd=folder,
                               timeout=120)
                _, dump = self.profile([os.path.join(folder, "p")])
                packed = self.path("packed")
                self.run_it("pack", "--sources", dump, "-o", packed)
                for target in (dump, packed):
                    listed = json.loads(self.run_it("list", "--format", "json", "^(outer|visible)$",
                                                    target))["rows"]
                    where = {row["function"]: row["file"] for row in listed}
                    self.assertEqual(where, {"outer": header, "visible": source})
                    texts = [line["source"] for row in listed for line in row["lines"]]
                    self.assertTrue(all(texts), listed)
                table = self.run_it("top", "--cum", "--lines", dump)
                self.assertIn("outer  p.h:", table)

    def test_a_name_through_a_linked_build_folder_is_the_one_the_compiler_meant(self):
        os.makedirs(self.path("far/away/build"))
        os.makedirs(self.path("near"))
        os.symlink(self.path("far/away/build"), self.path("near/build"))
        shutil.copy(SOURCE, self.path("far/away/p.cc"))
        dump = self.compile(self.path("near/build"), "../p.cc")
        self.assertIn("outer(bytes);", self.run_it("list", "visible", dump))

    def test_a_source_that_is_not_here_is_named_and_the_way_to_it_told(self):
        for folder, advice in (("/rustc/0123abc/library/core", "rust-src"),
                               ("/build/reproducible-path/thing-1.2", "apt-get source"),
                               ("/nowhere", "looks for it below")):
            shutil.copy(SOURCE, self.path("p.cc"))
            dump = self.compile(self.folder, "p.cc",
                                "-ffile-prefix-map=%s=%s" % (self.folder, folder))
            os.unlink(self.path("p.cc"))
            said = self.run_it("list", "visible", dump)
            self.assertIn("not found: " + folder + "/p.cc", said)
            self.assertIn(advice, said)
            self.assertIn("--source-path", said)
            page = self.run_it("report", dump, "-o", "-")
            data = json.loads(page.split('id="data">')[1].split("</script>")[0])
            lost = {one["file"]: one["advice"] for one in data["lost_sources"]}
            self.assertIn(advice, lost[folder + "/p.cc"])

    def test_names_without_a_folder_as_distributions_build_are_found_below_one(self):
        """-ffile-prefix-map=$PWD=. and a build folder: ./debian/build/../src/p.cc"""
        for folder in ("debian/build", "debian/src", "elsewhere/src"):
            os.makedirs(self.path(folder))
        shutil.copy(SOURCE, self.path("debian/src/p.cc"))
        dump = self.compile(self.folder, "./debian/build/../src/p.cc",
                            "-ffile-prefix-map=%s=." % self.folder)
        os.rename(self.path("debian/src/p.cc"), self.path("elsewhere/src/p.cc"))
        with open(self.path("p.cc"), "w", encoding="utf-8") as stream:
            stream.write("another\n" * 100)  # what a `..` of the name could lead to
        said = self.run_it("list", "visible", dump)
        self.assertIn("not found: debian/src/p.cc", said)
        self.assertIn("apt-get source", said)
        self.assertIn("outer(bytes);", self.run_it("list", "--source-path", "elsewhere",
                                                   "visible", dump))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
