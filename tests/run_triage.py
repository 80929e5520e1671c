#!/usr/bin/env python3
"""heapring triage: one screen, for everybody, on every machine.

Usage: run_triage.py HEAPRING CHURN DIES
"""
import json
import os
import shutil
import signal
import subprocess
import time

from memory_group import try_group
from profiled import ARGS, HEAPRING, Profiled, environment, main, shim

CHURN, DIES = ARGS
NOBODY = 65534
MIB = 1 << 20


class Triage(Profiled):
    def start(self, argv, group=None, interval="20ms", **kw):
        env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments,
                          HEAPRING_INTERVAL=interval)
        process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL,
                                   preexec_fn=group.enter if group else None, **kw)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def dies(self, rate, group=None):
        counts = self.path("counts")
        with open(counts, "wb") as stream:
            stream.write(bytes(4096))
        return self.start([DIES, counts, "1", str(rate)], group)

    def triage(self):
        """Once more while a verdict is late: other tests may have the CPUs."""
        for _ in range(30):
            done = self.heapring("triage", "--format", "json")
            self.assertEqual((done.returncode, done.stderr), (0, b""), done)
            triage = json.loads(done.stdout)
            audits = [row["audit"] for row in triage["rows"] + triage["killed"]]
            if "late" not in [audit["answer"] for audit in audits if audit]:
                break
        return triage

    def screen(self):
        for _ in range(30):
            text = self.heapring("triage").stdout
            if b"not in time" not in text:
                break
        return self.check_screen(text)

    def row(self, triage, pid):
        return [row for row in triage["rows"] if row["pid"] == pid][0]

    def check_screen(self, text):
        lines = text.decode().splitlines()
        self.assertLessEqual(len(lines), 24, text)
        for line in lines:
            self.assertLessEqual(len(line), 80, line)
        return lines

    def test_a_leak_is_found_and_named(self):
        process = self.dies(2_000_000)
        time.sleep(3)
        triage = self.triage()
        row = self.row(triage, process.pid)
        self.assertTrue(row["profiled"])
        self.assertEqual(row["audit"]["verdict"], "leak", row)
        self.assertIn("forget", row["audit"]["culprit"])
        self.assertGreater(row["audit"]["rate_bytes_per_s"], 1_000_000)
        self.assertGreater(row["rss_bytes_per_s"], 500_000)
        self.assertIsNotNone(row["pss"])
        self.assertEqual(triage["next"][0], "heapring audit %d" % process.pid)
        lines = self.screen()
        self.assertTrue([line for line in lines if "leak: " in line and "forget" in line], lines)
        self.assertIn("next: heapring audit %d" % process.pid, lines)

    def test_figures_are_those_of_proc(self):
        process = self.start([CHURN, "60"])
        time.sleep(0.5)
        triage = self.triage()
        with open("/proc/meminfo", encoding="ascii") as stream:
            total = int(stream.readline().split()[1]) << 10
        self.assertEqual(triage["machine"]["total"], total)
        self.assertEqual(triage["machine"]["pressure"] is None,
                         not os.path.exists("/proc/pressure/memory"))
        row = self.row(triage, process.pid)
        with open("/proc/%d/statm" % process.pid, encoding="ascii") as stream:
            resident = int(stream.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        self.assertLess(abs(row["rss"] - resident), 8 * MIB)
        self.assertEqual([row["rss"] for row in triage["rows"]],
                         sorted((row["rss"] for row in triage["rows"]), reverse=True))
        self.assertLessEqual(len(triage["rows"]), 8)

    def test_the_group_and_its_kills(self):
        group = try_group(48 * MIB)
        if not group:
            self.skipTest("no control group can be made here")
        self.addCleanup(group.remove)
        killed = self.dies(60_000_000, group)
        self.assertEqual(killed.wait(30), -signal.SIGKILL)
        process = self.dies(2_000_000, group)
        time.sleep(3)
        triage = self.triage()
        name = os.path.basename(group.folder)
        (found,) = [one for one in triage["groups"] if one["name"].endswith(name)]
        self.assertEqual((found["limit"], found["oom_kills"]), (48 * MIB, 1))
        self.assertGreater(found["used"], 2 * MIB)
        self.assertLessEqual(found["used"], found["charged"])
        self.assertEqual(self.row(triage, process.pid)["limit"], 48 * MIB)
        self.assertLess(found["eta_s"] or 1e9, 120)
        self.assertEqual(triage["killed"][0]["pid"], killed.pid)
        self.assertGreater(triage["killed"][0]["inuse_space"], 20 * MIB)
        self.assertGreater(triage["oom"]["count"], 0)
        if triage["oom"]["log"] is not None:
            self.assertIn(killed.pid, [kill["pid"] for kill in triage["oom"]["log"]])
        lines = self.screen()
        self.assertTrue([line for line in lines if "killed" in line and "forget" in line], lines)

    def test_a_damaged_profile_takes_nothing_with_it(self):
        process = self.start([CHURN, "60"])
        time.sleep(0.5)
        (name,) = os.listdir(self.segments)
        with open(os.path.join(self.segments, name), "rb") as stream:
            head = stream.read(8192)
        with open(os.path.join(self.segments, "heapring.1.2"), "wb") as stream:
            stream.write(head[:2000] + os.urandom(6192))
        for _ in range(30):
            done = self.heapring("triage", "--format", "json")
            self.assertEqual(done.returncode, 0, done)
            answer = self.row(json.loads(done.stdout), process.pid)["audit"]["answer"]
            if answer != "late":
                break
        self.assertEqual(answer, "known")

    def test_forty_profiles_take_two_seconds(self):
        """Who is not told in time is said to be late; the screen comes all the same."""
        for _ in range(40):
            self.start([CHURN, "60", "IDLE"])
        time.sleep(2)
        start = time.monotonic()
        done = self.heapring("triage")
        took = time.monotonic() - start
        self.assertEqual(done.returncode, 0, done)
        self.check_screen(done.stdout)
        print("with 40 profiles: %.2f s" % took)

    def test_nothing_profiled(self):
        done = self.heapring("triage")
        self.assertEqual(done.returncode, 0)
        self.assertIn("next: heapring doctor ", done.stdout.decode())

    def in_bare_machine(self, *args):
        """Without control groups and /proc/pressure, as an ordinary user."""
        unshare = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        hide = ("for i in /sys/fs/cgroup /proc/pressure; do "
                "[ ! -e $i ] || mount -t tmpfs none $i || exit 77; done; "
                'exec setpriv --reuid=%d --regid=%d --clear-groups "$@"' % (NOBODY, NOBODY))
        if os.geteuid() != 0:
            hide = hide.replace("setpriv --reuid=%d --regid=%d --clear-groups" % (NOBODY, NOBODY),
                                "env")
        done = self.execute(unshare + ["sh", "-c", hide, "sh", *args],
                            env={"HEAPRING_DIR": self.segments})
        if done.returncode == 77 or b"unshare failed" in done.stderr:
            self.skipTest("no mount namespace can be made here")
        return done

    def test_a_folder_that_may_not_be_listed(self):
        if os.geteuid() == 0 and not shutil.which("setpriv"):
            self.skipTest("needs setpriv of util-linux")
        os.chmod(self.segments, 0)
        become = ["setpriv", "--reuid=%d" % NOBODY, "--clear-groups"] if os.geteuid() == 0 else []
        done = self.execute(become + [HEAPRING, "triage"], env={"HEAPRING_DIR": self.segments})
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(b"cannot list " + self.segments.encode(), done.stderr)
        self.check_screen(done.stdout)

    def test_an_ordinary_user_without_groups_and_pressure(self):
        os.chmod(self.folder, 0o755)
        if not shutil.which("unshare") or not shutil.which("setpriv"):
            self.skipTest("needs unshare and setpriv of util-linux")
        done = self.in_bare_machine(HEAPRING, "triage", "--format", "json")
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        triage = json.loads(done.stdout)
        self.assertIsNone(triage["machine"]["pressure"])
        self.assertEqual(triage["groups"], [])
        self.assertGreater(len(triage["rows"]), 0)
        lines = self.check_screen(self.in_bare_machine(HEAPRING, "triage").stdout)
        self.assertIn("pressure  not told: this kernel has no /proc/pressure", lines)
        self.assertIn("group     not told: no control groups of memory are mounted here", lines)


if __name__ == "__main__":
    main()
