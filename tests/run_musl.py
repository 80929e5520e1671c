#!/usr/bin/env python3
"""A program of another C library, under the shim built for it: the truth to the byte.

Usage: run_musl.py HEAPRING LIBHEAPRING-MUSL.SO TRUTH-MUSL
"""
import glob
import json
import os

from profiled import ARGS, SAMPLES, Profiled, main

SHIM, TRUTH = ARGS


class Musl(Profiled):
    def compare(self, *argv, **env):
        done = self.execute([TRUTH, *argv], env=dict(env, LD_PRELOAD=os.path.abspath(SHIM),
                                                     HEAPRING_DIR=self.segments))
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        segment, = glob.glob(self.segments + "/heapring.*")
        top = self.read(segment)
        os.unlink(segment)
        rows = {row["function"]: row for row in top["rows"]}
        for name, figures in json.loads(done.stdout)["functions"].items():
            for sample in SAMPLES:
                with self.subTest(function=name, sample=sample):
                    self.assertEqual(rows[name][sample] if name in rows else 0, figures[sample])
        for counter in ("missed_frees", "dropped", "bypassed", "overflow"):
            self.assertEqual(top["coverage"][counter], 0, counter)
        self.assertEqual(top["process"]["state"], "exited")

    def test_every_function(self):
        self.compare("portable")

    def test_blocks_that_other_threads_free(self):
        self.compare("threads")


if __name__ == "__main__":
    main()
