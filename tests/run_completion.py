#!/usr/bin/env python3
"""Completion of the command line, in the real shells.

Usage: run_completion.py HEAPRING BASH_FILE ZSH_FILE FISH_FILE
"""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HEAPRING, BASH, ZSH, FISH = (os.path.abspath(path) for path in sys.argv[1:5])
PATIENCE_S = 60

# what is typed, some of what must be offered, what must not be
CASES = [
    ("heapring t", ["top", "traces", "tree"], ["list"]),
    ("heapring top --s", ["--sample", "--show", "--show-from"], ["--ignore"]),
    ("heapring top --sample alloc_", ["alloc_objects", "alloc_space"], ["inuse_space"]),
    ("heapring export --to c", ["callgrind", "collapsed", "csv"], ["pprof"]),
    ("heapring export --format c", ["callgrind", "collapsed", "csv"], ["pprof"]),
    ("heapring top 43", ["4321", "4333"], ["999"]),
]


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for pid in (4321, 4333, 999):
            open(os.path.join(self.folder, "heapring.%d.17" % pid), "w").close()
        work = os.path.join(self.folder, "empty")
        os.mkdir(work)
        self.work = work
        self.environ = {"PATH": os.path.dirname(HEAPRING) + ":" + os.environ["PATH"],
                        "HEAPRING_DIR": self.folder, "HOME": work, "TERM": "dumb",
                        "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "LD_LIBRARY_PATH"):
            if name in os.environ:
                self.environ[name] = os.environ[name]

    def need(self, shell):
        if not shutil.which(shell):
            reason = "%s is not installed" % shell
            if os.environ.get("HEAPRING_TEST_REQUIRE") == "1":
                self.fail(reason)
            self.skipTest(reason)

    def check(self, offered_for):
        for typed, wanted, unwanted in CASES:
            with self.subTest(typed):
                offered = offered_for(typed, wanted)
                for word in wanted:
                    self.assertIn(word, offered)
                for word in unwanted:
                    self.assertNotIn(word, offered)

    def run_it(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S,
                              env=self.environ, cwd=self.work, check=True)

    def test_bash(self):
        script = ('source "$1"; COMP_WORDS=($2); [[ $2 == *" " ]] && COMP_WORDS+=("");'
                  'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _heapring; printf "%s\\n"'
                  ' "${COMPREPLY[@]}"')
        self.check(lambda typed, _:
                   self.run_it("bash", "-c", script, "-", BASH, typed).stdout.split())

    def test_fish(self):
        self.need("fish")

        def offered(typed, _):
            done = self.run_it("fish", "--no-config", "-c",
                               "source $argv[1]; complete -C $argv[2]", FISH, typed)
            self.assertEqual(done.stderr, "")
            return [line.split("\t")[0] for line in done.stdout.splitlines()]
        self.check(offered)
        self.environ["HEAPRING_DIR"] = "/nonexistent"
        self.assertEqual(self.run_it("fish", "--no-config", "-c",
                                     "source $argv[1]; complete -C 'heapring top '", FISH).stderr,
                         "")

    def test_zsh(self):
        self.need("zsh")
        self.check(self.offered_by_zsh)

    def offered_by_zsh(self, typed, wanted):
        """Types into a real zsh on a terminal and reads what it lists."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execvpe("zsh", ["zsh", "-f", "-i"], self.environ)
        text = ""
        try:
            os.write(terminal, ("fpath=(%s $fpath); autoload -U compinit; compinit -u -D;"
                                "LISTMAX=10000; PROMPT=; echo BE''GIN\n"
                                % os.path.dirname(ZSH)).encode())
            text = self.read_until(terminal, ["BEGIN"])
            os.write(terminal, (typed + "\t\t").encode())
            text = self.read_until(terminal, wanted)
        finally:
            os.close(terminal)
            os.waitpid(pid, 0)
        return re.findall(r"[\w.-]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", " ", text))

    def read_until(self, terminal, words):
        text, end = "", time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not all(word in text for word in words):
            if select.select([terminal], [], [], 1)[0]:
                try:
                    text += os.read(terminal, 65536).decode(errors="replace")
                except OSError:
                    break
        return text


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
