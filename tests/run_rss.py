#!/usr/bin/env python3
"""`heapring rss`: its lines against a program of known sizes, and real programs.

Usage: run_rss.py HEAPRING RESIDENT_PROGRAM
"""
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import unittest

import profiled
from profiled import ARGS, HEAPRING, Profiled, environment

PROGRAM = os.path.abspath(ARGS[0])
MIB = 1 << 20
UNEXPLAINED_MAX = 0.05  # of RSS: what the issue asks for
ALLOCATORS = ("libjemalloc.so.2", "libtcmalloc.so.4", "libmimalloc.so.2")
CHURN = """
import json, sys
held = [json.loads('{"a": [1, 2, 3, "b%d"]}' % i) for i in range(60000)]
held = held[::7]
print("ready", flush=True)
sys.stdin.read()
"""
GOES_ON = """
import json, select, sys
held = [json.loads('{"a": [1, 2, 3, "b%d"]}' % i) for i in range(60000)]
held = held[::7]
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.01)[0]:
    bytes(3000)
"""
MAPS = """
import mmap, sys
maps = [mmap.mmap(-1, 64 << 20) for _ in range(4)]
for m in maps[:3]:
    m.write(b"x" * (64 << 20))
print("ready", flush=True)
sys.stdin.read()
"""
THREADS = """
import sys, threading, time
def deep(n):
    return bytearray(1000) if n == 0 else (deep(n - 1), 1)[0]
def work():
    deep(50)
    stop.wait()
stop = threading.Event()
for _ in range(200):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""
NODE = """
const held = [];
for (let i = 0; i < 300000; i++) held.push({ i, s: "x" + i });
console.log("ready");
process.stdin.on("end", () => process.exit()).resume();
"""
JAVA = """
import java.util.*;
class Holds {
    public static void main(String[] args) throws Exception {
        List<byte[]> held = new ArrayList<>();
        for (int i = 0; i < 2000; i++) held.add(new byte[10000]);
        System.out.println("ready");
        System.in.read();
    }
}
"""
SQLITE = """
CREATE TABLE t(a, b);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO t SELECT i, hex(randomblob(20)) FROM n;
CREATE INDEX t_b ON t(b);
SELECT 'ready';
"""
PERL = 'my %h; $h{$_} = "x" x ($_ % 200) for 1..100000; delete $h{$_ * 2} for 1..40000; ' \
       '$| = 1; print "ready\\n"; <STDIN>;'
BASH = 'for ((i = 0; i < 60000; i++)); do a[i]=$i-$i; done; unset "a[5]"; echo ready; read -r'


def library(name):
    found = glob.glob("/usr/lib/*/" + name)
    return found[0] if found else "/usr/lib/x86_64-linux-gnu/" + name


class RssTest(Profiled):
    def start(self, argv, *options, preload=None, send=None, ready="ready", **env):
        """Runs until it says that it is ready; returns its lines until then, and its pid."""
        program = subprocess.Popen(
            [HEAPRING, "run", "-q", *options, "--", *argv], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment(HEAPRING_DIR=self.segments, LD_PRELOAD=preload,
                            MALLOC_PERTURB_=None, **env))  # it touches what is allocated
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.stdin.close)
        if send:
            program.stdin.write(send)
            program.stdin.flush()
        lines = []
        for line in iter(program.stdout.readline, ""):
            if line.strip() == ready:
                break
            lines.append(line)
        return lines, str(profiled.wait_for_pid(self.segments))

    def rss(self, pid):
        said = self.read(pid, view="rss")
        top = [line for line in said["lines"] if line["depth"] == 0]
        self.assertEqual(sum(line["bytes"] for line in top), said["resident"])
        return said, {line["key"]: line["bytes"] for line in said["lines"]}

    def known(self, *options, **kw):
        """The program of known sizes: its truth, and what was said of it."""
        lines, pid = self.start([PROGRAM], *options, ready=".", **kw)
        truth = {}
        for line in lines:
            name, value = line.split()
            truth[name] = truth.get(name, 0) + int(value)
        truth["live"] %= 1 << 64
        said, found = self.rss(pid)
        return truth, said, found

    def assert_near(self, found, truth, slack):
        self.assertLessEqual(abs(found - truth), slack, (found, truth))

    def assert_known(self, truth, said, found):
        """live: the program's, and some KiB of libc's; the rest to the page."""
        self.assertEqual(said["live"], said["total"]["inuse_space"])  # each block once
        self.assert_near(found["live"], truth["live"], 128 << 10)
        self.assert_near(said["live_absent"], truth["absent"], 128 << 10)
        self.assert_near(found["direct"], truth["direct"], 512 << 10)
        self.assert_near(found["shared"], truth["shared"], 0)
        self.assertEqual((said["threads"], said["stacks_alive"]), (21, 21))
        self.assertLess(abs(found["unexplained"]), UNEXPLAINED_MAX * said["resident"])


class KnownProgram(RssTest):
    def test_each_line_is_what_the_program_knows_of_itself(self):
        truth, said, found = self.known()
        self.assert_known(truth, said, found)
        # libc gives the pages of ended threads back, so 20 of the 25 stacks are there
        self.assert_near(found["stacks"], truth["stacks"] * 20 // 25, 512 << 10)
        self.assertGreater(said["stacks_kept"], 0)
        self.assert_near(found["free"], truth["free"], 256 << 10)
        self.assert_near(found["free_binned"], truth["free"], 256 << 10)
        self.assertGreaterEqual(found["free_cached"], 0)

    def test_what_was_mapped_is_told_by_stack(self):
        truth, said, found = self.known("--mmap")
        self.assert_known(truth, said, found)
        self.assert_near(found["direct"], truth["direct"], 64 << 10)
        by = {row["stack"][1]["function"]: row for row in said["rows"] if row["stack"]}
        self.assertEqual(by["maps_half"]["resident"], 16 * MIB)
        self.assertEqual(by["maps_half"]["mapped"], 24 * MIB)
        self.assertEqual(by["maps_all"]["resident"], 5 * MIB)

    def assert_known_under(self, name):
        """glibc's stacks are there; what an allocator keeps is its own choice."""
        self.need(library(name))
        truth, said, found = self.known("--mmap", preload=library(name))
        self.assert_known(truth, said, found)
        self.assert_near(found["stacks"], truth["stacks"] * 20 // 25, 512 << 10)
        self.assertGreaterEqual(found["free"], 0)

    def test_jemalloc(self):
        self.assert_known_under(ALLOCATORS[0])

    def test_tcmalloc(self):
        self.assert_known_under(ALLOCATORS[1])

    def test_mimalloc(self):
        self.assert_known_under(ALLOCATORS[2])

    def test_sampled_blocks_stand_for_all(self):
        truth, said, found = self.known("--rate", "64KiB")
        self.assertTrue(said["estimated"])
        self.assert_near(said["live"] - said["live_absent"], truth["live"], truth["live"] // 4)
        self.assertLess(abs(found["unexplained"]), UNEXPLAINED_MAX * said["resident"])

    def test_without_a_flat_live_table_the_counters_stand_in(self):
        script = "import sys; held = [bytes(3000) for _ in range(5000)]; " \
                 "print('ready', flush=True); sys.stdin.read()"
        _, pid = self.start(["prlimit", "--as=2000000000", "/usr/bin/python3", "-c", script],
                            PYTHONMALLOC="malloc", HEAPRING_ONLY="python3*")
        said, found = self.rss(pid)
        self.assertTrue(said["estimated"])
        self.assertEqual(found["live"], said["total"]["inuse_space"])
        self.assertGreater(found["live"], 14 * MIB)
        self.assertLess(abs(found["unexplained"]), UNEXPLAINED_MAX * said["resident"])

    def test_the_text_has_the_sum_and_how_it_was_measured(self):
        _, pid = self.start([PROGRAM], ready=".")
        done = self.heapring("rss", pid)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for words in (b"unexplained", b"free inside the allocator", b"how each was measured",
                      b"may err"):
            self.assertIn(words, done.stdout)

    def test_a_process_that_ended_is_refused_in_one_line(self):
        _, dump = self.profile(["/bin/true"])
        done = self.heapring("rss", dump)
        self.assertEqual((done.returncode, done.stdout), (4, b""))
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertIn(b"only while the process runs", done.stderr)

    def test_somebody_else_s_process_is_refused_in_one_line(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        _, pid = self.start([PROGRAM], ready=".")
        for path in (self.folder, self.segments, *glob.glob(self.segments + "/*")):
            os.chmod(path, 0o777)
        for path in glob.glob(self.segments + "/*"):
            os.chown(path, 65534, 65534)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                               HEAPRING, "rss", glob.glob(self.segments + "/*")[0]],
                              capture_output=True, env=environment(HEAPRING_DIR=self.segments))
        self.assertEqual((done.returncode, done.stdout), (4, b""), done)
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_addresses_that_lie_are_looked_at_with_care(self):
        """live_table, live_table_odd, private_table, ranges_table of a live header."""
        _, pid = self.start([PROGRAM], "--mmap", ready=".")
        path = glob.glob(self.segments + "/*")[0]
        with open(path, "r+b") as segment:
            segment.seek(248)
            good = segment.read(72)
            tables = struct.unpack_from("<2Q", good) + struct.unpack_from("<2Q", good, 56)
            for lie in (0, 1, tables[0] + 4, tables[2], tables[3], 1 << 46, 2 ** 64 - 1):
                for at in (248, 256, 304, 312):
                    segment.seek(at)
                    segment.write(struct.pack("<Q", lie))
                    segment.flush()
                    for view in ("rss", "pins"):
                        done = self.heapring(view, "--format", "json", pid)
                        self.assertIn(done.returncode, (0, 3, 4), (at, lie, done))
                    segment.seek(248)
                    segment.write(good)
                    segment.flush()


class AllocatorSays(RssTest):
    """--ask: what the allocator itself counts agrees with what is seen from outside."""

    def ask(self, preload=None):
        if preload:
            self.need(preload)
        _, pid = self.start(["/usr/bin/python3", "-c", GOES_ON], preload=preload,
                            PYTHONMALLOC="malloc")
        done = self.heapring("rss", "--ask", "--format", "json", pid)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        said = json.loads(done.stdout)
        found = {line["key"]: line["bytes"] for line in said["lines"]}
        return said["allocator"], said["live"] + found["slack"] + found["allocator"], found

    def assert_same(self, said, ours):
        self.assert_near(said["in_use"], ours, ours // 10)

    def test_glibc(self):
        said, ours, found = self.ask()
        self.assert_same(said, ours)
        self.assert_near(said["cached"] + said["free"], found["free"], ours // 10)

    def test_jemalloc(self):
        said, ours, _ = self.ask(library(ALLOCATORS[0]))
        self.assert_same(said, ours)
        self.assertGreaterEqual(said["held"], said["in_use"] + said["free"])

    def test_tcmalloc(self):
        said, ours, found = self.ask(library(ALLOCATORS[1]))
        self.assert_same(said, ours)
        # ours has its tables and what it rounds up among it
        self.assert_near(said["cached"] + said["free"], found["free"], found["free"] // 5)

    def test_mimalloc_tells_what_it_holds(self):
        said, ours, _ = self.ask(library(ALLOCATORS[2]))
        self.assertGreater(said["held"], ours)
        self.assertIsNone(said["in_use"])

    def test_an_idle_program_is_told_in_one_line(self):
        _, pid = self.start([PROGRAM], ready=".")
        done = self.heapring("rss", "--ask", pid)
        self.assertEqual((done.returncode, done.stdout), (4, b""))
        self.assertIn(b"no thread of it allocates", done.stderr)


class RealPrograms(RssTest):
    """Ten programs, four allocators, large mappings, 200 threads, two runtimes."""

    def assert_explained(self, argv, *options, **kw):
        self.need(shutil.which(argv[0]) or argv[0])
        if kw.get("preload"):
            self.need(kw["preload"])
        _, pid = self.start(argv, *options, **kw)
        said, found = self.rss(pid)
        self.assertLess(abs(found["unexplained"]), UNEXPLAINED_MAX * said["resident"])
        self.assertGreaterEqual(found["free"], 0)
        print("%-10s %-16s rss %6.1f MiB, unexplained %6.3f %%" % (
            os.path.basename(argv[0]), os.path.basename(kw.get("preload") or "glibc"),
            said["resident"] / MIB, 100 * found["unexplained"] / said["resident"]),
            file=sys.stderr)
        return said, found

    def python(self, script, *options, **kw):
        return self.assert_explained(["/usr/bin/python3", "-c", script], *options,
                                     PYTHONMALLOC="malloc", **kw)

    def test_python_glibc(self):
        self.python(CHURN, "--mmap")

    def test_python_jemalloc(self):
        self.python(CHURN, "--mmap", preload=library(ALLOCATORS[0]))

    def test_python_tcmalloc(self):
        self.python(CHURN, "--mmap", preload=library(ALLOCATORS[1]))

    def test_python_mimalloc(self):
        self.python(CHURN, "--mmap", preload=library(ALLOCATORS[2]))

    def test_python_with_large_mappings(self):
        _, found = self.python(MAPS, "--mmap")
        self.assertGreater(found["direct"] + found["shared"], 192 * MIB)

    def test_python_with_200_threads(self):
        said, found = self.python(THREADS, "--mmap")
        self.assertGreater(said["threads"], 200)
        self.assertEqual(said["stacks_alive"], said["threads"])
        self.assertGreater(found["stacks"], 200 * 8192)

    def test_sqlite(self):
        self.assert_explained(["sqlite3"], "--mmap", send=SQLITE)

    def test_sqlite_jemalloc(self):
        self.assert_explained(["sqlite3"], "--mmap", send=SQLITE,
                              preload=library(ALLOCATORS[0]))

    def test_perl(self):
        self.assert_explained(["/usr/bin/perl", "-e", PERL], "--mmap")

    def test_bash(self):
        self.assert_explained(["bash", "-c", BASH], "--mmap")

    def test_git(self):
        """Every object of a repository, read; what it maps of its packs is files'."""
        repository = self.path("repository")
        for command in (["init", "-q", "."], ["add", "."],
                        ["-c", "user.name=a", "-c", "user.email=a", "commit", "-qm", "a"],
                        ["gc", "-q"]):
            os.makedirs(repository, exist_ok=True)
            with open(repository + "/text", "w", encoding="ascii") as stream:
                stream.writelines("line %d\n" % i for i in range(300000))
            subprocess.run(["git", *command], cwd=repository, check=True)
        self.assert_explained(["git", "-C", repository, "cat-file", "--batch-check", "--follow-symlinks"],
                              "--mmap", send="HEAD\nHEAD:text\nready\n", ready="ready missing")

    def test_node(self):
        said, found = self.assert_explained(["node", "-e", NODE], "--mmap")
        self.assertGreater(found["direct"], found["live"])  # its own heap is not malloc's

    def test_java(self):
        path = self.path("Holds.java")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(JAVA)
        said, found = self.assert_explained(["java", path], "--mmap")
        self.assertGreater(found["direct"], found["live"])

    def test_redis(self):
        self.need("/usr/bin/redis-server")
        path = self.path("redis.sock")
        program = subprocess.Popen(
            [HEAPRING, "run", "-q", "--mmap", "--", "redis-server", "--port", "0",
             "--unixsocket", path, "--save", "", "--enable-debug-command", "yes"], stdout=subprocess.DEVNULL,
            env=environment(HEAPRING_DIR=self.segments))
        self.addCleanup(program.wait)
        self.addCleanup(program.terminate)
        pid = str(profiled.wait_for_pid(self.segments))
        fill = ["redis-cli", "-s", path, "debug", "populate", "200000"]
        while b"OK" not in subprocess.run(fill, capture_output=True).stdout:
            self.assertIsNone(program.poll())
        said, found = self.rss(pid)
        self.assertLess(abs(found["unexplained"]), UNEXPLAINED_MAX * said["resident"])
        self.assertGreater(found["live"], said["resident"] // 4)


if __name__ == "__main__":
    profiled.main()
