#!/usr/bin/env python3
"""The folder of segments is everybody's: what others put there, and what they may see.

Usage: run_hostile.py HEAPRING MAKE_SEGMENT
"""
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest

from profiled import ARGS, HEAPRING, Profiled

MAKE_SEGMENT = os.path.abspath(ARGS[0])
NOBODY = 65534
PAGE = 4096


class Hostile(Profiled):
    def segment(self, name, kind="example"):
        path = os.path.join(self.segments, name)
        subprocess.run([MAKE_SEGMENT, kind, path], check=True)
        return path

    def fails(self, status, *args, saying="", **kw):
        done = self.heapring(*args, **kw)
        self.assertEqual(done.returncode, status, done)
        self.assertEqual((done.stdout, done.stderr.count(b"\n")), (b"", 1), done)
        self.assertIn(saying, done.stderr.decode())

    def open_folders(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        os.chmod(self.folder, 0o755)
        os.chmod(self.segments, 0o1777)

    def live(self, **kw):
        """A profiled process that runs: its pid and its segment."""
        env = dict(os.environ, HEAPRING_DIR=self.segments)
        run = subprocess.Popen([HEAPRING, "run", "-q", "--", "sleep", "100"], env=env, **kw)
        self.addCleanup(run.wait)
        self.addCleanup(run.terminate)
        for _ in range(1200):
            for name in os.listdir(self.segments):
                path = os.path.join(self.segments, name)
                if self.heapring("top", path).returncode == 0:
                    return int(name.split(".")[1]), path
            time.sleep(0.05)
        self.fail("no segment came")

    def test_a_segment_is_its_owners_alone_whatever_the_umask(self):
        pid, path = self.live(umask=0)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)
        self.open_folders()
        self.fails(3, "top", str(pid), saying="Permission denied", user=NOBODY, cwd="/")
        self.fails(3, "top", path, saying="Permission denied", user=NOBODY, cwd="/")
        done = self.heapring("ps", user=NOBODY, cwd="/")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(b"1 left out", done.stderr)
        self.assertEqual(self.heapring("clean", user=NOBODY, cwd="/").returncode, 0)
        self.assertTrue(os.path.exists(path))

    def test_a_planted_segment_neither_hides_nor_replaces_the_real_one(self):
        self.open_folders()
        pid, path = self.live()
        planted = self.segment("heapring.%d.%d" % (pid, 2**63))
        os.chmod(planted, 0o666)
        os.chown(planted, NOBODY, NOBODY)
        top = self.read(str(pid))
        self.assertEqual((top["process"]["pid"], top["process"]["state"]), (pid, "live"))
        os.rename(path, self.path("elsewhere"))
        self.fails(3, "top", str(pid), saying="belongs to user %d" % NOBODY)

    def test_what_is_no_regular_file_is_refused_at_once(self):
        os.mkfifo(os.path.join(self.segments, "heapring.4000001.1"))
        os.mkdir(os.path.join(self.segments, "heapring.4000002.1"))
        plug = socket.socket(socket.AF_UNIX)
        self.addCleanup(plug.close)
        plug.bind(os.path.join(self.segments, "heapring.4000003.1"))
        os.symlink(self.segment("heapring.4000009.1"),
                   os.path.join(self.segments, "heapring.4000004.1"))
        os.symlink("/dev/zero", os.path.join(self.segments, "heapring.4000005.1"))
        for pid, why in ((4000001, "regular"), (4000002, "regular"), (4000003, "cannot open"),
                         (4000004, "symbolic"), (4000005, "symbolic")):
            self.fails(3, "top", str(pid), saying=why)
        done = self.heapring("ps")
        self.assertIn(b"5 left out", done.stderr)
        self.assertIn(b"4000009", done.stdout)

    def test_a_huge_sparse_file_costs_nothing(self):
        for name, head in (("heapring.4000001.1", b""), ("heapring.4000002.1", None)):
            path = os.path.join(self.segments, name)
            if head is None:  # a live segment's header that claims all there may be
                self.segment(name)
                with open(path, "r+b") as stream:
                    data = bytearray(stream.read(PAGE))
                    data[20:32] = (1 << 24).to_bytes(4, "little") + (1 << 15).to_bytes(
                        4, "little") + (1 << 24).to_bytes(4, "little")
                    data[44:48] = bytes(4)  # kind: live
                    stream.seek(0)
                    stream.write(data)
            with open(path, "ab") as stream:
                stream.truncate(1 << 40)
            done = self.heapring("top", path)
            self.assertIn(done.returncode, (0, 3), done)
        self.assertEqual(self.heapring("ps").returncode, 0)

    def test_a_process_that_ended_before_its_segment_was_filled_in(self):
        dead = subprocess.Popen(["true"])
        dead.wait()
        path = os.path.join(self.segments, "heapring.%d.1" % dead.pid)
        with open(path, "wb") as stream:
            stream.truncate(64 * PAGE)
        self.fails(3, "top", path, saying="ended before it could fill it in")
        self.fails(3, "top", str(dead.pid), saying="heapring clean")
        os.utime(path, (1, 1))
        self.assertEqual(self.heapring("clean").returncode, 0)
        self.assertFalse(os.path.exists(path))

    def test_a_file_that_is_cut_while_it_is_read_is_an_error_and_no_crash(self):
        path, whole = self.segment("heapring.4000001.1"), self.segment("whole")
        end = threading.Event()

        def cut():
            while not end.is_set():
                shutil.copyfile(whole, self.path("next"))
                os.truncate(path, 3 * PAGE)
                os.replace(self.path("next"), path)
                os.truncate(path, PAGE // 2)

        cutter = threading.Thread(target=cut)
        cutter.start()
        try:
            for view in (("top",), ("traces",), ("dump", "-o", self.path("dump"))) * 25:
                done = self.heapring(*view, path)
                self.assertIn(done.returncode, (0, 3), done)
                self.assertLessEqual(done.stderr.count(b"\n"), 1)
        finally:
            end.set()
            cutter.join()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
