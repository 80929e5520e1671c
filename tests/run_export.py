#!/usr/bin/env python3
"""Every export format carries the same totals, and pprof opens what is for it.

Usage: run_export.py HEAPRING MAKE_SEGMENT
"""
import csv
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HEAPRING, MAKE_SEGMENT = (os.path.abspath(path) for path in sys.argv[1:3])
SAMPLES = ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects")
NO_GO = shutil.which("go") is None


class Export(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dumps = [self.make("example"), self.make("large", "400"), self.make("sampled"),
                      self.make("elf", MAKE_SEGMENT, "300")]

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def make(self, kind, *args):
        subprocess.run([MAKE_SEGMENT, kind, self.path(kind), *args], check=True,
                       stderr=subprocess.DEVNULL)
        return self.path(kind)

    def run_it(self, *args, status=0):
        done = subprocess.run([HEAPRING, *args], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, status, done)
        return done.stdout

    def export(self, form, dump, *args):
        path = self.path("out." + form)
        self.run_it("export", "--to", form, dump, "-o", path, *args)
        return path

    def json(self, *args):
        return json.loads(self.run_it(*args, "--format", "json"))

    def test_format_says_what_to_says(self):
        dump, path = self.dumps[0], self.path("format")
        self.run_it("export", "--format", "csv", dump, "-o", path)
        with open(path) as one, open(self.export("csv", dump)) as other:
            self.assertEqual(one.read(), other.read())
        self.run_it("export", "--to", "csv", "--format", "csv", dump, "-o", path)
        done = subprocess.run([HEAPRING, "export", "--to", "csv", "--format", "json", dump, "-o", path],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done)
        self.assertIn("--to csv and --format json differ", done.stderr)

    def wanted(self, dump):
        total = self.json("top", dump)["total"]
        return [total[sample] for sample in SAMPLES]

    def test_collapsed_carries_the_totals(self):
        for dump in self.dumps:
            for sample, total in zip(SAMPLES, self.wanted(dump)):
                with open(self.export("collapsed", dump, "--sample", sample)) as stream:
                    lines = stream.read().splitlines()
                self.assertEqual(sum(int(line.rpartition(" ")[2]) for line in lines), total)

    def test_csv_carries_the_totals(self):
        for dump in self.dumps:
            with open(self.export("csv", dump), newline="") as stream:
                rows = list(csv.DictReader(stream))
            self.assertEqual([sum(int(row[s]) for row in rows) for s in SAMPLES],
                             self.wanted(dump))

    def test_json_carries_the_totals(self):
        for dump in self.dumps:
            with open(self.export("json", dump)) as stream:
                rows = json.load(stream)["rows"]
            self.assertEqual([sum(row[s] for row in rows) for s in SAMPLES],
                             self.wanted(dump))

    def test_callgrind_carries_the_totals(self):
        for dump in self.dumps:
            sums, summary, call = [0] * 4, None, False
            with open(self.export("callgrind", dump)) as stream:
                for line in stream:
                    if line.startswith("summary:"):
                        summary = [int(word) for word in line.split()[1:]]
                    elif re.match(r"[0-9]+ ", line):
                        costs = [int(word) for word in line.split()[1:]]
                        sums = sums if call else [a + b for a, b in zip(sums, costs)]
                    call = line.startswith("calls=")
            self.assertEqual((sums, summary), (self.wanted(dump),) * 2)

    def test_pprof_reads_back_with_the_same_figures_process_and_coverage(self):
        for dump in self.dumps:
            back, first = self.export("pprof", dump), self.json("top", dump)
            again = self.json("top", back)
            for key in ("process", "mode", "coverage", "total"):
                self.assertEqual(first[key], again[key])
            self.assertEqual([(row["function"], row["flat"], row["cum"]) for row in first["rows"]],
                             [(row["function"], row["flat"], row["cum"]) for row in again["rows"]])
            twice = self.path("twice")
            self.run_it("export", "--to", "pprof", back, "-o", twice)
            self.assertEqual(self.json("traces", twice)["rows"], self.json("traces", back)["rows"])
            same = self.json("top", "--base", dump, back)
            self.assertEqual({row["flat"] for row in same["rows"]}, {0})

    def test_threads_survive_the_way_through_pprof(self):
        back = self.export("pprof", self.dumps[0])
        view = ("top", "--by-thread", "--cum", "--show", "^.thread")
        self.assertEqual(self.json(*view, back)["rows"], self.json(*view, self.dumps[0])["rows"])

    def test_damaged_pprof_files_are_one_line_and_status_3(self):
        with gzip.open(self.export("pprof", self.dumps[1])) as stream:
            whole = stream.read()
        path = self.path("damaged")
        for at in list(range(0, len(whole), len(whole) // 60)):
            for data in (whole[:at], whole[:at] + b"\xff\x07" + whole[at + 2:]):
                with gzip.open(path, "wb", 1) as stream:
                    stream.write(data)
                done = subprocess.run([HEAPRING, "top", path], capture_output=True, text=True,
                                      timeout=60)
                self.assertIn(done.returncode, (0, 3), done)
        with open(path, "wb") as stream:
            stream.write(b"\x1f\x8bnonsense")
        self.run_it("top", path, status=3)

    def test_wrong_use_is_status_2_and_leaves_no_file(self):
        dump = self.dumps[0]
        self.run_it("export", dump, "-o", self.path("x"), status=2)
        self.run_it("export", "--to", "xml", dump, "-o", self.path("x"), status=2)
        self.run_it("export", "--format", "xml", dump, "-o", self.path("x"), status=2)
        self.run_it("export", "--to", "csv", dump, status=2)
        self.run_it("export", "--to", "pprof", "--base", dump, dump, "-o", self.path("x"),
                    status=2)
        self.run_it("export", "--to", "csv", dump, "-o", self.path("no/x"), status=3)
        self.run_it("export", "--to", "csv", self.path("absent"), "-o", self.path("x"), status=3)
        self.run_it("top", "--at", "peak", self.export("pprof", dump), status=2)
        self.assertFalse([name for name in os.listdir(self.folder.name) if name[0] == "x"])

    def pprof(self, *args):
        env = dict(os.environ, PPROF_TMPDIR=self.folder.name, GOTOOLCHAIN="local")
        done = subprocess.run(["go", "tool", "pprof", *args], capture_output=True, text=True,
                              env=env, timeout=120, cwd=self.folder.name)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    @staticmethod
    def rows_of_pprof(shown):
        """Flat and cum by function of what -top -unit=B prints."""
        found = {}
        for line in shown.splitlines():
            words = line.split()
            if len(words) >= 6 and words[1].endswith("%"):
                name = re.sub(r" \((partial-)?inline\)$", "", " ".join(words[5:]))
                found[name] = [int(float(words[i].rstrip("B"))) for i in (0, 3)]
        return found

    @unittest.skipIf(NO_GO, "no go")
    def test_go_tool_pprof_shows_the_same_top(self):
        dump = self.dumps[3]
        back = self.export("pprof", dump)
        for sample in SAMPLES:
            rows = self.json("top", "--sample", sample, "-n", "5", dump)["rows"]
            shown = self.pprof("-top", "-unit=B", "-nodecount=100000", "-nodefraction=0",
                               "-sample_index=" + sample, back)
            found = self.rows_of_pprof(shown)
            for row in rows:
                self.assertEqual(found.get(row["function"]), [row["flat"], row["cum"]])

    @unittest.skipIf(NO_GO, "no go")
    def test_filters_mean_what_they_mean_to_pprof(self):
        dump = self.dumps[3]
        back = self.export("pprof", dump)
        for filters in (("focus",), ("ignore",), ("hide",), ("show",), ("show_from",),
                        ("focus", "hide"), ("hide", "show_from"), ("show", "show_from")):
            for pattern in ("segment_builder", "builder_(new|free)$"):
                values = [pattern, "segment_builder_(new|node)"]
                ours, theirs = [], []
                for name, value in zip(filters, values):
                    ours += ["--" + name.replace("_", "-"), value]
                    theirs.append("-%s=%s" % (name, value))
                rows = self.json("top", "--sample", "alloc_space", *ours, dump)["rows"]
                shown = self.pprof("-top", "-unit=B", "-nodecount=100000", "-nodefraction=0",
                                   "-sample_index=alloc_space", *theirs, back)
                self.assertEqual({row["function"]: [row["flat"], row["cum"]] for row in rows},
                                 self.rows_of_pprof(shown), (filters, pattern))

    @unittest.skipIf(NO_GO, "no go")
    def test_the_web_pages_of_go_tool_pprof_open(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % probe.getsockname()[1]
        server = subprocess.Popen(["go", "tool", "pprof", "-no_browser", "-http=" + address,
                                   self.export("pprof", self.dumps[0])], start_new_session=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(os.killpg, server.pid, signal.SIGKILL)
        for page in ("top", "flamegraph", "peek?f=example"):
            self.assertIn("example", self.web_page("http://%s/ui/%s" % (address, page)))

    def web_page(self, url):
        for _ in range(600):
            try:
                with urllib.request.urlopen(url, timeout=60) as page:
                    return page.read().decode()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        self.fail("%s does not answer" % url)

    @unittest.skipIf(NO_GO, "no go")
    def test_go_tool_pprof_lists_and_subtracts_a_base(self):
        back = self.export("pprof", self.dumps[0])
        self.assertIn("inuse_space", self.pprof("-raw", back))
        self.assertIn("thread", self.pprof("-tags", back))
        self.assertNotRegex(self.pprof("-top", "-base", back, back), "example.0x")
        elf = self.export("pprof", self.dumps[3])
        self.assertIn("segment_builder_new", self.pprof("-list=segment_builder_new", elf))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
