#!/usr/bin/env python3
"""Every script for people says with --help what it does, and does nothing else.

Usage: run_scripts.py FOLDER
"""
import os
import subprocess
import sys
import unittest

FOLDER = os.path.abspath(sys.argv[1])
NOT_FOR_PEOPLE = {"embed",              # the build's own
                  "page-pictures.mjs"}  # takes the pictures of the documents
SOURCED = (".py", ".sh")


class Scripts(unittest.TestCase):
    def test_each_says_what_it_does(self):
        names = [name for name in os.listdir(FOLDER)
                 if os.path.isfile(os.path.join(FOLDER, name)) and not name.endswith(SOURCED)]
        self.assertIn("test", names)
        for name in sorted(set(names) - NOT_FOR_PEOPLE):
            with self.subTest(script=name):
                done = subprocess.run([os.path.join(FOLDER, name), "--help"], cwd="/", check=False,
                                      capture_output=True, text=True, timeout=20)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertRegex(done.stdout, "(?i)usage: (scripts/)?" + name)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
