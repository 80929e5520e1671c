#!/usr/bin/env python3
"""Names of real programs, compiled in every way that puts symbols elsewhere, and
packed dumps, which carry them.

Usage: run_symbols.py HEAPRING INLINED_SOURCE JIT_PROGRAM LAMBDAS_SOURCE
"""
import json
import os
import platform
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HEAPRING, SOURCE, JIT, LAMBDAS = (os.path.abspath(path) for path in sys.argv[1:5])
INLINES = ["deep", "outer", "visible", "main"]
HEADER_SYMBOLS = 512  # offset of symbols_offset, symbols_bytes

# name, tools beside the compiler, how to build ./p from ./p.cc
WAYS = [
    ("DWARF 5", [], "g++ -O2 -gdwarf-5 p.cc -o p"),
    ("DWARF 4", [], "g++ -O2 -gdwarf-4 p.cc -o p"),
    ("compressed", [], "g++ -O2 -g -gz=zlib p.cc -o p"),
    ("link-time", [], "g++ -O2 -g -flto p.cc -o p"),
    ("split", [], "g++ -O2 -gdwarf-5 -gsplit-dwarf p.cc -o p"),
    ("split 4", [], "g++ -O2 -gdwarf-4 -gsplit-dwarf p.cc -o p"),
    ("clang", ["clang++"], "clang++ -O2 -g p.cc -o p"),
    ("clang split", ["clang++"], "clang++ -O2 -g -gsplit-dwarf p.cc -o p"),
    ("debuglink", ["objcopy"], "g++ -O2 -g p.cc -o p && objcopy --only-keep-debug p p.debug && "
     "strip p && objcopy --add-gnu-debuglink=p.debug p"),
    ("multifile", ["dwz"], "g++ -O2 -g p.cc -o p && cp p q && dwz -m multi -M $PWD/multi p q && "
     "readelf -S p | grep -q gnu_debugaltlink"),
]
# These have names, but neither lines nor inlined calls.
MINI = ("g++ -O2 -g p.cc -o p && nm p | awk '{ print $3 }' > names && "
        "objcopy -S --keep-symbols=names p mini && xz mini && strip p && "
        "objcopy --add-section .gnu_debugdata=mini.xz p")
ZSTD = "g++ -O2 -g p.cc -o p && objcopy --compress-debug-sections=zstd p"
LOST = "g++ -O2 -g -gsplit-dwarf p.cc -o p && rm *.dwo"


TWO_NAMES = """
	.text
	.globl main, first, second
	.type main, @function
	.type first, @function
	.type second, @function
main:
first:
second:
	.cfi_startproc
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	movl $100, %edi
	call malloc@PLT
	xorl %eax, %eax
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size main, .-main
	.size first, .-first
	.size second, .-second
	.section .note.GNU-stack,"",@progbits
"""


class Symbols(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environ = dict(os.environ, HEAPRING_DIR=self.path("segments"), HEAPRING_CACHE="0")
        self.environ.pop("DEBUGINFOD_URLS", None)
        os.mkdir(self.environ["HEAPRING_DIR"])

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def need(self, *tools):
        for tool in tools:
            if not shutil.which(tool):
                reason = "%s is not installed" % tool
                if os.environ.get("HEAPRING_TEST_REQUIRE") == "1":
                    self.fail(reason)
                self.skipTest(reason)

    def run_it(self, *args, status=0, **environ):
        done = subprocess.run([HEAPRING, *args], capture_output=True, text=True, timeout=120,
                              env=dict(self.environ, **environ), cwd=self.folder)
        self.assertEqual(done.returncode, status, (args, done))
        return done

    def build(self, name, how):
        os.makedirs(self.path(name))
        shutil.copy(SOURCE, self.path(name, "p.cc"))
        subprocess.run(how, shell=True, check=True, cwd=self.path(name), timeout=120)
        dump = self.path(name + ".dump")
        self.run_it("run", "-q", "-o", dump, "--", self.path(name, "p"))
        return dump

    def stacks(self, dump, *args, **environ):
        done = self.run_it("traces", "--format", "json", *args, dump, **environ)
        return [[frame["function"] for frame in row["stack"]]
                for row in json.loads(done.stdout)["rows"]], done.stderr

    def assert_has(self, stacks, frames):
        self.assertTrue(any(stack[:len(frames)] == frames for stack in stacks), stacks)

    def views(self, dump, folder=None):
        """What every view and export says; only a command to copy tells where the dump lies."""
        said = []
        for view in (["top"], ["top", "--cum", "--lines"], ["traces"], ["tree"], ["peek", "."],
                     ["list", "visible|make"], ["sizes"], ["lifetimes"],
                     ["top", "--by-thread", "--at", "peak"],
                     ["export", "--to", "pprof", "-o", "-"],
                     ["export", "--to", "callgrind", "-o", "-"],
                     ["export", "--to", "collapsed", "-o", "-"],
                     ["export", "--to", "json", "-o", "-"], ["flame", "-o", "-"]):
            done = subprocess.run([HEAPRING, *view, dump], capture_output=True, timeout=120,
                                  env=self.environ, cwd=self.folder)
            self.assertEqual(done.returncode, 0, (view, done))
            text = done.stdout.replace(b"heapring audit " + dump.encode(), b"heapring audit DUMP")
            said.append((view, text, done.stderr))
        return said

    def test_inlined_calls_and_lines_are_found_wherever_they_are(self):
        for name, tools, how in WAYS:
            with self.subTest(name):
                self.need(*tools)
                dump = self.build(name.replace(" ", "-"), how)
                stacks, warnings = self.stacks(dump)
                self.assertEqual(warnings, "")
                self.assert_has(stacks, INLINES)
                self.assert_has(stacks, ["shelf::Box<double>::make", "main"])
                rows = json.loads(self.run_it("top", "--lines", "--format", "json",
                                              dump).stdout)["rows"]
                line = {row["function"]: row["line"] for row in rows}
                self.assertEqual((line["deep"], line["outer"], line["visible"]), (9, 14, 19))

    def test_functions_without_a_linkage_name_are_told_apart(self):
        for name, how in (("plain", ""), ("link-time", "-flto"), ("split", "-gsplit-dwarf"),
                          ("outlined", "-fno-inline")):
            with self.subTest(name):
                folder, dump = self.path("lambdas-" + name), self.path(name + ".dump")
                os.makedirs(folder)
                subprocess.run(["g++", "-O2", "-g", *how.split(), LAMBDAS, "-o", "p"],
                               check=True, cwd=folder)
                self.run_it("run", "-q", "-o", dump, "--", os.path.join(folder, "p"))
                rows = json.loads(self.run_it("top", "--format", "json", dump).stdout)["rows"]
                flat = {row["function"]: row["flat"] for row in rows if row["flat"]}
                self.assertEqual({size: function for function, size in flat.items()
                                  if size <= 4000},
                                 {100: "main::{lambda@37}::operator()",
                                  200: "main::{lambda@38}::operator()",
                                  1000: "(anonymous namespace)::Shelf::fill::{lambda@24}"
                                        "::operator()",
                                  4000: "main::Local::add"})

    def test_filters_do_not_see_the_frames_that_are_left_out(self):
        dump = self.build("prog", WAYS[0][2])
        every = self.stacks(dump)[0]
        self.assertEqual(self.stacks(dump, "--ignore", "libheapring|^malloc$")[0], every)
        self.assertEqual(self.stacks(dump, "--focus", "libheapring|^malloc$")[0], [])
        self.assertEqual(self.stacks(dump, "--show-from", "^main$", "--hide", "^main$")[0], [])

    def test_symbols_without_debug_information_give_names(self):
        self.need("xz", "objcopy")
        stacks, _ = self.stacks(self.build("mini", MINI))
        self.assert_has(stacks, ["visible", "main"])
        self.assert_has(stacks, ["shelf::Box<double>::make", "main"])

    @unittest.skipUnless(os.uname().machine == "x86_64", "written in its assembly")
    def test_an_assembled_function_with_two_names_is_one_frame(self):
        source = self.path("two.S")
        with open(source, "w", encoding="ascii") as stream:
            stream.write(TWO_NAMES)
        subprocess.run(["gcc", "-g", source, "-o", self.path("two")], check=True)
        self.run_it("run", "-q", "-o", "two.dump", "--", self.path("two"))
        stack = self.run_it("traces", "-n", "1", "two.dump").stdout
        self.assertEqual(len(re.findall(r"\b(?:main|first|second)\b", stack)), 1, stack)

    def test_debug_information_that_cannot_be_used_is_said(self):
        stacks, warnings = self.stacks(self.build("lost", LOST))
        self.assert_has(stacks, ["visible", "main"])
        self.assertIn("1 of its .dwo files", warnings)
        try:
            dump = self.build("zstd", ZSTD)
        except subprocess.CalledProcessError:
            return  # these binutils know no zstd
        stacks, warnings = self.stacks(dump)
        self.assertTrue(stacks[0][:4] == INLINES or "zstd" in warnings, (stacks, warnings))

    def test_a_packed_dump_needs_no_files(self):
        dump, packed = self.build("prog", WAYS[0][2]), self.path("packed")
        before = self.views(dump)
        self.assertIn("functions at", self.run_it("pack", dump, "-o", packed).stderr)
        for (view, *plain), (_, *now) in zip(before, self.views(packed)):
            self.assertEqual(plain, now, view)
        os.rename(self.path("prog"), self.path("gone"))
        self.assertIn("/prog/p is not here", self.stacks(dump)[1])
        os.mkdir(self.path("prog"))
        with open(self.path("prog/p"), "w", encoding="utf-8") as other:
            other.write("no program")
        self.assertIn("/prog/p is no program or library any more", self.stacks(dump)[1])
        shutil.rmtree(self.path("prog"))
        for (view, text, errors), (_, *now) in zip(before, self.views(packed)):
            if view[0] != "list":  # the source is gone too
                self.assertEqual([text, errors], now, view)
        again, copied = self.path("again"), self.path("copied")
        self.run_it("pack", packed, "-o", again)
        self.run_it("dump", packed, "-o", copied)
        for path in (again, copied):
            with open(path, "rb") as one, open(packed, "rb") as other:
                self.assertEqual(one.read(), other.read())

    def test_packed_sources_are_listed_after_the_tree_is_gone(self):
        dump, packed = self.build("prog", WAYS[0][2]), self.path("packed")
        listed = self.run_it("list", "visible", dump).stdout
        self.assertIn("outer(bytes);", listed)
        self.run_it("pack", "--sources", dump, "-o", packed)
        os.rename(self.path("prog"), self.path("gone"))
        self.assertEqual(self.run_it("list", "visible", packed).stdout, listed)
        moved = self.run_it("list", "--source-path", self.path("gone"), "visible", packed).stdout
        self.assertEqual(moved, listed)

    def test_a_rebuilt_program_is_refused_and_not_misread(self):
        dump = self.build("prog", WAYS[0][2])
        with open(self.path("prog", "p.cc"), "r+") as source:
            text = "void *first(int n) { return malloc(n); }\nint main"
            changed = source.read().replace("int main", text)
            source.seek(0)
            source.write(changed)
        subprocess.run(WAYS[0][2], shell=True, check=True, cwd=self.path("prog"))
        stacks, warnings = self.stacks(dump)
        self.assertIn("not the file that was profiled (another build-id)", warnings)
        self.assertNotIn("main", sum(stacks, []))
        self.assertTrue(stacks[0][0].startswith("p+0x"), stacks)

    def test_a_live_program_keeps_its_names_when_its_file_is_replaced(self):
        os.makedirs(self.path("live"))
        program = self.path("live", "p")
        source = self.path("live", "p.cc")
        with open(SOURCE, encoding="utf-8") as stream:
            text = stream.read().replace("return 0;", "char b; return read(0, &b, 1) < 0;")
        with open(source, "w", encoding="utf-8") as stream:
            stream.write('extern "C" long read(int, void *, unsigned long);\n' + text)
        subprocess.run(["g++", "-O2", "-g", source, "-o", program], check=True)
        running = subprocess.Popen([HEAPRING, "run", "-q", "--", program], env=self.environ,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(running.wait)
        self.addCleanup(running.stdin.close)
        segment = self.wait_for_a_segment()
        os.unlink(program)
        shutil.copy(HEAPRING, program)
        self.assert_has(self.stacks(segment)[0], INLINES)

    def wait_for_a_segment(self):
        for _ in range(600):
            for name in os.listdir(self.environ["HEAPRING_DIR"]):
                path = os.path.join(self.environ["HEAPRING_DIR"], name)
                done = subprocess.run([HEAPRING, "traces", path], capture_output=True, text=True,
                                      env=self.environ)
                if "Box<double>::make" in done.stdout:
                    return path
            time.sleep(0.1)
        self.fail("the program did not get to its last allocation")

    def test_without_a_build_id_a_later_file_is_refused(self):
        dump = self.build("prog", WAYS[0][2] + " -Wl,--build-id=none")
        self.assert_has(self.stacks(dump)[0], INLINES)
        later = time.time() + 100
        os.utime(self.path("prog", "p"), (later, later))
        stacks, warnings = self.stacks(dump)
        self.assertIn("was written after the profile", warnings)
        self.assertTrue(stacks[0][0].startswith("p+0x"), stacks)

    def test_damaged_packed_symbols_are_refused_or_harmless(self):
        packed, broken = self.path("packed"), self.path("broken")
        self.run_it("pack", "--sources", self.build("prog", WAYS[0][2]), "-o", packed)
        with open(packed, "rb") as stream:
            good = stream.read()
        offset, length = struct.unpack_from("<QQ", good, HEADER_SYMBOLS)
        self.assertEqual(offset + length, len(good))
        draw = random.Random(5)
        refused = 0
        for turn in range(150):
            bad = bytearray(good)
            if turn % 3 == 0:  # a whole word of the tables
                at = offset + 4 * draw.randrange(min(length, 4000) // 4)
                struct.pack_into("<I", bad, at, draw.choice([0, 1, 2**31, 2**32 - 1, length]))
            elif turn % 3 == 1:
                bad[offset + draw.randrange(length)] ^= 1 << draw.randrange(8)
            else:
                at = HEADER_SYMBOLS + 8 * draw.randrange(2)
                struct.pack_into("<Q", bad, at, draw.choice([1, offset, 2**40, 2**64 - 1]))
            with open(broken, "wb") as stream:
                stream.write(bad)
            done = subprocess.run([HEAPRING, "list", ".", broken], capture_output=True,
                                  text=True, errors="replace", timeout=60, env=self.environ)
            self.assertIn(done.returncode, (0, 3), (turn, done))
            if done.returncode == 3:
                refused += 1
                self.assertEqual(done.stderr.count("\n"), 1, done)
        self.assertGreater(refused, 50)
        with open(broken, "wb") as stream:
            stream.write(good[:-100])
        self.assertIn("cut short", self.run_it("top", broken, status=3).stderr)

    def keep_names(self):
        """From now on with a store of names, as people have it."""
        self.environ.pop("HEAPRING_CACHE")
        self.environ["XDG_CACHE_HOME"] = self.path("cache")
        return self.path("cache", "heapring")

    def test_names_that_were_found_once_are_kept(self):
        dump = self.build("prog", WAYS[0][2])
        without = self.views(dump)
        folder = self.keep_names()
        self.assertEqual(self.views(dump), without)
        kept = os.listdir(folder)
        self.assertTrue(kept)
        for path in [folder] + [os.path.join(folder, name) for name in kept]:
            self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)
        self.assertEqual(self.views(dump), without)
        subprocess.run(["strip", self.path("prog", "p")], check=True)
        self.assertEqual(self.views(dump), without)
        self.assertEqual(os.listdir(folder), kept)
        self.assertNotIn("visible", sum(self.stacks(dump, HEAPRING_CACHE="0")[0], []))
        self.build("other", "g++ -O2 -g -DOTHER p.cc -o p")
        stacks, _ = self.stacks(self.path("other.dump"))
        self.assert_has(stacks, INLINES)

    def test_names_are_kept_only_when_no_later_file_could_know_more(self):
        self.need("objcopy")
        dump = self.build("prog", "g++ -O2 -g p.cc -o p && objcopy --only-keep-debug p later && "
                          "strip p && objcopy --add-gnu-debuglink=later p")
        os.rename(self.path("prog", "later"), self.path("later"))
        folder = self.keep_names()
        self.assertNotIn("visible", sum(self.stacks(dump)[0], []))
        os.rename(self.path("later"), self.path("prog", "later"))
        self.assert_has(self.stacks(dump)[0], INLINES)
        self.assertTrue(os.listdir(folder))

    def test_what_dwz_moved_away_and_is_lost_is_said_and_not_kept(self):
        self.need("dwz", "readelf")
        dump = self.build("prog", next(how for name, _, how in WAYS if name == "multifile"))
        os.rename(self.path("prog", "multi"), self.path("multi"))
        self.keep_names()
        self.assertIn("split by dwz", self.stacks(dump)[1])
        os.rename(self.path("multi"), self.path("prog", "multi"))
        stacks, warnings = self.stacks(dump)
        self.assert_has(stacks, INLINES)
        self.assertEqual(warnings, "")

    def test_damaged_names_are_found_again(self):
        dump = self.build("prog", WAYS[0][2])
        folder = self.keep_names()
        good = self.stacks(dump)
        (name, *_) = [name for name in os.listdir(folder)
                      if b"visible" in self.read(os.path.join(folder, name))]
        path = os.path.join(folder, name)
        content = self.read(path)
        draw = random.Random(3)
        for turn in range(60):
            bad = bytearray(content)
            if turn % 3 == 0:
                bad = bad[:draw.randrange(len(bad))]
            else:
                bad[draw.randrange(len(bad))] ^= 1 << draw.randrange(8)
            with open(path, "wb") as stream:
                stream.write(bad)
            self.assertEqual(self.stacks(dump), good, turn)
            self.assertEqual(self.read(path), content, turn)

    def read(self, path):
        with open(path, "rb") as stream:
            return stream.read()

    def test_many_readers_at_once_keep_whole_names(self):
        dumps = [self.build("prog%d" % i, WAYS[0][2]) for i in range(2)]
        alone = [self.stacks(dump)[0] for dump in dumps]
        folder = self.keep_names()
        for _ in range(4):
            readers = [subprocess.Popen([HEAPRING, "traces", "--format", "json", dumps[i % 2]],
                                        env=self.environ, stdout=subprocess.PIPE, text=True)
                       for i in range(12)]
            for i, reader in enumerate(readers):
                rows = json.loads(reader.communicate(timeout=120)[0])["rows"]
                names = [[frame["function"] for frame in row["stack"]] for row in rows]
                self.assertEqual(names, alone[i % 2])
            for name in os.listdir(folder):
                self.assertEqual(name.count("."), 1, name)  # nothing half written
                os.unlink(os.path.join(folder, name))

    def test_a_folder_that_others_may_write_is_not_used(self):
        dump = self.build("prog", WAYS[0][2])
        folder = self.keep_names()
        os.makedirs(folder)
        os.chmod(folder, 0o777)
        self.assert_has(self.stacks(dump)[0], INLINES)
        self.assertEqual(os.listdir(folder), [])

    def test_a_debuginfod_server_is_asked_only_when_told(self):
        self.need("debuginfod", "objcopy")
        dump = self.build("prog", "g++ -O2 -g p.cc -o p && mkdir ../served && "
                          "objcopy --only-keep-debug p ../served/p.debug && strip p")
        url = self.serve(self.path("served"), self.path("prog", "p"))
        ask = {"DEBUGINFOD_URLS": url, "DEBUGINFOD_CACHE_PATH": self.path("cache")}
        stacks, _ = self.stacks(dump, **ask)
        self.assertNotIn("visible", sum(stacks, []))
        self.assertFalse(os.path.exists(self.path("cache")))
        self.assert_has(self.stacks(dump, "--debuginfod", **ask)[0], INLINES)
        self.assert_has(self.stacks(dump, HEAPRING_DEBUGINFOD="1", **ask)[0], INLINES)
        os.rename(self.path("prog"), self.path("gone"))  # the program itself is gone too
        self.assert_has(self.stacks(dump, "--debuginfod", **ask)[0], INLINES)
        refused = self.run_it("top", "--debuginfod", dump, status=2)
        self.assertIn("DEBUGINFOD_URLS names no server", refused.stderr)

    def serve(self, folder, program):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(["debuginfod", "-d", ":memory:", "-p", str(port), "-F", folder],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env=self.environ)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        notes = subprocess.run(["readelf", "-n", program], capture_output=True, text=True).stdout
        build_id = notes.split("Build ID: ")[1].split()[0]
        url = "http://127.0.0.1:%d" % port
        for _ in range(600):
            try:
                urllib.request.urlopen("%s/buildid/%s/debuginfo" % (url, build_id), timeout=10)
                return url
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.fail("debuginfod does not serve %s" % build_id)

    @unittest.skipUnless(platform.machine() == "x86_64", "the code is for x86-64")
    def test_code_made_at_run_time_has_the_name_of_its_perf_map(self):
        dump, packed = self.path("dump"), self.path("packed")
        perf_map = self.run_it("run", "-q", "-o", dump, "--", JIT).stdout.strip()
        try:
            stacks, _ = self.stacks(dump)
            self.run_it("pack", dump, "-o", packed)
            os.utime(perf_map, (1, 1))  # another process of that pid, long ago
            self.assertNotIn("JS:hot loop.js:12", sum(self.stacks(dump)[0], []))
        finally:
            os.unlink(perf_map)
        self.assert_has(stacks, ["allocate", "JS:hot loop.js:12"])
        self.assertEqual(self.stacks(packed)[0], stacks)

if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
