#!/usr/bin/env python3
"""A fork child never waits for a library that a thread of its parent was loading.

Usage: run_loading.py HEAPRING LOADING SLOW_LOAD
"""
import os

from profiled import ARGS, Profiled, main, shim

LOADING, SLOW_LOAD = (os.path.abspath(path) for path in ARGS[:2])


class Loading(Profiled):
    def child_needs(self, how):
        argv = [LOADING, how, SLOW_LOAD]
        self.assertEqual(self.execute(argv).returncode, 0, "without the shim")
        done = self.execute(argv, env={"LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments})
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_a_block_by_operator_new(self):
        self.child_needs("new")

    def test_a_thread(self):
        self.child_needs("thread")

    def test_a_system_call(self):
        self.child_needs("syscall")

    def test_a_name(self):
        self.child_needs("prctl")

    def test_its_end_by_quick_exit(self):
        self.child_needs("quick_exit")


if __name__ == "__main__":
    main()
