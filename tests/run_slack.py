#!/usr/bin/env python3
"""`heapring slack` against what malloc_usable_size says inside the program.

Usage: run_slack.py HEAPRING SLACK_PROGRAM
"""
import glob
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

HEAPRING, PROGRAM = (os.path.abspath(path) for path in sys.argv[1:3])


class Slack(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environ = dict(os.environ, HEAPRING_DIR=self.folder)

    def begin(self, *args, **environ):
        """The truth by function, and the running program."""
        program = subprocess.Popen([HEAPRING, "run", "-q", "--", PROGRAM, *args], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=dict(self.environ, **environ))
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.stdin.close)
        truth = {}
        for line in iter(program.stdout.readline, ".\n"):
            name, slack = line.split()
            truth[name] = int(slack)
        return truth, glob.glob(os.path.join(self.folder, "heapring.*"))[0]

    def slack(self, target, *args, status=0):
        done = subprocess.run([HEAPRING, "slack", "--format", "json", *args, target], timeout=60,
                              capture_output=True, text=True, env=self.environ)
        self.assertEqual(done.returncode, status, done)
        return json.loads(done.stdout) if status == 0 else done.stderr

    def assert_measured(self, truth, said):
        self.assertEqual(said["method"], "measured")
        rows = {row["function"]: row for row in said["rows"]}
        for name, slack in truth.items():
            self.assertEqual(rows[name]["slack"], slack, name)
        self.assertEqual(said["total"]["slack"], sum(row["slack"] for row in said["rows"]))

    def test_of_a_running_process_every_block_is_measured(self):
        truth, target = self.begin()
        self.assertEqual(len(truth), 5)
        self.assert_measured(truth, self.slack(target))

    def test_after_the_end_the_truth_lies_between_the_bounds(self):
        truth, target = self.begin()
        dump = os.path.join(self.folder, "dump")
        subprocess.run([HEAPRING, "dump", target, "-o", dump], check=True, env=self.environ,
                       capture_output=True)
        said = self.slack(dump)
        self.assertEqual(said["method"], "estimated")
        rows = {row["function"]: row for row in said["rows"]}
        for name, slack in truth.items():
            row = rows[name]
            self.assertLessEqual(row["slack_low"], slack, name)
            self.assertGreaterEqual(row["slack_high"], slack, name)
            self.assertTrue(row["slack_low"] <= row["slack"] <= row["slack_high"], row)
        self.assertEqual(rows["small"]["slack"], truth["small"])  # one size only
        self.assertLess(abs(rows["mixed"]["slack"] - truth["mixed"]), truth["mixed"] / 2)

    def test_of_a_moment_that_is_past_it_is_estimated(self):
        truth, target = self.begin()
        now = self.slack(target)
        self.assertEqual(now["method"], "measured")
        for moment in ("peak", "0s"):
            then = self.slack(target, "--at", moment)
            self.assertEqual(then["method"], "estimated")
            self.assertEqual(then["total"]["slack"], sum(row["slack"] for row in then["rows"]))
            self.assertTrue(then["total"]["slack_low"] <= then["total"]["slack"]
                            <= then["total"]["slack_high"])
        rows = {row["function"]: row for row in self.slack(target, "--at", "peak")["rows"]}
        self.assertTrue(rows["mixed"]["slack_low"] <= truth["mixed"]
                        <= rows["mixed"]["slack_high"])

    def test_by_thread_and_without_a_base_of_its_own_it_stays_what_it_is(self):
        _, target = self.begin()
        said = self.slack(target)
        split = self.slack(target, "--by-thread")
        self.assertEqual([(row["function"], row["slack"]) for row in split["rows"]],
                         [(row["function"], row["slack"]) for row in said["rows"]])
        same = self.slack(target, "--base", target)
        self.assertEqual(same["rows"], [])
        self.assertEqual(same["total"]["slack"], 0)

    def test_a_damaged_dump_does_not_hang_it(self):
        _, target = self.begin()
        dump = os.path.join(self.folder, "dump")
        subprocess.run([HEAPRING, "dump", target, "-o", dump], check=True, env=self.environ,
                       capture_output=True)
        with open(dump, "rb") as stream:
            good = stream.read()
        counters = [page for page in range(len(good) // 4096)
                    if struct.unpack_from("<H", good, 4096 + 8 * page)[0] == 7]
        self.assertTrue(counters)
        path = os.path.join(self.folder, "damaged")
        for allocator in (b"libjemalloc.so.2", b"libc.so.6", b"libother.so"):
            for number in (2**64 - 1, 2**63, 2**47 + 1, 0):
                bad = bytearray(good)
                bad[528:592] = allocator.ljust(64, b"\0")
                for counter in (page * 4096 + at for page in counters
                                for at in range(0, 4096, 128)):
                    struct.pack_into("<Q", bad, counter + 8, number)  # alloc_bytes
                with open(path, "wb") as stream:
                    stream.write(bad)
                done = subprocess.run([HEAPRING, "slack", path], capture_output=True, timeout=60,
                                      env=self.environ)
                self.assertIn(done.returncode, (0, 3, 4), done)

    def test_jemalloc_follows_from_its_size_classes(self):
        library = glob.glob("/usr/lib/*/libjemalloc.so.2")
        if not library:
            reason = "libjemalloc2 is not installed"
            self.fail(reason) if os.environ.get("HEAPRING_TEST_REQUIRE") == "1" else \
                self.skipTest(reason)
        truth, target = self.begin("9", LD_PRELOAD=library[0])
        self.assert_measured(truth, self.slack(target))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
