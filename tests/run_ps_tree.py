#!/usr/bin/env python3
"""heapring ps --tree on processes that fork, exec and end in every way.

Usage: run_ps_tree.py HEAPRING
"""
import json
import subprocess
import sys
import unittest

from profiled import Profiled, environment, shim

# The parent holds 3 MB when it forks; the child frees a part of it, and execs.
SCRIPT = """
import os, subprocess, sys
held = [bytearray(100000) for _ in range(30)]
child = os.fork()
if child == 0:
    del held[:10]
    grandchild = os.fork()
    if grandchild == 0:
        os._exit(5)
    os.waitpid(grandchild, 0)
    os.execv("/bin/sh", ["sh", "-c", "exec sort /dev/null"])
os.waitpid(child, 0)
subprocess.run(["/bin/true"])
os.kill(os.getpid(), 9)
"""
PYTHON = "/usr/bin/python3"


class Tree(Profiled):
    def setUp(self):
        super().setUp()
        self.need(PYTHON)
        env = environment(HEAPRING_DIR=self.segments, LD_PRELOAD=shim(), HEAPRING_KEEP="1000")
        subprocess.run([PYTHON, "-s", "-B", "-c", SCRIPT], env=env, timeout=100)

    def rows(self):
        rows = json.loads(self.heapring("ps", "--tree", "--format", "json").stdout)["rows"]
        return [(row["process"]["exe"].rsplit("/", 1)[1], row["parent"] and row["parent"]["by"],
                 row) for row in rows]

    def test_the_tree_tells_forks_execs_and_spawns_apart(self):
        rows = self.rows()
        self.assertEqual([by for _, by, _ in rows], [None, "fork", "fork", "exec", "exec", "spawn"])
        self.assertEqual([name for name, _, _ in rows][3:], ["dash", "sort", "true"])
        parent, child, grandchild, shell, sort, true = (row for _, _, row in rows)
        for row, above in ((child, parent), (grandchild, child), (shell, child), (sort, shell),
                           (true, parent)):
            self.assertEqual((row["parent"]["pid"], row["parent"]["start_unix_ns"]),
                             (above["process"]["pid"], above["process"]["start_unix_ns"]))
        self.assertEqual(child["process"]["pid"], sort["process"]["pid"])

    def test_inherited_memory_is_told_apart(self):
        parent, child, grandchild = (row for _, _, row in self.rows()[:3])
        self.assertGreater(parent["inuse_space"], 3000000)
        self.assertEqual(parent["inherited_space"], 0)
        self.assertGreater(child["inherited_space"], 2000000)
        self.assertLess(child["inherited_space"], parent["inuse_space"] - 900000)
        self.assertLess(child["inuse_space"], 1000000)
        self.assertGreater(grandchild["inherited_space"], 2000000)

    def test_each_ends_as_it_did(self):
        lines = self.heapring("ps", "--tree").stdout.decode().splitlines()
        for line, how in zip(lines[1:], ("killed", "replaced by exec", "exited 5",
                                         "replaced by exec", "exited 0", "exited 0")):
            self.assertIn(how, line)
            self.assertLessEqual(len(line), 80)
        self.assertIn("├─ python", lines[3])
        self.assertIn("└─ true", lines[6])
        self.assertIn("└─ sh (dash) (exec)", lines[4])

    def test_a_file_is_told_where_the_pid_does_not_name_it(self):
        lines = self.heapring("ps").stdout.decode().splitlines()
        self.assertIn("FILE", lines[0])
        for line in lines[1:]:
            self.assertEqual("/heapring." in line, "replaced by exec" in line, line)

    def test_an_image_that_was_replaced_stays_so_when_the_next_is_gone(self):
        rows = self.rows()
        subprocess.run(["rm", rows[3][2]["file"], rows[4][2]["file"]], check=True)
        lines = self.heapring("ps", "--tree").stdout.decode().splitlines()
        self.assertIn("replaced by exec", lines[2])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
