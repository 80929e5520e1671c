#!/usr/bin/env python3
"""Control groups of version 2, where the machine need not have them.

Usage: run_cgroup2.py HEAPRING CHURN
A tree of files as the kernel documents them (admin-guide/cgroup-v2) is mounted over
/sys/fs/cgroup in a mount namespace of the test's own, and /proc/PID/cgroup says so.
"""
import json
import os
import shutil
import signal
import subprocess
import time

import profiled
from profiled import ARGS, HEAPRING, Profiled, environment, shim

CHURN = os.path.abspath(ARGS[0])
MIB = 1 << 20
GROUP = "/shop.slice/shop-web.service"
STAT = {"anon": 150 * MIB, "file": 60 * MIB, "kernel": 9 * MIB, "kernel_stack": 81920,
        "pagetables": 2 * MIB, "sock": 4096, "shmem": 20 * MIB, "file_mapped": 12 * MIB,
        "inactive_anon": 100 * MIB, "active_anon": 50 * MIB, "inactive_file": 30 * MIB,
        "active_file": 10 * MIB, "slab": 5 * MIB, "workingset_refault_file": 0}
LEAK = """
import time
held = []
while True:
    held.append(bytes(4000))
    time.sleep(0.01)
"""
PRESSURE = ("some avg10=12.50 avg60=7.25 avg300=1.00 total=123456\n"
            "full avg10=3.75 avg60=2.00 avg300=0.50 total=23456\n")
# root and the slice in between: the limit that counts is the service's
FILES = {
    "": {"cgroup.controllers": "cpu memory pids\n", "cgroup.procs": ""},
    "/shop.slice": {"memory.current": "%d\n" % (400 * MIB), "memory.max": "max\n",
                    "memory.high": "max\n", "memory.stat": "anon 0\n",
                    "memory.events": "low 0\nhigh 0\nmax 0\noom 5\noom_kill 5\n",
                    "cgroup.procs": ""},
    GROUP: {"memory.current": "%d\n" % (240 * MIB), "memory.max": "%d\n" % (256 * MIB),
            "memory.high": "%d\n" % (200 * MIB), "memory.swap.max": "0\n",
            "memory.stat": "".join("%s %d\n" % item for item in STAT.items()),
            "memory.events": "low 0\nhigh 431\nmax 17\noom 3\noom_kill 2\noom_group_kill 0\n",
            "memory.pressure": PRESSURE, "cgroup.procs": "11\n12\n13\n"},
}
# $1: the tree, $2: the file for /proc/PID/cgroup, $3: PID or "self", the rest: what is run
INSIDE = 'mount --bind "$1" /sys/fs/cgroup || exit 77; ' \
         'if [ "$3" = self ]; then pid=$$; else pid=$3; fi; ' \
         'mount --bind "$2" /proc/$pid/cgroup || exit 77; shift 3; exec "$@"'


class Version2(Profiled):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or not shutil.which("unshare") or not os.path.isdir("/sys/fs/cgroup"):
            self.skipTest("needs root and a mount namespace")
        self.tree, self.own = self.path("tree"), self.path("own-group")
        for group, files in FILES.items():
            for name, text in files.items():
                self.put(group, name, text)
        with open(self.own, "w", encoding="ascii") as stream:
            stream.write("0::%s\n" % GROUP)

    def put(self, group, name, text):
        os.makedirs(self.tree + group, exist_ok=True)
        with open(self.tree + group + "/" + name, "w", encoding="ascii") as stream:
            stream.write(text)

    def argv(self, pid, *argv):
        return ["unshare", "--mount", "sh", "-c", INSIDE, "sh", self.tree, self.own, str(pid),
                *argv]

    def in_version_2(self, pid, *args):
        done = subprocess.run(self.argv(pid, HEAPRING, *args), capture_output=True, timeout=60,
                              env=environment(HEAPRING_DIR=self.segments), check=False)
        if done.returncode == 77:
            self.skipTest("nothing can be mounted here: %s" % done.stderr.decode())
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        return done.stdout

    def start(self, *argv, **more):
        process = subprocess.Popen([HEAPRING, "run", "-q", "--", *(argv or (CHURN, "60"))],
                                   stdout=subprocess.DEVNULL,
                                   env=environment(HEAPRING_DIR=self.segments, **more))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        pid = profiled.wait_for_pid(self.segments)
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        return str(pid)

    def test_rss_adds_the_charge_up(self):
        pid = self.start()
        charge = json.loads(self.in_version_2(pid, "rss", "--format", "json", pid))["cgroup"]
        self.assertEqual(charge, {
            "version": 2, "path": "/sys/fs/cgroup" + GROUP, "use": 240 * MIB,
            "limit": 256 * MIB, "processes": 3, "anonymous": 150 * MIB, "cache": 40 * MIB,
            "shared": 20 * MIB, "kernel": 9 * MIB, "rest": 21 * MIB})
        text = self.in_version_2(pid, "rss", pid).decode()
        self.assertIn("charged with 240MiB of 256MiB, for 3 processes", text)

    def triage(self, pid):
        (group,) = json.loads(self.in_version_2(pid, "triage", "--format", "json"))["groups"]
        return group

    def test_triage_tells_the_group_s_limit_kills_and_pressure(self):
        group = self.triage(self.start())
        self.assertEqual(group["name"], GROUP)
        self.assertEqual((group["limit"], group["charged"], group["used"]),
                         (256 * MIB, 240 * MIB, 210 * MIB))  # less the inactive file pages
        self.assertEqual(group["oom_kills"], 2)
        self.assertEqual((group["high"], group["held_back"]), (200 * MIB, 431))
        self.assertEqual(group["pressure"], {"some_10s": 12.5, "some_60s": 7.25,
                                             "full_10s": 3.75, "full_60s": 2.0})

    def test_triage_on_a_screen(self):
        text = self.in_version_2(self.start(), "triage").decode()
        self.assertIn("210MiB of 256MiB used (82.03%)", text)
        self.assertIn("slowed above 200MiB", text)
        self.assertIn("2 in this group", text)

    def test_the_tightest_group_up_the_tree_counts(self):
        self.put("/shop.slice", "memory.max", "%d\n" % (128 * MIB))
        self.put("/shop.slice", "memory.current", "%d\n" % (100 * MIB))
        group = self.triage(self.start())
        self.assertEqual((group["name"], group["limit"], group["charged"]),
                         ("/shop.slice", 128 * MIB, 100 * MIB))
        self.assertEqual((group["oom_kills"], group["high"]), (5, None))

    def test_without_a_limit_there_is_none(self):
        self.put(GROUP, "memory.max", "max\n")
        pid = self.start()
        said = json.loads(self.in_version_2(pid, "triage", "--format", "json"))
        self.assertEqual(said["groups"], [])
        charge = json.loads(self.in_version_2(pid, "rss", "--format", "json", pid))["cgroup"]
        self.assertEqual((charge["use"], charge["limit"]), (240 * MIB, None))

    def test_a_container_that_sees_its_own_group_at_the_root(self):
        for name, text in FILES[GROUP].items():
            self.put("", name, text)
        shutil.rmtree(self.tree + "/shop.slice")
        self.assertEqual(self.triage(self.start())["limit"], 256 * MIB)

    def test_the_audit_knows_the_limit(self):
        """46 MiB are left: so many seconds at the rate that it found."""
        pid = self.start("/usr/bin/python3", "-c", LEAK, PYTHONMALLOC="malloc",
                         HEAPRING_INTERVAL="50ms")
        time.sleep(4)
        said = json.loads(self.in_version_2(pid, "audit", "--duration", "1s", "--format",
                                            "json", pid))
        self.assertEqual(said["verdict"], "leak", said["evidence"])
        self.assertAlmostEqual(said["eta_to_limit_s"] * said["rate_bytes_per_s"], 46 * MIB,
                               delta=MIB)

    def test_damaged_files_are_no_figures(self):
        for name in ("memory.current", "memory.max", "memory.events", "memory.stat",
                     "memory.pressure", "memory.high"):
            self.put(GROUP, name, "what is this\n-1 99999999999999999999999\n")
        pid = self.start()
        for view in (("triage",), ("rss", pid)):
            self.in_version_2(pid, *view)

    def test_snapshots_at_a_share_of_memory_max(self):
        """The shim reads the limit by itself: a tenth of 256 MiB is reached, half is not."""
        script = "import time\nheld = []\nfor _ in range(60):\n" \
                 " held.append(b'x' * (1 << 20))\n time.sleep(0.03)"
        done = subprocess.run(
            self.argv("self", "env", "LD_PRELOAD=" + shim(), "/usr/bin/python3", "-c", script),
            env=environment(HEAPRING_DIR=self.segments, PYTHONMALLOC="malloc",
                            HEAPRING_SNAPSHOT_AT="10%,50%", HEAPRING_ONLY="python3*",
                            HEAPRING_INTERVAL="50ms"),
            capture_output=True, timeout=60, check=False)
        if done.returncode == 77:
            self.skipTest("nothing can be mounted here")
        self.assertEqual(done.returncode, 0, done)
        (name,) = os.listdir(self.segments)
        taken = self.read(os.path.join(self.segments, name) + "@10%")["snapshot"]
        self.assertEqual(taken["level"], 256 * MIB // 100 * 10)
        self.assertNotEqual(self.heapring("top", os.path.join(self.segments, name) + "@50%")
                            .returncode, 0)


if __name__ == "__main__":
    profiled.main()
