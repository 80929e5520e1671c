#!/usr/bin/env python3
"""heapring doctor, and what heapring run says when nothing or only a part is counted.

Usage: run_doctor.py HEAPRING
Programs are made here, each for one thing that stands in the way.
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import time
import unittest

from profiled import HEAPRING, Profiled

CC = shutil.which("cc") or "/usr/bin/cc"
MAIN = """
#include <stdlib.h>
#include <string.h>
void *volatile kept;
int main(void) { for (int i = 0; i < 100; i++) kept = malloc(64); kept = strdup("x"); return 7; }
"""
BUMP = """
#include <stddef.h>
#include <errno.h>
static char heap[1 << 20]; static size_t used;
#define API %s
API void *malloc(size_t n) { n = (n + 31) / 16 * 16; if (n > sizeof heap - used) return 0;
 used += n; return heap + used - n; }
API void free(void *p) { (void)p; }
API void *calloc(size_t a, size_t b) { return malloc(a * b); }
API void *realloc(void *p, size_t n) { (void)p; return malloc(n); }
API int posix_memalign(void **p, size_t a, size_t n) { (void)a; *p = malloc(n); return *p ? 0 : ENOMEM; }
"""
HIDDEN = '__attribute__((visibility("hidden")))'


class Doctor(Profiled):
    def setUp(self):
        super().setUp()
        self.need(CC)

    def compile(self, name, *flags, code=MAIN):
        source, program = self.path(name + ".c"), self.path(name)
        with open(source, "w") as stream:
            stream.write(code)
        subprocess.run([CC, "-fno-builtin", source, "-o", program, *flags], check=True)
        return program

    def doctor(self, target, status, verdict, *saying, **kw):
        """Text and JSON agree; returns the JSON."""
        text = self.heapring("doctor", target, **kw)
        done = self.heapring("doctor", "--format", "json", target, **kw)
        self.assertEqual((text.returncode, done.returncode), (status, status), (text, done))
        self.assertEqual((text.stderr, done.stderr), (b"", b""))
        found = json.loads(done.stdout)
        self.assertEqual((found["view"], found["verdict"]), ("doctor", verdict), found)
        first = text.stdout.decode().splitlines()[0]
        for clause in saying:
            self.assertIn(clause, first)
        if verdict != "yes":
            self.assertTrue(found["reason"] and found["advice"], found)
        return found

    def finding(self, found, name):
        return next(f for f in found["findings"] if f["name"] == name)

    def run_says(self, program, *clauses, status=7):
        """One line besides the summary, and the program's own exit status."""
        done = self.heapring("run", "--", program)
        self.assertEqual(done.returncode, status, done)
        lines = [line for line in done.stderr.decode().splitlines()
                 if "NO ALLOCATION" in line or "ONLY A PART" in line]
        self.assertEqual(len(lines), 1 if clauses else 0, done.stderr)
        for clause in clauses:
            self.assertIn(clause, lines[0])

    def test_a_dynamic_program_can_be_profiled(self):
        program = self.compile("plain")
        found = self.doctor(program, 0, "yes", "can be profiled")
        self.assertEqual(found["modules"][0]["path"], program)
        self.assertEqual(found["modules"][0]["malloc"], "imported")
        self.assertIn("libc.so", self.finding(found, "allocator")["text"])
        self.assertEqual(self.finding(found, "shim")["status"], "ok")
        self.run_says(program)

    def test_static_programs_cannot(self):
        for flag in ("-static", "-static-pie"):
            program = self.compile("static", flag)
            self.doctor(program, 4, "no", "cannot be profiled", "statically linked")
            self.run_says(program, "NO ALLOCATION", "statically linked", "without -static")

    def test_a_sanitizer_has_to_be_the_first_library_and_runs_without_the_shim(self):
        for flag, library in (("address", "libasan"), ("thread", "libtsan")):
            try:
                program = self.compile("sanitized", "-fsanitize=" + flag)
            except subprocess.CalledProcessError:
                self.skipTest("no %s here" % library)
            self.doctor(program, 4, "no", "cannot be profiled", library)
            done = self.heapring("run", "--", program, env={"ASAN_OPTIONS": "detect_leaks=0"})
            self.assertEqual(done.returncode, 7, done)
            self.assertRegex(done.stderr, b"^heapring: NO ALLOCATION WAS SEEN: [^\n]*%s[^\n]*\n$" % library.encode())

    def test_a_malloc_that_the_program_exports_comes_first(self):
        program = self.compile("exports", code=MAIN + BUMP % "")
        found = self.doctor(program, 4, "no", "exports a malloc of its own")
        self.assertEqual(found["modules"][0]["malloc"], "exported")
        self.run_says(program, "NO ALLOCATION", "exports a malloc", "to do: ")

    def test_a_hidden_malloc_leaves_what_the_libraries_allocate(self):
        program = self.compile("hidden", code=MAIN.replace("return 7", "setenv(\"A\", \"b\", 1); return 7")
                               + BUMP % HIDDEN)
        self.doctor(program, 0, "part", "can be profiled in part", "linked in for itself")
        self.run_says(program, "ONLY A PART", "linked in for itself")

    def test_a_symbolic_library_with_a_malloc_is_seen_in_part(self):
        library = self.compile("libown.so", "-shared", "-fPIC", "-Wl,-Bsymbolic", code=BUMP % "")
        program = self.compile("uses", library, "-Wl,-rpath," + self.folder)
        found = self.doctor(program, 0, "part", "-Bsymbolic")
        self.assertIn("libown.so", self.finding(found, "allocator")["text"])

    def test_another_allocator_behind_the_shim_is_named(self):
        library = self.compile("libown.so", "-shared", "-fPIC", code=BUMP % "")
        found = self.doctor(self.compile("uses", library, "-Wl,-rpath," + self.folder), 0, "yes")
        self.assertIn("libown.so", self.finding(found, "allocator")["text"])

    def test_a_missing_library_and_another_libc_and_processor(self):
        library = self.compile("libgone.so", "-shared", "-fPIC", code="int gone(void) { return 0; }")
        program = self.compile("missing", "-Wl,--no-as-needed", library)
        os.unlink(library)
        self.doctor(program, 4, "no", "libgone.so")
        musl = self.compile("musl", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1")
        self.doctor(musl, 4, "no", "musl")
        other = self.compile("other")
        with open(other, "r+b") as stream:
            stream.seek(18)
            stream.write(struct.pack("<H", 243))  # RISC-V
        self.doctor(other, 4, "no", "another kind of processor")

    def test_scripts_are_followed_to_their_interpreter(self):
        for line in ("#!/bin/sh -e", "#!/usr/bin/env sh", "#! /usr/bin/env -S sh -e"):
            script = self.path("script")
            with open(script, "w") as stream:
                stream.write(line + "\nexit 7\n")
            os.chmod(script, 0o755)
            found = self.doctor(script, 0, "yes")
            self.assertEqual(self.finding(found, "script")["status"], "note")
            self.assertNotIn("/env", found["program"])
        with open(script, "w") as stream:
            stream.write("#!" + script + "\n")
        self.assertEqual(self.heapring("doctor", script).returncode, 3)

    def test_modules_without_unwind_information_or_symbols_are_named(self):
        program = self.compile("bare", "-Wl,--no-eh-frame-hdr", "-s")
        found = self.doctor(program, 0, "yes")
        self.assertIn("bare", self.finding(found, "stacks")["text"])
        self.assertEqual(self.finding(found, "names")["status"], "note")
        self.assertFalse(found["modules"][0]["unwind_information"])
        self.assertFalse(found["modules"][0]["symbols"])

    def test_privileges_of_the_file_matter(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to give a file away")
        program = self.compile("privileged")
        os.chmod(program, 0o4755)
        os.chmod(self.folder, 0o755)
        os.chmod(self.segments, 0o1777)
        self.doctor(program, 4, "no", "set-uid", user=65534, cwd="/")
        self.doctor(program, 0, "yes")  # root runs it as itself
        if shutil.which("setcap"):
            os.chmod(program, 0o755)
            subprocess.run(["setcap", "cap_net_raw+ep", program], check=True)
            self.doctor(program, 4, "no", "file capabilities", user=65534, cwd="/")

    def test_processes(self):
        sleeper = subprocess.Popen(["sleep", "60"])
        self.addCleanup(sleeper.wait)
        self.addCleanup(sleeper.kill)
        found = self.doctor(str(sleeper.pid), 4, "yes", "is not profiled")
        self.assertFalse(found["profiled"])
        self.assertEqual(self.finding(found, "start again")["text"], "heapring run -- sleep 60")
        env = dict(os.environ, HEAPRING_DIR=self.segments)
        run = subprocess.Popen([HEAPRING, "run", "-q", "--", "sleep", "60"], env=env)
        self.addCleanup(run.wait)
        self.addCleanup(run.terminate)
        pid = self.wait_for_segment()
        found = self.doctor(pid, 0, "yes", "is profiled")
        self.assertTrue(found["profiled"])
        self.assertEqual(self.finding(found, "seccomp")["text"], "none")
        self.assertEqual(self.heapring("doctor", "999999999").returncode, 4)

    def wait_for_segment(self):
        for _ in range(600):
            names = os.listdir(self.segments)
            if names and self.heapring("top", os.path.join(self.segments, names[0])).returncode == 0:
                return names[0].split(".")[1]
            time.sleep(0.05)
        self.fail("no segment came")

    def test_what_cannot_be_read_is_status_3(self):
        for target in ("/etc/passwd", self.path("none"), self.folder, "/dev/zero", "no-such-program"):
            done = self.heapring("doctor", target)
            self.assertEqual((done.returncode, done.stdout), (3, b""), done)
            self.assertEqual(done.stderr.count(b"\n"), 1, done)
        self.assertEqual(self.heapring("doctor").returncode, 2)

    def test_damaged_files_get_an_answer(self):
        with open(self.compile("whole"), "rb") as stream:
            whole = stream.read()
        draw = random.Random(1)
        for _ in range(25):
            data = bytearray(whole[:draw.choice((len(whole), draw.randrange(len(whole))))])
            for _ in range(draw.randrange(1, 20)):
                if data:
                    data[draw.randrange(min(len(data), 2048))] = draw.randrange(256)
            damaged = self.path("damaged")
            with open(damaged, "wb") as stream:
                stream.write(data)
            done = self.heapring("doctor", "--format", "json", damaged)
            self.assertIn(done.returncode, (0, 3, 4), done)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
