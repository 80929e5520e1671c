#!/usr/bin/env python3
"""heapring guard: dumps at levels, of unhealthy and of killed processes.

Usage: run_guard.py HEAPRING CHURN DIES
"""
import json
import os
import signal
import subprocess
import time

from memory_group import try_group
from profiled import ARGS, HEAPRING, Profiled, environment, main, shim

CHURN, DIES = ARGS
MIB = 1 << 20


class Guard(Profiled):
    def setUp(self):
        super().setUp()
        self.dumps = self.path("dumps")
        os.mkdir(self.dumps)
        self.counts = self.path("counts")
        with open(self.counts, "wb") as stream:
            stream.write(bytes(4096))

    def start(self, argv, group=None):
        env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments,
                          HEAPRING_INTERVAL="20ms")
        process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL,
                                   preexec_fn=group.enter if group else None)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for _ in range(1000):
            if self.heapring("top", "-n", "1", str(process.pid)).returncode == 0:
                return process
            time.sleep(0.02)
        self.fail("no profile")

    def dies(self, rate, group=None):
        return self.start([DIES, self.counts, "1", str(rate)], group)

    def guard(self, pid, *args):
        return self.heapring("guard", "-o", self.dumps, "--every", "20ms", *args, str(pid))

    def begin(self, pid, *args):
        """A guard beside us; it watches once it has the segment open and waits."""
        process = subprocess.Popen(
            [HEAPRING, "guard", "-o", self.dumps, "--every", "20ms", *args, str(pid)],
            env=environment(HEAPRING_DIR=self.segments), stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        for _ in range(1000):
            if self.has_open(process.pid):
                break
            time.sleep(0.02)
        time.sleep(0.3)  # its signals are taken just after that
        return process

    def has_open(self, pid):
        folder = "/proc/%d/fd/" % pid
        try:
            return any(os.readlink(folder + fd).startswith(self.segments)
                       for fd in os.listdir(folder))
        except OSError:
            return False

    def names(self):
        return sorted(os.listdir(self.dumps))

    def live(self, name):
        return self.read(os.path.join(self.dumps, name))["total"]["inuse_space"]

    def test_levels_are_dumped_in_their_order(self):
        process = self.dies(20_000_000)
        done = self.guard(process.pid, "--at", "20MiB,40MiB", "--for", "4s")
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(self.names(), ["guard.%d.001.at-20MiB.dump" % process.pid,
                                        "guard.%d.002.at-40MiB.dump" % process.pid])
        first, second = [self.live(name) for name in self.names()]
        self.assertLess(first, second)
        self.assertLess(second, 60 * MIB)
        diff = self.heapring("diff", *[os.path.join(self.dumps, name) for name in self.names()])
        self.assertIn(b"forget", diff.stdout)

    def test_nothing_happens(self):
        process = self.start([CHURN, "60"])
        done = self.guard(process.pid, "--at", "8GiB", "--for", "200ms")
        self.assertEqual((done.returncode, done.stderr, self.names()), (0, b"", []))

    def test_files_are_bounded_and_only_its_own_are_removed(self):
        process = self.dies(30_000_000)
        other = os.path.join(self.dumps, "guard.%d.001.at-12MiB.dump" % process.pid)
        with open(other, "wb") as stream:
            stream.write(b"not ours")
        done = self.guard(process.pid, "--at", "12MiB,16MiB,20MiB,24MiB", "--keep", "2",
                          "--for", "3s")
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual([name.split(".", 2)[2] for name in self.names()],
                         ["001.at-12MiB.dump", "004.at-20MiB.dump", "005.at-24MiB.dump"])
        with open(other, "rb") as stream:
            self.assertEqual(stream.read(), b"not ours")

    def test_a_failing_health_check_is_dumped_once(self):
        process = self.start([CHURN, "60"])
        done = self.guard(process.pid, "--at", "8GiB", "--when-fails", "exit 3",
                          "--check-every", "50ms", "--for", "1s")
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual([name.split(".")[3] for name in self.names()], ["unhealthy"])
        self.assertIn(b"the health check fails: wrote", done.stderr)

    def test_it_counts_again_after_it_passed(self):
        process = self.start([CHURN, "60"])
        toggle = self.path("toggle")
        check = "[ -e %s ] && rm %s && exit 0; touch %s; exit 1" % (toggle, toggle, toggle)
        done = self.guard(process.pid, "--at", "8GiB", "--when-fails", check,
                          "--check-every", "50ms", "--for", "2s")
        self.assertEqual(done.returncode, 1, done)
        self.assertGreater(len(self.names()), 1)
        self.assertIn(b"the health check passes again", done.stderr)

    def test_a_command_is_told_of_the_dump(self):
        process = self.start([CHURN, "60"])
        said = self.path("said")
        self.guard(process.pid, "--at", "1MiB", "--for", "300ms", "--exec",
                   'echo "$HEAPRING_PID $HEAPRING_DUMP $HEAPRING_REASON" >> ' + said)
        with open(said, encoding="utf-8") as stream:
            (line,) = stream.read().splitlines()
        self.assertTrue(line.startswith("%d %s/guard." % (process.pid, self.dumps)), line)
        self.assertIn("1MiB: ", line)

    def test_a_killed_process_is_dumped_even_when_its_segment_is_gone(self):
        process = self.dies(5_000_000)
        guard = self.begin(process.pid, "--at", "8GiB")
        self.assertEqual(self.names(), [])
        process.kill()
        process.wait()
        for name in os.listdir(self.segments):
            os.unlink(os.path.join(self.segments, name))
        said = guard.communicate(timeout=30)[1]
        self.assertEqual(guard.returncode, 1, said)
        self.assertEqual([name.split(".")[3] for name in self.names()], ["killed"])
        top = self.read(os.path.join(self.dumps, self.names()[0]))
        self.assertEqual(top["process"]["state"], "killed")
        self.assertEqual(top["rows"][0]["function"], "forget")

    def test_a_process_that_ends_well_is_no_event(self):
        process = self.start([CHURN, "15"])
        done = self.guard(process.pid, "--at", "8GiB")
        self.assertEqual((done.returncode, self.names()), (0, []), done)
        self.assertIn(b"exited 0", done.stderr)

    def test_it_ends_with_a_signal(self):
        process = self.start([CHURN, "60"])
        guard = self.begin(process.pid, "--at", "8GiB")
        guard.send_signal(signal.SIGTERM)
        self.assertEqual(guard.wait(20), 0)

    def test_a_folder_that_is_not_there_is_said_and_the_watch_goes_on(self):
        process = self.start([CHURN, "15"])
        done = self.heapring("guard", "-o", self.path("missing"), "--every", "20ms", "--at",
                             "1MiB", str(process.pid))
        self.assertEqual(done.returncode, 3, done)
        self.assertIn(b"no dump", done.stderr)
        self.assertIn(b"exited 0", done.stderr)

    def test_wrong_levels_and_targets(self):
        for level in ("0%", "101%", "x", "", "70%,", "1,2,3,4,5,6,7,8,9"):
            self.assertEqual(self.guard(1, "--at", level).returncode, 2, level)
        self.assertEqual(self.guard(os.getpid()).returncode, 4)

    def test_levels_of_a_real_group(self):
        group = try_group(64 * MIB)
        if not group:
            self.skipTest("no control group can be made here")
        self.addCleanup(group.remove)
        process = self.dies(20_000_000, group)
        done = self.guard(process.pid, "--at", "50%,80%")
        self.assertEqual(process.wait(30), -signal.SIGKILL)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual([name.split(".")[3] for name in self.names()],
                         ["at-50pct", "at-80pct", "killed"])
        self.assertIn(b"of 64.0MiB used in its group", done.stderr)
        audit = self.heapring("audit", "--format", "json",
                              os.path.join(self.dumps, self.names()[2]))
        self.assertEqual(json.loads(audit.stdout)["verdict"], "leak")


if __name__ == "__main__":
    main()
