#!/usr/bin/env python3
"""Threads, dlopen, fork, signals, coroutines, jumps, throws: at once, and still exact.

Usage: run_torture.py HEAPRING TORTURE SIGNAL_MALLOC SECONDS
A third of the time each: signal handlers that allocate, with blocks at 0 and at 8 mod
16, read and dumped from outside all the while; and libc's allocator, while profiling
is switched off, on and to other rates.
"""
import json
import os
import subprocess
import time

from profiled import ARGS, HEAPRING, Profiled, environment, main, shim

TORTURE, SIGNAL_MALLOC = (os.path.abspath(path) for path in ARGS[:2])
SECONDS = max(1, int(ARGS[2]) // 3)
PLUGINS = os.path.dirname(TORTURE)


class Torture(Profiled):
    def torture(self, outside, argv=(), preload=None, **env):
        """Runs it, with outside(pid) called again and again; its own account of itself."""
        libraries = shim() if preload is None else shim() + ":" + preload
        program = subprocess.Popen(
            [TORTURE, str(SECONDS), PLUGINS, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(LD_PRELOAD=libraries, HEAPRING_DIR=self.segments, HEAPRING_KEEP="400",
                            HEAPRING_OUTPUT=self.path("dump.%p"), **env))
        calls, until = 0, time.monotonic() + SECONDS + 60
        time.sleep(0.3)
        while program.poll() is None and time.monotonic() < until:
            calls += outside(program.pid)
            time.sleep(0.05)
        if program.poll() is None:
            program.kill()
            self.fail("it hangs")
        out, err = program.communicate()
        self.assertEqual((program.returncode, err), (0, b""))
        self.assertGreater(calls, 0)
        truth = json.loads(out)
        for what in ("children", "swaps", "short_threads"):
            self.assertGreater(truth[what], 0)
        print("torture: %s, looked at %d times from outside" % (out.decode().replace("\n", " "), calls))
        top = self.read(self.path("dump.%d" % program.pid))
        return truth, top, {row["function"]: row for row in top["rows"]}

    def look(self, pid):
        """A reader and a dump of the live segment; it may have just ended."""
        copy = self.path("copy")
        for args in (("top", "--format", "json", str(pid)), ("dump", str(pid), "-o", copy)):
            done = self.heapring(*args)
            self.assertEqual(done.returncode, 0, done)
        self.assertGreaterEqual(self.read(copy)["total"]["alloc_objects"], 0)
        os.unlink(copy)
        return 1

    def switch(self, pid):
        for args in (("off", str(pid)), ("on", str(pid)), ("rate", str(pid), "16KiB"),
                     ("rate", str(pid), "exact")):
            done = self.heapring(*args)
            # 4: it ended meanwhile
            self.assertIn(done.returncode, (0, 4), done)
            time.sleep(0.01)
        return 1

    def check_exact(self, truth, top, rows):
        for name in ("churned", "resized", "kept", "freed_late"):
            with self.subTest(function=name):
                row = rows[name]
                self.assertEqual([row["alloc_objects"], row["alloc_space"]], truth[name])
                self.assertEqual([row["inuse_objects"], row["inuse_space"]],
                                 truth[name] if name == "kept" else [0, 0])
        coverage = top["coverage"]
        handled = rows["handled"]
        self.assertEqual(handled["alloc_objects"] + coverage["bypassed"], truth["handled"][0])
        self.assertEqual(handled["inuse_objects"], 0)
        for counter in ("missed_frees", "dropped", "overflow", "truncated"):
            self.assertEqual(coverage[counter], 0, counter)
        self.assertGreater(coverage["stacks_complete_pct"], 99)

    def test_handlers_that_allocate_anywhere(self):
        self.check_exact(*self.torture(self.look, ["anywhere"], SIGNAL_MALLOC))

    def test_the_same_with_blocks_at_8_mod_16(self):
        self.check_exact(*self.torture(self.look, ["anywhere"], SIGNAL_MALLOC, SIGNAL_MALLOC_ODD="1"))

    def test_switched_off_and_on_and_to_other_rates(self):
        """Every block that was recorded, at whatever rate, was given back as what it was."""
        _, _, rows = self.torture(self.switch)
        for name in ("churned", "resized", "freed_late"):
            self.assertEqual((rows[name]["inuse_objects"], rows[name]["inuse_space"]), (0, 0))


if __name__ == "__main__":
    main()
