#!/usr/bin/env python3
"""The shim says what it has to say without touching what is the program's own.

Usage: run_strays.py HEAPRING STRAYS
"""
import glob
import os
import subprocess

from profiled import ARGS, Profiled, environment, main, shim

STRAYS = os.path.abspath(ARGS[0])


class Strays(Profiled):
    def preloaded(self, **more):
        return environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments, **more)

    def strays(self, *argv, stderr=b"", **env):
        done = self.execute([STRAYS, *argv], cwd=self.folder,
                            env={"LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments, **env})
        self.assertEqual((done.returncode, done.stdout), (7, b""), done)
        self.assertRegex(done.stderr, b"^" + stderr + b"$")

    def jail(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to chroot")
        os.mkdir(self.path("jail"))
        return self.path("jail")

    def test_a_file_that_became_descriptor_2_is_not_written_to(self):
        self.strays("another-file", self.jail())

    def test_children_that_cannot_be_profiled_are_told_once_and_counted(self):
        self.strays("many-children", self.jail(), stderr=b"heapring: [^\n]* unprofiled: [^\n]*\n")
        segment, = glob.glob(self.segments + "/heapring.*")
        self.assertIn(b"20 children not profiled", self.heapring("top", segment).stdout)

    def test_a_dump_larger_than_a_file_may_be(self):
        for way in ("small-files", "pending-signal"):
            self.strays(way, HEAPRING_OUTPUT=self.path("dump"),
                        stderr=b"heapring: dump not written to [^\n]*: File too large\n")
            self.assertFalse(os.path.exists(self.path("dump")))

    def test_a_dump_replaces_a_file_and_nothing_else(self):
        os.mkfifo(self.path("fifo"))
        self.strays("small-files", HEAPRING_OUTPUT=self.path("fifo"),
                    stderr=b"heapring: dump not written to [^\n]*: File exists\n")
        self.assertTrue(os.path.exists(self.path("fifo")))

    def test_a_reader_of_stderr_that_is_gone_or_asleep(self):
        for fill in (False, True):
            read, write = os.pipe()
            if fill:
                os.set_blocking(write, False)
                try:
                    while True:
                        os.write(write, bytes(4096))
                except BlockingIOError:
                    os.set_blocking(write, True)
            else:
                os.close(read)
            with self.subTest(full=fill):
                done = subprocess.run([STRAYS, "none"], stderr=write, timeout=60, check=False,
                                      env=self.preloaded(HEAPRING_RATE="bad"))
                self.assertEqual(done.returncode, 2)
            os.close(write)
            if fill:
                os.close(read)

    def test_all_memory_is_locked_but_the_shims_own(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to lock memory")
        self.strays("lock-all")

    def test_limits_on_memory_that_are_set_while_it_runs(self):
        plain = self.execute([STRAYS, "limit-memory"])
        done = self.execute([STRAYS, "limit-memory"], env={
            "LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments})
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (plain.returncode, plain.stdout, plain.stderr))

    def test_no_stderr_at_all(self):
        close = 'LD_PRELOAD=%s exec "$@" 2>&-' % shim()
        done = self.execute(["sh", "-c", close, "sh", STRAYS, "none"],
                            env={"HEAPRING_RATE": "bad"})
        self.assertEqual((done.returncode, done.stdout, done.stderr), (2, b"", b""))


if __name__ == "__main__":
    main()
