#!/usr/bin/env python3
"""A real program of the other CPU: Debian's arm64 sqlite3 under qemu-user.

Usage: run_aarch64.py HEAPRING SHIM SYSROOT    (SHIM for aarch64; tests/cross/sysroot)
The analyzer is this machine's: a segment reads the same everywhere. Its own
sqlite3 runs the same script, so the counts are known.
"""
import json
import os

from profiled import ARGS, Profiled, main

SHIM, SYSROOT = ARGS
# The emulator keeps a record of every page that is mapped, even of reserved ones: the
# shim gets little address space and takes the tables it has for that.
QEMU = ["qemu-aarch64", "-R", "8G", "-L", SYSROOT]
SQL = b"""
create table t(a integer, b text);
with recursive c(n) as (select 1 union all select n+1 from c where n < 20000)
  insert into t select n, 'row ' || (n * 7919 % 400000) from c;
create index i on t(b);
select count(*), max(b) from t;
"""


class Aarch64(Profiled):
    def emulate(self, *options):
        return self.execute([*QEMU, *options, os.path.join(SYSROOT, "usr/bin/sqlite3"),
                             "-init", "/dev/null", ":memory:"], input=SQL)

    def test_counts_what_it_counts_here(self):
        self.need("/usr/bin/qemu-aarch64", "/usr/bin/sqlite3")
        plain = self.emulate()
        done = self.emulate("-E", "LD_PRELOAD=" + SHIM, "-E", "HEAPRING_DIR=" + self.segments)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, plain.stdout, plain.stderr))
        segment, = os.listdir(self.segments)
        # with a warning: files of another CPU are not read here
        there = json.loads(self.heapring("top", "--format", "json",
                                         os.path.join(self.segments, segment)).stdout)
        _, dump = self.profile(["sqlite3", "-init", "/dev/null", ":memory:"], input=SQL)
        here = self.read(dump)
        print("alloc_objects %d, here %d; coverage %s" % (
            there["total"]["alloc_objects"], here["total"]["alloc_objects"], there["coverage"]))
        self.assertEqual(there["process"]["state"], "exited")
        self.assertGreaterEqual(there["coverage"]["stacks_complete_pct"], 99)
        self.assertAlmostEqual(there["total"]["alloc_objects"], here["total"]["alloc_objects"],
                               delta=here["total"]["alloc_objects"] * 0.01)
        self.assertAlmostEqual(there["total"]["peak_space"], here["total"]["peak_space"],
                               delta=here["total"]["peak_space"] * 0.02)


if __name__ == "__main__":
    main()
