#!/usr/bin/env python3
"""What `meson install` puts where, and that it works after the tree has moved.

Usage: run_install.py BUILD_FOLDER
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.abspath(sys.argv[1])


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        root = os.path.join(cls.folder, "root")
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root],
                       check=True, capture_output=True, timeout=120)
        os.rename(root, os.path.join(cls.folder, "moved"))
        cls.files = {os.path.basename(name): os.path.join(path, name)
                     for path, _, names in os.walk(cls.folder) for name in names}
        for path, _, names in os.walk(cls.folder):
            if path.endswith("/bin") and "heapring" in names:
                cls.heapring = os.path.join(path, "heapring")

    def run_it(self, *args):
        return subprocess.run([self.heapring, *args], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, HEAPRING_DIR=self.folder), check=True).stdout

    def test_every_command_has_a_manual_page_that_man_can_show(self):
        for line in self.run_it("options").splitlines():
            page = self.files.get("heapring-%s.1" % line.split("\t")[0])
            self.assertIsNotNone(page, line)
            self.assertIn("/man/man1/", page)
            with open(page, encoding="utf-8") as stream:
                text = stream.read()
            for part in (".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXIT STATUS"):
                self.assertIn(part, text, page)

    def test_completion_and_headers_are_where_others_look(self):
        for name, folder in (("heapring.fish", "fish/vendor_completions.d"),
                             ("_heapring", "zsh/site-functions"),
                             ("segment.h", "include/heapring")):
            self.assertTrue(self.files[name].endswith(os.path.join(folder, name)), name)
        found = [path for path, _, names in os.walk(self.folder)
                 if path.endswith("bash-completion/completions") and "heapring" in names]
        self.assertEqual(len(found), 1)
        header = self.files["segment.h"]
        include = os.path.dirname(os.path.dirname(header))
        subprocess.run(["gcc", "-x", "c", "-fsyntax-only", "-Wall", "-Werror", "-I", include, "-"],
                       input="#include <heapring/segment.h>\n", text=True, check=True, timeout=60)

    def test_it_finds_its_shim_in_the_moved_tree(self):
        self.assertIn("libheapring.so", self.files)
        dump = os.path.join(self.folder, "dump")
        self.run_it("run", "-q", "-o", dump, "--", "/usr/bin/env", "bash", "-c", "echo")
        self.assertIn("in use", self.run_it("top", dump))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
